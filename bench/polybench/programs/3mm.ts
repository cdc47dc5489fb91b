/** 3mm of PolyBench/C 4.2.1: G := (A·B)·(C·D). */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernel3mm(
  ni: number,
  nj: number,
  nk: number,
  nl: number,
  nm: number,
  E: Float64Array,
  A: Float64Array,
  B: Float64Array,
  F: Float64Array,
  C: Float64Array,
  D: Float64Array,
  G: Float64Array,
): void {
  for (let i = 0; i < ni; i++) {
    for (let j = 0; j < nj; j++) {
      E[i * nj + j] = 0
      for (let k = 0; k < nk; ++k) E[i * nj + j]! += A[i * nk + k]! * B[k * nj + j]!
    }
  }
  for (let i = 0; i < nj; i++) {
    for (let j = 0; j < nl; j++) {
      F[i * nl + j] = 0
      for (let k = 0; k < nm; ++k) F[i * nl + j]! += C[i * nm + k]! * D[k * nl + j]!
    }
  }
  for (let i = 0; i < ni; i++) {
    for (let j = 0; j < nl; j++) {
      G[i * nl + j] = 0
      for (let k = 0; k < nj; ++k) G[i * nl + j]! += E[i * nj + k]! * F[k * nl + j]!
    }
  }
}

function parallel3mm(
  ni: number,
  nj: number,
  nk: number,
  nl: number,
  nm: number,
  E: Float64Array,
  A: Float64Array,
  B: Float64Array,
  F: Float64Array,
  C: Float64Array,
  D: Float64Array,
  G: Float64Array,
): void {
  for (const i of prange(ni)) {
    for (let j = 0; j < nj; j++) {
      E[i * nj + j] = 0
      for (let k = 0; k < nk; ++k) E[i * nj + j]! += A[i * nk + k]! * B[k * nj + j]!
    }
  }
  for (const i of prange(nj)) {
    for (let j = 0; j < nl; j++) {
      F[i * nl + j] = 0
      for (let k = 0; k < nm; ++k) F[i * nl + j]! += C[i * nm + k]! * D[k * nl + j]!
    }
  }
  for (const i of prange(ni)) {
    for (let j = 0; j < nl; j++) {
      G[i * nl + j] = 0
      for (let k = 0; k < nj; ++k) G[i * nl + j]! += E[i * nj + k]! * F[k * nl + j]!
    }
  }
}

export const program: Program = {
  name: '3mm',
  category: 'linear-algebra/kernels',
  sizes: {
    MINI: { ni: 16, nj: 18, nk: 20, nl: 22, nm: 24 },
    SMALL: { ni: 40, nj: 50, nk: 60, nl: 70, nm: 80 },
    MEDIUM: { ni: 180, nj: 190, nk: 200, nl: 210, nm: 220 },
    LARGE: { ni: 800, nj: 900, nk: 1000, nl: 1100, nm: 1200 },
    EXTRALARGE: { ni: 1600, nj: 1800, nk: 2000, nl: 2200, nm: 2400 },
  },
  make: ({ ni, nj, nk, nl, nm }) => [
    ni,
    nj,
    nk,
    nl,
    nm,
    new Float64Array(ni * nj),
    matrix(ni, nk, (i, j) => ((i * j + 1) % ni) / (5 * ni)),
    matrix(nk, nj, (i, j) => ((i * (j + 1) + 2) % nj) / (5 * nj)),
    new Float64Array(nj * nl),
    matrix(nj, nm, (i, j) => ((i * (j + 3)) % nl) / (5 * nl)),
    matrix(nm, nl, (i, j) => ((i * (j + 2) + 2) % nk) / (5 * nk)),
    new Float64Array(ni * nl),
  ],
  kernel: kernel3mm,
  parallel: parallel3mm,
  outputs: [11],
}
