/**
 * Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, the same numbers on every machine.
 * @returns a function that gives uniform numbers in [0, 1), multiples of 2⁻³².
 */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
