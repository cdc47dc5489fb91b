import { describe, expect, it } from 'vitest'
import { createForkJoin, OUTCOME, TEAM, TEAM_WORDS } from './chunks.ts'
import { THREAD_LAYOUT } from './threads-team.ts'

const memory = new WebAssembly.Memory({ initial: 4, maximum: 16, shared: true })
const fork = createForkJoin(memory, THREAD_LAYOUT)
const team = () => fork.team(65536).fill(0)
const ask = () => false
const job = (lo: number, hi: number, threads = 4) => ({
  program: 1,
  ordinal: 0,
  lo,
  hi,
  args: 0,
  threads,
  pace: 0.001,
  spin: 0,
})

/** A `here` that notes its ranges, and fails in the one that holds `bad`. */
function notes(bad = Infinity) {
  const ranges: [number, number][] = []
  return {
    ranges,
    here: (lo: number, hi: number) => {
      ranges.push([lo, hi])
      return lo <= bad && bad < hi ? 7 : 0
    },
  }
}

const gapless = (ranges: readonly [number, number][], lo: number, hi: number) => {
  expect(ranges[0]![0]).toBe(lo)
  expect(ranges.at(-1)![1]).toBe(hi)
  for (let k = 1; k < ranges.length; k++) expect(ranges[k]![0]).toBe(ranges[k - 1]![1])
}

describe('chunks', () => {
  it.each([
    [0, 1],
    [-5, 12],
    [0, 100_000],
    [2 ** 31 - 1000, 2 ** 31 - 1],
    [-(2 ** 31), -(2 ** 31) + 3000],
    [-(2 ** 31), 2 ** 31 - 1],
  ])('cover [%i, %i) in order, without gaps, alone and published', (lo, hi) => {
    const alone = notes()
    expect(fork.solo(lo, hi, Infinity, alone.here)).toBe(0)
    gapless(alone.ranges, lo, hi)
    const published = notes()
    expect(fork.publish(team(), job(lo, hi), 0, published.here, ask)).toBe(0)
    gapless(published.ranges, lo, hi)
  })

  it('are several for each thread, and shrink towards the end', () => {
    const { ranges, here } = notes()
    fork.publish(team(), job(0, 100_000), 0, here, ask)
    expect(ranges.length).toBeGreaterThanOrEqual(8 * 4)
    const sizes = ranges.map(([lo, hi]) => hi - lo)
    expect(sizes.at(-1)).toBeLessThan(Math.max(...sizes))
  })

  it('stop at a failure, before which everything has run', () => {
    for (const run of [
      (here: (lo: number, hi: number) => number) => fork.solo(0, 10_000, Infinity, here),
      (here: (lo: number, hi: number) => number) => fork.publish(team(), job(0, 10_000), 0, here, ask),
    ]) {
      const { ranges, here } = notes(5000)
      expect(run(here)).toBe(7)
      gapless(ranges, 0, ranges.at(-1)![1])
      expect(ranges.at(-1)![0]).toBeLessThanOrEqual(5000)
      expect(ranges.at(-1)![1]).toBeGreaterThan(5000)
    }
  })

  it('alone end after the budget if much is left, and say where', () => {
    const { ranges, here } = notes()
    const slow = (lo: number, hi: number) => {
      const until = performance.now() + 0.1
      while (performance.now() < until);
      return here(lo, hi)
    }
    expect(fork.solo(10, 100_000, 0.01, slow)).toBe(0)
    expect(ranges.length).toBe(1)
    expect(fork.soloAt).toBe(ranges[0]![1])
    expect(fork.soloPace).toBeGreaterThan(0.001)
  })

  it('are refused while another thread publishes', () => {
    const w = team()
    w[TEAM.lock] = 1
    const { ranges, here } = notes()
    expect(fork.publish(w, job(0, 100), 0, here, ask)).toBe(OUTCOME.busy)
    expect(ranges).toEqual([])
  })

  it('leave the team closed and free after an exception, which passes on', () => {
    const w = team()
    const error = new Error('mine')
    const throws = () => {
      throw error
    }
    expect(() => fork.publish(w, job(0, 100), 0, throws, ask)).toThrow(error)
    expect([w[TEAM.lock], w[TEAM.open], w[TEAM.next]]).toEqual([0, 0, 100])
  })

  it('take the record of the lowest failure, a worker’s too', () => {
    const w = team()
    const slot = (k: number) => TEAM.slots + k * TEAM.slotWords
    w[TEAM.spawned] = 2
    const record = (area: number, site: number) => new Int32Array(memory.buffer, area, 1).fill(site)
    const [mine, other0, other1] = [1024, 2048, 3072]
    record(other0, 50)
    record(other1, 51)
    // What two workers would do while the publisher runs its chunk.
    const here = (lo: number) => {
      record(mine, 49)
      for (const [k, area, at] of [
        [0, other0, lo + 2],
        [1, other1, lo - 1],
      ] as const) {
        w[slot(k) + TEAM.area] = area
        w[slot(k) + TEAM.failedAt] = at
        w[slot(k) + TEAM.failed] = 1
      }
      return 1
    }
    expect(fork.publish(w, job(10, 1000), mine, here, ask)).toBe(1)
    expect(new Int32Array(memory.buffer, mine, 1)[0]).toBe(51)
  })

  it('fit the team’s block', () => {
    expect(TEAM_WORDS * 4 + 65536).toBeLessThanOrEqual(memory.buffer.byteLength)
    expect(TEAM.causeLength + 1 + TEAM.causeMax).toBeLessThanOrEqual(TEAM.slots)
  })
})
