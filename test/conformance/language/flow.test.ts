/** Truth values, variables, and the order in which parts of an expression run. Each kernel runs plain and compiled. */

import { describe } from 'vitest'
import { SPECIAL } from '../agree.ts'
import { f64, holds, i32, ones, pairs } from './holds.ts'

describe('truth', () => {
  holds(
    'comparisons',
    (x: number, y: number) =>
      (x < y ? 1 : 0) + (x <= y ? 2 : 0) + (x > y ? 4 : 0) + (x >= y ? 8 : 0) + (x === y ? 16 : 0) + (x !== y ? 32 : 0),
    pairs,
  )
  // biome-ignore lint/suspicious/noDoubleEquals: what is tested
  holds('== and !=', (x: number, y: number) => (x == y ? 1 : 0) + (x != y ? 2 : 0), pairs)
  holds('chains', (x: number, y: number) => (x < y && y < 100 && x !== 7) || (x === y && !(x > 3)), pairs)
  holds(
    'negated comparisons of NaN',
    (x: number, y: number) => {
      if (!(x < y)) return 1
      else if (!(x >= y)) return 2
      return 3
    },
    pairs,
  )
  holds('booleans compared', (x: number, y: number) => x < y === y < x, pairs)
  holds(
    'numbers as truth values',
    (x: number) => {
      let r = 0
      if (x) r += 1
      if (!x) r += 2
      while (x) {
        r += 4
        break
      }
      return r + (x ? 8 : 16)
    },
    ones,
  )
  holds('logical values', (x: number, y: number) => (x || y) + (x && y) * 2, pairs)
  holds('?? of numbers', (x: number, y: number) => x && (y || 5), pairs)
  holds(
    'logical assignment',
    (x: number, y: number) => {
      let a = x
      let b = y
      a ||= 3
      b &&= 4
      return a * 10 + b
    },
    pairs,
  )
  holds(
    'nested && of numbers is the number',
    (x: number, y: number) => (x && y && 3) + (x || y || 7) + ((x && y) || 9),
    pairs,
  )
  holds('a truth value in arithmetic', (x: number, y: number) => Number(x < y) + +(x > 1), pairs)
  holds('ternary chains', (x: number) => (x < -1 ? 0.5 : x < 0 ? -0 : x < 1 ? x : x < 100 ? x * 2 : 7), ones)
  holds(
    'boolean variables',
    (x: number) => {
      let seen = false
      let ok = x > 0
      for (let i = 0; i < 4; i++) {
        if (i > x) seen = true
        ok = ok && i < 3
      }
      return seen !== ok
    },
    ones,
  )
  holds('Boolean()', (x: number) => Boolean(x) || !!x, ones)
})

describe('variables', () => {
  holds(
    '++ and -- as values',
    (x: number) => {
      let a = x
      let b = x
      return a++ + ++a * 2 - b-- * 3 - --b + a * b
    },
    ones,
  )
  holds(
    '++ of int32 at the edge',
    (x: number) => {
      let a = x | 0
      a++
      a++
      return a
    },
    ones,
  )
  holds(
    '++ and -- of elements',
    (a: Float64Array, b: Int8Array, c: Uint8ClampedArray) =>
      a[0]!++ + ++a[0]! - b[0]!-- * 2 - --b[0]! + c[0]!++ * 3 + ++c[0]!,
    [
      [f64(1.5), Int8Array.of(-128), Uint8ClampedArray.of(254)],
      [f64(NaN), Int8Array.of(127), Uint8ClampedArray.of(0)],
    ],
  )
  holds(
    'compound of elements',
    (a: Float32Array, u: Uint8Array, x: number) => {
      a[0]! += x
      a[1]! *= x
      a[2]! -= 0.1
      a[3]! /= 3
      u[0]! += 200
      u[1]! -= x
      u[2]! *= 3
      u[3]! <<= 1
      u[4]! **= 2
      u[5]! %= 7
      return (a[0]! += 1) + (u[0]! += 300)
    },
    [0.1, 1e30, -5, NaN].map((x) => [Float32Array.of(1, 2, 3, 4), Uint8Array.of(100, 5, 90, 200, 20, 200), x]),
  )
  holds(
    'integer, then fraction',
    (x: number) => {
      let v = 0
      for (let i = 0; i < 3; i++) {
        v += 1
        v *= x
      }
      return v
    },
    ones,
  )
  holds(
    'a counter that a fraction joins',
    (a: Float64Array) => {
      let v = 1
      for (let i = 0; i < a.length; i++) {
        if (a[i]! > 2) v = a[i]!
        else v++
      }
      return v
    },
    [[f64(1, 1, 1)], [f64(1, 2.5, 1)], [f64(1, NaN, 3, -0)]],
  )
  holds(
    'let without a value',
    (x: number) => {
      let y: number
      if (x > 0) y = 1
      else y = -1.5
      return y
    },
    ones,
  )
  holds(
    'var and shadows',
    (x: number) => {
      var s = x
      {
        const s = 2
        x += s
      }
      for (let i = 0; i < 2; i++) {
        let x = i
        x++
        s += x
      }
      return s + x
    },
    ones,
  )
  holds(
    'comma',
    (x: number) => {
      let a = 1
      let b = 0
      for (let i = 0, j = 9; i < j; i++, j--) {
        b += j - i
        // biome-ignore lint/complexity/noCommaOperator: what is tested
        a = ((a += 1), b, a * x)
      }
      // biome-ignore lint/complexity/noCommaOperator: what is tested
      return (a++, b++, a + b)
    },
    ones,
  )
  holds(
    'chained assignment',
    (a: Uint8Array, x: number) => {
      let p = 0
      let q = 0
      p = q = a[0] = x
      q += p
      a[1] = a[2] = p + 1
      return p + q + (a[3] = x * 2)
    },
    SPECIAL.map((x) => [new Uint8Array(4), x]),
  )
  holds(
    'fib in doubles',
    (n: number) => {
      let a = 0
      let b = 1
      for (let i = 0; i < n; i++) {
        const t = a + b
        a = b
        b = t
      }
      return a
    },
    [[0], [1], [10], [90], [1500], [2.5], [-1], [NaN]],
  )
  holds(
    'collatz',
    (n: number) => {
      let steps = 0
      let x = n
      while (x !== 1 && steps < 300) {
        x = x % 2 === 0 ? x / 2 : 3 * x + 1
        steps++
      }
      return steps
    },
    [[1], [7], [27], [97], [837799], [0.5], [-5]],
  )
})

