/** gesummv of PolyBench/C 4.2.1: y := α·A·x + β·B·x. */

import { prange } from '../../../src/index.ts'
import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelGesummv(
  n: number,
  alpha: number,
  beta: number,
  A: Float64Array,
  B: Float64Array,
  tmp: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    tmp[i] = 0
    y[i] = 0
    for (let j = 0; j < n; j++) {
      tmp[i] = A[i * n + j]! * x[j]! + tmp[i]!
      y[i] = B[i * n + j]! * x[j]! + y[i]!
    }
    y[i] = alpha * tmp[i]! + beta * y[i]!
  }
}

function parallelGesummv(
  n: number,
  alpha: number,
  beta: number,
  A: Float64Array,
  B: Float64Array,
  tmp: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  for (const i of prange(n)) {
    tmp[i] = 0
    y[i] = 0
    for (let j = 0; j < n; j++) {
      tmp[i] = A[i * n + j]! * x[j]! + tmp[i]!
      y[i] = B[i * n + j]! * x[j]! + y[i]!
    }
    y[i] = alpha * tmp[i]! + beta * y[i]!
  }
}

export const program: Program = {
  name: 'gesummv',
  category: 'linear-algebra/blas',
  sizes: {
    MINI: { n: 30 },
    SMALL: { n: 90 },
    MEDIUM: { n: 250 },
    LARGE: { n: 1300 },
    EXTRALARGE: { n: 2800 },
  },
  make: ({ n }) => [
    n,
    1.5,
    1.2,
    matrix(n, n, (i, j) => ((i * j + 1) % n) / n),
    matrix(n, n, (i, j) => ((i * j + 2) % n) / n),
    new Float64Array(n),
    vector(n, (i) => (i % n) / n),
    new Float64Array(n),
  ],
  kernel: kernelGesummv,
  parallel: parallelGesummv,
  outputs: [7],
}
