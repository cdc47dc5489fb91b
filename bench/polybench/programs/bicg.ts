/** bicg of PolyBench/C 4.2.1: s := Aᵀ·r, q := A·p. */

import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelBicg(
  m: number,
  n: number,
  A: Float64Array,
  s: Float64Array,
  q: Float64Array,
  p: Float64Array,
  r: Float64Array,
): void {
  for (let i = 0; i < m; i++) s[i] = 0
  for (let i = 0; i < n; i++) {
    q[i] = 0
    for (let j = 0; j < m; j++) {
      s[j] = s[j]! + r[i]! * A[i * m + j]!
      q[i] = q[i]! + A[i * m + j]! * p[j]!
    }
  }
}

export const program: Program = {
  name: 'bicg',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { m: 38, n: 42 },
    SMALL: { m: 116, n: 124 },
    MEDIUM: { m: 390, n: 410 },
    LARGE: { m: 1900, n: 2100 },
    EXTRALARGE: { m: 1800, n: 2200 },
  },
  make: ({ m, n }) => [
    m,
    n,
    matrix(n, m, (i, j) => ((i * (j + 1)) % n) / n),
    new Float64Array(m),
    new Float64Array(n),
    vector(m, (i) => (i % m) / m),
    vector(n, (i) => (i % n) / n),
  ],
  kernel: kernelBicg,
  // No `parallel`: a row adds to all of s, and its elements to one of q; only clearing s is independent.
  outputs: [3, 4],
}
