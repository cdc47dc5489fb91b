/** Which pranges are accepted, which are refused and in which words; accepted ones give plain JavaScript's result. */

import { afterAll, describe, expect, test } from 'vitest'
import { CompileError } from '../../src/errors.ts'
import { atomic, type JitOptions, prange, setNumThreads } from '../../src/index.ts'
import { expectSame, type Kernel, verdictOf } from './run.ts'

afterAll(() => setNumThreads(2))

const floats = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.sin(i) * 100)
const ints = (n: number) => Int32Array.from({ length: n }, (_, i) => (i * 7919) % 13)
const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31) % 7)

const N = 3000
type Row = [name: string, fn: Kernel, args: () => unknown[], options?: JitOptions]

const pass = (a: Float64Array, n: number): Float64Array => (n <= 0 ? a : pass(a, n - 1))
const fresh = (n: number): Float64Array => {
  const made = new Float64Array(3)
  made[0] = n
  return made
}
function put(a: Float64Array, i: number, v: number) {
  a[i] = v
}
function deep(a: Float64Array, i: number, n: number): number {
  if (n > 0) return deep(a, i, n - 1)
  a[i] = n
  return 1
}
function even(a: Float64Array, n: number): number {
  let r = 0
  if (n > 0) r = odd(a, n - 1)
  a[0] = r
  return r
}
function odd(a: Float64Array, n: number): number {
  return n > 0 ? even(a, n - 1) : 1
}
function total(a: Float64Array, n: number): number {
  return n <= 0 ? 0 : a[n - 1]! + total(a, n - 1)
}

