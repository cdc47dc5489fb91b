/**
 * The fuzzer by hand:
 *
 *   npm run fuzz -- [--seed n] [--from n] [--count n] [--hours h | --seconds s] [--jobs n] [--every n] [--finds n]
 *                   [--coverage] [--refusals]
 *
 * Every program is compared quickly (quick.ts), each nth (`--every`, 200) in all ways (check.ts). A difference prints
 * its seed and position; --seed S --from P --count 1 --every 1 runs that program again.
 */

import { parseArgs } from 'node:util'
import { coverageText } from './coverage.ts'
import { runJobs } from './jobs.ts'
import { tallyText } from './session.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string' },
    count: { type: 'string' },
    hours: { type: 'string' },
    seconds: { type: 'string' },
    jobs: { type: 'string' },
    every: { type: 'string' },
    finds: { type: 'string' },
    coverage: { type: 'boolean' },
    refusals: { type: 'boolean' },
  },
})
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
const seed = number(values.seed) ?? Math.floor(Math.random() * 2 ** 32)
const count = number(values.count)
const hours = number(values.hours)
const seconds = number(values.seconds) ?? (hours === undefined ? undefined : hours * 3600)

console.log(`seed ${seed}`)
const start = performance.now()
let shown = start
const told = new Set<string>()
const pace = (programs: number) => `${((1000 * programs) / (performance.now() - start)).toFixed(0)} a second`
const { tally, memory, cpu, lost } = await runJobs({
  seed,
  from: number(values.from) ?? 0,
  count: count ?? Infinity,
  seconds: seconds ?? (count === undefined ? 60 : Infinity),
  every: number(values.every) ?? 200,
  finds: number(values.finds) ?? 1,
  shrinks: true,
  jobs: number(values.jobs) ?? 1,
  progress: (now) => {
    for (const [kind, { text }] of Object.entries(now.differences)) {
      if (!told.has(kind)) console.log(`\n${text}\n`)
      told.add(kind)
    }
    if (performance.now() - shown < 10_000) return
    shown = performance.now()
    console.log(`${tallyText(now)}, ${pace(now.programs)}`)
  },
})
for (const [kind, { text }] of Object.entries(tally.differences)) if (!told.has(kind)) console.log(`\n${text}`)
if (values.refusals) for (const [code, text] of Object.entries(tally.refusals)) console.log(`\n${code}: ${text}`)
if (values.coverage) console.log(`\n${coverageText(tally.coverage)}`)
for (const { from, count: size } of lost) console.log(`\na process died between ${from} and ${from + size - 1}`)
const perCpu = `${(tally.programs / Math.max(1e-3, cpu)).toFixed(0)} a second of processor time`
const most = `${(memory / 2 ** 20).toFixed(0)} MiB at most`
console.log(`seed ${seed}: ${[tallyText(tally), pace(tally.programs), perCpu, most].join(', ')}`)
process.exit(lost.length > 0 || Object.keys(tally.differences).length > 0 ? 1 : 0)
