/** Over the elements of an array, once or a few times. */

import { type Entries, N, random } from './entries.ts'

function saxpy(a: number, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) y[i] = a * x[i]! + y[i]!
}

function dot(x: Float64Array, y: Float64Array): number {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]! * y[i]!
  return s
}

function indexOfMax(x: Float64Array): number {
  let m = -Infinity,
    k = 0
  for (let i = 0; i < x.length; i++)
    if (x[i]! > m) {
      m = x[i]!
      k = i
    }
  return k
}

function movingAverage(x: Float64Array, w: number, out: Float64Array): void {
  let s = 0
  for (let i = 0; i < w; i++) s += x[i]!
  for (let i = w; i < x.length; i++) {
    s += x[i]! - x[i - w]!
    out[i - w] = s / w
  }
}

function histogram(x: Float64Array, bins: Int32Array, lo: number, hi: number): void {
  const n = bins.length,
    w = (hi - lo) / n
  for (let i = 0; i < x.length; i++) {
    const b = Math.floor((x[i]! - lo) / w)
    if (b >= 0 && b < n) bins[b]!++
  }
}

function prefixSums(x: Float64Array, out: Float64Array): void {
  let s = 0
  for (let i = 0; i < x.length; i++) {
    s += x[i]!
    out[i] = s
  }
}

function clamp(x: Float64Array, lo: number, hi: number): void {
  // biome-ignore lint/complexity/useMathMinMax: as people write it
  for (let i = 0; i < x.length; i++) x[i] = x[i]! < lo ? lo : x[i]! > hi ? hi : x[i]!
}

function countAbove(x: Float64Array, t: number): number {
  let c = 0
  for (let i = 0; i < x.length; i++) if (x[i]! > t) c++
  return c
}

function softmax(x: Float64Array, out: Float64Array): void {
  let m = -Infinity
  for (let i = 0; i < x.length; i++) m = Math.max(m, x[i]!)
  let s = 0
  for (let i = 0; i < x.length; i++) {
    const e = Math.exp(x[i]! - m)
    out[i] = e
    s += e
  }
  for (let i = 0; i < x.length; i++) out[i]! /= s
}

function variance(x: Float64Array): number {
  let m = 0,
    m2 = 0
  for (let i = 0; i < x.length; i++) {
    const d = x[i]! - m
    m += d / (i + 1)
    m2 += d * (x[i]! - m)
  }
  return m2 / x.length
}

function commonBits(a: Int32Array, b: Int32Array): number {
  let c = 0
  for (let i = 0; i < a.length; i++) {
    let v = a[i]! & b[i]!
    v -= (v >>> 1) & 0x55555555
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
    c += (((v + (v >>> 4)) & 0xf0f0f0f) * 0x1010101) >>> 24
  }
  return c
}

function randomNumbers(out: Float64Array, seed: number): void {
  let s = seed | 0
  for (let i = 0; i < out.length; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) | 0
    out[i] = (s >>> 0) / 4294967296
  }
}

function interpolate(x: Float64Array, y: Float64Array, q: Float64Array, out: Float64Array): void {
  for (let i = 0; i < q.length; i++) {
    const t = q[i]! * (x.length - 1)
    const k = Math.min(Math.floor(t), x.length - 2)
    const f = t - k
    out[i] = y[k]! * (1 - f) + y[k + 1]! * f
  }
}

function polynomial(c: Float64Array, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    let s = 0
    for (let k = c.length - 1; k >= 0; k--) s = s * x[i]! + c[k]!
    out[i] = s
  }
}

function blackScholes(
  s: Float64Array,
  k: Float64Array,
  t: Float64Array,
  r: number,
  sig: number,
  out: Float64Array,
): void {
  for (let i = 0; i < s.length; i++) {
    const q = Math.sqrt(t[i]!)
    const d1 = (Math.log(s[i]! / k[i]!) + (r + 0.5 * sig * sig) * t[i]!) / (sig * q)
    const d2 = d1 - sig * q
    const n1 = 1 / (1 + Math.exp(-1.702 * d1)),
      n2 = 1 / (1 + Math.exp(-1.702 * d2))
    out[i] = s[i]! * n1 - k[i]! * Math.exp(-r * t[i]!) * n2
  }
}

const wave = (x: number): number => Math.exp(-x * x) * Math.cos(3 * x)

function simpson(a: number, b: number, n: number): number {
  const h = (b - a) / n
  let s = wave(a) + wave(b)
  for (let i = 1; i < n; i++) s += wave(a + i * h) * (i % 2 === 0 ? 2 : 4)
  return (s * h) / 3
}

function autocorrelation(x: Float64Array, out: Float64Array): void {
  const n = x.length
  for (let k = 0; k < out.length; k++) {
    let s = 0
    for (let i = 0; i + k < n; i++) s += x[i]! * x[i + k]!
    out[k] = s / n
  }
}

export const VECTORS: Entries = {
  saxpy: { kernel: saxpy, make: () => [2.5, random(N), random(N)] },
  dot: { kernel: dot, make: () => [random(N), random(N)] },
  indexOfMax: { kernel: indexOfMax, make: () => [random(N)] },
  movingAverage: { kernel: movingAverage, make: () => [random(N), 16, new Float64Array(N)] },
  histogram: { kernel: histogram, make: () => [random(N), new Int32Array(256), 0, 1] },
  prefixSums: { kernel: prefixSums, make: () => [random(N), new Float64Array(N)] },
  clamp: { kernel: clamp, make: () => [random(N), 0.2, 0.8] },
  countAbove: { kernel: countAbove, make: () => [random(N), 0.5] },
  softmax: { kernel: softmax, make: () => [random(N), new Float64Array(N)] },
  variance: { kernel: variance, make: () => [random(N)] },
  commonBits: {
    kernel: commonBits,
    make: () => [Int32Array.from(random(N, 2 ** 31)), Int32Array.from(random(N, 2 ** 31))],
  },
  randomNumbers: { kernel: randomNumbers, make: () => [new Float64Array(N), 42] },
  interpolate: { kernel: interpolate, make: () => [random(1000), random(1000), random(N), new Float64Array(N)] },
  polynomial: { kernel: polynomial, make: () => [random(12), random(N), new Float64Array(N)] },
  blackScholes: {
    kernel: blackScholes,
    make: () => [random(N, 100), random(N, 100), random(N, 2), 0.02, 0.3, new Float64Array(N)],
  },
  simpson: { kernel: simpson, make: () => [0, 3, 200000] },
  autocorrelation: { kernel: autocorrelation, make: () => [random(20000), new Float64Array(200)] },
}
