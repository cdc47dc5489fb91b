/** Parameters, arithmetic and bits. Each kernel runs plain and compiled. */

import { describe } from 'vitest'
import { f64, holds, i32, type Kernel, ones, pairs } from './holds.ts'

describe('parameters', () => {
  holds('number and boolean', (x: number, b: boolean) => (b ? x : -x), [
    [1, true],
    [1.5, false],
    [-0, true],
    [0, false],
  ])
  holds('a boolean back', (b: boolean) => !b, [[true], [false]])
  holds('nothing back', (x: Float64Array) => void (x[0] = 3), [[f64(1)]])
  holds(
    'assigned',
    (n: number) => {
      n = n * 2.5
      n++
      return n
    },
    ones,
  )
  holds('default', (x: number, y = 2, z = x + y) => x * y + z, [[1], [1, undefined, 4], [1.5, 3], [-0, 0.5, 9]])
  holds(
    'default with an array',
    (n: number, a = new Float64Array(n)) => {
      a[0] = n
      return a
    },
    [[2], [3, f64(1, 2)]],
  )
  holds('extra arguments', (x: number) => x + 1, [
    [1, 2, 3],
    [1, f64(1)],
  ])
  holds('unused and missing', (x: number, _y?: number) => x, [[5], [5, 6]])
  holds('one function, many types: int32, then fractions, then −0', (x: number) => 1 / (x * 0) + x, [
    [3],
    [3.5],
    [-0],
    [3],
    [0],
    [-3],
  ])
  holds('widening of one parameter leaves the other', (x: number, y: number) => (x | 0) * y, [
    [3, 4],
    [3.5, 4],
    [3, 4.5],
    [3, -0],
  ])
})

describe('many parameters', () => {
  const names = 'abcdefghijklmnopqrst'.split('')
  const weighted = new Function(...names, `return ${names.map((name, k) => `${name} * ${k}`).join(' + ')}`) as Kernel
  const numbers = names.map((_, k) => k - 3)
  holds('twenty', weighted, [numbers, numbers.map((x) => x / 2), [...numbers.slice(0, 19), 0.5], numbers])
})

describe('arithmetic', () => {
  holds('+', (x: number, y: number) => x + y, pairs)
  holds('-', (x: number, y: number) => x - y, pairs)
  holds('*', (x: number, y: number) => x * y, pairs)
  holds('/', (x: number, y: number) => x / y, pairs)
  holds('%', (x: number, y: number) => x % y, pairs)
  holds('**', (x: number, y: number) => x ** y, pairs)
  holds(
    '** compound and of constants',
    (x: number) => {
      let y = x
      y **= 2
      return y + 2 ** 10 + (-2) ** 3 + x ** 0.5
    },
    ones,
  )
  holds('unary', (x: number) => -x + +x + -(-x) + ~x, ones)
  holds('negation keeps −0', (n: number) => 1 / -n, ones)
  holds('−0 from integer products', (a: number, b: number) => 1 / (a * b), [
    [0, -3],
    [-3, 0],
    [0, 0],
    [-0, 3],
  ])
  holds('−0 from integer remainders', (a: number, b: number) => 1 / (a % b), [
    [-4, 2],
    [4, 2],
    [-0, 5],
    [0, 5],
    [7, 0],
  ])
  holds(
    '−0 from rounding',
    (x: number) => 1 / Math.round(x) + 1 / Math.ceil(x) + 1 / Math.trunc(x) + 1 / Math.floor(x),
    ones,
  )
  holds(
    'sums past 2⁵³ of int32',
    (a: Int32Array) => {
      let s = 0
      for (let i = 0; i < 5; i++) {
        s = s * 1000 + a[i & 1]!
      }
      return s
    },
    [[i32(2 ** 31 - 1, -(2 ** 31))]],
  )
  holds('associates to the left', (a: number, b: number, c: number) => a + b + c - (((a * b) / c) % 7), [
    [0.1, 0.2, 0.3],
    [1e300, 1e300, 1e-300],
    [1, 2, 3],
  ])
  holds('fractional constants', (x: number) => x * 0.1 + 1e-3 - 1e21 + 0x1f + 0b11 + 1_000, ones)
  holds(
    'constants',
    (x: number) => x * Math.PI + Math.E - Math.LN2 * Math.LOG2E + Math.SQRT2 / Math.SQRT1_2 + Math.LN10 - Math.LOG10E,
    ones,
  )
  holds(
    'Number.*',
    (x: number) => Number.EPSILON * x + Number.MAX_SAFE_INTEGER - Number.MIN_SAFE_INTEGER * x + Number.MIN_VALUE,
    ones,
  )
  holds(
    'Number limits',
    (x: number) =>
      x > Number.MAX_VALUE ||
      x < Number.NEGATIVE_INFINITY ||
      x === Number.POSITIVE_INFINITY ||
      Number.isNaN(x - Number.NaN * 0),
    ones,
  )
  holds('NaN and Infinity', (x: number) => (x > 0 ? NaN : x < 0 ? Infinity : -Infinity), ones)
})

