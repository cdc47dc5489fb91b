/** adi of PolyBench/C 4.2.1: heat in two dimensions by the alternating direction implicit method. */

import { prange } from '../../../src/index.ts'
import { matrix } from '../initial.ts'
import type { Program } from '../polybench.ts'

function kernelAdi(
  tsteps: number,
  n: number,
  u: Float64Array,
  v: Float64Array,
  p: Float64Array,
  q: Float64Array,
): void {
  const DX = 1 / n
  const DY = 1 / n
  const DT = 1 / tsteps
  const B1 = 2
  const B2 = 1
  const mul1 = (B1 * DT) / (DX * DX)
  const mul2 = (B2 * DT) / (DY * DY)
  const a = -mul1 / 2
  const b = 1 + mul1
  const c = a
  const d = -mul2 / 2
  const e = 1 + mul2
  const f = d
  for (let t = 1; t <= tsteps; t++) {
    // Columns.
    for (let i = 1; i < n - 1; i++) {
      v[0 * n + i] = 1
      p[i * n + 0] = 0
      q[i * n + 0] = v[0 * n + i]!
      for (let j = 1; j < n - 1; j++) {
        p[i * n + j] = -c / (a * p[i * n + j - 1]! + b)
        q[i * n + j] =
          (-d * u[j * n + i - 1]! + (1 + 2 * d) * u[j * n + i]! - f * u[j * n + i + 1]! - a * q[i * n + j - 1]!) /
          (a * p[i * n + j - 1]! + b)
      }
      v[(n - 1) * n + i] = 1
      for (let j = n - 2; j >= 1; j--) v[j * n + i] = p[i * n + j]! * v[(j + 1) * n + i]! + q[i * n + j]!
    }
    // Rows.
    for (let i = 1; i < n - 1; i++) {
      u[i * n + 0] = 1
      p[i * n + 0] = 0
      q[i * n + 0] = u[i * n + 0]!
      for (let j = 1; j < n - 1; j++) {
        p[i * n + j] = -f / (d * p[i * n + j - 1]! + e)
        q[i * n + j] =
          (-a * v[(i - 1) * n + j]! + (1 + 2 * a) * v[i * n + j]! - c * v[(i + 1) * n + j]! - d * q[i * n + j - 1]!) /
          (d * p[i * n + j - 1]! + e)
      }
      u[i * n + n - 1] = 1
      for (let j = n - 2; j >= 1; j--) u[i * n + j] = p[i * n + j]! * u[i * n + j + 1]! + q[i * n + j]!
    }
  }
}

function parallelAdi(
  tsteps: number,
  n: number,
  u: Float64Array,
  v: Float64Array,
  p: Float64Array,
  q: Float64Array,
): void {
  const DX = 1 / n
  const DY = 1 / n
  const DT = 1 / tsteps
  const B1 = 2
  const B2 = 1
  const mul1 = (B1 * DT) / (DX * DX)
  const mul2 = (B2 * DT) / (DY * DY)
  const a = -mul1 / 2
  const b = 1 + mul1
  const c = a
  const d = -mul2 / 2
  const e = 1 + mul2
  const f = d
  for (let t = 1; t <= tsteps; t++) {
    // Columns.
    for (const i of prange(1, n - 1)) {
      v[0 * n + i] = 1
      p[i * n + 0] = 0
      q[i * n + 0] = v[0 * n + i]!
      for (let j = 1; j < n - 1; j++) {
        p[i * n + j] = -c / (a * p[i * n + j - 1]! + b)
        q[i * n + j] =
          (-d * u[j * n + i - 1]! + (1 + 2 * d) * u[j * n + i]! - f * u[j * n + i + 1]! - a * q[i * n + j - 1]!) /
          (a * p[i * n + j - 1]! + b)
      }
      v[(n - 1) * n + i] = 1
      for (let j = n - 2; j >= 1; j--) v[j * n + i] = p[i * n + j]! * v[(j + 1) * n + i]! + q[i * n + j]!
    }
    // Rows.
    for (const i of prange(1, n - 1)) {
      u[i * n + 0] = 1
      p[i * n + 0] = 0
      q[i * n + 0] = u[i * n + 0]!
      for (let j = 1; j < n - 1; j++) {
        p[i * n + j] = -f / (d * p[i * n + j - 1]! + e)
        q[i * n + j] =
          (-a * v[(i - 1) * n + j]! + (1 + 2 * a) * v[i * n + j]! - c * v[(i + 1) * n + j]! - d * q[i * n + j - 1]!) /
          (d * p[i * n + j - 1]! + e)
      }
      u[i * n + n - 1] = 1
      for (let j = n - 2; j >= 1; j--) u[i * n + j] = p[i * n + j]! * u[i * n + j + 1]! + q[i * n + j]!
    }
  }
}

export const program: Program = {
  name: 'adi',
  category: 'stencils',
  sizes: {
    MINI: { tsteps: 20, n: 20 },
    SMALL: { tsteps: 40, n: 60 },
    MEDIUM: { tsteps: 100, n: 200 },
    LARGE: { tsteps: 500, n: 1000 },
    EXTRALARGE: { tsteps: 1000, n: 2000 },
  },
  make: ({ tsteps, n }) => [
    tsteps,
    n,
    matrix(n, n, (i, j) => (i + n - j) / n),
    new Float64Array(n * n),
    new Float64Array(n * n),
    new Float64Array(n * n),
  ],
  kernel: kernelAdi,
  parallel: parallelAdi,
  outputs: [2],
}
