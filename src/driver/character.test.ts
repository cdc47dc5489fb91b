/** Which target serves which kernel, by what it does and where its arrays are. */

import { describe, expect, test } from 'vitest'
import * as plain from '../cli/compare/programs/plain.ts'
import * as parallel from '../cli/compare/programs/prange.ts'
import { allocate } from '../index.ts'
import { Dispatcher } from './dispatch.ts'
import { settingsOf } from './options.ts'

function addTo(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += y[i]!
}
function total(x: Float64Array): number {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]!
  return s
}
/** x has shape [n, m]: once over all elements, one by one, though in two loops. */
function addRows(x: Float64Array, n: number, m: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) x[i * m + j]! += j
}
const at = (x: Float64Array, m: number, i: number, j: number): number => x[i * m + j]!
function sumByHelper(x: Float64Array, n: number, m: number): number {
  let s = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) s += at(x, m, i, j)
  return s
}
function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!
  }
  return c
}
function rounds(x: Float64Array, times: number): void {
  for (let t = 0; t < times; t++) for (let i = 1; i < x.length; i++) x[i] = 0.5 * (x[i]! + x[i - 1]!)
}
/** Newton's method on one number: no array at all. */
function root(x: number): number {
  let r = x
  while (Math.abs(r * r - x) > 1e-12) r = 0.5 * (r + x / r)
  return r
}

/** How often a point may be moved: nothing is read, everything computed. */
function orbits(out: Float64Array): void {
  for (let i = 0; i < out.length; i++) {
    let z = 0
    let k = 0
    while (z < 4 && k < 99) {
      z = z * z + i / 50
      k++
    }
    out[i] = k
  }
}
/** The same of one number after the other: no vectors. */
function chained(out: Float64Array): void {
  let z = 0
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < 50; k++) z = z * 0.5 + k
    out[i] = z
  }
}

function remainders(x: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! %= 1.5
}

type Make = (length: number) => Float64Array
interface Row {
  readonly kernel: (...args: never[]) => unknown
  readonly args: (make: Make) => readonly unknown[]
  /** With ordinary arrays, and with arrays of the shared memory. */
  readonly ordinary: 'js' | 'wasm'
  readonly shared: 'js' | 'wasm'
}

const ROWS: Record<string, Row> = {
  'loops inside that compute, in vectors': {
    kernel: orbits,
    args: (make) => [make(64)],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  'and not in vectors': { kernel: chained, args: (make) => [make(64)], ordinary: 'js', shared: 'wasm' },
  'roots, once over all elements': { kernel: plain.roots, args: (make) => [make(100)], ordinary: 'js', shared: 'wasm' },
  'roots, parallel': { kernel: parallel.roots, args: (make) => [make(100)], ordinary: 'js', shared: 'wasm' },
  'one array added to another': {
    kernel: addTo,
    args: (make) => [make(100), make(100)],
    ordinary: 'js',
    shared: 'wasm',
  },
  'a sum': { kernel: total, args: (make) => [make(100)], ordinary: 'js', shared: 'wasm' },
  'rows and columns': { kernel: addRows, args: (make) => [make(100), 10, 10], ordinary: 'js', shared: 'wasm' },
  'rows and columns, by a helper': {
    kernel: sumByHelper,
    args: (make) => [make(100), 10, 10],
    ordinary: 'js',
    shared: 'wasm',
  },
  'all elements for each': { kernel: plain.rootsSum, args: (make) => [make(100)], ordinary: 'wasm', shared: 'wasm' },
  'all elements for each, parallel': {
    kernel: parallel.rootsSum,
    args: (make) => [make(100)],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  'all pairs': {
    kernel: plain.calculateScores,
    args: (make) => [make(100), 20, 5],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  'all pairs, parallel': {
    kernel: parallel.calculateScores,
    args: (make) => [make(100), 20, 5],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  'a product of matrices': {
    kernel: multiply,
    args: (make) => [make(100), make(100), 10],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  'many rounds': { kernel: rounds, args: (make) => [make(100), 50], ordinary: 'wasm', shared: 'wasm' },
  logarithms: { kernel: plain.logProduct, args: (make) => [make(99)], ordinary: 'wasm', shared: 'wasm' },
  'logarithms, parallel': {
    kernel: parallel.logProduct,
    args: (make) => [make(99)],
    ordinary: 'wasm',
    shared: 'wasm',
  },
  remainders: { kernel: remainders, args: (make) => [make(99)], ordinary: 'js', shared: 'js' },
  'no arrays': { kernel: root, args: () => [2.5], ordinary: 'wasm', shared: 'wasm' },
}

describe('the target of', () => {
  for (const [name, { kernel, args, ordinary, shared }] of Object.entries(ROWS)) {
    const chosen = (make: Make) => {
      const dispatcher = new Dispatcher(kernel, settingsOf({ parallel: true }))
      const given = args(make)
      return dispatcher.choose(dispatcher.specialise(given), given).target
    }
    test(name, () => {
      expect(chosen((length) => new Float64Array(length))).toBe(ordinary)
      expect(chosen((length) => allocate(Float64Array, length))).toBe(shared)
    })
  }
})
