/** Integers of more than 32 bits in lanes: what two elements add up to, compared beside doubles. */

import type { Rng } from '../rng.ts'
import { binary, call, compare, type Expr, num, type Program, run, type Stmt, set } from '../tree.ts'
import { loop } from './bodies.ts'
import { indexInto } from './indices.ts'
import { Kernel } from './kernel.ts'
import { Place } from './place.ts'
import { double, read } from './values.ts'

const INTEGERS = ['Int32Array', 'Int16Array'] as const

export function wide(rng: Rng): Program {
  const kernel = new Kernel(rng)
  const p = new Place(kernel, { types: ['Float64Array', ...INTEGERS], kinds: ['f64'], tidy: true, small: true })
  p.budget = 12
  const size = kernel.size(rng.int(2, 40))
  return kernel.program([loop(p, size, undefined, () => body(p))], null)
}

function body(p: Place): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const element = () => read(p, INTEGERS)
  const sum = () => binary(rng.pick(['+', '-', '+']), element(), rng.chance(0.8) ? element() : num(rng.int(1, 9)))
  const test = compare(rng.pick(['<', '>', '<=', '>=']), sum(), rng.chance(0.5) ? num(rng.int(-40, 40)) : sum())
  const slow = call('Math.sqrt', [call('Math.abs', [double(p, 1)])])
  const chosen: Expr = { k: 'choose', type: 'num', test, a: slow, b: double(p, 1) }
  const into = kernel.newArray(['Float64Array']) ?? kernel.array(['Float64Array'])
  return [run(set(kernel.element(into, indexInto(p, into), true), chosen, rng.chance(0.2) ? '+' : ''))]
}
