/** Numbers that are whole in practice (src/frontend/suppose.ts), and those that are not. Each kernel runs plain and compiled. */

import { describe, expect, it } from 'vitest'
import { jit } from '../../../src/index.ts'
import { f64, holds } from './holds.ts'

const numbers = (n: number) => Float64Array.from({ length: n }, (_, k) => ((k * 7919) % 101) - 50)

function nearest(x: Float64Array, centres: Float64Array, d: number, labels: Int32Array): number {
  const k = centres.length / d
  let most = -1
  for (let i = 0; i < labels.length; i++) {
    let best = 0
    let least = Infinity
    for (let q = 0; q < k; q++) {
      let s = 0
      for (let j = 0; j < d; j++) {
        const t = x[i * d + j]! - centres[q * d + j]!
        s += t * t
      }
      if (s < least) {
        least = s
        best = q
      }
    }
    labels[i] = best
    most = Math.max(most, best, 1 / k)
  }
  return most + k
}

function blurred(x: Float64Array, weights: Float64Array, out: Float64Array): number {
  const r = (weights.length - 1) / 2
  let count = 0
  for (let i = r; i < x.length - r; i++) {
    let s = 0
    for (let j = 0; j < weights.length; j++) s += x[i + j - r]! * weights[j]!
    out[i - r] = s
    count++
  }
  return count * 1000 + r
}

function butterflies(re: Float64Array): void {
  const n = re.length
  for (let len = 2; len <= n; len <<= 1) {
    for (let i = 0; i < n; i += len) {
      for (let k = 0; k < len / 2; k++) {
        const u = re[i + k]!
        const v = re[i + k + len / 2]!
        re[i + k] = u + v
        re[i + k + len / 2] = u - v
      }
    }
  }
}

function diagonal(a: Float64Array): number {
  const n = Math.sqrt(a.length)
  let s = 0
  for (let i = 0; i < n; i++) s += a[i * n + i]!
  return s / n
}

describe('whole in practice', () => {
  const x = numbers(24)
  const labels = () => new Int32Array(4)
  holds('a quotient as a bound', nearest, [
    [x, numbers(6), 2, labels()],
    [x, numbers(8), 4, labels()],
    [x, f64(), 3, labels()],
    [x, numbers(6), -3, labels()],
    [x, f64(), -3, labels()],
    [x, f64(), 0, labels()],
    [x, numbers(6), NaN, labels()],
  ])
  holds('a quotient as a start', blurred, [
    [x, numbers(1), new Float64Array(24)],
    [x, numbers(3), new Float64Array(24)],
    [x, numbers(5), new Float64Array(24)],
    [x, numbers(24), new Float64Array(24)],
    [x, numbers(49), new Float64Array(24)],
  ])
  holds('a quotient inside of loops', butterflies, [[numbers(1)], [numbers(2)], [numbers(16)]])
  holds('a square root', diagonal, [[numbers(1)], [numbers(16)], [numbers(25)]])

  it('and runs in vectors then', () => {
    const images = [numbers(400), numbers(9), new Float64Array(400), 20, 20, 3]
    const convolve = (
      x: Float64Array,
      w: Float64Array,
      out: Float64Array,
      width: number,
      height: number,
      k: number,
    ) => {
      const r = (k - 1) / 2
      for (let i = r; i < height - r; i++)
        for (let j = r; j < width - r; j++) {
          let s = 0
          for (let p = 0; p < k; p++)
            for (let q = 0; q < k; q++) s += x[(i + p - r) * width + j + q - r]! * w[p * k + q]!
          out[i * width + j] = s
        }
    }
    const loops = jit(convolve, { target: 'wasm' }).explain(...(images as Parameters<typeof convolve>)).loops
    expect(loops.some((l) => l.text.includes('lanes of vectors'))).toBe(true)
  })
})

describe('small numbers', () => {
  holds(
    'a square below a bound has a small root',
    (n: number, step: number) => {
      let found = 0
      for (let i = 2; i < n; i++) {
        let prime = true
        for (let j = 2; j * j <= i; j += step) {
          if (i % j === 0) prime = false
        }
        if (prime) found = found * 3 + i
      }
      return found
    },
    [
      [40, 1],
      [3, 2],
    ],
  )
  holds(
    'a square of a fraction',
    (x: number, most: number) => {
      let k = 0
      let y = x
      while (y * y < most) {
        y += 0.75
        k++
        if (k > 40) break
      }
      return k * 100 + y
    },
    [
      [0, 100],
      [-7.5, 30],
      [3, 9],
      [NaN, 9],
      [0.1, Infinity],
      [-0, -1],
    ],
  )
  holds(
    'remainders and quotients of powers of two',
    (n: number, x: number) => {
      let s = 0
      for (let i = 0; i < n; i++) s += (i % 2) * 3 + (i % 8) - (i % 1) + (i % 3) + i / 4
      return s + x / 2 + x / 1024 - x / -8 + x / 0.5 + (x % 2) + x / 2 ** -1074 + (x / 3) * 2
    },
    [0, -0, 1, -3, 2.5, NaN, Infinity, 5e-324, -1e308, 2 ** 53].map((x) => [37, x]),
  )
})
