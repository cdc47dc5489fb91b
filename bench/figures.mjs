/**
 * Measures every figure that bench/README.md gives and prints them as one table, each beside the limit that it has to
 * keep: `node bench/figures.mjs`, after a build, on an otherwise idle machine (about five minutes; --quick: one minute,
 * on inputs too small to be quoted). Ratios are of medians within one run of one process.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(here)
const quick = process.argv.includes('--quick') ? ['--quick'] : []
const folder = mkdtempSync(join(tmpdir(), 'figures-'))

/** Runs a script of this folder that prints JSON. */
function measured(script, ...args) {
  const done = spawnSync(process.execPath, [join(here, script), ...args], { encoding: 'utf8', cwd: root })
  if (done.status !== 0) throw new Error(`${script} failed:\n${done.stderr}`)
  return JSON.parse(done.stdout)
}

function compare(...args) {
  const file = join(folder, 'compare.json')
  const command = ['dist/cli/main.js', 'compare', ...quick, ...args, '--json', file]
  console.error(`node ${command.slice(0, -2).join(' ')}`)
  // Status 1 is a wrong answer, which the figures show.
  const done = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (done.status !== 0 && done.status !== 1) throw new Error('compare failed')
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Rows of the table: what, its value, the limit, whether it is kept. */
const rows = []
const atLeast = (what, value, limit) => rows.push([what, `${value.toFixed(2)}×`, `≥ ${limit}×`, value >= limit])
const atMost = (what, value, limit, unit) => {
  rows.push([what, `${value.toFixed(unit === '×' ? 2 : 1)}${unit}`, `≤ ${limit}${unit}`, value <= limit])
}

function inputs(report) {
  const byInput = new Map()
  for (const row of report.results) {
    const name = row.percent === undefined ? row.program : `${row.program}, ${row.percent} %`
    byInput.set(name, { ...byInput.get(name), [row.variant]: row })
  }
  return byInput
}

function serial(report) {
  for (const [name, row] of inputs(report)) {
    // The promise is for calls of 1 ms and more.
    if (row.plain.medianMs < 1) continue
    atLeast(`${name}: jit over plain, ${report.arrays} arrays`, row.plain.medianMs / row.jit.medianMs, 0.98)
  }
}

function parallel(report) {
  for (const [name, row] of inputs(report)) {
    if (row.plain.medianMs < 1) continue
    atMost(`${name}: plain-prange's time over plain's`, row['plain-prange'].medianMs / row.plain.medianMs, 1.1, '×')
  }
  for (const [name, row] of inputs(report)) {
    if (row.plain.medianMs < 1) continue
    const gain = row.jit.medianMs / row.parallel.medianMs
    const what = `${name}: parallel over jit, ${report.threads} threads`
    if (name === 'roots') {
      atLeast(what, gain, 1.2)
      continue
    }
    const { program, percent } = row.jit
    const ceiling = report.ceilings.find((c) => c.program === program && c.percent === percent).speedup
    const limit = Math.min(1.8, 0.93 * ceiling)
    const why = limit < 1.8 ? `0.93 of the ${ceiling.toFixed(2)}× of independent copies` : '1.8×'
    rows.push([what, `${gain.toFixed(2)}×`, `≥ ${why}`, gain >= limit])
  }
}

const wrong = []
function checked(report) {
  for (const row of report.results) if (!row.ok) wrong.push(`${row.program} ${row.variant}: ${row.problem}`)
  return report
}

try {
  const allocated = checked(compare('--ceiling'))
  const ordinary = checked(compare('--ordinary'))
  serial(allocated)
  serial(ordinary)
  parallel(allocated)
  const cores = availableParallelism()
  for (const { name, ratio } of measured('oversubscribe.mjs', ...quick)) {
    atMost(`${name}: time on ${4 * cores} threads over ${cores}`, ratio, 1.2, '×')
  }
  atMost('import of the package', measured('importTime.mjs').medianMs, 30, ' ms')
  for (const [k, { name, ms }] of measured('compileTimes.mjs').entries()) {
    if (k > 0) atMost(`compiling ${name}, after another program`, ms, 15, ' ms')
  }
  const [first] = measured('firstCalls.mjs')
  atMost(`first call in a process (${first.name})`, first.ms, 75, ' ms')
  const { machine, versions, date, copyBandwidth } = allocated
  console.log(
    `Node ${versions.node}, ${machine.cpu}, ${machine.cores} cores, ${date.slice(0, 10)}; copies move ` +
      `${(copyBandwidth.oneThread / 1e9).toFixed(1)} GB/s on one thread, ` +
      `${(copyBandwidth.allThreads / 1e9).toFixed(1)} GB/s on ${allocated.threads}.\n`,
  )
  console.log('| what | measured | limit | |\n|---|--:|---|---|')
  for (const [what, value, limit, kept] of rows) console.log(`| ${what} | ${value} | ${limit} | ${kept ? '✓' : '✗'} |`)
  for (const line of wrong) console.log(`\nWRONG ANSWER: ${line}`)
  process.exitCode = wrong.length === 0 && rows.every((row) => row[3]) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
