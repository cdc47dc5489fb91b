/** jacobi-1d of PolyBench/C 4.2.1: each point becomes the mean of three, from A to B and back. */

import { prange } from '../../../src/index.ts'
import { vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelJacobi1d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 0; t < tsteps; t++) {
    for (let i = 1; i < n - 1; i++) B[i] = 0.33333 * (A[i - 1]! + A[i]! + A[i + 1]!)
    for (let i = 1; i < n - 1; i++) A[i] = 0.33333 * (B[i - 1]! + B[i]! + B[i + 1]!)
  }
}

function parallelJacobi1d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 0; t < tsteps; t++) {
    for (const i of prange(1, n - 1)) B[i] = 0.33333 * (A[i - 1]! + A[i]! + A[i + 1]!)
    for (const i of prange(1, n - 1)) A[i] = 0.33333 * (B[i - 1]! + B[i]! + B[i + 1]!)
  }
}

export const program: Program = {
  name: 'jacobi-1d',
  category: 'stencils',
  sizes: {
    MINI: { tsteps: 20, n: 30 },
    SMALL: { tsteps: 40, n: 120 },
    MEDIUM: { tsteps: 100, n: 400 },
    LARGE: { tsteps: 500, n: 2000 },
    EXTRALARGE: { tsteps: 1000, n: 4000 },
  },
  make: ({ tsteps, n }) => [tsteps, n, vector(n, (i) => (i + 2) / n), vector(n, (i) => (i + 3) / n)],
  kernel: kernelJacobi1d,
  parallel: parallelJacobi1d,
  outputs: [2],
}
