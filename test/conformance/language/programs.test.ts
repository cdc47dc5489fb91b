/** Whole algorithms, as people write them: each runs plain and compiled. */

import { test } from 'vitest'
import { expectAgreement } from '../agree.ts'
import { f64, i32, type Kernel } from './holds.ts'

// biome-ignore lint/suspicious/noExplicitAny: arrays of every type, and truth values as numbers
type Any = any

const PROGRAMS: readonly [string, Kernel, readonly (readonly unknown[])[]][] = [
  [
    'numbers as conditions',
    (a: Any, x: number) => {
      let c = 0
      for (let i = 0; i < a.length; i++) {
        if (a[i] & 1 && x) c++
        if (!(a[i] && x > 1)) c += 10
      }
      return c
    },
    [
      [i32(1, 2, 3), 1],
      [i32(1, 2, 3), 0.5],
    ],
  ],
  [
    'the first square above 50',
    (n: number) => {
      let r = -1
      for (let i = 0; i < n; i++) {
        if (i * i > 50) {
          r = i
          break
        }
      }
      return r
    },
    [[20], [3]],
  ],
  [
    'the sign of a maximal zero',
    (a: Any) => {
      let m = 0
      for (let i = 0; i < a.length; i++) m = Math.max(m, -a[i])
      return 1 / m
    },
    [[i32(0)], [f64(0)], [f64(-0)]],
  ],
  [
    'a minimum that starts at Infinity',
    (a: Any) => {
      let m = Infinity
      for (let i = 0; i < a.length; i++) m = Math.min(m, a[i])
      return m
    },
    [[i32(3, 1)], [i32()]],
  ],
  [
    'the place of the maximum',
    (a: Any) => {
      let b = -Infinity,
        k = -1
      for (let i = 0; i < a.length; i++)
        if (a[i] > b) {
          b = a[i]
          k = i
        }
      return k
    },
    [[f64(1, 5, NaN, 2)], [f64()]],
  ],
  [
    'a mean',
    (a: Any) => {
      let s = 0
      for (let i = 0; i < a.length; i++) s += a[i]
      return s / a.length
    },
    [[i32()], [f64(1, 2)], [Uint32Array.of(4294967295, 4294967295)]],
  ],
  [
    'binary search',
    (a: Any, x: number) => {
      let lo = 0,
        hi = a.length - 1
      while (lo <= hi) {
        const mid = (lo + hi) >> 1
        if (a[mid] === x) return mid
        if (a[mid] < x) lo = mid + 1
        else hi = mid - 1
      }
      return ~lo
    },
    [
      [i32(1, 3, 5, 7), 5],
      [i32(1, 3), 2],
      [i32(), 1],
    ],
  ],
  [
    'binary search by Math.floor',
    (a: Any, x: number) => {
      let lo = 0,
        hi = a.length
      while (lo < hi) {
        const mid = Math.floor((lo + hi) / 2)
        if (a[mid] < x) lo = mid + 1
        else hi = mid
      }
      return lo
    },
    [
      [f64(1, 3, 5, 7), 5],
      [f64(), 1],
    ],
  ],
  [
    'the sieve of Eratosthenes',
    (n: number) => {
      const c = new Uint8Array(n + 1)
      let k = 0
      for (let i = 2; i <= n; i++) {
        if (c[i]) continue
        k++
        for (let j = i * i; j <= n; j += i) c[j] = 1
      }
      return k
    },
    [[100], [1], [0]],
  ],
  [
    'a matrix product',
    (a: Any, b: Any, n: number) => {
      const c = new Float64Array(n * n)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          let s = 0
          for (let k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j]
          c[i * n + j] = s
        }
      return c
    },
    [
      [f64(1, 2, 3, 4), f64(5, 6, 7, 8), 2],
      [f64(), f64(), 0],
    ],
  ],
  [
    'Mandelbrot set',
    (w: number, h: number) => {
      const o = new Uint8ClampedArray(w * h)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const cr = (x / w) * 3 - 2,
            ci = (y / h) * 2 - 1
          let a = 0,
            b = 0,
            k = 0
          for (; k < 300 && a * a + b * b <= 4; k++) {
            const t = a * a - b * b + cr
            b = 2 * a * b + ci
            a = t
          }
          o[y * w + x] = k
        }
      return o
    },
    [
      [9, 7],
      [2.5, 3],
    ].slice(0, 1),
  ],
  [
    'a generator by %',
    (n: number) => {
      let s = 12345
      let o = 0
      for (let i = 0; i < n; i++) {
        s = (s * 1103515245 + 12345) % 2147483648
        o += s
      }
      return o
    },
    [[50], [0]],
  ],
  [
    'a generator by >>>',
    (n: number) => {
      let s = 1
      for (let i = 0; i < n; i++) s = (s * 1664525 + 1013904223) >>> 0
      return s
    },
    [[50]],
  ],
  [
    'mulberry32',
    (seed: number, out: Any) => {
      let t = seed
      for (let i = 0; i < out.length; i++) {
        t = (t + 0x6d2b79f5) | 0
        let r = Math.imul(t ^ (t >>> 15), 1 | t)
        r = (r + Math.imul(r ^ (r >>> 7), 61 | r)) ^ r
        out[i] = ((r ^ (r >>> 14)) >>> 0) / 4294967296
      }
    },
    [
      [42, new Float64Array(6)],
      [1.5, new Float64Array(3)],
    ],
  ],
  [
    'bits counted',
    (a: Any) => {
      let c = 0
      for (let i = 0; i < a.length; i++) {
        let x = a[i]
        while (x) {
          x &= x - 1
          c++
        }
      }
      return c
    },
    [[i32(-1, 7, 0)], [Uint32Array.of(4294967295)]],
  ],
  [
    'a modulus that is never negative',
    (n: number, m: number) => ((n % m) + m) % m,
    [
      [-7, 3],
      [7, 3],
      [-6, 3],
      [5.5, 2],
      [3, 0],
    ],
  ],
  [
    'neighbours around a ring',
    (a: Any, n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) s += a[(i - 1 + n) % n] * a[(i + 1) % n]
      return s
    },
    [[f64(1, 2, 3, 4), 4]],
  ],
  [
    'a stencil in two dimensions',
    (a: Any, b: Any, w: number, h: number) => {
      for (let y = 1; y < h - 1; y++)
        for (let x = 1; x < w - 1; x++) {
          const p = y * w + x
          b[p] = (a[p - 1] + a[p + 1] + a[p - w] + a[p + w]) * 0.25
        }
    },
    [[Float32Array.from({ length: 20 }, (_, i) => i / 3), new Float32Array(20), 5, 4]],
  ],
  [
    'a shift in place',
    (a: Any) => {
      for (let i = a.length - 1; i > 0; i--) a[i] = a[i - 1]
      a[0] = -0
    },
    [[f64(1, 2, 3)]],
  ],
  [
    'reversal in place',
    (a: Any) => {
      for (let i = 0, j = a.length - 1; i < j; i++, j--) {
        const t = a[i]
        a[i] = a[j]
        a[j] = t
      }
    },
    [[f64(1, 2, 3)], [f64()]],
  ],
  [
    'quicksort with its own stack',
    (a: Any) => {
      const st = new Int32Array(64)
      let sp = 0
      st[sp++] = 0
      st[sp++] = a.length - 1
      while (sp > 0) {
        let hi = st[--sp]!,
          lo = st[--sp]!
        while (lo < hi) {
          const p = a[(lo + hi) >> 1]
          let i = lo,
            j = hi
          while (i <= j) {
            while (a[i] < p) i++
            while (a[j] > p) j--
            if (i <= j) {
              const t = a[i]
              a[i] = a[j]
              a[j] = t
              i++
              j--
            }
          }
          if (j - lo < hi - i) {
            if (i < hi) {
              st[sp++] = i
              st[sp++] = hi
            }
            hi = j
          } else {
            if (lo < j) {
              st[sp++] = lo
              st[sp++] = j
            }
            lo = i
          }
        }
      }
    },
    [[f64(5, 3, 9, -1, 0, 7, 7, 2)]],
  ],
  [
    'NaN through constants',
    (x: number) => {
      const a = x,
        b = a,
        c = b
      let d = c
      // biome-ignore lint/correctness/noSelfAssign: what is tested
      d = d
      return d === a && c === b
    },
    [[NaN], [1]],
  ],
  [
    'an integer variable that becomes −0',
    (n: number) => {
      let z = 0
      if (n > 2) z = -0
      return 1 / z
    },
    [[1], [3]],
  ],
  [
    'a negated integer variable',
    (n: number) => {
      let z = n
      z = -z
      return 1 / z
    },
    [[0], [3]],
  ],
  [
    'multiplied by −1',
    (n: number) => {
      let z = n | 0
      z *= -1
      return 1 / z
    },
    [[0], [3]],
  ],
  [
    'steps of two kinds',
    (a: Any) => {
      let i = 0
      while (i < a.length) {
        if (a[i] === 0) {
          i += 2
          continue
        }
        i++
      }
      return i
    },
    [[f64(1, 0, 1, 0)]],
  ],
  ['unsigned comparison', (a: Any) => a[0] >>> 0 > a[1] >>> 0, [[i32(-1, 5)]]],
  ['a default of NaN', (x = NaN) => Number.isNaN(x), [[], [1]]],
  [
    'any and all',
    (a: Any) => {
      let any = false,
        all = true
      for (let i = 0; i < a.length; i++) {
        any = any || a[i] > 2
        all = all && a[i] > 0
      }
      return any === all
    },
    [[f64(1, 3)], [f64()]],
  ],
  [
    '0 and 1 stored',
    (a: Any, b: Any) => {
      for (let i = 0; i < a.length; i++) b[i] = a[i] > 0 ? 1 : 0
    },
    [[f64(1, -3), new Uint8Array(2)]],
  ],
  [
    'truth values stored',
    (a: Any, b: Any) => {
      for (let i = 0; i < a.length; i++) b[i] = a[i] > 0
    },
    [
      [f64(1, -3), new Uint8Array(2)],
      [f64(1, -3), new Float32Array(2)],
    ],
  ],
  [
    'truth values counted by Number()',
    (n: number) => {
      let c = 0
      for (let i = 0; i < n; i++) c += Number(i % 3 === 0)
      return c
    },
    [[10]],
  ],
  [
    'truth values counted',
    (n: number) => {
      let c = 0
      for (let i = 0; i < n; i++) c += (i % 3 === 0) as Any
      return c
    },
    [[10]],
  ],
  [
    'truth values by |',
    (n: number) => {
      let c = false
      for (let i = 0; i < n; i++) c = !!((c as Any) | ((i > 3) as Any))
      return c
    },
    [[10], [2]],
  ],
  [
    'truth values in order',
    (x: number, y: number) => ((x > 1) as Any) < ((y > 1) as Any),
    [
      [0, 2],
      [2, 0],
    ],
  ],
  [
    'an index guarded by hand',
    (a: Any, i: number) => (i > 4294967295 ? -1 : i < a.length && i >= 0 && i === Math.floor(i) ? a[i] : -2),
    [
      [f64(1), 0],
      [f64(1), 5],
      [f64(1), 4294967296],
      [f64(1), 0.5],
    ],
  ],
  [
    'one of two new arrays',
    (n: number) => {
      if (n > 2) return new Int16Array(n)
      const a = new Int16Array(1)
      a[0] = n * 40000
      return a
    },
    [[3], [1], [1.7]],
  ],
  ['a length by Math.floor', (n: number) => new Float64Array(Math.floor(n / 2)).length, [[5], [4.5]]],
  ['a length by a quotient', (n: number) => new Float64Array(n / 2).length, [[4]]],
]
test.each(PROGRAMS)('%s', (_, kernel, inputs) => expectAgreement(kernel, inputs))