describe('bits', () => {
  holds('and or xor not', (x: number, y: number) => (x & y) + (x | y) * 3 + (x ^ y) * 5 + ~x, pairs)
  holds('shifts', (x: number, y: number) => (x << y) + (x >> y) * 3 + (x >>> y) * 5, pairs)
  holds('>>> 0', (x: number) => x >>> 0, ones)
  holds('| 0', (x: number) => x | 0, ones)
  holds('~~', (x: number) => ~~x, ones)
  holds('(a * b) | 0 past 2⁵³ is no imul', (x: number, y: number) => ((x | 0) * (y | 0)) | 0, [
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31 - 1, -(2 ** 31)],
    [123456789, 987654321],
    [65537, 65537],
  ])
  holds('(a * b) | 0 of float64', (x: number, y: number) => (x * y) | 0, pairs)
  holds('(a + b) | 0 wraps', (a: Int32Array) => ((a[0]! + a[1]!) | 0) + ((a[0]! - a[1]!) >>> 0), [
    [i32(2 ** 31 - 1, 2 ** 31 - 1)],
    [i32(-(2 ** 31), 2 ** 31 - 1)],
  ])
  holds('a multiplied index does not wrap', (n: number, i: number, j: number) => i * n + j, [
    [2 ** 26, 2 ** 26, 7],
    [2 ** 26 + 1, 2 ** 26 + 3, 1],
    [65536, 65536, 0],
    [3, 2, 1],
  ])
  holds(
    'an FNV hash',
    (a: Uint8Array) => {
      let h = 2166136261
      for (let i = 0; i < a.length; i++) {
        h ^= a[i]!
        h = Math.imul(h, 16777619)
      }
      return h >>> 0
    },
    [[Uint8Array.from([1, 2, 3, 255, 0, 7])]],
  )
  holds(
    'a hash with >>> 0',
    (a: Int32Array) => {
      let h = 5381
      for (let i = 0; i < a.length; i++) h = (h * 33 + a[i]!) >>> 0
      return h
    },
    [[i32(1, -2, 2 ** 31 - 1, -(2 ** 31), 12345, 6, 7, 8)]],
  )
  holds(
    'a hash past 2⁵³',
    (a: Int32Array) => {
      let h = 1
      for (let i = 0; i < a.length; i++) h = (h * 2654435761 + a[i]!) | 0
      return h
    },
    [[i32(1, -2, 2 ** 31 - 1, -(2 ** 31), 12345, 6, 7, 8)]],
  )
  holds(
    'xorshift',
    (n: number) => {
      let x = n | 1
      let s = 0
      for (let i = 0; i < 50; i++) {
        x ^= x << 13
        x ^= x >>> 17
        x ^= x << 5
        s += x >>> 0
      }
      return s
    },
    [[1], [-7], [2 ** 31 + 5]],
  )
  holds('shift counts past 31', (x: number) => (1 << 32) + (1 << 33) + (x << -1) + (x >> 35) + (x >>> 32), ones)
  holds(
    'compound',
    (x: number) => {
      let y = x
      y |= 3
      y &= 0xffff
      y ^= 5
      y <<= 20
      y >>= 3
      y >>>= 1
      return y
    },
    ones,
  )
})
