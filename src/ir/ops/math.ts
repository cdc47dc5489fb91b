/**
 * Math functions beyond the exact ones. Until one has its expansion it is the engine's own function, imported itself
 * and never wrapped.
 */

import type { Op } from './op.ts'

type Fn1 = (a: number) => number
type Fn2 = (a: number, b: number) => number

const engine = (name: string, arity: number, meaning: (...args: number[]) => number): Op => ({
  name,
  doc: `Math.${name.replace(/\d$/, '')} of the engine.`,
  args: Array.from({ length: arity }, () => 'f64' as const),
  result: 'f64',
  kind: 'host',
  meaning,
  at: {
    f64: {
      js: `Math.${meaning.name}(${Array.from({ length: arity }, (_, k) => `$${k}`).join(', ')})`,
      wasm: `${Array.from({ length: arity }, (_, k) => `$${k}`).join(' ')} host:${name}`,
    },
  },
})

const unary: readonly Fn1[] = [
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
]
const binary: readonly Fn2[] = [Math.atan2, Math.pow]

export const math: readonly Op[] = [
  ...unary.map((fn) => engine(fn.name, 1, fn)),
  ...binary.map((fn) => engine(fn.name, 2, fn as (...args: number[]) => number)),
  engine('hypot', 2, Math.hypot),
  engine('hypot3', 3, Math.hypot),
  engine('hypot4', 4, Math.hypot),
]
