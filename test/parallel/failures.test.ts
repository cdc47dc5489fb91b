/** A prange that fails reports its lowest failing iteration, and all earlier ones have run. */

import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { allocate, BoundsError, jit, prange, setNumThreads } from '../../src/index.ts'
import { type Kernel, THREADS } from './run.ts'

afterAll(() => setNumThreads(2))
afterEach(() => vi.unstubAllEnvs())

const N = 100_000

function failureOf(fn: Kernel, args: readonly unknown[]): BoundsError {
  try {
    fn(...args)
  } catch (error) {
    expect(error).toBeInstanceOf(BoundsError)
    return error as BoundsError
  }
  throw new Error('this did not fail')
}

const gather = (x: Float64Array, at: Int32Array, r: Float64Array) => {
  for (const i of prange(r.length)) r[i] = x[at[i]!]! + 1
}
const strided = (x: Float64Array, at: Int32Array, r: Float64Array) => {
  for (const i of prange(r.length - 1, -1, -3)) r[i] = x[at[i]!]! + 1
}
const reducing = (x: Float64Array, at: Int32Array, r: Float64Array) => {
  let s = 0
  for (const i of prange(r.length)) {
    r[i] = x[at[i]!]! + 1
    s += r[i]!
  }
  return s
}
const nested = (x: Float64Array, at: Int32Array, r: Float64Array) => {
  for (const i of prange(r.length / 100)) for (const j of prange(100)) r[i * 100 + j] = x[at[i * 100 + j]!]! + 1
}

const PLACES: readonly [place: string, threads: number, grain: string][] = [
  ...THREADS.map((n): [string, number, string] => [`on ${n} threads`, n, '0']),
  ['where that is too little for several threads', 2, '1e9'],
]

describe.each(PLACES)('%s', (_place, threads, grain) => {
  test.each<[name: string, fn: Kernel, order: (k: number) => number, count: number]>([
    ['of elements', gather, (k) => k, N],
    ['downward in strides', strided, (k) => N - 1 - 3 * k, Math.ceil(N / 3)],
    ['with a reduction', reducing, (k) => k, N],
    ['nested', nested, (k) => k, N],
  ])('%s', (_, fn, order, count) => {
    setNumThreads(threads)
    vi.stubEnv('TSUMBA_GRAIN', grain)
    const run = jit(fn, { parallel: true, target: 'wasm' })
    const [x, at, r] = [allocate(Float64Array, 10), allocate(Int32Array, N), allocate(Float64Array, N)]
    for (const failing of [[0], [count - 1], [40, 41], [777, 5000, count - 3], [count >> 1, (count >> 1) + 1]]) {
      at.fill(3)
      r.fill(0)
      for (const k of failing) at[order(k)] = 1000 + k
      const lowest = Math.min(...failing)
      expect(failureOf(run, [x, at, r]).message).toContain(`index ${1000 + lowest} is out of range for \`x\``)
      for (let k = 0; k < lowest; k++) if (r[order(k)] !== 1) expect(`iteration ${k}`).toBe('run')
      expect(r[order(lowest)]).toBe(0)
    }
    // The next call is none the worse for it.
    at.fill(3)
    run(x, at, r)
    for (let k = 0; k < count; k++) if (r[order(k)] !== 1) expect(`iteration ${k}`).toBe('run')
  })
})
