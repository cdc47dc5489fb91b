/** Expressions in the body of a loop, of one kind each: doubles, floats rounded at each step, integers that wrap. */

import { anyNumber, ENGINE, temptation } from '../expressions.ts'
import {
  type ArrayName,
  binary,
  call,
  compare,
  type Expr,
  type Fn,
  lengthOf,
  name,
  num,
  truth,
  unary,
} from '../tree.ts'
import { indexInto } from './indices.ts'
import type { Kind, Place } from './place.ts'

const FLOATS: readonly ArrayName[] = ['Float64Array', 'Float32Array']
const SINGLES: readonly ArrayName[] = ['Float32Array']
const INTEGERS: readonly ArrayName[] = [
  'Int32Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int8Array',
  'Uint8ClampedArray',
]

export function value(p: Place, kind: Kind, depth: number): Expr {
  switch (kind) {
    case 'f64':
      return double(p, depth)
    case 'f32':
      return single(p, depth)
    case 'i32':
      return integer(p, depth)
    case 'bool':
      return truthValue(p, depth)
    default:
      return kind satisfies never
  }
}

/** The kind that an element of the type mostly gets. */
export function kindFor(p: Place, type: ArrayName): Kind {
  const { rng } = p.kernel
  const { kinds } = p.palette
  if (p.palette.tidy && rng.chance(0.8)) return rng.pick(kinds)
  if (type === 'Float64Array') return rng.chance(0.85) ? 'f64' : 'i32'
  if (type === 'Float32Array') return rng.chance(0.6) ? 'f32' : 'f64'
  return rng.chance(0.7) ? 'i32' : 'f64'
}

export function read(p: Place, wanted?: readonly ArrayName[]): Expr {
  const { kernel, region } = p
  // An iteration may not see what another one writes.
  const array = kernel.array(p.types(wanted), (a) => region?.own.get(a)?.() !== undefined || !region?.own.has(a))
  if (region?.own.has(array) && !region.own.get(array)!()) return num(1)
  return kernel.element(array, indexInto(p, array))
}

const round = (e: Expr): Expr => call('Math.fround', [e])
const wrap = (e: Expr): Expr => binary('|', e, num(0))
const local = (p: Place, kind: Kind): (() => Expr) | undefined => {
  const known = p.readable(kind)
  return known.length > 0 ? () => name(p.kernel.rng.pick(known).name, kind === 'bool' ? 'bool' : 'num') : undefined
}
const counter = (p: Place): Expr => {
  const { rng } = p.kernel
  if (p.counters.length === 0) return num(rng.int(0, 9))
  return name(rng.pick(p.counters).name, 'num')
}
const choose = (p: Place, kind: Kind, depth: number): Expr => ({
  k: 'choose',
  type: 'num',
  test: truthValue(p, depth - 1),
  a: value(p, kind, depth - 1),
  b: value(p, kind, depth - 1),
})

export function double(p: Place, depth: number): Expr {
  const { kernel } = p
  const { rng } = kernel
  p.budget--
  const known = local(p, 'f64')
  if (depth <= 0 || p.budget <= 0 || rng.chance(0.2)) {
    return rng.weighted<() => Expr>([
      [10, () => read(p, rng.chance(0.75) ? FLOATS : undefined)],
      [known ? 7 : 0, known ?? (() => num(1))],
      [2, () => kernel.scalar()],
      [3, () => num(constant(p))],
      [p.palette.tidy ? 0.3 : 1.5, () => counter(p)],
      [0.3, () => lengthOf(name(kernel.array().name, 'Float64Array'))],
    ])()
  }
  const next = () => double(p, depth - 1)
  const odd = p.palette.tidy ? 0.15 : 1
  return rng.weighted<() => Expr>([
    [34, () => binary(rng.pick(['+', '-', '*', '+', '*']), next(), next())],
    [6, () => binary('/', next(), next())],
    [4, () => call('Math.sqrt', [rng.chance(0.5) ? call('Math.abs', [next()]) : next()])],
    [5, () => call(`Math.${rng.pick(['abs', 'floor', 'ceil', 'trunc', 'round', 'sign'])}`, [next()])],
    [5, () => call(`Math.${rng.pick(['min', 'max'])}`, Array.from({ length: rng.pick([2, 2, 2, 3]) }, next))],
    [3, () => unary('-', next())],
    [6, () => choose(p, 'f64', depth)],
    [3, () => round(next())],
    [2.5, () => temptation(p.kernel, next())],
    [4 * odd, () => integer(p, depth - 1)],
    [3 * odd, () => single(p, depth - 1)],
    [0.8, () => call(`Math.${rng.pick(ENGINE)}`, [next()])],
    [0.3 * odd, () => call(rng.pick(['Math.hypot', 'Math.atan2', 'Math.pow']), [next(), next()])],
    [0.7 * odd, () => binary('%', next(), next())],
    [kernel.helpers.length > 0 ? 4 : 0, () => helped(p, depth)],
    [0.5 * odd, () => call('Number', [truthValue(p, depth - 1)])],
  ])()
}

const constant = (p: Place): number => (p.kernel.rng.chance(0.3) ? anyNumber(p.kernel) : p.kernel.rng.int(-8, 16) / 4)

