/** Loops of every kind. Each kernel runs plain and compiled. */

import { describe } from 'vitest'
import { prange } from '../../../src/index.ts'
import { f64, holds, i32, type Kernel } from './holds.ts'

describe('loops', () => {
  const ends = [0, 1, 3, 5, -2, 2.5, 3.0001, NaN, -0, 0.5].map((n) => [n])
  holds(
    'for, up',
    (n: number) => {
      let s = 0
      let last = -1
      for (let i = 0; i < n; i++) {
        s += i + 1
        last = i
      }
      return s * 10 + last
    },
    [...ends, [-Infinity]],
  )
  holds(
    'for, inclusive',
    (n: number) => {
      let s = 0
      for (let i = 0; i <= n; i++) s = s * 7 + i + 1
      return s
    },
    [...ends, [-Infinity]],
  )
  holds(
    'for, down',
    (n: number) => {
      let s = 0
      for (let i = n; i >= 0; i--) s = s * 7 + i
      return s
    },
    ends,
  )
  holds(
    'for, down to a bound',
    (n: number) => {
      let s = 0
      for (let i = 9; i > n; i--) s = s * 3 + i
      return s
    },
    ends,
  )
  holds(
    'for, steps',
    (n: number) => {
      let s = 0
      for (let i = 1; i < n * 3; i += 3) s += i
      for (let i = 20; i >= n; i -= 4) s -= i * 0.5
      for (let i = 0; i < n; i = i + 2) s += 100
      return s
    },
    ends,
  )
  holds(
    'for, to a fraction of a whole number',
    (n: number) => {
      const third = n / 3
      let s = 0
      for (let i = 0; i < third; i++) s = s * 7 + i + 1
      for (let i = 0; i <= third; i++) s = s * 3 + i
      for (let i = 5; i > third; i--) s -= i
      for (let i = 5; i >= third; i--) s -= i * 0.5
      return s
    },
    [-7, -6, -1, 0, 1, 2, 3, 4, 12, 13, 14].map((n) => [n]),
  )
  holds(
    'for, to what is whole because an array is as long',
    (n: number) => {
      const half = n / 2
      const r = new Float64Array(half)
      let s = 0
      for (let i = 0; i < half; i++) r[i] = i + half
      for (let i = 0; i < r.length; i++) s = s * 3 + r[i]!
      return s - half
    },
    [[0], [2], [14], [-0]],
  )
  holds(
    'counters that start from elements and from each other',
    (a: Float64Array, at: Int32Array) => {
      let i = at[0]!
      let j = at[1]!
      while (a[i]! < 3) i++
      while (a[j]! > 3) j--
      const from = i
      i = j
      while (i > from) i -= 2
      return i * 100 + j
    },
    [
      [f64(1, 2, 3, 4, 5), i32(0, 4)],
      [f64(3, 2, 3, 4, 5, 6, 3), i32(1, 5)],
    ],
  )
  holds(
    'what steps but is no counter',
    (x: number, n: number) => {
      let s = x
      let t = n
      for (let k = 0; k < 5; k++) {
        s++
        t = t + 16
        if (k === 2) t = t * 2 ** 40
        if (k === 3) t = s / 3
      }
      return s + t
    },
    [
      [0.5, 3],
      [2 ** 53, 2 ** 26],
      [-0, -7],
      [NaN, 0],
    ],
  )
  holds(
    'for, a fractional step',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i += 0.5) s += i
      return s
    },
    ends,
  )
  holds(
    'for, a fractional start',
    (n: number) => {
      let s = 0
      for (let i = n; i < 5; i++) s = s * 2 + i
      return s
    },
    ends,
  )
  holds(
    'for, a multiplied counter',
    (n: number) => {
      let s = 0
      for (let i = 1; i <= n * 100; i *= 2) s += i
      return s
    },
    ends,
  )
  holds(
    'for, != and mirrored tests',
    (n: number) => {
      let s = 0
      for (let i = 0; i !== 4; i++) s += i
      for (let i = 0; n > i; i++) s += 10
      for (let i = 5; n <= i; i--) {
        s += 100
        if (i < -9) break
      }
      return s
    },
    [[0], [1], [3], [2.5], [5]],
  )
  holds(
    'for, the bound changes in the body',
    (n: number) => {
      let m = n
      let s = 0
      for (let i = 0; i < m; i++) {
        s += m
        if (i === 1) m -= 1
      }
      return s * 100 + m
    },
    ends,
  )
  holds(
    'for, the bound is an element that changes',
    (a: Int32Array) => {
      let s = 0
      for (let i = 0; i < a[0]!; i++) {
        s += i
        a[0]! -= 1
      }
      return s
    },
    [[i32(9)], [i32(0)]],
  )
  holds(
    'for, the start changes what the bound is',
    (n: number) => {
      let m = n
      let s = 0
      for (let i = m++; i < m + 3; i++) s = s * 5 + i
      return s
    },
    ends,
  )
  holds(
    'for, the variable is assigned in the body',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        s = s * 5 + i
        if (i === 1) i += 2
      }
      return s
    },
    ends,
  )
  holds(
    'for, the variable lives on',
    (n: number) => {
      let i = 0
      for (i = 2; i < n; i++) if (i === 4) break
      return i
    },
    ends,
  )
  holds(
    'for without parts',
    (n: number) => {
      let i = 0
      for (;;) {
        if (i >= n || i > 9) break
        i++
      }
      return i
    },
    [[3], [2.5], [0]],
  )
  holds(
    'for with two variables',
    (n: number) => {
      let s = 0
      for (let i = 0, j = n; i < j; i++, j -= 2) s += i * j
      return s
    },
    ends,
  )
  holds(
    'a bound at the end of int32',
    (n: number) => {
      let c = 0
      for (let i = 2 ** 31 - 3; i <= n; i++) c++
      for (let i = n; i < 2 ** 31 + 2; i++) c += 10
      return c
    },
    [[2 ** 31 - 1], [2 ** 31], [2 ** 31 - 2], [2 ** 31 + 1.5]],
  )
  holds(
    'a bound at the end of int32, going down',
    (n: number) => {
      let c = 0
      for (let i = -(2 ** 31) + 2; i >= n; i--) c++
      return c
    },
    [[-(2 ** 31)], [-(2 ** 31) - 1], [-(2 ** 31) + 1.5]],
  )
  holds(
    'a bound past 2⁵³ is left by break',
    (n: number) => {
      let c = 0
      for (let i = 0; i < n; i++) {
        c++
        if (i > 5) break
      }
      return c
    },
    [[2 ** 53], [1e300], [Infinity], [2 ** 31], [3]],
  )
  holds(
    'an inclusive bound past 2⁵³ is left by break',
    (n: number) => {
      let c = 0
      for (let i = 0; i <= n; i++) {
        c++
        if (i > 5) break
      }
      return c
    },
    [[2 ** 53 - 1], [2 ** 53], [1e300], [Infinity], [2 ** 31 - 1], [3]],
  )
  holds(
    'a start past 2⁵³',
    (n: number) => {
      let c = 0
      for (let i = n; i < n + 4; i++) {
        c++
        if (c > 9) break
      }
      return c
    },
    [[2 ** 53 - 2], [2 ** 53 + 2], [1e300]],
  )
  holds(
    'while',
    (n: number) => {
      let k = n
      let c = 0
      while (k > 1) {
        k /= 2
        c++
      }
      return c * 10 + k
    },
    [[1024], [0.5], [-0], [NaN], [1000]],
  )
  holds(
    'do … while',
    (n: number) => {
      let k = n
      let c = 0
      do {
        k -= 1.5
        if (k < -3) continue
        c++
      } while (k > 0)
      return c * 10 + k
    },
    [[5], [0], [-9], [NaN]],
  )
  holds(
    'continue reaches the update',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        if (i % 2 === 0) continue
        s = s * 3 + i
      }
      return s
    },
    [[7], [2.5]],
  )
  holds(
    'labelled break and continue',
    (n: number) => {
      let s = 0
      outer: for (let i = 0; i < n; i++) {
        let j = 0
        while (true) {
          if (++j > 3) continue outer
          if (i === 4) break outer
          if (j === i) continue
          s = s * 3 + j
        }
      }
      return s
    },
    [[0], [3], [9]],
  )
  holds(
    'a labelled block',
    (n: number) => {
      let s = 1
      // biome-ignore lint/suspicious/noConfusingLabels: what is tested
      done: {
        if (n > 2) break done
        s = 2
        if (n > 1) {
          s = 5
          break done
        }
        s = 3
      }
      return s
    },
    [[0], [2], [3]],
  )
  holds(
    'labels on do and while',
    (n: number) => {
      let s = 0
      let i = 0
      a: do {
        i++
        while (i < n) {
          i += 2
          if (i === 4) continue a
          if (i === 7) break a
          if (i > 20) break
          s += i
        }
      } while (i < n)
      return s * 100 + i
    },
    [[0], [5], [9], [30]],
  )
  holds(
    'return in a loop',
    (a: Float64Array, x: number) => {
      for (let i = 0; i < a.length; i++) {
        if (a[i] === x) return i
        let j = 0
        while (j < 5) {
          if (a[i]! > 90) return -7
          j++
        }
      }
      return -1
    },
    [
      [f64(1, 2, 3), 2],
      [f64(1, 2), 9],
      [f64(), 1],
      [f64(1, 99), 5],
    ],
  )
  holds(
    'a loop that never runs leaves all as it was',
    (a: Float64Array) => {
      let s = 5
      for (let i = 0; i < a.length; i++) {
        s = 1 / a[i]!
        a[i] = s
      }
      return s
    },
    [[f64()], [f64(0, -0)]],
  )
  holds(
    'nested, triangular',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) for (let j = i; j < n; j++) for (let k = j; k >= i; k--) s += i * 100 + j * 10 + k
      return s
    },
    [[5], [1], [0]],
  )
  holds(
    'the inner bound is the outer variable, minus one',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i - 1; j++) s++
        for (let j = i - 2; j >= 0; j--) s += 10
      }
      return s
    },
    [[6], [0], [1]],
  )
  holds(
    'dead code',
    new Function(
      'n',
      'while (false) n++; if (false) n = 3; for (let i = 0; i < 0; i++) n = 9; return n; n = 4',
    ) as Kernel,
    [[1]],
  )
  holds(
    'conditionally endless',
    (n: number) => {
      let i = 0
      while (true) {
        i++
        if (i > n) return i
      }
    },
    [[3], [2.5]],
  )
})

