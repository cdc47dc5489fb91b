/** cholesky of PolyBench/C 4.2.1: A = L·Lᵀ; L replaces the lower triangle. */

import { positiveDefinite } from '../definite.ts'
import type { Program } from '../polybench.ts'

function kernelCholesky(n: number, A: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      for (let k = 0; k < j; k++) A[i * n + j]! -= A[i * n + k]! * A[j * n + k]!
      A[i * n + j]! /= A[j * n + j]!
    }
    for (let k = 0; k < i; k++) A[i * n + i]! -= A[i * n + k]! * A[i * n + k]!
    A[i * n + i] = Math.sqrt(A[i * n + i]!)
  }
}

export const program: Program = {
  name: 'cholesky',
  category: 'linear-algebra/solvers',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [n, positiveDefinite(n)],
  kernel: kernelCholesky,
  outputs: [1],
}
