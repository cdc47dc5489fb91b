/** The programs that compare runs on clusters, as a task has them: a part of the rows. */

/** The scores of candidates `from` to `to`, among all `n` of them: plain.ts's loop over some of its rows. */
export function scoresOf(data: Float64Array, n: number, f: number, from: number, to: number): Float64Array {
  const scores = new Float64Array(to - from)
  for (let i = from; i < to; i++) {
    let score = 0
    for (let j = 0; j < n; j++) {
      let d = 0
      for (let k = 0; k < f; k++) {
        const t = data[i * f + k]! - data[j * f + k]!
        d += t * t
      }
      if (d > 0 && d < 0.25) score += 1 / Math.sqrt(d)
    }
    scores[i - from] = score / n
  }
  return scores
}

/** `parts` stretches of n rows, as equal as can be: their ends, from 0 to n. */
export function ends(n: number, parts: number): [from: number, to: number][] {
  const count = Math.min(n, parts)
  const at = (k: number) => Math.floor((n * k) / count)
  return Array.from({ length: count }, (_, k) => [at(k), at(k + 1)])
}
