import { describe, expect, it } from 'vitest'
import { aboutCeiling, aboutScores, boundBy } from './explain.ts'
import type { Row } from './rows.ts'

const row = (over: Partial<Row>): Row => ({
  program: 'p',
  variant: 'plain',
  threads: 1,
  n: 1000,
  medianMs: 10,
  meanMs: 10,
  stdMs: 0,
  firstCallMs: 20,
  speedupOverPlain: 1,
  bytesPerSecond: 1e9,
  shareOfCopyBandwidth: 0.1,
  ulps: 0,
  ok: true,
  ...over,
})

describe('boundBy', () => {
  const program = { bytes: 120e6 }
  const bandwidth = { oneThread: 10e9, allThreads: 16e9 }

  const moving = (bytesPerSecond: number, over: Partial<Row> = {}) =>
    row({ bytesPerSecond, shareOfCopyBandwidth: bytesPerSecond / bandwidth.oneThread, ...over })

  it('sets the fastest variant against what as many threads can copy', () => {
    const rows = [
      moving(4e9),
      moving(12e9, { variant: 'parallel', threads: 2, shareOfCopyBandwidth: 0.75 }),
      moving(20e9, { variant: 'jit-hoisted', note: 'does less' }),
      moving(20e9, { variant: 'numba' }),
    ]
    expect(boundBy(program, rows, bandwidth)).toEqual([
      'Bound by memory: parallel moves 12.0 GB/s, 75 % of what copying does here. Sending its data to another process ' +
        'and back would cost 24 ms for copying alone; the whole call takes 10 ms.',
    ])
  })

  it('tells arithmetic, and both', () => {
    expect(boundBy(program, [moving(0.1e9)], bandwidth)).toEqual([
      'Bound by arithmetic: plain moves 0.100 GB/s, 1 % of what copying does here.',
    ])
    expect(boundBy(program, [moving(0.97e9)], bandwidth)[0]).toMatch(/, 10 % of/)
    expect(boundBy(program, [moving(3e9)], bandwidth)[0]).toMatch(/^Partly bound by memory: .* 30 % of/)
  })

  it('says nothing of variants that failed', () => {
    expect(boundBy(program, [row({ ok: false })], bandwidth)).toEqual([])
  })
})

describe('aboutScores', () => {
  const at = (
    percent: number,
    n: number,
    variant: Row['variant'],
    medianMs: number,
    scriptMs: number,
    kernel: number,
  ) => row({ percent, n, variant, medianMs, scriptMs, scriptKernelMs: kernel })

  it('answers both questions from the figures', () => {
    const rows = [
      at(5, 1000, 'plain', 5, 60, 8),
      at(5, 1000, 'parallel', 1, 100, 10),
      at(100, 20000, 'plain', 2000, 2100, 2000),
      at(100, 20000, 'parallel', 500, 650, 520),
    ]
    expect(aboutScores(rows)).toEqual([
      'Does 20.0× the data cost 20.0× the time? No: plain takes 400× (its whole script 35.0×), parallel takes 500× ' +
        '(its whole script 6.50×). Every row meets every other, so the work is 400×; starting and loading grow less.',
      'Would optimising the function further gain much on 5 % of the data (1,000 rows)? No: the function is 13 % of the ' +
        'fastest script (plain: 8 ms of 60 ms), so with one that took no time the script would be 1.15× as fast.',
      'Would optimising the function further gain much on 100 % of the data (20,000 rows)? Yes: the function is 80 % of ' +
        'the fastest script (parallel: 520 ms of 650 ms), so with one that took no time the script would be 5.00× as fast.',
    ])
  })
})

describe('aboutCeiling', () => {
  it('sets parallel against the copies', () => {
    expect(aboutCeiling({ program: 'p', n: 1, copies: 2, speedup: 1.9, parallelOverJit: 1.8 })).toBe(
      'Ceiling: 2 independent copies of the job at once get 1.90× the work of one done; parallel is 1.80× as fast as ' +
        'jit, 0.95 of that.',
    )
  })
})
