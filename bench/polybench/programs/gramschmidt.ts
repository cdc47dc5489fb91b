/** gramschmidt of PolyBench/C 4.2.1: A = Q·R by the modified Gram–Schmidt process; A is used up. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelGramschmidt(m: number, n: number, A: Float64Array, R: Float64Array, Q: Float64Array): void {
  for (let k = 0; k < n; k++) {
    let nrm = 0
    for (let i = 0; i < m; i++) nrm += A[i * n + k]! * A[i * n + k]!
    R[k * n + k] = Math.sqrt(nrm)
    for (let i = 0; i < m; i++) Q[i * n + k] = A[i * n + k]! / R[k * n + k]!
    for (let j = k + 1; j < n; j++) {
      R[k * n + j] = 0
      for (let i = 0; i < m; i++) R[k * n + j]! += Q[i * n + k]! * A[i * n + j]!
      for (let i = 0; i < m; i++) A[i * n + j] = A[i * n + j]! - Q[i * n + k]! * R[k * n + j]!
    }
  }
}

function parallelGramschmidt(m: number, n: number, A: Float64Array, R: Float64Array, Q: Float64Array): void {
  for (let k = 0; k < n; k++) {
    let nrm = 0
    for (let i = 0; i < m; i++) nrm += A[i * n + k]! * A[i * n + k]!
    R[k * n + k] = Math.sqrt(nrm)
    for (const i of prange(m)) Q[i * n + k] = A[i * n + k]! / R[k * n + k]!
    for (const j of prange(k + 1, n)) {
      R[k * n + j] = 0
      for (let i = 0; i < m; i++) R[k * n + j]! += Q[i * n + k]! * A[i * n + j]!
      for (let i = 0; i < m; i++) A[i * n + j] = A[i * n + j]! - Q[i * n + k]! * R[k * n + j]!
    }
  }
}

export const program: Program = {
  name: 'gramschmidt',
  category: 'linear-algebra/solvers',
  sizes: {
    MINI: { m: 20, n: 30 },
    SMALL: { m: 60, n: 80 },
    MEDIUM: { m: 200, n: 240 },
    LARGE: { m: 1000, n: 1200 },
    EXTRALARGE: { m: 2000, n: 2600 },
  },
  make: ({ m, n }) => [
    m,
    n,
    matrix(m, n, (i, j) => (((i * j) % m) / m) * 100 + 10),
    new Float64Array(n * n),
    new Float64Array(m * n),
  ],
  kernel: kernelGramschmidt,
  parallel: parallelGramschmidt,
  outputs: [3, 4],
}
