/**
 * Holds Math functions, ours and the engine's, against GNU MPFR:
 *
 *   npx tsx bench/math/accuracy.ts [--function name,…] [--points 1e7] [--seed n] [--write]
 *
 * Prints a table of Markdown; `--write` puts its rows into that of docs/math.md. Ends with an error where a result of ours is more
 * than 1 ulp from the true value or a special value is wrong.
 */

import { parseArgs } from 'node:util'
import { writeTable } from './document.ts'
import { accuracyOf, complaints, HEADER, row } from './measure.ts'
import { installReference } from './reference.ts'
import { subjects } from './subjects.ts'

const { values } = parseArgs({
  options: {
    function: { type: 'string' },
    points: { type: 'string', default: '1e7' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})

const wanted = values.function?.split(',')
for (const name of wanted ?? []) {
  if (!subjects.some((subject) => subject.name === name)) throw new Error(`${name} is no Math function of ours`)
}
const built = installReference()
if ('reason' in built) throw new Error(`the reference program ${built.reason}`)

const points = Number(values.points)
const seed = Number(values.seed)
console.log(HEADER.join('\n'))
const rows: string[] = []
const wrong: string[] = []
for (const subject of subjects) {
  if (wanted && !wanted.includes(subject.name)) continue
  const accuracy = await accuracyOf(built.path, subject, points, seed)
  rows.push(row(accuracy))
  console.log(rows.at(-1))
  wrong.push(...complaints(accuracy))
}
const heading = `Seed ${seed}; the engine is that of Node ${process.versions.node}.`
if (values.write) writeTable(heading, rows)
for (const complaint of wrong) console.error(complaint)
if (wrong.length > 0) process.exitCode = 1
