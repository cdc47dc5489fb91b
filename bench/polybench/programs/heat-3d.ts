/** heat-3d of PolyBench/C 4.2.1: heat in three dimensions, from A to B and back. */

import { prange } from '../../../src/index.ts'
import type { Program } from '../polybench.ts'

function kernelHeat3d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 1; t <= tsteps; t++) {
    for (let i = 1; i < n - 1; i++) {
      for (let j = 1; j < n - 1; j++) {
        for (let k = 1; k < n - 1; k++) {
          B[(i * n + j) * n + k] =
            0.125 * (A[((i + 1) * n + j) * n + k]! - 2 * A[(i * n + j) * n + k]! + A[((i - 1) * n + j) * n + k]!) +
            0.125 * (A[(i * n + j + 1) * n + k]! - 2 * A[(i * n + j) * n + k]! + A[(i * n + j - 1) * n + k]!) +
            0.125 * (A[(i * n + j) * n + k + 1]! - 2 * A[(i * n + j) * n + k]! + A[(i * n + j) * n + k - 1]!) +
            A[(i * n + j) * n + k]!
        }
      }
    }
    for (let i = 1; i < n - 1; i++) {
      for (let j = 1; j < n - 1; j++) {
        for (let k = 1; k < n - 1; k++) {
          A[(i * n + j) * n + k] =
            0.125 * (B[((i + 1) * n + j) * n + k]! - 2 * B[(i * n + j) * n + k]! + B[((i - 1) * n + j) * n + k]!) +
            0.125 * (B[(i * n + j + 1) * n + k]! - 2 * B[(i * n + j) * n + k]! + B[(i * n + j - 1) * n + k]!) +
            0.125 * (B[(i * n + j) * n + k + 1]! - 2 * B[(i * n + j) * n + k]! + B[(i * n + j) * n + k - 1]!) +
            B[(i * n + j) * n + k]!
        }
      }
    }
  }
}

function parallelHeat3d(tsteps: number, n: number, A: Float64Array, B: Float64Array): void {
  for (let t = 1; t <= tsteps; t++) {
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        for (let k = 1; k < n - 1; k++) {
          B[(i * n + j) * n + k] =
            0.125 * (A[((i + 1) * n + j) * n + k]! - 2 * A[(i * n + j) * n + k]! + A[((i - 1) * n + j) * n + k]!) +
            0.125 * (A[(i * n + j + 1) * n + k]! - 2 * A[(i * n + j) * n + k]! + A[(i * n + j - 1) * n + k]!) +
            0.125 * (A[(i * n + j) * n + k + 1]! - 2 * A[(i * n + j) * n + k]! + A[(i * n + j) * n + k - 1]!) +
            A[(i * n + j) * n + k]!
        }
      }
    }
    for (const i of prange(1, n - 1)) {
      for (let j = 1; j < n - 1; j++) {
        for (let k = 1; k < n - 1; k++) {
          A[(i * n + j) * n + k] =
            0.125 * (B[((i + 1) * n + j) * n + k]! - 2 * B[(i * n + j) * n + k]! + B[((i - 1) * n + j) * n + k]!) +
            0.125 * (B[(i * n + j + 1) * n + k]! - 2 * B[(i * n + j) * n + k]! + B[(i * n + j - 1) * n + k]!) +
            0.125 * (B[(i * n + j) * n + k + 1]! - 2 * B[(i * n + j) * n + k]! + B[(i * n + j) * n + k - 1]!) +
            B[(i * n + j) * n + k]!
        }
      }
    }
  }
}

/** Row-major, of shape [n, n, n]. */
function initial(n: number): Float64Array {
  const filled = new Float64Array(n * n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) filled[(i * n + j) * n + k] = ((i + j + (n - k)) * 10) / n
    }
  }
  return filled
}

export const program: Program = {
  name: 'heat-3d',
  category: 'stencils',
  sizes: {
    MINI: { tsteps: 20, n: 10 },
    SMALL: { tsteps: 40, n: 20 },
    MEDIUM: { tsteps: 100, n: 40 },
    LARGE: { tsteps: 500, n: 120 },
    EXTRALARGE: { tsteps: 1000, n: 200 },
  },
  make: ({ tsteps, n }) => [tsteps, n, initial(n), initial(n)],
  kernel: kernelHeat3d,
  parallel: parallelHeat3d,
  outputs: [2],
}
