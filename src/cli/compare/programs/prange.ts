/**
 * The programs of the comparison with `prange` for the outer loop, and no other difference from plain.ts. They run
 * uncompiled as `plain-prange`, and compiled with `parallel: true` as `parallel`.
 */

import { prange } from '../../../prange.ts'

export function roots(x: Float64Array): Float32Array {
  const r = new Float32Array(x.length)
  for (const i of prange(x.length)) r[i] = Math.sqrt(x[i]!)
  return r
}

export function rootsSum(x: Float64Array): Float64Array {
  const n = x.length
  const r = new Float64Array(n)
  for (const i of prange(n)) {
    let total = 0
    for (let j = 0; j < n; j++) total += Math.sqrt(x[j]!)
    r[i] = total
  }
  return r
}

export function logProduct(xyz: Float64Array): Float64Array {
  const n = xyz.length / 3
  const r = new Float64Array(n)
  for (const i of prange(n)) r[i] = Math.log(xyz[3 * i]!) * Math.log(xyz[3 * i + 1]!) * Math.log(xyz[3 * i + 2]!)
  return r
}

export function calculateScores(data: Float64Array, n: number, f: number): Float64Array {
  const scores = new Float64Array(n)
  for (const i of prange(n)) {
    let score = 0
    for (let j = 0; j < n; j++) {
      let d = 0
      for (let k = 0; k < f; k++) {
        const t = data[i * f + k]! - data[j * f + k]!
        d += t * t
      }
      if (d > 0 && d < 0.25) score += 1 / Math.sqrt(d)
    }
    scores[i] = score / n
  }
  return scores
}
