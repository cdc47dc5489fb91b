/**
 * The programs of the comparison as ordinary JavaScript: index loops, and no import at all. Every other variant is
 * measured against these and has to give their answers.
 */

/** The square roots of x, rounded to float32. */
export function roots(x: Float64Array): Float32Array {
  const r = new Float32Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = Math.sqrt(x[i]!)
  return r
}

/** For each i the sum of the square roots of all of x: the sum does not depend on i; doing it every time is the work. */
export function rootsSum(x: Float64Array): Float64Array {
  const n = x.length
  const r = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let total = 0
    for (let j = 0; j < n; j++) total += Math.sqrt(x[j]!)
    r[i] = total
  }
  return r
}

/** log(x)·log(y)·log(z) of every row of `xyz`, which has shape [n, 3]. */
export function logProduct(xyz: Float64Array): Float64Array {
  const n = xyz.length / 3
  const r = new Float64Array(n)
  for (let i = 0; i < n; i++) r[i] = Math.log(xyz[3 * i]!) * Math.log(xyz[3 * i + 1]!) * Math.log(xyz[3 * i + 2]!)
  return r
}

/** For each of n candidates, how near the others are; `data` has shape [n, f]: f features a candidate. */
export function calculateScores(data: Float64Array, n: number, f: number): Float64Array {
  const scores = new Float64Array(n)
  for (let i = 0; i < n; i++) {
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
