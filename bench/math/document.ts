/** The table of docs/math.md: rows that were measured, between those that were measured before. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HEADER } from './measure.ts'
import { FUNCTIONS } from './points.ts'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const DOCUMENT = path('../../docs/math.md')
const MARK = 'accuracy'

/** A row's function: its first cell. */
const nameOf = (row: string): string => row.split('|')[1]!.trim()

/** @param heading what all rows have in common; rows of another heading are not kept */
export function writeTable(heading: string, measured: readonly string[]): void {
  const block = new RegExp(`<!-- ${MARK}:begin -->\n(.*)\n<!-- ${MARK}:end -->`, 's').exec(
    readFileSync(DOCUMENT, 'utf8'),
  )
  const [before, ...lines] = block?.[1]?.split('\n') ?? []
  const kept = before === heading ? lines.filter((line) => nameOf(`${line}|`) in FUNCTIONS) : []
  const rows = new Map([...kept, ...measured].map((row) => [nameOf(row), row]))
  const ordered = Object.keys(FUNCTIONS).flatMap((name) => rows.get(name) ?? [])
  const input = [heading, '', ...HEADER, ...ordered].join('\n')
  execFileSync(process.execPath, [path('../fill.mjs'), '--markdown', DOCUMENT, MARK], { input })
}
