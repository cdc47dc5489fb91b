/** fdtd-2d of PolyBench/C 4.2.1: an electromagnetic field in two dimensions, by finite differences in time. */

import { prange } from '../../../src/index.ts'
import { matrix, vector } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelFdtd2d(
  tmax: number,
  nx: number,
  ny: number,
  ex: Float64Array,
  ey: Float64Array,
  hz: Float64Array,
  fict: Float64Array,
): void {
  for (let t = 0; t < tmax; t++) {
    for (let j = 0; j < ny; j++) ey[0 * ny + j] = fict[t]!
    for (let i = 1; i < nx; i++) {
      for (let j = 0; j < ny; j++) ey[i * ny + j] = ey[i * ny + j]! - 0.5 * (hz[i * ny + j]! - hz[(i - 1) * ny + j]!)
    }
    for (let i = 0; i < nx; i++) {
      for (let j = 1; j < ny; j++) ex[i * ny + j] = ex[i * ny + j]! - 0.5 * (hz[i * ny + j]! - hz[i * ny + j - 1]!)
    }
    for (let i = 0; i < nx - 1; i++) {
      for (let j = 0; j < ny - 1; j++) {
        hz[i * ny + j] =
          hz[i * ny + j]! - 0.7 * (ex[i * ny + j + 1]! - ex[i * ny + j]! + ey[(i + 1) * ny + j]! - ey[i * ny + j]!)
      }
    }
  }
}

function parallelFdtd2d(
  tmax: number,
  nx: number,
  ny: number,
  ex: Float64Array,
  ey: Float64Array,
  hz: Float64Array,
  fict: Float64Array,
): void {
  for (let t = 0; t < tmax; t++) {
    for (let j = 0; j < ny; j++) ey[0 * ny + j] = fict[t]!
    for (const i of prange(1, nx)) {
      for (let j = 0; j < ny; j++) ey[i * ny + j] = ey[i * ny + j]! - 0.5 * (hz[i * ny + j]! - hz[(i - 1) * ny + j]!)
    }
    for (const i of prange(nx)) {
      for (let j = 1; j < ny; j++) ex[i * ny + j] = ex[i * ny + j]! - 0.5 * (hz[i * ny + j]! - hz[i * ny + j - 1]!)
    }
    for (const i of prange(nx - 1)) {
      for (let j = 0; j < ny - 1; j++) {
        hz[i * ny + j] =
          hz[i * ny + j]! - 0.7 * (ex[i * ny + j + 1]! - ex[i * ny + j]! + ey[(i + 1) * ny + j]! - ey[i * ny + j]!)
      }
    }
  }
}

export const program: Program = {
  name: 'fdtd-2d',
  category: 'stencils',
  sizes: {
    MINI: { tmax: 20, nx: 20, ny: 30 },
    SMALL: { tmax: 40, nx: 60, ny: 80 },
    MEDIUM: { tmax: 100, nx: 200, ny: 240 },
    LARGE: { tmax: 500, nx: 1000, ny: 1200 },
    EXTRALARGE: { tmax: 1000, nx: 2000, ny: 2600 },
  },
  make: ({ tmax, nx, ny }) => [
    tmax,
    nx,
    ny,
    matrix(nx, ny, (i, j) => (i * (j + 1)) / nx),
    matrix(nx, ny, (i, j) => (i * (j + 2)) / ny),
    matrix(nx, ny, (i, j) => (i * (j + 3)) / nx),
    vector(tmax, (i) => i),
  ],
  kernel: kernelFdtd2d,
  parallel: parallelFdtd2d,
  outputs: [3, 4, 5],
}
