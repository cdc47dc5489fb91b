/** atax of PolyBench/C 4.2.1: y := Aᵀ·(A·x). */

import { prange } from '../../../src/index.ts'
import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelAtax(m: number, n: number, A: Float64Array, x: Float64Array, y: Float64Array, tmp: Float64Array): void {
  for (let i = 0; i < n; i++) y[i] = 0
  for (let i = 0; i < m; i++) {
    tmp[i] = 0
    for (let j = 0; j < n; j++) tmp[i] = tmp[i]! + A[i * n + j]! * x[j]!
    for (let j = 0; j < n; j++) y[j] = y[j]! + A[i * n + j]! * tmp[i]!
  }
}

/** Each row adds to all of y, so that only what it adds is independent. */
function parallelAtax(
  m: number,
  n: number,
  A: Float64Array,
  x: Float64Array,
  y: Float64Array,
  tmp: Float64Array,
): void {
  for (const i of prange(n)) y[i] = 0
  for (let i = 0; i < m; i++) {
    tmp[i] = 0
    for (let j = 0; j < n; j++) tmp[i] = tmp[i]! + A[i * n + j]! * x[j]!
    for (const j of prange(n)) y[j] = y[j]! + A[i * n + j]! * tmp[i]!
  }
}

export const program: Program = {
  name: 'atax',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { m: 38, n: 42 },
    SMALL: { m: 116, n: 124 },
    MEDIUM: { m: 390, n: 410 },
    LARGE: { m: 1900, n: 2100 },
    EXTRALARGE: { m: 1800, n: 2200 },
  },
  make: ({ m, n }) => [
    m,
    n,
    matrix(m, n, (i, j) => ((i + j) % n) / (5 * m)),
    vector(n, (i) => 1 + i / n),
    new Float64Array(n),
    new Float64Array(m),
  ],
  kernel: kernelAtax,
  parallel: parallelAtax,
  outputs: [4],
}