function single(p: Place, depth: number): Expr {
  const { rng } = p.kernel
  p.budget--
  const known = local(p, 'f32')
  const reads = p.palette.types.includes('Float32Array')
  if (depth <= 0 || p.budget <= 0 || rng.chance(0.15)) {
    return rng.weighted<() => Expr>([
      [reads ? 12 : 0, () => read(p, SINGLES)],
      [known ? 6 : 0, known ?? (() => num(1))],
      [3, () => (rng.chance(0.5) ? num(rng.int(-9, 9) / 4) : round(num(constant(p))))],
      [1, () => round(p.kernel.scalar())],
    ])()
  }
  const next = () => single(p, depth - 1)
  return rng.weighted<() => Expr>([
    [40, () => round(binary(rng.pick(['+', '-', '*', '+', '*', '/']), next(), next()))],
    [5, () => round(call('Math.sqrt', [next()]))],
    [6, () => call(`Math.${rng.pick(['abs', 'floor', 'ceil', 'trunc', 'round', 'sign'])}`, [next()])],
    [5, () => call(`Math.${rng.pick(['min', 'max'])}`, [next(), next()])],
    [3, () => unary('-', next())],
    [5, () => choose(p, 'f32', depth)],
    // What may not be computed in floats, though it looks so.
    [4, () => round(binary(rng.pick(['+', '*']), binary(rng.pick(['+', '-', '*']), next(), next()), next()))],
    [p.palette.tidy ? 0.3 : 3, () => round(double(p, depth - 1))],
    [p.palette.tidy ? 0.3 : 2, () => round(integer(p, depth - 1))],
  ])()
}

export function integer(p: Place, depth: number): Expr {
  const { rng } = p.kernel
  p.budget--
  const known = local(p, 'i32')
  const reads = p.palette.types.some((type) => INTEGERS.includes(type))
  if (depth <= 0 || p.budget <= 0 || rng.chance(0.15)) {
    return rng.weighted<() => Expr>([
      [reads ? 10 : 0, () => read(p, rng.chance(0.9) ? INTEGERS : ['Uint32Array'])],
      [known ? 6 : 0, known ?? (() => num(1))],
      [3, () => num(rng.chance(0.15) ? rng.pick([2 ** 31 - 1, -(2 ** 31), 65535, 2 ** 30]) : rng.int(-9, 40))],
      [2, () => counter(p)],
    ])()
  }
  const next = () => integer(p, depth - 1)
  return rng.weighted<() => Expr>([
    [24, () => wrap(binary(rng.pick(['+', '-', '+', '*']), next(), next()))],
    [6, () => binary(rng.pick(['+', '-', '*']), next(), next())],
    [5, () => call('Math.imul', [next(), next()])],
    [8, () => binary(rng.pick(['&', '|', '^']), next(), next())],
    [6, () => binary(rng.pick(['<<', '>>', '>>>']), next(), rng.chance(0.8) ? num(rng.int(0, 33)) : next())],
    [4, () => call(`Math.${rng.pick(['min', 'max'])}`, [next(), next()])],
    [2, () => call(`Math.${rng.pick(['abs', 'abs', 'sign', 'clz32'])}`, [next()])],
    [2, () => unary(rng.pick(['-', '~']), next())],
    [5, () => choose(p, 'i32', depth)],
    [p.palette.tidy ? 0.3 : 3, () => wrap(double(p, depth - 1))],
    [1, () => binary('%', next(), num(rng.pick([2, 3, 7, 16])))],
    [1, () => call('Math.floor', [binary('/', next(), num(rng.pick([2, 3, 4])))])],
  ])()
}

export function truthValue(p: Place, depth: number): Expr {
  const { rng } = p.kernel
  const known = local(p, 'bool')
  if (known && rng.chance(0.15)) return known()
  if (rng.chance(0.01)) return truth(rng.chance(0.5))
  if (rng.chance(0.02)) return p.kernel.flag()
  const next = () => truthValue(p, depth - 1)
  if (depth > 0 && p.budget > 0) {
    if (rng.chance(0.12)) return binary(rng.pick(['&&', '||']), next(), next(), 'bool')
    if (rng.chance(0.05)) return unary('!', next(), 'bool')
  }
  const kind = rng.weighted<Kind>([
    [6, 'f64'],
    [2, 'f32'],
    [3, 'i32'],
  ])
  if (rng.chance(0.05)) return call(rng.pick(['isNaN', 'isFinite', 'Number.isInteger']), [double(p, 0)], 'bool')
  const op = rng.pick(['<', '>', '<=', '>=', '<', '>', '===', '!=='])
  return compare(op, value(p, kind, depth - 1), rng.chance(0.5) ? num(rng.int(-4, 20)) : value(p, kind, depth - 1))
}

function helped(p: Place, depth: number): Expr {
  const helper = p.kernel.rng.pick(p.kernel.helpers)
  return call(
    helper.name,
    helper.params.map(() => double(p, depth - 1)),
  )
}

/** A function of numbers alone, with a choice and sometimes two ways out of it. */
export function helper(p: Place): Fn {
  const { rng } = p.kernel
  const params = Array.from({ length: rng.int(1, 3) }, (_, k) => `a${k}`)
  const operand = () => (rng.chance(0.8) ? name(rng.pick(params), 'num') : num(rng.int(-4, 4) / 2))
  const some = (depth: number): Expr =>
    depth <= 0
      ? operand()
      : rng.weighted<() => Expr>([
          [8, () => binary(rng.pick(['+', '-', '*', '/']), some(depth - 1), some(depth - 1))],
          [1, () => call('Math.sqrt', [some(depth - 1)])],
          [1, () => call('Math.max', [some(depth - 1), some(depth - 1)])],
          [1, () => wrap(some(depth - 1))],
        ])()
  const test = compare(rng.pick(['<', '>', '===']), operand(), operand())
  return {
    name: `help${p.kernel.helpers.length}`,
    params: params.map((text) => ({ name: text, type: 'num', init: null })),
    body: [
      ...(rng.chance(0.4)
        ? [{ k: 'if' as const, test, then: [{ k: 'return' as const, value: some(1) }], else: [] }]
        : []),
      { k: 'return', value: some(2) },
    ],
  }
}
