/** gemver of PolyBench/C 4.2.1: A := A + u1·v1ᵀ + u2·v2ᵀ, x := β·Aᵀ·y + z, w := α·A·x. */

import { prange } from '../../../src/index.ts'
import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelGemver(
  n: number,
  alpha: number,
  beta: number,
  A: Float64Array,
  u1: Float64Array,
  v1: Float64Array,
  u2: Float64Array,
  v2: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) A[i * n + j] = A[i * n + j]! + u1[i]! * v1[j]! + u2[i]! * v2[j]!
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) x[i] = x[i]! + beta * A[j * n + i]! * y[j]!
  }
  for (let i = 0; i < n; i++) x[i] = x[i]! + z[i]!
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) w[i] = w[i]! + alpha * A[i * n + j]! * x[j]!
  }
}

function parallelGemver(
  n: number,
  alpha: number,
  beta: number,
  A: Float64Array,
  u1: Float64Array,
  v1: Float64Array,
  u2: Float64Array,
  v2: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
): void {
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) A[i * n + j] = A[i * n + j]! + u1[i]! * v1[j]! + u2[i]! * v2[j]!
  }
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) x[i] = x[i]! + beta * A[j * n + i]! * y[j]!
  }
  for (const i of prange(n)) x[i] = x[i]! + z[i]!
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) w[i] = w[i]! + alpha * A[i * n + j]! * x[j]!
  }
}

export const program: Program = {
  name: 'gemver',
  category: 'linear-algebra/blas',
  sizes: {
    MINI: { n: 40 },
    SMALL: { n: 120 },
    MEDIUM: { n: 400 },
    LARGE: { n: 2000 },
    EXTRALARGE: { n: 4000 },
  },
  make: ({ n }) => [
    n,
    1.5,
    1.2,
    matrix(n, n, (i, j) => ((i * j) % n) / n),
    vector(n, (i) => i),
    vector(n, (i) => (i + 1) / n / 4),
    vector(n, (i) => (i + 1) / n / 2),
    vector(n, (i) => (i + 1) / n / 6),
    new Float64Array(n),
    new Float64Array(n),
    vector(n, (i) => (i + 1) / n / 8),
    vector(n, (i) => (i + 1) / n / 9),
  ],
  kernel: kernelGemver,
  parallel: parallelGemver,
  outputs: [8],
}
