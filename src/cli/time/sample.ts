/**
 * Times variants of one function as `timeit` does: runs of as many calls as take 0.2 s. Variants take turns, a run
 * each; between batches of calls the event loop gets its turn, where memory of results is given back.
 */

import { mean, median, standardDeviation } from '../../statistics.ts'
import type { TimeitResult } from '../../timeit.ts'

/** A run takes at least so long… */
const MIN_RUN_MS = 200
const MAX_LOOPS = 1e9
/** …and is cut into batches of about so long. */
const BATCH_MS = 2

export type Times = Omit<TimeitResult, 'toString'>

export async function sample(calls: readonly (() => unknown)[], runs: number): Promise<Times[]> {
  const loops: number[] = []
  for (const call of calls) loops.push(await autorange(call))
  const allMs = calls.map((): number[] => [])
  for (let run = 0; run < runs; run++) {
    for (let k = 0; k < calls.length; k++) {
      const at = (k + run) % calls.length
      allMs[at]!.push((await timeLoops(calls[at]!, loops[at]!)) / loops[at]!)
    }
  }
  return allMs.map((ms, k) => ({
    meanMs: mean(ms),
    stdMs: standardDeviation(ms),
    medianMs: median(ms),
    bestMs: Math.min(...ms),
    worstMs: Math.max(...ms),
    allMs: ms,
    runs,
    loops: loops[k]!,
  }))
}

/** The smallest power of ten of calls that takes long enough for a run. */
async function autorange(call: () => unknown): Promise<number> {
  let loops = 1
  while (loops < MAX_LOOPS && (await timeLoops(call, loops)) < MIN_RUN_MS) loops *= 10
  return loops
}

/** Milliseconds that so many calls take, without what happens between batches. */
async function timeLoops(call: () => unknown, loops: number): Promise<number> {
  let spent = 0
  let batch = 1
  for (let left = loops; left > 0; ) {
    await new Promise((resolve) => setImmediate(resolve))
    const count = Math.min(batch, left)
    const start = performance.now()
    for (let k = 0; k < count; k++) call()
    const ms = performance.now() - start
    spent += ms
    left -= count
    batch = Math.max(1, Math.floor((BATCH_MS * count) / Math.max(ms, 1e-3)))
  }
  return spent
}
