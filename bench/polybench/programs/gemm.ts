/** gemm of PolyBench/C 4.2.1: C := α·A·B + β·C. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelGemm(
  ni: number,
  nj: number,
  nk: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (let i = 0; i < ni; i++) {
    for (let j = 0; j < nj; j++) C[i * nj + j]! *= beta
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) C[i * nj + j]! += alpha * A[i * nk + k]! * B[k * nj + j]!
    }
  }
}

function parallelGemm(
  ni: number,
  nj: number,
  nk: number,
  alpha: number,
  beta: number,
  C: Float64Array,
  A: Float64Array,
  B: Float64Array,
): void {
  for (const i of prange(ni)) {
    for (let j = 0; j < nj; j++) C[i * nj + j]! *= beta
    for (let k = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) C[i * nj + j]! += alpha * A[i * nk + k]! * B[k * nj + j]!
    }
  }
}

export const program: Program = {
  name: 'gemm',
  category: 'linear-algebra/blas',
  sizes: {
    MINI: { ni: 20, nj: 25, nk: 30 },
    SMALL: { ni: 60, nj: 70, nk: 80 },
    MEDIUM: { ni: 200, nj: 220, nk: 240 },
    LARGE: { ni: 1000, nj: 1100, nk: 1200 },
    EXTRALARGE: { ni: 2000, nj: 2300, nk: 2600 },
  },
  make: ({ ni, nj, nk }) => [
    ni,
    nj,
    nk,
    1.5,
    1.2,
    matrix(ni, nj, (i, j) => ((i * j + 1) % ni) / ni),
    matrix(ni, nk, (i, j) => ((i * (j + 1)) % nk) / nk),
    matrix(nk, nj, (i, j) => ((i * (j + 2)) % nj) / nj),
  ],
  kernel: kernelGemm,
  parallel: parallelGemm,
  outputs: [5],
}