describe('prange', () => {
  holds(
    'stop',
    (a: Float64Array) => {
      for (const i of prange(a.length)) a[i]! *= 2
    },
    [[f64(1, 2, 3)], [f64()]],
  )
  holds(
    'start, stop',
    (a: Float64Array, n: number) => {
      for (const i of prange(1, n)) a[i] = i
    },
    [
      [f64(0, 0, 0, 0), 4],
      [f64(1), 0],
      [f64(1), -5],
    ],
  )
  holds(
    'steps',
    (a: Float64Array) => {
      for (const i of prange(0, a.length, 2)) a[i] = i + 1
      for (const i of prange(a.length - 1, -1, -3)) a[i]! += 100
    },
    [[f64(0, 0, 0, 0, 0, 0, 0)], [f64()]],
  )
  holds(
    'nested',
    (a: Float64Array, n: number) => {
      for (const i of prange(n)) for (const j of prange(n)) a[i * n + j] = i * 10 + j
    },
    [
      [new Float64Array(9), 3],
      [f64(), 0],
    ],
  )
  holds(
    'sums',
    (a: Int32Array) => {
      let s = 0
      let m = -Infinity
      for (const i of prange(a.length)) {
        s += a[i]!
        m = Math.max(m, a[i]!)
      }
      return s * 100 + m
    },
    [[i32(3, 9, -4)], [i32()]],
  )
  holds(
    'a variable assigned in the body',
    (a: Float64Array) => {
      for (let i of prange(a.length)) {
        const k = i
        i *= 2.5
        a[k] = i
      }
    },
    [[f64(0, 0, 0)]],
  )
  holds(
    'continue, and -0 as a bound',
    (a: Float64Array, n: number) => {
      for (const i of prange(n)) {
        if (i === 1) continue
        a[i] = 7
      }
    },
    [
      [f64(1, 1, 1), 3],
      [f64(1), -0],
    ],
  )
  holds(
    'a large range left early',
    (n: number) => {
      let c = 0
      for (const i of prange(n, n + 5)) c += i - n + 1
      return c
    },
    [[2 ** 31 - 2], [2 ** 40], [-(2 ** 31) - 2]],
  )
})
