/** trisolv of PolyBench/C 4.2.1: L·x = b for a lower triangular L. */

import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelTrisolv(n: number, L: Float64Array, x: Float64Array, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    x[i] = b[i]!
    for (let j = 0; j < i; j++) x[i]! -= L[i * n + j]! * x[j]!
    x[i] = x[i]! / L[i * n + i]!
  }
}

export const program: Program = {
  name: 'trisolv',
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
    matrix(n, n, (i, j) => (j <= i ? ((i + n - j + 1) * 2) / n : 0)),
    vector(n, () => -999),
    vector(n, (i) => i),
  ],
  kernel: kernelTrisolv,
  outputs: [2],
}
