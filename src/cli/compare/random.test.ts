import { describe, expect, it } from 'vitest'
import { seeded } from './random.ts'

describe('seeded', () => {
  it('gives the numbers of mulberry32', () => {
    // From the reference implementation, seed 0.
    const next = seeded(0)
    expect([next(), next(), next()].map((u) => u * 2 ** 32)).toEqual([1144304738, 1416247, 958946056])
  })

  it('gives the same numbers for a seed, others for another, all within [0, 1) and spread evenly', () => {
    const take = (seed: number) => Array.from({ length: 1000 }, seeded(seed))
    const numbers = take(7)
    expect(take(7)).toEqual(numbers)
    expect(take(8)).not.toEqual(numbers)
    expect(numbers.every((u) => u >= 0 && u < 1)).toBe(true)
    const mean = numbers.reduce((a, b) => a + b) / 1000
    expect(mean).toBeGreaterThan(0.45)
    expect(mean).toBeLessThan(0.55)
  })
})
