/**
 * The fuzzer by hand: npx tsx test/fuzz/main.ts [--seed n] [--from n] [--count n] [--hours h | --seconds s] [--finds n]
 * A difference prints its seed and position; --seed S --from P --count 1 runs that program again.
 */

import { parseArgs } from 'node:util'
import { shareEverything } from './check.ts'
import { fuzz, tallyText } from './session.ts'
import { watchdog } from './watchdog.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string' },
    count: { type: 'string' },
    hours: { type: 'string' },
    seconds: { type: 'string' },
    finds: { type: 'string' },
    refusals: { type: 'boolean' },
  },
})
const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
const seed = number(values.seed) ?? Math.floor(Math.random() * 2 ** 32)
const seconds = number(values.seconds) ?? (values.hours ? Number(values.hours) * 3600 : undefined)
const count = number(values.count)

shareEverything()
console.log(`seed ${seed}`)
const { at } = watchdog(seed, 20)
let shown = performance.now()
const tally = await fuzz({
  seed,
  began: at,
  finds: number(values.finds) ?? 1,
  ...(values.from ? { from: Number(values.from) } : {}),
  ...(count === undefined ? {} : { count }),
  ...(seconds === undefined && count === undefined ? { seconds: 60 } : seconds === undefined ? {} : { seconds }),
  progress: (now) => {
    if (performance.now() - shown < 10_000) return
    shown = performance.now()
    console.log(tallyText(now))
  },
})
for (const difference of tally.differences) console.log(`\n${difference}`)
if (values.refusals) for (const [code, text] of tally.refusals) console.log(`\n${code}: ${text}`)
console.log(tallyText(tally))
process.exit(tally.differences.length > 0 ? 1 : 0)
