/** What takes part in the comparison, and how its time is taken. */

import { median } from '../../../src/statistics.ts'

/** One program in one implementation, ready to run. */
export interface Entrant {
  /** Runs the kernel so often, each time on the initial values; the mean time of the kernel alone, in milliseconds. */
  run(calls: number): Promise<number>
  close(): void
}

export interface Timing {
  readonly medianMs: number
  readonly samplesMs: readonly number[]
  /** Calls a sample. */
  readonly calls: number
}

/** A sample is at least this long: PolyBench's clock shows whole microseconds. */
const MIN_SAMPLE_MS = 2
/** Calls before the first round: V8's last tier, caches, and mapped memory. */
const WARM_UP_MS = 100
const MIN_WARM_UP_CALLS = 3
const MAX_CALLS = 1000

/** Entrants take turns, another one first in each round, so that whatever else the machine does meets all of them. */
export async function measure(entrants: readonly Entrant[], rounds: number): Promise<Timing[]> {
  const calls: number[] = []
  for (const entrant of entrants) calls.push(await warmUp(entrant))
  const samples = entrants.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < entrants.length; k++) {
      const at = (k + round) % entrants.length
      samples[at]!.push(await entrants[at]!.run(calls[at]!))
    }
  }
  return samples.map((samplesMs, at) => ({ medianMs: median(samplesMs), samplesMs, calls: calls[at]! }))
}

/** @returns how many calls make a sample */
async function warmUp(entrant: Entrant): Promise<number> {
  let spent = 0
  let made = 0
  let calls = 1
  do {
    const ms = await entrant.run(calls)
    spent += calls * ms
    made += calls
    // A time of 0 is less than the clock shows.
    calls = Math.min(MAX_CALLS, Math.max(1, Math.ceil(MIN_SAMPLE_MS / Math.max(ms, 1e-4))))
  } while (spent < 10 * WARM_UP_MS && (spent < WARM_UP_MS || made < MIN_WARM_UP_CALLS))
  return calls
}
