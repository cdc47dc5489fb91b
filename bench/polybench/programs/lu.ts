/** lu of PolyBench/C 4.2.1: A = L·U in place, without pivoting. */

import { prange } from '../../../src/index.ts'
import { positiveDefinite } from '../definite.ts'
import type { Program } from '../polybench.ts'

function kernelLu(n: number, A: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      for (let k = 0; k < j; k++) A[i * n + j]! -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j]! /= A[j * n + j]!
    }
    for (let j = i; j < n; j++) {
      for (let k = 0; k < i; k++) A[i * n + j]! -= A[i * n + k]! * A[k * n + j]!
    }
  }
}

function parallelLu(n: number, A: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      for (let k = 0; k < j; k++) A[i * n + j]! -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j]! /= A[j * n + j]!
    }
    for (const j of prange(i, n)) {
      for (let k = 0; k < i; k++) A[i * n + j]! -= A[i * n + k]! * A[k * n + j]!
    }
  }
}

export const program: Program = {
  name: 'lu',
  category: 'linear-algebra/solvers',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [n, positiveDefinite(n)],
  kernel: kernelLu,
  parallel: parallelLu,
  outputs: [1],
}
