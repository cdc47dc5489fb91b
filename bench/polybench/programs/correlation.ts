/** correlation of PolyBench/C 4.2.1: the correlation matrix of the columns of data. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelCorrelation(
  m: number,
  n: number,
  floatN: number,
  data: Float64Array,
  corr: Float64Array,
  mean: Float64Array,
  stddev: Float64Array,
): void {
  const eps = 0.1
  for (let j = 0; j < m; j++) {
    mean[j] = 0
    for (let i = 0; i < n; i++) mean[j]! += data[i * m + j]!
    mean[j]! /= floatN
  }
  for (let j = 0; j < m; j++) {
    stddev[j] = 0
    for (let i = 0; i < n; i++) stddev[j]! += (data[i * m + j]! - mean[j]!) * (data[i * m + j]! - mean[j]!)
    stddev[j]! /= floatN
    stddev[j] = Math.sqrt(stddev[j]!)
    // Near-zero deviations would cause a division by zero below.
    stddev[j] = stddev[j]! <= eps ? 1 : stddev[j]!
  }
  // Centre and reduce the columns.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      data[i * m + j]! -= mean[j]!
      data[i * m + j]! /= Math.sqrt(floatN) * stddev[j]!
    }
  }
  for (let i = 0; i < m - 1; i++) {
    corr[i * m + i] = 1
    for (let j = i + 1; j < m; j++) {
      corr[i * m + j] = 0
      for (let k = 0; k < n; k++) corr[i * m + j]! += data[k * m + i]! * data[k * m + j]!
      corr[j * m + i] = corr[i * m + j]!
    }
  }
  corr[(m - 1) * m + m - 1] = 1
}

/** Iteration i of the last loop writes row i right of the diagonal and column i below: no two write the same element. */
function parallelCorrelation(
  m: number,
  n: number,
  floatN: number,
  data: Float64Array,
  corr: Float64Array,
  mean: Float64Array,
  stddev: Float64Array,
): void {
  const eps = 0.1
  for (const j of prange(m)) {
    mean[j] = 0
    for (let i = 0; i < n; i++) mean[j]! += data[i * m + j]!
    mean[j]! /= floatN
  }
  for (const j of prange(m)) {
    stddev[j] = 0
    for (let i = 0; i < n; i++) stddev[j]! += (data[i * m + j]! - mean[j]!) * (data[i * m + j]! - mean[j]!)
    stddev[j]! /= floatN
    stddev[j] = Math.sqrt(stddev[j]!)
    // Near-zero deviations would cause a division by zero below.
    stddev[j] = stddev[j]! <= eps ? 1 : stddev[j]!
  }
  // Centre and reduce the columns.
  for (const i of prange(n)) {
    for (let j = 0; j < m; j++) {
      data[i * m + j]! -= mean[j]!
      data[i * m + j]! /= Math.sqrt(floatN) * stddev[j]!
    }
  }
  for (const i of prange(m - 1)) {
    corr[i * m + i] = 1
    for (let j = i + 1; j < m; j++) {
      corr[i * m + j] = 0
      for (let k = 0; k < n; k++) corr[i * m + j]! += data[k * m + i]! * data[k * m + j]!
      corr[j * m + i] = corr[i * m + j]!
    }
  }
  corr[(m - 1) * m + m - 1] = 1
}

export const program: Program = {
  name: 'correlation',
  category: 'datamining',
  sizes: {
    MINI: { m: 28, n: 32 },
    SMALL: { m: 80, n: 100 },
    MEDIUM: { m: 240, n: 260 },
    LARGE: { m: 1200, n: 1400 },
    EXTRALARGE: { m: 2600, n: 3000 },
  },
  make: ({ m, n }) => [
    m,
    n,
    n,
    matrix(n, m, (i, j) => (i * j) / m + i),
    new Float64Array(m * m),
    new Float64Array(m),
    new Float64Array(m),
  ],
  kernel: kernelCorrelation,
  parallel: parallelCorrelation,
  outputs: [4],
}