describe('evaluation order', () => {
  holds('a[i] + (a[i] = 2)', (a: Float64Array, i: number) => a[i]! + (a[i] = 2) + a[i]!, [[f64(5, 7), 1]])
  holds(
    'i + i++',
    (i: number) => {
      let k = i
      return k + k++ + k * (k = 9) - k-- + --k
    },
    ones,
  )
  holds(
    'a[i++] = i',
    (a: Int32Array) => {
      let i = 0
      a[i++] = i
      a[i] = i++
      a[i++]! += i
      return i
    },
    [[i32(4, 5, 6, 7)]],
  )
  holds(
    'old element before the right side',
    (a: Float64Array) => {
      a[0]! += a[0] = 10
      a[1]! -= a[1]!++
      return a[0]! * (a[0] = 3)
    },
    [[f64(1, 2)]],
  )
  holds(
    'the array variable changes while its element is assigned',
    (a: Float64Array, b: Float64Array) => {
      let t = a
      // biome-ignore lint/complexity/noCommaOperator: what is tested
      t[0] = ((t = b), 5)
      t[1] = 7
      return t
    },
    [[f64(1, 2), f64(3, 4)]],
  )
  holds('calls with effects, in order', (a: Float64Array) => bump(a) * 100 + bump(a) * 10 + bump(a), [[f64(1)]])
  holds('a call changes what was read before it', (a: Float64Array) => a[0]! + bump(a) + a[0]!, [[f64(1)]])
  holds(
    'a variable that the comparison itself moves',
    (x: Int32Array) => {
      let i = x[0]!
      if (i <= i++) return i * 1
      return -i
    },
    [[i32(2 ** 31 - 1)], [i32(-1)]],
  )
  holds(
    'a length before the array changes',
    (a: Float64Array, b: Float64Array) => {
      let t = a
      const n = t.length * 10 + ((t = b).length + t[0]!)
      return n + t.length
    },
    [[f64(1, 2), f64(3)]],
  )
  holds(
    'arguments in order',
    (x: number) => {
      let k = x
      return weigh(k++, k++, k++)
    },
    ones,
  )
  holds(
    'short circuits with effects',
    (a: Int32Array, x: number) => {
      let n = 0
      if (x > 0 && a[0]!++ >= 0) n = 1
      if (x > 0 || a[1]!++ >= 0) n += 2
      const t = x > 1 && (a[2] = 9) > 3
      return t ? n : -n
    },
    [
      [i32(0, 0, 0), 2],
      [i32(0, 0, 0), 1],
      [i32(0, 0, 0), 0],
      [i32(-5, -5, 0), NaN],
    ],
  )
  holds(
    'only one arm runs',
    (a: Int32Array, x: number) => {
      const r = x > 0 ? a[0]!++ : --a[1]!
      return r + (x > 5 ? (a[2] = 4) : 0)
    },
    [
      [i32(1, 2, 3), 1],
      [i32(1, 2, 3), -1],
      [i32(1, 2, 3), 6],
    ],
  )
  holds(
    'a test guards its element',
    (a: Float64Array, i: number) => (i >= 0 && i < a.length && a[i]! > 1 ? a[i]! : -1),
    [0, 1, 2, -1, 5].map((i) => [f64(0.5, 4), i]),
  )
  holds(
    'while conditions with effects',
    (a: Int32Array) => {
      let i = 0
      let s = 0
      while (i < a.length && a[i++] !== 0) s += i
      return s * 10 + i
    },
    [[i32(1, 2, 0, 4)], [i32(0)], [i32(1, 1)]],
  )
  holds(
    'do … while conditions with effects',
    (n: number) => {
      let i = n
      let s = 0
      do s += i
      while (i-- > 0 && s < 40)
      return s + i * 100
    },
    [[0], [3], [20], [0.5], [NaN]],
  )
})

function bump(a: Float64Array): number {
  a[0]!++
  return a[0]! * 2
}
const weigh = (a: number, b: number, c: number) => a + b * 10 + c * 100
