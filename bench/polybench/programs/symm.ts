/** symm of PolyBench/C 4.2.1: C := α·A·B + β·C, of the symmetric A only the lower triangle is there. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelSymm(
  m: number,
  n: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let temp2 = 0
      for (let k = 0; k < i; k++) {
        C[k * n + j]! += alpha * B[i * n + j]! * A[i * m + k]!
        temp2 += B[k * n + j]! * A[i * m + k]!
      }
      C[i * n + j] = beta * C[i * n + j]! + alpha * B[i * n + j]! * A[i * m + i]! + alpha * temp2
    }
  }
}

/** Rows change the rows above them; columns are independent. */
function parallelSymm(
  m: number,
  n: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (let i = 0; i < m; i++) {
    for (const j of prange(n)) {
      let temp2 = 0
      for (let k = 0; k < i; k++) {
        C[k * n + j]! += alpha * B[i * n + j]! * A[i * m + k]!
        temp2 += B[k * n + j]! * A[i * m + k]!
      }
      C[i * n + j] = beta * C[i * n + j]! + alpha * B[i * n + j]! * A[i * m + i]! + alpha * temp2
    }
  }
}

export const program: Program = {
  name: 'symm',
  category: 'linear-algebra/blas',
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
    1.5,
    1.2,
    matrix(m, n, (i, j) => ((i + j) % 100) / m),
    // −999: PolyBench's mark for what must not be used.
    matrix(m, m, (i, j) => (j <= i ? ((i + j) % 100) / m : -999)),
    matrix(m, n, (i, j) => ((n + i - j) % 100) / m),
  ],
  kernel: kernelSymm,
  parallel: parallelSymm,
  outputs: [4],
}
