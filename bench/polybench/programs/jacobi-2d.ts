/** jacobi-2d of PolyBench/C 4.2.1: each point becomes the mean of five, from A to B and back. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelJacobi2d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 0; t < tsteps; t++) {
    for (let i = 1; i < n - 1; i++) {
      for (let j = 1; j < n - 1; j++) {
        B[i * n + j] =
          0.2 * (A[i * n + j]! + A[i * n + j - 1]! + A[i * n + 1 + j]! + A[(1 + i) * n + j]! + A[(i - 1) * n + j]!)
      }
    }
    for (let i = 1; i < n - 1; i++) {
      for (let j = 1; j < n - 1; j++) {
        A[i * n + j] =
          0.2 * (B[i * n + j]! + B[i * n + j - 1]! + B[i * n + 1 + j]! + B[(1 + i) * n + j]! + B[(i - 1) * n + j]!)
      }
    }
  }
}

function parallelJacobi2d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 0; t < tsteps; t++) {
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        B[i * n + j] =
          0.2 * (A[i * n + j]! + A[i * n + j - 1]! + A[i * n + 1 + j]! + A[(1 + i) * n + j]! + A[(i - 1) * n + j]!)
      }
    }
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        A[i * n + j] =
          0.2 * (B[i * n + j]! + B[i * n + j - 1]! + B[i * n + 1 + j]! + B[(1 + i) * n + j]! + B[(i - 1) * n + j]!)
      }
    }
  }
}

export const program: Program = {
  name: 'jacobi-2d',
  category: 'stencils',
  sizes: {
    MINI: { tsteps: 20, n: 30 },
    SMALL: { tsteps: 40, n: 90 },
    MEDIUM: { tsteps: 100, n: 250 },
    LARGE: { tsteps: 500, n: 1300 },
    EXTRALARGE: { tsteps: 1000, n: 2800 },
  },
  make: ({ tsteps, n }) => [
    tsteps,
    n,
    matrix(n, n, (i, j) => (i * (j + 2) + 2) / n),
    matrix(n, n, (i, j) => (i * (j + 3) + 3) / n),
  ],
  kernel: kernelJacobi2d,
  parallel: parallelJacobi2d,
  outputs: [2],
}
