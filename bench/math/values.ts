/**
 * Writes test/math/values.json: correctly rounded values of all Math functions, by GNU MPFR, for tests on machines that
 * have none. `npx tsx bench/math/values.ts`; rows of arguments and the value, no specials (JSON has no words for them).
 */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Rng } from '../../test/fuzz/rng.ts'
import { FUNCTIONS, sampler } from './points.ts'
import { correctlyRounded, installReference } from './reference.ts'

const ROWS = 64
const SEED = 20

const built = installReference()
if ('reason' in built) throw new Error(`the reference program ${built.reason}`)

const blocks = Object.entries(FUNCTIONS).map(([name, { called, arity }]) => {
  const rng = new Rng(SEED, 0)
  const sample = sampler(called, arity)
  const rows: number[][] = []
  while (rows.length < ROWS) {
    const args = sample(rng)
    const row = [...args, ...correctlyRounded(built.path, called, [args])]
    // Results that are 0, or the argument, say nothing of the algorithm.
    if (row.every(Number.isFinite) && row.at(-1) !== 0 && row.at(-1) !== row[0]) rows.push(row)
  }
  return `  "${name}": [\n${rows.map((row) => `    [${row.map(numeral).join(', ')}]`).join(',\n')}\n  ]`
})
const text = `{\n${blocks.join(',\n')}\n}\n`
writeFileSync(fileURLToPath(new URL('../../test/math/values.json', import.meta.url)), text)

function numeral(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x)
}
