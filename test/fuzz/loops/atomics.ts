/** Atomics: bins that all iterations of a parallel loop update, and elements that belong to one iteration. */

import type { Rng } from '../rng.ts'
import { at, binary, call, compare, declare, type Expr, lengthOf, name, num, run, type Stmt, set } from '../tree.ts'
import type { Kernel } from './kernel.ts'
import type { Bins, Place } from './place.ts'
import { double, integer } from './values.ts'

const FLOATS = ['Float64Array', 'Float32Array'] as const
const INTEGERS = [
  'Int32Array',
  'Uint32Array',
  'Int32Array',
  'Int16Array',
  'Uint16Array',
  'Int8Array',
  'Uint8Array',
] as const

export function newBins(kernel: Kernel): Bins {
  const { rng } = kernel
  const type = rng.chance(0.5) ? rng.pick(FLOATS) : rng.pick(INTEGERS)
  const isFloat = type.startsWith('Float')
  const op = rng.pick(['add', 'sub', 'min', 'max', ...(isFloat ? [] : ['and', 'or', 'xor'])])
  const count = rng.int(1, 8)
  const text = kernel.fresh('h')
  const i = kernel.fresh('i')
  const [bins, self] = [name(text, type), name(i, 'num')]
  const step: Expr = { k: 'step', type: 'num', op: '++', prefix: false, target: self }
  const out = at(name('out', 'Float64Array'), self)
  return {
    name: text,
    type,
    count,
    op,
    declared: declare('const', text, { k: 'new', type, length: num(count) }),
    shown: [
      {
        k: 'for',
        label: '',
        name: i,
        from: num(0),
        test: compare('<', self, lengthOf(bins)),
        update: step,
        body: [run(set(out, at(bins, self), '+'))],
      },
    ],
  }
}

/** Sums of floats take small whole numbers, which add up to the same in any order; extremes take anything. */
export function intoBins(p: Place, { name: text, type, count, op }: Bins): Stmt {
  const anything = op === 'min' || op === 'max'
  const whole = integer(p, 1)
  const added = anything
    ? double(p, 1)
    : type.startsWith('Float')
      ? binary('&', whole, num(255))
      : binary('|', whole, num(0))
  const bin = binary('%', binary('&', integer(p, 1), num(1023)), num(count))
  return run(call(`atomic.${op}`, [name(text, type), bin, added]))
}

/** Any operation on any array: integers are cut to 32 bits where it works on bits. */
export function atomicUpdate(rng: Rng, array: Expr, index: Expr, value: () => Expr): Expr {
  const op = rng.pick(['add', 'sub', 'min', 'max', 'exchange', 'compareExchange', 'and', 'or', 'xor'])
  const expected = op === 'compareExchange' ? [rng.chance(0.5) ? num(rng.int(0, 4)) : value()] : []
  return call(`atomic.${op}`, [array, index, ...expected, value()])
}
