/** A process of a run (jobs.ts): does the ranges of positions that it is sent, and answers with their tallies. */

import { shareEverything } from './check.ts'
import { TABLES } from './plants/tables.ts'
import { fuzz, type Tally } from './session.ts'
import { watchdog } from './watchdog.ts'

export interface Range {
  readonly seed: number
  readonly from: number
  readonly count: number
  readonly every: number
  readonly finds: number
  readonly shrinks: boolean
  /** Kinds of differences that have been described already. */
  readonly known: readonly string[]
}

export interface Answer {
  readonly tally: Tally
  /** Bytes that the process holds. */
  readonly memory: number
  /** Seconds that all its threads have computed for this answer. */
  readonly cpu: number
}

/** The name of a bug to put in first; empty for none. Written in when the worker is bundled. */
declare const PLANT: string

shareEverything()
const plant = TABLES.find(({ name }) => name === PLANT)
if (plant?.bug.kind === 'change') plant.bug.plant()
let dog: ReturnType<typeof watchdog> | undefined
process.on('message', async (range: Range) => {
  dog ??= watchdog(range.seed, 60)
  const before = process.cpuUsage()
  const tally = await fuzz({ ...range, began: dog.at })
  const { user, system } = process.cpuUsage(before)
  process.send?.({ tally, memory: process.memoryUsage.rss(), cpu: (user + system) / 1e6 } satisfies Answer)
})
// Whoever asked for it is gone.
process.on('disconnect', () => process.exit(0))