describe('accepted', () => {
  test.each<Row>([
    [
      'its own element',
      (r: Float64Array) => {
        for (const i of prange(r.length)) r[i] = i
      },
      () => [floats(N)],
    ],
    [
      'the next element alone',
      (r: Float64Array) => {
        for (const i of prange(r.length - 1)) r[i + 1] = i
      },
      () => [floats(N)],
    ],
    [
      'from the end',
      (r: Float64Array) => {
        const n = r.length
        for (const i of prange(n)) r[n - 1 - i] = i
      },
      () => [floats(N)],
    ],
    [
      'an element read and written',
      (r: Float64Array) => {
        for (const i of prange(r.length)) r[i]! *= 2
      },
      () => [floats(N)],
    ],
    [
      'even and odd',
      (r: Float64Array) => {
        for (const i of prange(r.length >> 1)) {
          const k = 2 * i
          r[k] = r[k + 1]!
          r[k + 1] = i
        }
      },
      () => [floats(N)],
    ],
    [
      'truncated',
      (r: Float64Array) => {
        for (const i of prange(r.length)) r[i | 0] = i
      },
      () => [floats(N)],
    ],
    [
      'a place that no iteration writes',
      (a: Float64Array) => {
        for (const i of prange(1, a.length)) a[i] = a[0]!
      },
      () => [floats(N)],
    ],
    [
      'symmetric',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) {
          for (let j = 0; j < i; j++) {
            a[i * n + j] = i - j
            a[j * n + i] = a[i * n + j]!
          }
        }
      },
      () => [floats(2500), 50],
    ],
    [
      'columns right of the ones that are read',
      (a: Float64Array, n: number) => {
        for (let i = 0; i < n; i++) {
          for (const j of prange(i, n)) for (let k = 0; k < i; k++) a[i * n + j]! -= a[i * n + k]! * a[k * n + j]!
        }
      },
      () => [floats(2500), 50],
    ],
    [
      'an offset too large for an int32',
      (r: Float64Array, from: number) => {
        for (const i of prange(2 ** 27, 2 ** 27 + r.length)) r[i + from] = i
      },
      () => [floats(N), -(2 ** 27)],
    ],
    [
      'rows',
      (C: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j < n; j++) C[i * n + j] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'rows, last first',
      (C: Float64Array, n: number, m: number) => {
        for (const i of prange(n)) for (let j = 0; j < m; j++) C[(n - 1 - i) * m + j] = i - j
      },
      () => [floats(2500), 50, 50],
    ],
    [
      'parts of rows',
      (C: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 1; j < n - 1; j++) C[i * n + j] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'rows of a row variable',
      (C: Float64Array, n: number) => {
        for (const i of prange(n)) {
          const row = i * n
          for (let j = 1; j < n; j++) C[row + j]! += C[row + j - 1]!
        }
      },
      () => [floats(2500), 50],
    ],
    [
      'pixels',
      (p: Uint8ClampedArray, w: number, h: number) => {
        for (const y of prange(h))
          for (let x = 0; x < w; x++) {
            const k = (y * w + x) * 4
            p[k] = x
            p[k + 1] = y
            p[k + 3] = 255
          }
      },
      () => [new Uint8ClampedArray(2000), 20, 25],
    ],
    [
      'columns',
      (C: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j < n; j++) C[j * n + i] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'columns of constant width',
      (C: Float64Array, m: number) => {
        for (const i of prange(4)) for (let j = 0; j < m; j++) C[j * 4 + i] = i - j
      },
      () => [floats(400), 100],
    ],
    [
      'the lower triangle',
      (L: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j <= i; j++) L[i * n + j] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'the upper triangle',
      (L: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = i; j < n; j++) L[i * n + j] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'three axes',
      (T: Float64Array, n: number, m: number, p: number) => {
        for (const i of prange(n))
          for (let j = 0; j < m; j++) for (let k = 0; k < p; k++) T[(i * m + j) * p + k] = i + j - k
      },
      () => [floats(2400), 10, 12, 20],
    ],
    [
      'the middle one of three axes',
      (T: Float64Array, n: number, m: number, p: number) => {
        for (const j of prange(m))
          for (let i = 0; i < n; i++) for (let k = 0; k < p; k++) T[(i * m + j) * p + k] = i + j - k
      },
      () => [floats(2400), 10, 12, 20],
    ],
    [
      'nested pranges',
      (C: Float64Array, n: number) => {
        for (const i of prange(n)) for (const j of prange(n)) C[i * n + j] = i - j
      },
      () => [floats(2500), 50],
    ],
    [
      'a prange in a serial loop',
      (C: Float64Array, n: number) => {
        for (let t = 0; t < n; t++) for (const j of prange(n)) C[t * n + j]! += t - j
      },
      () => [floats(2500), 50],
    ],
    [
      'strides',
      (r: Float64Array) => {
        for (const i of prange(1, r.length, 3)) r[i] = i
      },
      () => [floats(N)],
    ],
    [
      'strided rows of three',
      (r: Float64Array) => {
        for (const i of prange(0, r.length - 2, 3)) {
          r[i] = 1
          r[i + 1] = 2
          r[i + 2] = i
        }
      },
      () => [floats(N)],
    ],
    [
      'downward',
      (r: Float64Array) => {
        for (const i of prange(r.length - 1, -1, -2)) r[i] = i
      },
      () => [floats(N)],
    ],
    [
      'no iterations',
      (r: Float64Array, n: number) => {
        for (const i of prange(n)) r[i] = 1
      },
      () => [floats(N), -5],
    ],
    [
      'negative numbers',
      (r: Float64Array) => {
        for (const i of prange(-5, 5)) r[i + 5] = i
      },
      () => [floats(10)],
    ],
    [
      'arrays of its own',
      (r: Float64Array) => {
        for (const i of prange(r.length)) {
          const t = new Float64Array(3)
          t[i % 3] = i
          r[i] = t[0]! + t[1]!
        }
      },
      () => [floats(N)],
    ],
    [
      'an array that a helper makes',
      (r: Float64Array) => {
        for (const i of prange(r.length)) {
          const t = fresh(i)
          t[1] = 2
          r[i] = t[0]! + t[1]!
        }
      },
      () => [floats(N)],
    ],
    [
      'a helper that writes its element',
      (r: Float64Array) => {
        for (const i of prange(r.length)) put(r, i, i * 2)
      },
      () => [floats(N)],
    ],
    [
      'atomics',
      (h: Int32Array, x: Uint8Array) => {
        for (const i of prange(h.length)) atomic.add(h, i & 3, x[0]!)
      },
      () => [ints(N), bytes(1)],
      { independent: ['x'] },
    ],
    [
      'variables of its own',
      (r: Float64Array) => {
        let t = 0
        for (const i of prange(r.length)) {
          t = i * 2
          r[i] = t + 1
        }
      },
      () => [floats(N)],
    ],
    [
      'a reduction beside an array',
      (r: Float64Array) => {
        let n = 0
        for (const i of prange(r.length)) {
          if (r[i]! < 0) continue
          r[i] = 1
          n++
        }
        return n
      },
      () => [floats(N)],
    ],
  ])('%s', (_, fn, args, options) => {
    expect(verdictOf(fn, args(), options)).not.toBeInstanceOf(CompileError)
    expectSame(fn, args(), options)
  })
})

