/**
 * Puts what a command printed into a document, between <!-- name:begin --> and <!-- name:end -->:
 * `npm run -s compare | node bench/fill.mjs README.md compare`. `--markdown` leaves the text as it is instead of
 * showing it as a terminal's; `--tail n` takes the last n lines.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: { markdown: { type: 'boolean' }, tail: { type: 'string' } },
  allowPositionals: true,
})
const [file, name] = positionals
const lines = readFileSync(0, 'utf8').trim().split('\n')
const text = lines.slice(values.tail === undefined ? 0 : -Number(values.tail)).join('\n')
const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
const document = readFileSync(file, 'utf8')
const from = document.indexOf(begin)
const to = document.indexOf(end)
if (from < 0 || to < from) throw new Error(`${file} has no ${begin} … ${end}`)
const block = values.markdown ? text : `\`\`\`text\n${text}\n\`\`\``
writeFileSync(file, `${document.slice(0, from + begin.length)}\n${block}\n${document.slice(to)}`)
