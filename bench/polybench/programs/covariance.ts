/** covariance of PolyBench/C 4.2.1: the covariance matrix of the columns of data. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelCovariance(
  m: number,
  n: number,
  floatN: number,
  data: Float64Array,
  cov: Float64Array,
  mean: Float64Array,
): void {
  for (let j = 0; j < m; j++) {
    mean[j] = 0
    for (let i = 0; i < n; i++) mean[j]! += data[i * m + j]!
    mean[j]! /= floatN
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) data[i * m + j]! -= mean[j]!
  }
  for (let i = 0; i < m; i++) {
    for (let j = i; j < m; j++) {
      cov[i * m + j] = 0
      for (let k = 0; k < n; k++) cov[i * m + j]! += data[k * m + i]! * data[k * m + j]!
      cov[i * m + j]! /= floatN - 1
      cov[j * m + i] = cov[i * m + j]!
    }
  }
}

/** Iteration i of the last loop writes row i right of the diagonal and column i below: no two write the same element. */
function parallelCovariance(
  m: number,
  n: number,
  floatN: number,
  data: Float64Array,
  cov: Float64Array,
  mean: Float64Array,
): void {
  for (const j of prange(m)) {
    mean[j] = 0
    for (let i = 0; i < n; i++) mean[j]! += data[i * m + j]!
    mean[j]! /= floatN
  }
  for (const i of prange(n)) {
    for (let j = 0; j < m; j++) data[i * m + j]! -= mean[j]!
  }
  for (const i of prange(m)) {
    for (let j = i; j < m; j++) {
      cov[i * m + j] = 0
      for (let k = 0; k < n; k++) cov[i * m + j]! += data[k * m + i]! * data[k * m + j]!
      cov[i * m + j]! /= floatN - 1
      cov[j * m + i] = cov[i * m + j]!
    }
  }
}

export const program: Program = {
  name: 'covariance',
  category: 'datamining',
  sizes: {
    MINI: { m: 28, n: 32 },
    SMALL: { m: 80, n: 100 },
    MEDIUM: { m: 240, n: 260 },
    LARGE: { m: 1200, n: 1400 },
    EXTRALARGE: { m: 2600, n: 3000 },
  },
  make: ({ m, n }) => [m, n, n, matrix(n, m, (i, j) => (i * j) / m), new Float64Array(m * m), new Float64Array(m)],
  kernel: kernelCovariance,
  parallel: parallelCovariance,
  outputs: [4],
}
