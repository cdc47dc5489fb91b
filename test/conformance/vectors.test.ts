/**
 * Loops that run in the lanes of vectors: every length from 0 to 40, arguments that overlap, arrays at odd places in
 * memory. Each kernel runs plain and compiled; `explain()` says whether vectors were used, so that no test is about
 * scalar code by mistake.
 */

import { describe, expect, it } from 'vitest'
import { jit, prange } from '../../src/index.ts'
import type { TypedArray } from '../../src/types.ts'

type Argument = number | TypedArray
// biome-ignore lint/suspicious/noExplicitAny: kernels of every signature
type Kernel = (...args: any[]) => unknown

const LENGTHS = Array.from({ length: 41 }, (_, n) => n)
const SPECIAL = [NaN, -0, 0, Infinity, -Infinity, 5e-324, -1e308, 2 ** 53]

const f64 = (n: number, from = 0) =>
  Float64Array.from({ length: n }, (_, k) => (k % 11 === 10 ? SPECIAL[k % 8]! : ((k * 7919 + from) % 1000) / 100 - 3))
const f32 = (n: number) => Float32Array.from(f64(n))
const i32 = (n: number) =>
  Int32Array.from({ length: n }, (_, k) => ((k * 7919) % 2003) - 1000 + (k % 9 === 8 ? 2 ** 31 - 9 : 0))
const u8 = (n: number) => Uint8Array.from({ length: n }, (_, k) => k * 37)
const i16 = (n: number) => Int16Array.from({ length: n }, (_, k) => k * 9973)

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' || typeof a !== 'object' || a === null) return Object.is(a, b)
  return (
    (a as number[]).length === (b as number[]).length &&
    (a as number[]).every((v, k) => Object.is(v, (b as number[])[k]))
  )
}

/** Copies of arguments: those that share a buffer still do. */
function copied(args: readonly Argument[]): Argument[] {
  const buffers = new Map<ArrayBufferLike, ArrayBufferLike>()
  return args.map((arg) => {
    if (typeof arg === 'number') return arg
    const buffer = buffers.get(arg.buffer) ?? arg.buffer.slice(0)
    buffers.set(arg.buffer, buffer)
    return new (arg.constructor as Constructor)(buffer, arg.byteOffset, arg.length)
  })
}
type Constructor = new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray

function agrees(fn: Kernel, make: (n: number) => Argument[], options: object = {}, lengths = LENGTHS): void {
  const compiled = jit(fn, { target: 'wasm', ...options }) as Kernel
  for (const n of lengths) {
    const args = make(n)
    const plainArgs = copied(args)
    const result = fn(...plainArgs)
    const ours = copied(args)
    const got = compiled(...ours)
    expect(same(result, got), `n = ${n}: ${String(got)}, plain ${String(result)}`).toBe(true)
    ours.forEach((arg, k) => {
      if (typeof arg === 'number') return
      expect(same(plainArgs[k], arg), `n = ${n}, argument ${k}: ${arg}, plain ${plainArgs[k]}`).toBe(true)
    })
  }
}

const inVectors = (fn: Kernel, args: Argument[], options: object = {}): boolean =>
  jit(fn, { target: 'wasm', ...options })
    .explain(...args)
    .loops.some((l) => l.text.includes('lanes of vectors'))

function holds(name: string, fn: Kernel, make: (n: number) => Argument[], options: object = {}): void {
  it(name, () => {
    expect(inVectors(fn, make(40), options), 'it runs in vectors').toBe(true)
    agrees(fn, make, options)
  })
}

/** Two arrays of one buffer, the second `away` elements after the first. */
const overlapping =
  (away: number) =>
  (n: number): Argument[] => {
    const all = f64(n + Math.abs(away))
    const at = (start: number) => all.subarray(start, start + n)
    return away >= 0 ? [at(0), at(away)] : [at(-away), at(0)]
  }

