/** durbin of PolyBench/C 4.2.1: the Toeplitz system T·y = −r by Levinson and Durbin's recursion. */

import { prange } from '../../../src/index.ts'
import { vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelDurbin(n: number, r: Float64Array, y: Float64Array): void {
  const z = new Float64Array(n)
  y[0] = -r[0]!
  let beta = 1
  let alpha = -r[0]!
  for (let k = 1; k < n; k++) {
    beta = (1 - alpha * alpha) * beta
    let sum = 0
    for (let i = 0; i < k; i++) sum += r[k - i - 1]! * y[i]!
    alpha = -(r[k]! + sum) / beta
    for (let i = 0; i < k; i++) z[i] = y[i]! + alpha * y[k - i - 1]!
    for (let i = 0; i < k; i++) y[i] = z[i]!
    y[k] = alpha
  }
}

function parallelDurbin(n: number, r: Float64Array, y: Float64Array): void {
  const z = new Float64Array(n)
  y[0] = -r[0]!
  let beta = 1
  let alpha = -r[0]!
  for (let k = 1; k < n; k++) {
    beta = (1 - alpha * alpha) * beta
    let sum = 0
    for (let i = 0; i < k; i++) sum += r[k - i - 1]! * y[i]!
    alpha = -(r[k]! + sum) / beta
    for (const i of prange(k)) z[i] = y[i]! + alpha * y[k - i - 1]!
    for (const i of prange(k)) y[i] = z[i]!
    y[k] = alpha
  }
}

export const program: Program = {
  name: 'durbin',
  category: 'linear-algebra/solvers',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [n, vector(n, (i) => n + 1 - i), new Float64Array(n)],
  kernel: kernelDurbin,
  parallel: parallelDurbin,
  outputs: [2],
}
