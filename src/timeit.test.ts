import { afterEach, describe, expect, it, vi } from 'vitest'
import { TsumbaError } from './errors.ts'
import { formatDuration, formatTimeit, timeit } from './timeit.ts'

afterEach(() => void vi.restoreAllMocks())

describe('formatDuration', () => {
  it.each([
    [3.58, '3.58 ms'],
    [0.0668, '66.8 µs'],
    [1234.4, '1.23 s'],
    [59_900, '59.9 s'],
    [0.00001, '10 ns'],
    [0.0000012345, '1.23 ns'],
    [1e-9, '0.001 ns'],
    [0, '0 ns'],
    [1, '1 ms'],
    [1000, '1 s'],
    [999.4, '999 ms'],
    [999.7, '1 s'],
    [0.9997, '1 ms'],
    [12.345, '12.3 ms'],
    [60_000, '1min'],
    [65_400, '1min 5s'],
    [90_061_000, '1d 1h 1min 1s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('formatTimeit', () => {
  it('says what %timeit says', () => {
    expect(formatTimeit({ meanMs: 3.58, stdMs: 0.0668, runs: 7, loops: 100 })).toBe(
      '3.58 ms ± 66.8 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)',
    )
  })

  it('minds singulars and thousands', () => {
    expect(formatTimeit({ meanMs: 2000, stdMs: 1, runs: 1, loops: 1 })).toBe(
      '2 s ± 1 ms per loop (mean ± std. dev. of 1 run, 1 loop each)',
    )
    expect(formatTimeit({ meanMs: 1e-5, stdMs: 1e-7, runs: 7, loops: 1e6 })).toContain('7 runs, 1,000,000 loops each')
  })
})

describe('timeit', () => {
  it('calls the function once to warm up and then runs × loops times, and prints the result', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const fn = vi.fn(() => 1)
    const result = timeit(fn, { runs: 3, loops: 4 })
    expect(fn).toHaveBeenCalledTimes(1 + 3 * 4)
    expect(log.mock.calls).toEqual([[String(result)]])
    expect(result.allMs).toHaveLength(3)
    expect(result.bestMs).toBeLessThanOrEqual(result.medianMs)
    expect(result.medianMs).toBeLessThanOrEqual(result.worstMs)
  })

  it('finds the power of ten that makes a run take 0.2 s', () => {
    // A clock by which every call takes 1 ms.
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const result = timeit(() => void (now += 1), { quiet: true })
    expect(result.loops).toBe(1000)
    expect(result.meanMs).toBe(1)
    expect(result.stdMs).toBe(0)
    expect(String(result)).toBe('1 ms ± 0 ns per loop (mean ± std. dev. of 7 runs, 1,000 loops each)')
  })

  it('prints nothing when asked to be quiet', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    timeit(() => 1, { runs: 1, loops: 1, quiet: true })
    expect(log).not.toHaveBeenCalled()
  })

  it('refuses a function that returns a promise', () => {
    expect(() => timeit(async () => 1)).toThrow(/returned a promise.*Remedy/s)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %d runs or loops', (bad) => {
    expect(() => timeit(() => 1, { runs: bad, loops: 1 })).toThrow(TsumbaError)
    expect(() => timeit(() => 1, { runs: 1, loops: bad })).toThrow(/loops to be a whole number/)
  })
})
