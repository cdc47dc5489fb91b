/** The report as text: a line for each program, the ratios over plain beside the times, and their geometric means. */

import { type Column, table } from '../../src/cli/compare/table.ts'
import { mean } from '../../src/statistics.ts'
import { formatDuration } from '../../src/timeit.ts'
import { PACKAGE } from '../../src/types.ts'
import type { Report, Row } from './main.ts'

export function reportLines({ header, results }: Report): string[] {
  const { machine, versions, size, threads, seconds, date } = header
  const variants = [...new Set(results.map((row) => row.variant))].filter((name) => name !== 'plain')
  const columns: Column[] = [
    { title: 'program', align: 'left' },
    { title: 'plain', align: 'right' },
    ...variants.flatMap((name): Column[] => [
      { title: name, align: 'right' },
      { title: '×', align: 'right' },
    ]),
    { title: 'compile', align: 'right' },
    { title: 'same', align: 'left' },
  ]
  const rows = [...new Set(results.map((row) => row.program))].map((program) => {
    const of = (name: string) => results.find((row) => row.program === program && row.variant === name)
    return [
      program,
      time(of('plain')?.medianMs),
      ...variants.flatMap((name) => [time(of(name)?.medianMs), ratio(of(name)?.speedupOverPlain)]),
      time(of('jit')?.compileMs),
      same(results.filter((row) => row.program === program)),
    ]
  })
  const means = variants.flatMap((name) => ['', ratio(geometricMean(results.filter((row) => row.variant === name)))])
  rows.push(['geometric mean', '', ...means, '', ''])
  const problems = results.filter((row) => row.problem !== undefined)
  return [
    `PolyBench/C 4.2.1, ${size}; ${PACKAGE} ${versions[PACKAGE]}, Node ${versions.node} (V8 ${versions.v8}), ${date.slice(0, 10)}`,
    `${machine.cpu}, ${machine.cores} cores; ${threads === 1 ? '1 thread' : `${threads} threads`} for parallel; medians of about ${seconds} s a program`,
    '',
    ...table(columns, rows),
    ...problems.map((row) => `${row.program}, ${row.variant}: ${row.problem}`),
  ]
}

const time = (ms: number | null | undefined): string => (ms === null || ms === undefined ? '-' : formatDuration(ms))
const ratio = (value: number | null | undefined): string => (value === null ? '-' : (value?.toFixed(2) ?? '-'))

function geometricMean(rows: readonly Row[]): number | null {
  const logs = rows.flatMap(({ speedupOverPlain: gain, ok }) => (ok && gain !== null ? [Math.log(gain)] : []))
  return logs.length === 0 ? null : Math.exp(mean(logs))
}

/** Whether every variant gives plain's bits, or how far it is away. */
function same(rows: readonly Row[]): string {
  const wrong = rows.filter((row) => !row.ok)
  if (wrong.length > 0) return `✗ ${wrong.map((row) => row.variant).join(', ')}`
  const ulps = Math.max(...rows.map((row) => row.ulps ?? 0))
  return ulps === 0 ? '✓' : `✓ ${ulps} ulps`
}
