import { describe, expect, it } from 'vitest'
import { mean, median, standardDeviation } from './statistics.ts'

describe('statistics', () => {
  it('takes the mean', () => {
    expect(mean([1, 2, 6])).toBe(3)
  })

  it('takes the deviation of the population, not of a sample', () => {
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2)
    expect(standardDeviation([3])).toBe(0)
  })

  it('takes the middle value, or the mean of the two middle ones, and leaves the list as it was', () => {
    const odd = [10, 9, 100]
    expect(median(odd)).toBe(10)
    expect(odd).toEqual([10, 9, 100])
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})
