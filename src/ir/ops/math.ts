/**
 * Math functions beyond the exact ones. One that has an expansion is the same on every target, within 1 ulp of the true
 * value; one that has none yet is the engine's own function, imported itself and never wrapped.
 */

import { expansions } from './math/index.ts'
import { meaningOf } from './math/numbers.ts'
import type { Op } from './op.ts'

type Fn = (...args: number[]) => number

/** By operation, with the number of arguments. */
const FUNCTIONS: readonly (readonly [name: string, arity: number, engine: Fn])[] = [
  ...[
    Math.exp,
    Math.expm1,
    Math.log,
    Math.log2,
    Math.log10,
    Math.log1p,
    Math.sin,
    Math.cos,
    Math.tan,
    Math.asin,
    Math.acos,
    Math.atan,
    Math.sinh,
    Math.cosh,
    Math.tanh,
    Math.asinh,
    Math.acosh,
    Math.atanh,
    Math.cbrt,
  ].map((fn) => [fn.name, 1, fn as Fn] as const),
  ['atan2', 2, Math.atan2 as Fn],
  ['pow', 2, Math.pow as Fn],
  ['hypot', 2, Math.hypot],
  ['hypot3', 3, Math.hypot],
  ['hypot4', 4, Math.hypot],
]

export const math: readonly Op[] = FUNCTIONS.map(([name, arity, engine]): Op => {
  const called = name.replace(/\d$/, '') === 'hypot' ? 'hypot' : name
  const expand = expansions[name]
  if (expand) {
    return {
      name,
      doc: `Math.${called}, within 1 ulp.`,
      args: Array.from({ length: arity }, () => 'T' as const),
      result: 'T',
      kind: 'expanded',
      meaning: meaningOf(expand),
      expand,
      at: { f64: {}, f64x2: {} },
    }
  }
  const operands = Array.from({ length: arity }, (_, k) => `$${k}`)
  return {
    name,
    doc: `Math.${called} of the engine.`,
    args: operands.map(() => 'f64' as const),
    result: 'f64',
    kind: 'host',
    meaning: engine,
    at: { f64: { js: `Math.${called}(${operands.join(', ')})`, wasm: `${operands.join(' ')} host:${name}` } },
  }
})