describe('elements one by one', () => {
  holds('a square root, float64 to float32', roots, (n) => [f64(n)])
  holds('float32 all along', chain, (n) => [f32(n), f32(n), new Float32Array(n)])
  holds('integers that wrap, of two widths', integers, (n) => [i32(n), u8(n), new Int32Array(n)])
  holds('into narrow integers', narrow, (n) => [i32(n), new Int16Array(n), new Uint8Array(n), new Uint8ClampedArray(n)])
  holds('from narrow integers', mixed, (n) => [i16(n), u8(n), f64(n), new Float64Array(n)])
  holds('backwards through one array', reversed, (n) => [f64(n), new Float64Array(n)])
  holds('a stride apart', strided, (n) => [f64(3 * n), new Float64Array(2 * n), n])
  holds('a stride known when it runs', column, (n) => [f64(5 * n), new Float64Array(n), n, 5])
  holds('the counter as a number', counted, (n) => [new Float64Array(n), n])
  holds('one number everywhere', cleared, (n) => [f64(n)])
  holds('shifts and bits', bits, (n) => [i32(n), new Int32Array(n)])
  holds('a third as many as there are', thirds, (n) => [f64(3 * n)])
  holds('up to a fraction', halves, (n) => [f64(n), new Float64Array(n)])
  holds('rounding, signs, extremes', rounding, (n) => [f64(n), f64(n, 500), new Float64Array(n)])
})

function roots(x: Float64Array) {
  const r = new Float32Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = Math.sqrt(x[i]!)
  return r
}
function chain(a: Float32Array, b: Float32Array, out: Float32Array) {
  for (let i = 0; i < out.length; i++) out[i] = Math.fround(Math.fround(a[i]! * b[i]!) + 2.5) / b[i]!
}
function integers(a: Int32Array, b: Uint8Array, out: Int32Array) {
  for (let i = 0; i < out.length; i++) out[i] = (Math.imul(a[i]!, 77) - b[i]!) | 0
}
function narrow(a: Int32Array, s: Int16Array, u: Uint8Array, c: Uint8ClampedArray) {
  for (let i = 0; i < a.length; i++) {
    s[i] = a[i]! * 3
    u[i] = a[i]! + 1
    c[i] = a[i]! / 2
  }
}
function mixed(a: Int16Array, b: Uint8Array, x: Float64Array, out: Float64Array) {
  for (let i = 0; i < out.length; i++) out[i] = a[i]! * x[i]! + b[i]!
}
function reversed(x: Float64Array, out: Float64Array) {
  const last = x.length - 1
  for (let i = 0; i < out.length; i++) out[i] = x[last - i]! * 2
}
function thirds(xyz: Float64Array): Float64Array {
  const n = xyz.length / 3
  const r = new Float64Array(n)
  for (let i = 0; i < n; i++) r[i] = xyz[3 * i]! * xyz[3 * i + 1]! - xyz[3 * i + 2]!
  return r
}
function thirdsOnAll(xyz: Float64Array): Float64Array {
  const n = xyz.length / 3
  const r = new Float64Array(n)
  for (const i of prange(n)) r[i] = xyz[3 * i]! * xyz[3 * i + 1]! - xyz[3 * i + 2]!
  return r
}
function halves(x: Float64Array, r: Float64Array): void {
  for (let i = 0; i < x.length / 2; i++) r[i] = x[i]! * 2
}
function strided(x: Float64Array, out: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    out[2 * i] = Math.sqrt(x[3 * i]!) / x[3 * i + 2]!
    out[2 * i + 1] = Math.sqrt(x[3 * i + 1]!) / 3
  }
}
function column(x: Float64Array, out: Float64Array, n: number, m: number) {
  for (let i = 0; i < n; i++) out[i] = Math.sqrt(x[i * m + 2]!) / 7 - 1
}
function counted(out: Float64Array, n: number) {
  for (let i = 0; i < n; i++) out[i] = (i * 3 - 7) / 2
}
function cleared(out: Float64Array) {
  for (let i = 0; i < out.length; i++) out[i] = 0.5
}
function bits(a: Int32Array, out: Int32Array) {
  for (let i = 0; i < a.length; i++) out[i] = ((a[i]! << 3) ^ (a[i]! >> 5)) | (a[i]! & 255)
}
function rounding(x: Float64Array, y: Float64Array, out: Float64Array) {
  for (let i = 0; i < out.length; i++) {
    const v = Math.round(x[i]!) + Math.floor(y[i]!) - Math.ceil(x[i]! / 3) + Math.trunc(y[i]!)
    out[i] = Math.max(v, Math.min(Math.sign(x[i]!), Math.abs(y[i]!)))
  }
}

describe('choices', () => {
  holds('ifs, elses and continue', choices, (n) => [f64(n), new Float64Array(n)])
  holds('a condition that is the same for all', chosen, (n) => [f64(n), new Float64Array(n), n % 2])
  holds('a store that some iterations make', sometimes, (n) => [f64(n), f64(n, 3)])
  holds('and, or, not', logic, (n) => [f64(n), f64(n, 400), new Int32Array(n)])
})

