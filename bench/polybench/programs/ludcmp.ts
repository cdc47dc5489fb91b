/** ludcmp of PolyBench/C 4.2.1: A·x = b by LU decomposition, then forward and backward substitution. */

import { prange } from '../../../src/index.ts'
import { positiveDefinite } from '../definite.ts'
import { vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelLudcmp(n: number, A: Float64Array, b: Float64Array, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let w = A[i * n + j]!
      for (let k = 0; k < j; k++) w -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j] = w / A[j * n + j]!
    }
    for (let j = i; j < n; j++) {
      let w = A[i * n + j]!
      for (let k = 0; k < i; k++) w -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j] = w
    }
  }
  for (let i = 0; i < n; i++) {
    let w = b[i]!
    for (let j = 0; j < i; j++) w -= A[i * n + j]! * y[j]!
    y[i] = w
  }
  for (let i = n - 1; i >= 0; i--) {
    let w = y[i]!
    for (let j = i + 1; j < n; j++) w -= A[i * n + j]! * x[j]!
    x[i] = w / A[i * n + i]!
  }
}

function parallelLudcmp(n: number, A: Float64Array, b: Float64Array, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let w = A[i * n + j]!
      for (let k = 0; k < j; k++) w -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j] = w / A[j * n + j]!
    }
    for (const j of prange(i, n)) {
      let w = A[i * n + j]!
      for (let k = 0; k < i; k++) w -= A[i * n + k]! * A[k * n + j]!
      A[i * n + j] = w
    }
  }
  for (let i = 0; i < n; i++) {
    let w = b[i]!
    for (let j = 0; j < i; j++) w -= A[i * n + j]! * y[j]!
    y[i] = w
  }
  for (let i = n - 1; i >= 0; i--) {
    let w = y[i]!
    for (let j = i + 1; j < n; j++) w -= A[i * n + j]! * x[j]!
    x[i] = w / A[i * n + i]!
  }
}

export const program: Program = {
  name: 'ludcmp',
  category: 'linear-algebra/solvers',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [
    n,
    positiveDefinite(n),
    vector(n, (i) => (i + 1) / n / 2 + 4),
    new Float64Array(n),
    new Float64Array(n),
  ],
  kernel: kernelLudcmp,
  parallel: parallelLudcmp,
  outputs: [3],
}