describe('checked for overlap when the loop starts', () => {
  const shift = (x: Float64Array, r: Float64Array) => {
    for (const i of prange(r.length)) r[i] = x[i]! * 2 + x[Math.max(i - 1, 0)]!
  }
  const histogram = (h: Int32Array, x: Uint8Array) => {
    for (const i of prange(x.length)) atomic.add(h, x[i]!, 1)
  }
  const swap = (a: Float64Array, b: Float64Array, steps: number) => {
    let p = a
    let q = b
    for (let t = 0; t < steps; t++) {
      for (const i of prange(1, a.length - 1)) q[i] = (p[i - 1]! + p[i + 1]!) / 2
      const other = p
      p = q
      q = other
    }
    return p
  }
  const declared = (out: Float64Array, x: Float64Array, at: Int32Array) => {
    for (const i of prange(at.length)) out[at[i]!] = x[i]! + 1
  }
  const sums = (r: Float64Array, x: Float64Array) => {
    for (const i of prange(r.length)) r[i] = total(x, i % 9)
  }
  const buffer = floats(N)
  const parts = floats(2 * N).buffer
  test.each<Row>([
    ['apart', shift, () => [floats(N), floats(N)]],
    ['one array', shift, () => [buffer, buffer]],
    ['overlapping views', shift, () => [new Float64Array(parts, 0, N), new Float64Array(parts, 8, N)]],
    ['overlapping the other way', shift, () => [new Float64Array(parts, 8, N), new Float64Array(parts, 0, N)]],
    ['views that touch', shift, () => [new Float64Array(parts, 0, N), new Float64Array(parts, 8 * N, N)]],
    ['a histogram', histogram, () => [ints(7), bytes(N)]],
    ['a recursive helper that reads', sums, () => [floats(N), floats(9)]],
    ['swapped between loops', swap, () => [floats(N), floats(N), 5]],
    ['swapped, but one', swap, () => [buffer, buffer, 5]],
    [
      'declared independent',
      declared,
      () => [floats(N), floats(N), Int32Array.from({ length: N }, (_, i) => N - 1 - i)],
      { independent: ['out'] },
    ],
    [
      'declared independent, but of another array',
      declared,
      () => [buffer, buffer, Int32Array.from({ length: N }, (_, i) => N - 1 - i)],
      { independent: ['out'] },
    ],
  ])('%s', (_, fn, args, options) => {
    expect(verdictOf(fn, args(), options)).toBe('checked')
    expectSame(fn, args(), options)
  })
})