function choices(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) {
    let v = x[i]!
    if (v < 0) v = -v * 2
    else if (v > 4) {
      out[i] = v / 3
      continue
    }
    out[i] = v > 1 ? v * i : 3
  }
}
function chosen(x: Float64Array, out: Float64Array, odd: number) {
  for (let i = 0; i < x.length; i++) {
    let v = x[i]! / 3
    if (odd > 0) v = v * v
    out[i] = odd > 0 ? v - 1 : Math.sqrt(v)
  }
}
function sometimes(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) if (x[i]! > 0) out[i] = Math.sqrt(x[i]!) / 3
}
function logic(x: Float64Array, y: Float64Array, out: Int32Array) {
  for (let i = 0; i < x.length; i++) {
    out[i] = (x[i]! > 0 && y[i]! > 0) || !(x[i]! / 2 < y[i]!) ? 1 : 0
  }
}

describe('loops inside', () => {
  holds('each iteration ends by itself', mandelbrot, (n) => [new Int32Array(n * 3), n, 3, 60])
  holds('a break', broken, (n) => [new Float64Array(n), n, 40])
  holds('continue in an inner loop, and one of the outer', leaps, (n) => [f64(n), new Float64Array(n), n])
  holds('sums of rows that some iterations add to', scores, (n) => [f64(n * 5).map(Math.abs), n, 5])
})

function mandelbrot(out: Int32Array, w: number, h: number, max: number) {
  for (let py = 0; py < h; py++) {
    for (let px = 0; px < w; px++) {
      const cx = -2.2 + (3 * px) / w
      const cy = -1.2 + (2.4 * py) / h
      let x = 0
      let y = 0
      let n = 0
      while (n < max && x * x + y * y <= 4) {
        const t = x * x - y * y + cx
        y = 2 * x * y + cy
        x = t
        n++
      }
      out[py * w + px] = n
    }
  }
}
function broken(out: Float64Array, w: number, max: number) {
  for (let px = 0; px < w; px++) {
    const c = -2.2 + (3 * px) / w
    let x = 0
    let y = 0
    let n = 0
    for (; n < max; n++) {
      const x2 = x * x
      const y2 = y * y
      if (x2 + y2 > 4) break
      y = 2 * x * y + 0.3
      x = x2 - y2 + c
    }
    out[px] = n
  }
}
function leaps(x: Float64Array, out: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    let s = 0
    let v = x[i]!
    for (let k = 0; k < 12; k++) {
      v = v * 1.5 + 0.25
      if (v < 0) continue
      if (v > 90) break
      s += Math.sqrt(v) / (k + 1)
      s = s - v / 7
    }
    if (s > 3) continue
    out[i] = s * s - v
  }
}
function scores(data: Float64Array, n: number, f: number) {
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let score = 0
    for (let j = 0; j < n; j++) {
      let d = 0
      for (let k = 0; k < f; k++) {
        const t = data[i * f + k]! - data[j * f + k]!
        d += t * t
      }
      if (d > 0 && d < 9) score += 1 / Math.sqrt(d)
    }
    out[i] = score / n
  }
  return out
}

describe('sums', () => {
  holds('in order, of what is computed in lanes', ordered, (n) => [f64(n)])
  holds('in order, where some iterations add', orderedSome, (n) => [f64(n).map((v) => v || 1)])
  holds('of integers, the least, the largest, a count', folds, (n) => [i32(n), f64(n).map((v) => v || 1)])
  it('trees give the bits that checked JavaScript gives', () => {
    for (const fn of [ordered, orderedSome, treed]) {
      const [wasm, js] = (['wasm', 'js'] as const).map(
        (target) => jit(fn, { target, fastmath: { reassociate: true } }) as Kernel,
      )
      for (const n of [0, 5, 63, 64, 65, 80, 81, 95, 96, 1023, 1024, 1040, 3000]) {
        const x = f64(n).map((v) => Math.abs(v) || 1)
        expect(wasm!(x), `${fn.name}, n = ${n}`).toBe(js!(x))
      }
    }
  })
  it('trees of a prange, with other reductions beside them', () => {
    const [wasm, js] = (['wasm', 'js'] as const).map((target) => jit(pranged, { target, parallel: true }) as Kernel)
    for (const n of [0, 1, 15, 16, 17, 33, 1000, 1025, 5000]) expect(wasm!(f64(n))).toBe(js!(f64(n)))
  })
})

