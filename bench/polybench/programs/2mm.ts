/** 2mm of PolyBench/C 4.2.1: D := α·A·B·C + β·D. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernel2mm(
  ni: number,
  nj: number,
  nk: number,
  nl: number,
  alpha: number,
  beta: number,
  tmp: Float64Array,
  A: Float64Array,
  B: Float64Array,
  C: Float64Array,
  D: Float64Array,
): void {
  for (let i = 0; i < ni; i++) {
    for (let j = 0; j < nj; j++) {
      tmp[i * nj + j] = 0
      for (let k = 0; k < nk; ++k) tmp[i * nj + j]! += alpha * A[i * nk + k]! * B[k * nj + j]!
    }
  }
  for (let i = 0; i < ni; i++) {
    for (let j = 0; j < nl; j++) {
      D[i * nl + j]! *= beta
      for (let k = 0; k < nj; ++k) D[i * nl + j]! += tmp[i * nj + k]! * C[k * nl + j]!
    }
  }
}

function parallel2mm(
  ni: number,
  nj: number,
  nk: number,
  nl: number,
  alpha: number,
  beta: number,
  tmp: Float64Array,
  A: Float64Array,
  B: Float64Array,
  C: Float64Array,
  D: Float64Array,
): void {
  for (const i of prange(ni)) {
    for (let j = 0; j < nj; j++) {
      tmp[i * nj + j] = 0
      for (let k = 0; k < nk; ++k) tmp[i * nj + j]! += alpha * A[i * nk + k]! * B[k * nj + j]!
    }
  }
  for (const i of prange(ni)) {
    for (let j = 0; j < nl; j++) {
      D[i * nl + j]! *= beta
      for (let k = 0; k < nj; ++k) D[i * nl + j]! += tmp[i * nj + k]! * C[k * nl + j]!
    }
  }
}

export const program: Program = {
  name: '2mm',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { ni: 16, nj: 18, nk: 22, nl: 24 },
    SMALL: { ni: 40, nj: 50, nk: 70, nl: 80 },
    MEDIUM: { ni: 180, nj: 190, nk: 210, nl: 220 },
    LARGE: { ni: 800, nj: 900, nk: 1100, nl: 1200 },
    EXTRALARGE: { ni: 1600, nj: 1800, nk: 2200, nl: 2400 },
  },
  make: ({ ni, nj, nk, nl }) => [
    ni,
    nj,
    nk,
    nl,
    1.5,
    1.2,
    new Float64Array(ni * nj),
    matrix(ni, nk, (i, j) => ((i * j + 1) % ni) / ni),
    matrix(nk, nj, (i, j) => ((i * (j + 1)) % nj) / nj),
    matrix(nj, nl, (i, j) => ((i * (j + 3) + 1) % nl) / nl),
    matrix(ni, nl, (i, j) => ((i * (j + 2)) % nk) / nk),
  ],
  kernel: kernel2mm,
  parallel: parallel2mm,
  outputs: [10],
}
