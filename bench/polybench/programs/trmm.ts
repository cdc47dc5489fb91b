/** trmm of PolyBench/C 4.2.1: B := α·Aᵀ·B, A lower triangular with ones on its diagonal. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelTrmm(m: number, n: number, alpha: number, A: Float64Array, B: Float64Array): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = i + 1; k < m; k++) B[i * n + j]! += A[k * m + i]! * B[k * n + j]!
      B[i * n + j] = alpha * B[i * n + j]!
    }
  }
}

/** Rows are made of the rows below them; columns are independent. */
function parallelTrmm(m: number, n: number, alpha: number, A: Float64Array, B: Float64Array): void {
  for (let i = 0; i < m; i++) {
    for (const j of prange(n)) {
      for (let k = i + 1; k < m; k++) B[i * n + j]! += A[k * m + i]! * B[k * n + j]!
      B[i * n + j] = alpha * B[i * n + j]!
    }
  }
}

export const program: Program = {
  name: 'trmm',
  category: 'linear-algebra/blas',
  sizes: {
    MINI: { m: 20, n: 30 },
    SMALL: { m: 60, n: 80 },
    MEDIUM: { m: 200, n: 240 },
    LARGE: { m: 1000, n: 1200 },
    EXTRALARGE: { m: 2000, n: 2600 },
  },
  make: ({ m, n }) => [
    m,
    n,
    1.5,
    matrix(m, m, (i, j) => (j < i ? ((i + j) % m) / m : i === j ? 1 : 0)),
    matrix(m, n, (i, j) => ((n + (i - j)) % n) / n),
  ],
  kernel: kernelTrmm,
  parallel: parallelTrmm,
  outputs: [4],
}