function ordered(x: Float64Array) {
  let s = 0.5
  for (let i = 0; i < x.length; i++) s += Math.sqrt(x[i]!) / 3
  return s
}
function orderedSome(x: Float64Array) {
  let s = 0
  for (let i = 0; i < x.length; i++) {
    const v = Math.sqrt(x[i]!) / (i + 1)
    if (v > 0.1) s -= v / x[i]!
  }
  return s
}
function treed(x: Float64Array) {
  let s = 1
  let p = 1
  for (let i = 0; i < x.length; i++) {
    const v = x[i]! * 3
    if (v > 2) s += v / 7
    p *= 1 + v / 1e6
  }
  return s + p
}
function pranged(x: Float64Array) {
  let s = 0
  let m = -Infinity
  let c = 0
  for (const i of prange(x.length)) {
    const v = Math.abs(x[i]!)
    if (v < 1e6) s += Math.sqrt(v)
    m = Math.max(m, x[i]!)
    if (x[i]! > 3) c++
  }
  return s * 3 + m + c
}
function folds(a: Int32Array, x: Float64Array) {
  let sum = 0
  let most = -Infinity
  let least = Infinity
  let count = 0
  for (let i = 0; i < a.length; i++) {
    sum = (sum + a[i]!) | 0
    most = Math.max(most, x[i]!)
    least = Math.min(least, x[i]!)
    if (x[i]! > 2) count++
  }
  return sum + most * 3 + least * 7 + count
}

describe('arrays that overlap', () => {
  for (const away of [-9, -8, -3, -2, -1, 0, 1, 2, 3, 5, 8]) {
    it(`by all but ${away}`, () => agrees(copies, overlapping(away)))
  }
  const steps: [string, Kernel, boolean][] = [
    ['an element from what comes later', later, true],
    ['an element from one written just before', before, false],
    ['one written eight before', eight, true],
    ['written, then read again further on', again, true],
  ]
  for (const [name, fn, vectors] of steps) {
    it(name, () => {
      expect(inVectors(fn, [f64(40), f64(40)])).toBe(vectors)
      agrees(fn, (n) => [f64(n + 9), f64(n + 9)])
      agrees(fn, (n) => overlapping(1)(n + 9))
    })
  }
})

function copies(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < out.length; i++) out[i] = x[i]! * 1.5 + 1
}
function later(x: Float64Array) {
  for (let i = 0; i < x.length - 1; i++) x[i] = x[i + 1]! / 3
}
function before(x: Float64Array) {
  for (let i = 1; i < x.length; i++) x[i] = x[i - 1]! / 3
}
function eight(x: Float64Array) {
  for (let i = 8; i < x.length; i++) x[i] = x[i - 8]! / 3
}
function again(x: Float64Array, y: Float64Array) {
  for (let i = 1; i < x.length; i++) {
    x[i] = y[i]! / 3
    y[i - 1] = x[i - 1]! + 1
  }
}

describe('on several threads', () => {
  const pranged = (x: Float64Array, out: Float64Array) => {
    for (const i of prange(out.length)) out[i] = Math.sqrt(x[i]!) / 3
  }
  holds('a prange of vectors', pranged, (n) => [f64(n), new Float64Array(n)], { parallel: true })
  holds('as many as an array has that is made for them', thirdsOnAll, (n) => [f64(3 * n)], { parallel: true })
  it('in order where its arrays overlap', () => agrees(pranged, overlapping(1), { parallel: true }))
})

describe('Math', () => {
  it('functions with and without special cases, in one expression', () => {
    const [wasm, js] = (['wasm', 'js'] as const).map((target) => jit(everything, { target }) as Kernel)
    for (const n of [1, 2, 40]) {
      const x = f64(n)
      const y = f64(n, 300).map((v) => v / 3)
      expect(same(wasm!(x, y), js!(x, y)), `n = ${n}`).toBe(true)
    }
  })
})

function everything(x: Float64Array, y: Float64Array) {
  const out = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) {
    const a = x[i]!
    const b = y[i]!
    out[i] =
      Math.hypot(a, b) +
      Math.tanh(a) * Math.atan2(b, a) -
      Math.atan(a) / (1 + Math.asin(b / 100)) +
      Math.sinh(a / 50) +
      Math.cbrt(b) +
      Math.sin(a) * Math.log1p(b * b) -
      Math.expm1(a / 70) +
      (a * a) ** b
  }
  return out
}
