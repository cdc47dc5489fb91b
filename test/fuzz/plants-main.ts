/**
 * Whether the fuzzer finds each planted bug: npx tsx test/fuzz/plants-main.ts [--only NAME] [--count 10000] [--seed n]
 * A find counts where the same program agrees once the bug is out again.
 */

import { parseArgs } from 'node:util'
import { check, shareEverything } from './check.ts'
import { generate } from './generate.ts'
import { PLANTS } from './plants.ts'
import { endingText } from './report.ts'
import { caseOf } from './session.ts'
import { watchdog } from './watchdog.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string' } },
})
const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 32)
const count = Number(values.count ?? 10_000)
const { at } = watchdog(seed, 30)
shareEverything()

let missed = 0
for (const { name, story, plant } of PLANTS.filter((p) => !values.only || p.name === values.only)) {
  const start = performance.now()
  let found = -1
  let text = ''
  for (let k = 0; k < count && found < 0; k++) {
    at(k)
    const program = caseOf(generate(seed, k))
    const undo = plant()
    const verdict = check(program)
    undo()
    if (verdict.kind !== 'differ' || check(program).kind === 'differ') continue
    found = k
    text = `${verdict.execution}: ${endingText(verdict.actual).split('\n')[0]}`
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (found < 0) missed++
  console.log(
    `${found < 0 ? `MISSED in ${count}` : `program ${found + 1}`}\t${seconds} s\t${name}: ${story}\n\t\t${text.slice(0, 150)}`,
  )
}
console.log(`${missed} missed (seed ${seed})`)
process.exit(missed > 0 ? 1 : 0)