describe('refused', () => {
  const CARRIED = /carries a value from one iteration/
  const LAST = /which iteration is last is not defined/
  const WRITES = /Two iterations may write the same element/
  const READS = /An iteration may read the element .* that another iteration writes/
  const UNKNOWN = /cannot be told from the prange variable/
  const SAME = /Every iteration writes the same elements/
  const STRIDES = /different strides/
  const FAR = /How far this reaches .* is not known/
  const ARRAY = /The array variable .* is assigned inside the prange/
  const EXIT = /cannot be left by break or return/
  type Refused = [name: string, fn: Kernel, args: () => unknown[], reason: RegExp]
  test.each<Refused>([
    [
      'the element after',
      (a: Float64Array) => {
        for (const i of prange(a.length - 1)) a[i] = a[i + 1]!
      },
      () => [floats(9)],
      READS,
    ],
    [
      'the element before',
      (a: Float64Array) => {
        for (const i of prange(1, a.length)) a[i] = a[i - 1]!
      },
      () => [floats(9)],
      READS,
    ],
    [
      'itself and the next',
      (a: Float64Array) => {
        for (const i of prange(a.length - 1)) {
          a[i] = 1
          a[i + 1] = 2
        }
      },
      () => [floats(9)],
      WRITES,
    ],
    [
      'strides of two that meet',
      (a: Float64Array) => {
        for (const i of prange(0, a.length - 2, 2)) {
          a[i] = 1
          a[i + 2] = 2
        }
      },
      () => [floats(9)],
      WRITES,
    ],
    [
      'different strides',
      (a: Float64Array) => {
        for (const i of prange(a.length >> 1)) a[2 * i] = a[i]!
      },
      () => [floats(9)],
      STRIDES,
    ],
    [
      'one place',
      (a: Float64Array) => {
        for (const i of prange(a.length)) a[0] = i
      },
      () => [floats(9)],
      SAME,
    ],
    [
      'one row',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j < n; j++) a[j] = i
      },
      () => [floats(9), 3],
      SAME,
    ],
    [
      'a place that others read',
      (a: Float64Array) => {
        for (const i of prange(a.length)) a[i] = a[0]!
      },
      () => [floats(9)],
      /Every iteration reads this element/,
    ],
    [
      'rows longer than their stride',
      (a: Float64Array, n: number, m: number) => {
        for (const i of prange(n)) for (let j = 0; j < m; j++) a[i * n + j] = i
      },
      () => [floats(9), 3, 3],
      WRITES,
    ],
    [
      'rows one too long',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j <= n; j++) a[i * n + j] = i
      },
      () => [floats(20), 3],
      WRITES,
    ],
    [
      'a stride that may be 0',
      (a: Float64Array, n: number) => {
        for (const i of prange(5)) a[i * n] = i
      },
      () => [floats(9), 0],
      WRITES,
    ],
    [
      'a stride that may be 0 under an offset',
      (a: Float64Array, n: number) => {
        for (const i of prange(5)) a[i * n + n] = i
      },
      () => [floats(9), 0],
      WRITES,
    ],
    [
      'symmetric, from both sides',
      (a: Float64Array, n: number) => {
        for (const i of prange(n))
          for (let j = 0; j < n; j++) {
            a[i * n + j] = 1
            a[j * n + i] = 1
          }
      },
      () => [floats(9), 3],
      STRIDES,
    ],
    [
      'columns of rows too short',
      (a: Float64Array, n: number, m: number) => {
        for (const i of prange(n)) for (let j = 0; j < n; j++) a[j * m + i] = i
      },
      () => [floats(9), 3, 3],
      FAR,
    ],
    [
      'diagonals',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 0; j < n; j++) a[i + j] = i
      },
      () => [floats(9), 3],
      WRITES,
    ],
    [
      'a product of two variables',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) for (let j = 1; j < n; j++) a[i * j] = i
      },
      () => [floats(9), 3],
      WRITES,
    ],
    [
      'squares',
      (a: Float64Array) => {
        for (const i of prange(-2, 3)) a[i * i] = i
      },
      () => [floats(9)],
      UNKNOWN,
    ],
    [
      'wrapping',
      (a: Float64Array, n: number) => {
        for (const i of prange(a.length)) a[(i * n) | 0] = i
      },
      () => [floats(9), 0],
      UNKNOWN,
    ],
    [
      'modulo',
      (a: Float64Array) => {
        for (const i of prange(9)) a[i % 4] = i
      },
      () => [floats(9)],
      UNKNOWN,
    ],
    [
      'low bits',
      (a: Float64Array) => {
        for (const i of prange(9)) a[i & 3] = i
      },
      () => [floats(9)],
      UNKNOWN,
    ],
    [
      'rounded to float32',
      (a: Float64Array) => {
        for (const i of prange(a.length)) a[Math.fround(i)] = i
      },
      () => [floats(9)],
      UNKNOWN,
    ],
    [
      'large numbers that cancel',
      (a: Float64Array, n: number, m: number) => {
        for (const i of prange(9)) a[i + n - m] = i
      },
      () => [floats(9), 2 ** 60, 2 ** 60],
      UNKNOWN,
    ],
    [
      'a fractional stride',
      (a: Float64Array, n: number) => {
        for (const i of prange(9)) for (let j = 1; j < 5; j++) a[i * n + j] = i
      },
      () => [floats(9), 1e-20],
      UNKNOWN,
    ],
    [
      'a histogram',
      (h: Float64Array, x: Uint8Array) => {
        for (const i of prange(x.length)) h[x[i]!]! += 1
      },
      () => [floats(9), bytes(9)],
      UNKNOWN,
    ],
    [
      'atomics and a plain read',
      (h: Int32Array, r: Int32Array) => {
        for (const i of prange(r.length)) {
          atomic.add(h, i % 3, 1)
          r[i] = h[0]!
        }
      },
      () => [ints(9), ints(9)],
      UNKNOWN,
    ],
    [
      'a running index',
      (a: Float64Array) => {
        let k = 0
        for (const i of prange(a.length)) a[k++] = i
      },
      () => [floats(9)],
      CARRIED,
    ],
    [
      'an index of a while loop',
      (a: Float64Array, n: number) => {
        for (const i of prange(n)) {
          let k = i
          while (k < a.length) {
            a[k] = i
            k += n
          }
        }
      },
      () => [floats(9), 3],
      UNKNOWN,
    ],
    [
      'an offset of its own',
      (a: Float64Array, x: Uint8Array) => {
        for (const i of prange(9)) {
          const k = x[i]!
          a[i + k] = i
        }
      },
      () => [floats(20), bytes(9)],
      UNKNOWN,
    ],
    [
      'an offset of its own that cancels out',
      (a: Float64Array, x: Uint8Array) => {
        for (const i of prange(9)) {
          const k = x[i]!
          for (let j = k; j < k + 1; j++) a[i + j] = i
        }
      },
      () => [floats(20), bytes(9)],
      FAR,
    ],
    [
      "the length of an iteration's array",
      (a: Float64Array, x: Uint8Array) => {
        for (const i of prange(9)) {
          const t = new Float64Array(x[i]!)
          a[i + t.length] = i
        }
      },
      () => [floats(20), bytes(9)],
      UNKNOWN,
    ],
    [
      'a stride that changed since',
      (a: Float64Array, p: number) => {
        let n = p
        const k = n
        n = p - 5
        for (const i of prange(2)) for (let j = 0; j < k; j++) a[i * n + j] = i
      },
      () => [floats(20), 10],
      WRITES,
    ],
    [
      'a length of a size that changed since',
      (a: Float64Array, p: number) => {
        let n = p
        const t = new Float64Array(n)
        n = p - 5
        for (const i of prange(2)) for (let j = 0; j < t.length; j++) a[i * n + j] = i
      },
      () => [floats(20), 10],
      WRITES,
    ],
    [
      'a shadowed variable',
      (a: Float64Array) => {
        for (const i of prange(3)) {
          let s = i
          for (let i = 0; i < 3; i++) {
            a[i] = s
            s++
          }
        }
      },
      () => [floats(9)],
      SAME,
    ],
    [
      'an array chosen in each iteration',
      (a: Float64Array, b: Float64Array) => {
        for (const i of prange(9)) {
          const t = i > 3 ? a : b
          t[i] = i
        }
      },
      () => [floats(9), floats(9)],
      ARRAY,
    ],
    [
      'arrays swapped in each iteration',
      (a: Float64Array, b: Float64Array) => {
        let p = a
        let q = b
        for (const i of prange(9)) {
          p[i] = i
          const t = p
          p = q
          q = t
        }
      },
      () => [floats(9), floats(9)],
      CARRIED,
    ],
    [
      'an array given back by a recursive helper',
      (a: Float64Array) => {
        for (const i of prange(9)) {
          const t = pass(a, 3)
          t[0] = i
        }
      },
      () => [floats(9)],
      /may be one that it was given/,
    ],
    [
      'a recursive helper that writes',
      (a: Float64Array) => {
        let n = 0
        for (const i of prange(9)) n += deep(a, 0, i & 3)
        return n
      },
      () => [floats(9)],
      /What this call does with `a` is not known/,
    ],
    [
      'helpers that write by turns',
      (a: Float64Array, r: Float64Array, n: number) => {
        for (let t = 0; t < n; t++) even(a, 2)
        for (const i of prange(9)) r[i] = odd(a, 3)
      },
      () => [floats(9), floats(9), 2],
      /What this call does with `a` is not known/,
    ],
    [
      'a value carried on',
      (a: Float64Array) => {
        let last = 0
        for (const i of prange(a.length)) {
          a[i] = last
          last = i
        }
      },
      () => [floats(9)],
      CARRIED,
    ],
    [
      'a last value',
      (a: Float64Array) => {
        let last = 0
        for (const i of prange(a.length)) last = a[i]!
        return last
      },
      () => [floats(9)],
      LAST,
    ],
    [
      'a sum that is looked at',
      (a: Float64Array) => {
        let s = 0
        for (const i of prange(a.length)) {
          s += a[i]!
          if (s > 5) a[i] = 0
        }
        return s
      },
      () => [floats(9)],
      CARRIED,
    ],
    [
      'two operations on one variable',
      (a: Float64Array) => {
        let s = 1
        for (const i of prange(a.length)) {
          s += a[i]!
          s *= 2
        }
        return s
      },
      () => [floats(9)],
      CARRIED,
    ],
    [
      'a difference the wrong way',
      (a: Float64Array) => {
        let s = 1
        for (const i of prange(a.length)) s = a[i]! - s
        return s
      },
      () => [floats(9)],
      CARRIED,
    ],
    [
      'a wrapping sum from a large start',
      (x: Int32Array) => {
        let s = 2 ** 40
        for (const i of prange(x.length)) s = (s + x[i]!) | 0
        return s
      },
      () => [ints(9)],
      CARRIED,
    ],
    [
      'break',
      (a: Float64Array) => {
        for (const i of prange(a.length)) {
          if (a[i]! > 3) break
          a[i] = 1
        }
      },
      () => [floats(9)],
      EXIT,
    ],
    [
      'return',
      (a: Float64Array) => {
        for (const i of prange(a.length)) if (a[i]! > 3) return i
        return -1
      },
      () => [floats(9)],
      EXIT,
    ],
    [
      'continue of a loop around',
      (a: Float64Array) => {
        rows: for (let t = 0; t < 3; t++)
          for (const i of prange(a.length)) {
            if (a[i]! > 3) continue rows
            a[i] = t
          }
      },
      () => [floats(9)],
      EXIT,
    ],
  ])('%s', (_, fn, args, reason) => {
    const verdict = verdictOf(fn, args())
    expect(verdict).toBeInstanceOf(CompileError)
    const { reason: given, remedy, frame, code } = verdict as CompileError
    expect(given).toMatch(reason)
    expect(code).toMatch(/^(race|race-variable|exit)$/)
    expect(remedy.length).toBeGreaterThan(20)
    expect(frame).toContain('^')
    // In order it is an ordinary loop.
    expectSame(fn, args(), { parallel: false }, { threads: [2] })
  })

  test('the remedies are the ones for the trouble', () => {
    const histogram = (h: Float64Array, x: Uint8Array) => {
      for (const i of prange(x.length)) h[x[i]!]! += 1
    }
    const error = verdictOf(histogram, [floats(9), bytes(9)]) as CompileError
    expect(error.remedy).toContain('atomic.add(h, index, value)')
    expect(error.remedy).toContain("independent: ['h']")
    const carried = (a: Float64Array) => {
      let s = 0
      for (const i of prange(a.length)) {
        s += a[i]!
        a[i] = s
      }
    }
    expect((verdictOf(carried, [floats(9)]) as CompileError).remedy).toContain('Declare `s` inside the loop')
  })
})
