import { describe, expect, test } from 'vitest'
import { expectPlain, lowered } from '../../test/ir/same.ts'
import { printFn } from '../ir/print.ts'
import type { ArgType } from './program.ts'

// biome-ignore lint/complexity/useMathMinMax: a helper as users write them
const larger = (a: number, b: number): number => (a >= b ? a : b)
const half = (a: number): number => a / 2
const up = (n: number): number => (n > 1e12 ? n : up(n * 3))

/** The heads of the functions, as printed. */
const heads = (kernel: (...args: never[]) => unknown, types: readonly ArgType[]) =>
  lowered(kernel, types).functions.map((fn) =>
    printFn(fn)
      .split('\n')[0]!
      .replace(/^func | \{$/g, ''),
  )

describe('helpers are compiled for what they are given', () => {
  const scores = (x: Int32Array, i: number) => larger(x[i]!, larger(x[i + 1]!, x[i]! + x[i + 1]!))

  test('elements and their sums stay integers', () => {
    expect(heads(scores, ['int32[]', 'int32'])).toEqual([
      'scores(x: int32[], i.in: i32) -> f64 canfail',
      'larger(a.in: i32, b: i64) -> i64',
    ])
    const most = 2 ** 31 - 1
    expectPlain(lowered(scores, ['int32[]', 'int32']), scores, [
      [Int32Array.of(3, 4), 0],
      [Int32Array.of(most, most), 0],
      [Int32Array.of(-most - 1, -most - 1), 0],
    ])
  })

  test('fractions, and zeros with a sign, are doubles', () => {
    const kernel = (x: Int32Array, y: Float64Array) => larger(y[0]!, -x[0]! * x[1]!) + half(x[0]!)
    expect(heads(kernel, ['int32[]', 'float64[]'])).toEqual([
      'kernel(x: int32[], y: float64[]) -> f64 canfail',
      'larger(a: f64, b: f64) -> f64',
      'half(a.in: i32) -> f64',
    ])
    expectPlain(lowered(kernel, ['int32[]', 'float64[]']), kernel, [
      [Int32Array.of(0, 4), Float64Array.of(-3)],
      [Int32Array.of(5, -4), Float64Array.of(Number.NaN)],
    ])
  })

  test('what calls itself is compiled for arguments and for doubles alone', () => {
    const kernel = (n: number) => up(n)
    expect(heads(kernel, ['int32'])).toEqual([
      'kernel(n.in: i32) -> f64',
      'up(n.in: i32) -> f64',
      'up_1(n: f64) -> f64',
    ])
    expectPlain(lowered(kernel, ['int32']), kernel, [[23], [1]])
  })
})
