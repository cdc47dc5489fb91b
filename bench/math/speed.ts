/**
 * Times Math functions in compiled loops against the same loops as plain JavaScript, nanoseconds an element:
 *
 *   npx tsx bench/math/speed.ts [--function name,…]
 *
 * *Loop* is `out[i] = f(x[i])`, which runs in vectors; *scalar* has an element that waits for the one before beside it,
 * `out[i] = out[i − 1] / 2 + f(x[i])`, so that no vectors can be made. Best of many runs, variants in turns.
 */

import { parseArgs } from 'node:util'
import { allocate, jit } from '../../src/index.ts'
import { Rng } from '../../test/fuzz/rng.ts'
import { FUNCTIONS } from './points.ts'
import { subjects } from './subjects.ts'

const { values } = parseArgs({ options: { function: { type: 'string' } } })
const wanted = values.function?.split(',')

const ELEMENTS = 1 << 15
const ROUNDS = 60

/** Where functions are used, for each argument. The second span is what the engine has a short way for. */
const SPANS: Readonly<Record<string, readonly (readonly [lo: number, hi: number])[]>> = {
  exp: [
    [-10, 10],
    [-0.3, 0.3],
  ],
  expm1: [
    [-10, 10],
    [-0.3, 0.3],
  ],
  log: [
    [0.1, 20],
    [0.8, 1.3],
  ],
  log2: [
    [0.1, 20],
    [0.8, 1.3],
  ],
  log10: [
    [0.1, 20],
    [0.8, 1.3],
  ],
  log1p: [
    [-0.9, 3],
    [-0.2, 0.3],
  ],
  sin: [
    [-10, 10],
    [-0.7, 0.7],
  ],
  cos: [
    [-10, 10],
    [-0.7, 0.7],
  ],
  tan: [
    [-10, 10],
    [-0.6, 0.6],
  ],
  asin: [
    [-1, 1],
    [-0.4, 0.4],
  ],
  acos: [
    [-1, 1],
    [-0.4, 0.4],
  ],
  atan: [
    [-10, 10],
    [-0.4, 0.4],
  ],
  sinh: [
    [-10, 10],
    [-0.3, 0.3],
  ],
  cosh: [
    [-10, 10],
    [-0.3, 0.3],
  ],
  tanh: [
    [-3, 3],
    [-0.3, 0.3],
  ],
  asinh: [
    [-10, 10],
    [-0.3, 0.3],
  ],
  acosh: [[1, 10]],
  atanh: [
    [-1, 1],
    [-0.3, 0.3],
  ],
  cbrt: [[-10, 10]],
  atan2: [[-10, 10]],
  pow: [[0.1, 10]],
  hypot: [[-10, 10]],
}

type Loop = (...arrays: Float64Array[]) => void

/** Kernels are compiled from their texts, so they are made of one. */
function loops(called: string, arity: number): { readonly loop: Loop; readonly scalar: Loop } {
  const names = ['x', 'y', 'z', 'w'].slice(0, arity)
  const call = `Math.${called}(${names.map((name) => `${name}[i]`).join(', ')})`
  const made = (first: number, text: string) =>
    new Function(`return (${names}, out) => { for (let i = ${first}; i < out.length; i++) out[i] = ${text} }`)() as Loop
  return { loop: made(0, call), scalar: made(1, `out[i - 1] / 2 + ${call}`) }
}

function times(variants: readonly (() => void)[]): number[] {
  const best = variants.map(() => Number.POSITIVE_INFINITY)
  for (const variant of variants) for (let k = 0; k < 20; k++) variant()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, variant] of variants.entries()) {
      const start = performance.now()
      for (let again = 0; again < 4; again++) variant()
      best[k] = Math.min(best[k]!, ((performance.now() - start) / 4 / ELEMENTS) * 1e6)
    }
  }
  return best
}

console.log(`Node ${process.versions.node}\n`)
console.log('| function | arguments | loop: plain, ns | compiled, ns | × | scalar: plain, ns | compiled, ns | × |')
console.log('|---|---|--:|--:|--:|--:|--:|--:|')
for (const { name } of subjects) {
  if (wanted && !wanted.includes(name)) continue
  const { called, arity } = FUNCTIONS[name]!
  for (const [lo, hi] of SPANS[called]!) {
    const rng = new Rng(1, 0)
    const inputs = Array.from({ length: arity }, () => {
      const input = allocate(Float64Array, ELEMENTS)
      for (let k = 0; k < ELEMENTS; k++) input[k] = lo + (hi - lo) * rng.real()
      return input
    })
    const out = allocate(Float64Array, ELEMENTS)
    const { loop, scalar } = loops(called, arity)
    const [fast, slow] = [jit(loop), jit(scalar)]
    const measured = times([loop, fast, scalar, slow].map((kernel) => () => kernel(...inputs, out)))
    const [a, b, c, d] = measured as [number, number, number, number]
    const cells = [a.toFixed(1), b.toFixed(1), (a / b).toFixed(2), c.toFixed(1), d.toFixed(1), (c / d).toFixed(2)]
    console.log(`| ${name} | ${lo} … ${hi} | ${cells.join(' | ')} |`)
  }
}
