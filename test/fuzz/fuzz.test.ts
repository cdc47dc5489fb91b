import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { check, shareEverything } from './check.ts'
import type { Regression } from './regression.ts'
import { describe as describeDifference } from './report.ts'
import { fuzz, tallyText } from './session.ts'
import { watchdog } from './watchdog.ts'

/** Reasons for which the compiler may refuse a generated program: loops that it cannot prove free of races. */
const ALLOWED = ['race', 'race-variable']
const variable = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined ? undefined : Number(text)
}
const seed = variable('FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 32)
const count = variable('FUZZ_COUNT')
const seconds = variable('FUZZ_SECONDS') ?? (count === undefined ? 30 : 1e6)

beforeAll(shareEverything)

describe('programs that once differed', async () => {
  const folder = new URL('./regressions/', import.meta.url)
  const all = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  it.each(all)('%s', async (file) => {
    const { default: regression } = (await import(new URL(file, folder).href)) as { default: Regression }
    const verdict = check(regression)
    const text = verdict.kind === 'differ' ? describeDifference(regression, verdict, file) : verdict.kind
    expect(text, regression.why).toBe('agree')
  })
})

it(
  `random programs agree (FUZZ_SEED=${seed})`,
  async () => {
    const dog = watchdog(seed, 60)
    const every = 25
    const tally = await fuzz({ seed, seconds, every, began: dog.at, ...(count === undefined ? {} : { count }) })
    dog.stop()
    console.log(`FUZZ_SEED=${seed}: ${tallyText(tally)}`)
    expect(
      Object.values(tally.differences)
        .map((found) => found.text)
        .join('\n'),
    ).toBe('')
    const strange = Object.entries(tally.refusals).filter(([code]) => !ALLOWED.includes(code))
    expect(strange.map((entry) => entry.join(' at ')).join('\n')).toBe('')
    const refused = Object.values(tally.refused).reduce((a, b) => a + b, 0)
    expect(refused / tally.programs).toBeLessThan(0.1)
    expect(tally.skipped / tally.programs).toBeLessThan(0.1)
  },
  (seconds + 120) * 1000,
)
