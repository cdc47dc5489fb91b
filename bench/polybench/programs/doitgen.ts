/** doitgen of PolyBench/C 4.2.1: A[r, q, p] := Σ A[r, q, s]·C4[s, p], of shape [nr, nq, np]. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelDoitgen(nr: number, nq: number, np: number, A: Float64Array, C4: Float64Array, sum: Float64Array): void {
  for (let r = 0; r < nr; r++) {
    for (let q = 0; q < nq; q++) {
      for (let p = 0; p < np; p++) {
        sum[p] = 0
        for (let s = 0; s < np; s++) sum[p]! += A[(r * nq + q) * np + s]! * C4[s * np + p]!
      }
      for (let p = 0; p < np; p++) A[(r * nq + q) * np + p] = sum[p]!
    }
  }
}

/** All rows share `sum`; its elements are independent. */
function parallelDoitgen(
  nr: number,
  nq: number,
  np: number,
  A: Float64Array,
  C4: Float64Array,
  sum: Float64Array,
): void {
  for (let r = 0; r < nr; r++) {
    for (let q = 0; q < nq; q++) {
      for (const p of prange(np)) {
        sum[p] = 0
        for (let s = 0; s < np; s++) sum[p]! += A[(r * nq + q) * np + s]! * C4[s * np + p]!
      }
      for (let p = 0; p < np; p++) A[(r * nq + q) * np + p] = sum[p]!
    }
  }
}

export const program: Program = {
  name: 'doitgen',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { nq: 8, nr: 10, np: 12 },
    SMALL: { nq: 20, nr: 25, np: 30 },
    MEDIUM: { nq: 40, nr: 50, np: 60 },
    LARGE: { nq: 140, nr: 150, np: 160 },
    EXTRALARGE: { nq: 220, nr: 250, np: 270 },
  },
  make: ({ nr, nq, np }) => [
    nr,
    nq,
    np,
    // Row i · nq + j of [nr · nq, np].
    matrix(nr * nq, np, (ij, k) => ((Math.floor(ij / nq) * (ij % nq) + k) % np) / np),
    matrix(np, np, (i, j) => ((i * j) % np) / np),
    new Float64Array(np),
  ],
  kernel: kernelDoitgen,
  parallel: parallelDoitgen,
  outputs: [3],
}
