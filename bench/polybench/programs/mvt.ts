/** mvt of PolyBench/C 4.2.1: x1 := x1 + A·y1, x2 := x2 + Aᵀ·y2. */

import { prange } from '../../../src/index.ts'
import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelMvt(
  n: number,
  x1: Float64Array,
  x2: Float64Array,
  y1: Float64Array,
  y2: Float64Array,
  A: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) x1[i] = x1[i]! + A[i * n + j]! * y1[j]!
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) x2[i] = x2[i]! + A[j * n + i]! * y2[j]!
  }
}

function parallelMvt(
  n: number,
  x1: Float64Array,
  x2: Float64Array,
  y1: Float64Array,
  y2: Float64Array,
  A: Float64Array,
): void {
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) x1[i] = x1[i]! + A[i * n + j]! * y1[j]!
  }
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) x2[i] = x2[i]! + A[j * n + i]! * y2[j]!
  }
}

export const program: Program = {
  name: 'mvt',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [
    n,
    vector(n, (i) => (i % n) / n),
    vector(n, (i) => ((i + 1) % n) / n),
    vector(n, (i) => ((i + 3) % n) / n),
    vector(n, (i) => ((i + 4) % n) / n),
    matrix(n, n, (i, j) => ((i * j) % n) / n),
  ],
  kernel: kernelMvt,
  parallel: parallelMvt,
  outputs: [1, 2],
}
