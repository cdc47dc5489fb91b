/** How far numbers are apart. */

const float = new Float64Array(1)
const bits = new BigInt64Array(float.buffer)

/** Floats in a row: neighbours differ by 1, −0 and 0 by nothing. */
function place(x: number): bigint {
  float[0] = x
  return bits[0]! < 0n ? -(bits[0]! & 0x7fffffffffffffffn) : bits[0]!
}

/** How many floats lie between two, one of the two counted: 0 for equals and for two NaN, Infinity for NaN and a number. */
export function floatsApart(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY
  const distance = place(a) - place(b)
  return Number(distance < 0n ? -distance : distance)
}

/** The float after x, towards Infinity. */
export function next(x: number): number {
  const after = place(x) + 1n
  bits[0] = after < 0n ? -after | -0x8000000000000000n : after
  return float[0]!
}

/** Numbers in 0…1, the same ones every time (mulberry32). */
export function randoms(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
