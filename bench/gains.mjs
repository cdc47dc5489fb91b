/**
 * The README's table of gains and losses, from the results of `compare --json`:
 * `node bench/gains.mjs allocated.json ordinary.json`. Losses against plain are set in bold.
 */

import { readFileSync } from 'node:fs'

const [allocated, ordinary] = process.argv.slice(2, 4).map((file) => JSON.parse(readFileSync(file, 'utf8')))

const inputOf = (row) => {
  const share = row.percent === undefined ? '' : ` (${row.percent} %)`
  return `${row.program}${share}, n = ${row.n.toLocaleString('en-US')}`
}
const find = (report, input, variant) => report.results.find((row) => inputOf(row) === input && row.variant === variant)
const milliseconds = (ms) => `${Number(ms.toPrecision(3))} ms`
const gain = (row) => {
  if (!row?.ok) return '**wrong**'
  const text = `${row.speedupOverPlain.toFixed(2)}×`
  return row.speedupOverPlain < 0.98 ? `**${text}**` : text
}

const { machine, versions, threads, date } = allocated
console.log(
  `Speed over the plain loop on ${machine.cpu}, ${threads} threads for parallel, Node ${versions.node}, ` +
    `${date.slice(0, 10)}; losses in bold. *Ordinary* arrays are copied in and out of the compiler's memory.\n`,
)
console.log(
  '| program | plain | jit | jit, ordinary arrays | parallel | parallel, ordinary arrays | first call of jit |',
)
console.log('|---|--:|--:|--:|--:|--:|--:|')
for (const input of new Set(allocated.results.map(inputOf))) {
  const jit = find(allocated, input, 'jit')
  const cells = [
    input,
    milliseconds(find(allocated, input, 'plain').medianMs),
    gain(jit),
    gain(find(ordinary, input, 'jit')),
    gain(find(allocated, input, 'parallel')),
    gain(find(ordinary, input, 'parallel')),
    milliseconds(jit.firstCallMs),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
