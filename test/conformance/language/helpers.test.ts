/** Helpers, recursion, and constants from outside. Each kernel runs plain and compiled. */

import { describe } from 'vitest'
import { f64, holds, ones } from './holds.ts'

describe('helpers and captures', () => {
  const SCALE = 2.5
  const LIMIT = 7
  const ON = true
  const settings = Object.freeze({ gain: 0.5, count: 3, inner: Object.freeze({ offset: -0 }) })
  const square = (x: number) => x * x
  const clampTo = (x: number, low: number, high = 10) => (x < low ? low : Math.min(x, high))
  const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  const even = (n: number): boolean => (n <= 0 ? true : odd(n - 1))
  const odd = (n: number): boolean => (n <= 0 ? false : even(n - 1))
  const scaled = (a: Float64Array, k: number) => {
    const r = new Float64Array(a.length)
    for (let i = 0; i < a.length; i++) r[i] = a[i]! * k
    return r
  }
  const same = (a: Float64Array) => a
  const longer = (a: Float64Array, b: Float64Array) => {
    if (a.length > b.length) return a
    return b
  }
  const fill = (a: Float32Array, x: number) => {
    for (let i = 0; i < a.length; i++) a[i] = x
  }
  const first = (a: Float64Array) => a[0]!

  holds('constants', (x: number) => (ON ? x * SCALE + LIMIT : 0), ones)
  holds('frozen objects', (x: number) => x * settings.gain + settings.count + 1 / settings.inner.offset, ones)
  holds('a helper', (x: number) => square(x + 1) + square(2), ones)
  holds('helpers in helpers, defaults', (x: number) => clampTo(square(x), 2) + clampTo(x, -1, 1), ones)
  holds(
    'the types of helpers’ arguments differ',
    (x: number) => square(3) + square(x) + square(x | 0) + square(0.5),
    ones,
  )
  holds('recursion', (n: number) => fib(n), [[0], [1], [10], [15.5], [-3]])
  holds('recursion with %', (a: number, b: number) => gcd(a, b), [
    [12, 18],
    [17, 5],
    [0, 0],
    [7.5, 2.5],
    [-12, 18],
  ])
  holds('mutual recursion', (n: number) => even(n) === odd(n + 1), [[0], [7], [2.5]])
  holds(
    'an array into a helper',
    (a: Float32Array, x: number) => {
      fill(a, x)
      return a[0]! + 1
    },
    [[new Float32Array(3), 0.1]],
  )
  holds('an array out of a helper', (a: Float64Array) => scaled(scaled(a, 2), 0.1), [[f64(1, 2, 3)], [f64()]])
  holds('an argument back from a helper is the argument', (a: Float64Array) => same(a), [[f64(1)]])
  holds('one of two arguments from a helper', (a: Float64Array, b: Float64Array) => longer(a, b), [
    [f64(1), f64(2, 3)],
    [f64(1, 2), f64(3)],
  ])
  holds('elements of results', (a: Float64Array) => first(scaled(a, 3)) + scaled(a, 2)[1]! + scaled(a, 1).length, [
    [f64(4, 5)],
  ])
  holds(
    'a helper that returns nothing',
    (a: Float32Array) => {
      if (a.length > 0) fill(a, 2)
    },
    [[new Float32Array(2)], [new Float32Array(0)]],
  )
  holds('a helper named as the captures say', (x: number) => square(x) * SCALE, ones, {
    captures: () => ({ square: (y: number) => y * y, SCALE: 2.5 }),
  })
})
