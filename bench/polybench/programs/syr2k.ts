/** syr2k of PolyBench/C 4.2.1: C := α·A·Bᵀ + α·B·Aᵀ + β·C, the lower triangle. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelSyr2k(
  n: number,
  m: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) C[i * n + j]! *= beta
    for (let k = 0; k < m; k++) {
      for (let j = 0; j <= i; j++) {
        C[i * n + j]! += A[j * m + k]! * alpha * B[i * m + k]! + B[j * m + k]! * alpha * A[i * m + k]!
      }
    }
  }
}

function parallelSyr2k(
  n: number,
  m: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (const i of prange(n)) {
    for (let j = 0; j <= i; j++) C[i * n + j]! *= beta
    for (let k = 0; k < m; k++) {
      for (let j = 0; j <= i; j++) {
        C[i * n + j]! += A[j * m + k]! * alpha * B[i * m + k]! + B[j * m + k]! * alpha * A[i * m + k]!
      }
    }
  }
}

export const program: Program = {
  name: 'syr2k',
  category: 'linear-algebra/blas',
  sizes: {
    MINI: { m: 20, n: 30 },
    SMALL: { m: 60, n: 80 },
    MEDIUM: { m: 200, n: 240 },
    LARGE: { m: 1000, n: 1200 },
    EXTRALARGE: { m: 2000, n: 2600 },
  },
  make: ({ n, m }) => [
    n,
    m,
    1.5,
    1.2,
    matrix(n, n, (i, j) => ((i * j + 3) % n) / m),
    matrix(n, m, (i, j) => ((i * j + 1) % n) / n),
    matrix(n, m, (i, j) => ((i * j + 2) % m) / m),
  ],
  kernel: kernelSyr2k,
  parallel: parallelSyr2k,
  outputs: [4],
}
