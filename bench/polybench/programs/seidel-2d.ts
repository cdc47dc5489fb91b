/** seidel-2d of PolyBench/C 4.2.1: each point becomes the mean of nine, in place. */

import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelSeidel2d(tsteps: number, n: number, A: Float64Array): void {
  for (let t = 0; t <= tsteps - 1; t++) {
    for (let i = 1; i <= n - 2; i++) {
      for (let j = 1; j <= n - 2; j++) {
        A[i * n + j] =
          (A[(i - 1) * n + j - 1]! +
            A[(i - 1) * n + j]! +
            A[(i - 1) * n + j + 1]! +
            A[i * n + j - 1]! +
            A[i * n + j]! +
            A[i * n + j + 1]! +
            A[(i + 1) * n + j - 1]! +
            A[(i + 1) * n + j]! +
            A[(i + 1) * n + j + 1]!) /
          9
      }
    }
  }
}

export const program: Program = {
  name: 'seidel-2d',
  category: 'stencils',
  sizes: {
    MINI: { tsteps: 20, n: 40 },
    SMALL: { tsteps: 40, n: 120 },
    MEDIUM: { tsteps: 100, n: 400 },
    LARGE: { tsteps: 500, n: 2000 },
    EXTRALARGE: { tsteps: 1000, n: 4000 },
  },
  make: ({ tsteps, n }) => [tsteps, n, matrix(n, n, (i, j) => (i * (j + 2) + 2) / n)],
  kernel: kernelSeidel2d,
  outputs: [2],
}
