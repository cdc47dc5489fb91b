/**
 * Whether the fuzzer finds each planted bug:
 *
 *   npm run fuzz:plants -- [--only NAME] [--count 10000] [--seed n] [--jobs n]
 *
 * A find counts where the same program agrees without the bug.
 */

import { parseArgs } from 'node:util'
import { runJobs } from '../jobs.ts'
import { EDITS } from './edits.ts'
import type { Plant } from './plant.ts'
import { TABLES } from './tables.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    count: { type: 'string' },
    seed: { type: 'string' },
    jobs: { type: 'string' },
  },
})
const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 32)
const count = Number(values.count ?? 10_000)
const jobs = Number(values.jobs ?? 1)

/** The position of the first program that differs from `from` on, and how; undefined where none does. */
async function first(plant: Plant | undefined, depth: Plant['depth'], from: number, to: number) {
  const { tally } = await runJobs(
    {
      seed,
      from,
      count: to - from,
      seconds: Infinity,
      every: depth === 'full' ? 1 : count + 1,
      finds: 1,
      jobs: plant ? jobs : 1,
      shrinks: false,
      progress: () => {},
    },
    plant,
  )
  const found = Object.values(tally.differences)
  return found.sort((a, b) => a.position - b.position)[0]
}

/** How many programs it took; what differed. */
async function find(plant: Plant): Promise<{ programs: number; how: string } | undefined> {
  for (let from = 0; from < count; ) {
    const found = await first(plant, plant.depth, from, count)
    if (!found) return undefined
    const { position, text } = found
    const without = await first(undefined, plant.depth, position, position + 1)
    if (!without) return { programs: position + 1, how: text.split('\n')[0]! }
    from = position + 1
  }
  return undefined
}

const wanted = [...TABLES, ...EDITS].filter(({ name }) => !values.only || values.only.includes(name))
const missed: string[] = []
console.log(`seed ${seed}, ${wanted.length} planted bugs, ${count} programs at most`)
for (const plant of wanted) {
  const start = performance.now()
  const found = await find(plant)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (!found) missed.push(plant.name)
  console.log(`${found ? found.programs : 'MISSED'}\t${plant.name}\t${seconds} s\t${plant.story}\t${found?.how ?? ''}`)
}
console.log(missed.length === 0 ? 'all found' : `missed: ${missed.join(', ')}`)
process.exit(missed.length > 0 ? 1 : 0)
