/** The report as text: what was measured on what, a table with bars for each program and input, and what it says. */

import { formatDuration } from '../../timeit.ts'
import { PACKAGE } from '../../types.ts'
import { percentage } from './explain.ts'
import type { NumbaFound } from './numba/find.ts'
import type { Report, Row } from './rows.ts'
import type { Style } from './style.ts'
import { bar, type Column, table } from './table.ts'

const BAR_WIDTH = 20
/** Smaller shares of the copy bandwidth are shown as less than this. */
const SMALL_SHARE = 1e-4

const number = (n: number): string => n.toLocaleString('en-US')
const rate = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e9).toPrecision(3)} GB/s`
const time = (ms: number | null | undefined): string => (ms === null || ms === undefined ? '-' : formatDuration(ms))

export function showHeader(report: Omit<Report, 'results'>, style: Style): string[] {
  const { machine, versions, threads, copyBandwidth, numba } = report
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`
  const copies =
    threads === 1
      ? `${rate(copyBandwidth.oneThread)}`
      : `${rate(copyBandwidth.oneThread)} on 1 thread, ${rate(copyBandwidth.allThreads)} on ${threads}`
  return [
    style.bold(`${PACKAGE} ${versions[PACKAGE]}, Node ${versions.node} (V8 ${versions.v8})`),
    `${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.os} ${machine.arch}`,
    `Copying memory, bytes read plus bytes written: ${copies}`,
    `Compiled variants run on ${report.arrays} arrays; ${threads === 1 ? '1 thread' : `${threads} threads`} for parallel ones`,
    ...(numba === undefined ? [] : showNumba(numba)),
  ]
}

function showNumba(numba: NumbaFound): string[] {
  if (!numba.measured) return [`Numba's times are left out: ${numba.reason}.`, `To have them: ${numba.remedy}`]
  const { versions, python } = numba
  return [`Numba ${versions.numba} (NumPy ${versions.numpy}, Python ${versions.python}: ${python}), ordinary arrays`]
}

/**
 * The rows of one program on one input. Bars are times: shorter is better.
 * @param numba what became of Numba's rows, where they were asked for
 */
export function showRows(about: string, rows: readonly Row[], style: Style, numba?: NumbaFound): string[] {
  const { program, n, percent } = rows[0]!
  const input = `n = ${number(n)}${percent === undefined ? '' : `, ${percent} % of the file`}`
  const withScript = rows.some((row) => row.scriptMs !== undefined)
  const columns: Column[] = [
    { title: 'variant', align: 'left' },
    { title: 'median', align: 'right' },
    { title: 'first call', align: 'right' },
    { title: '× plain', align: 'right' },
    { title: 'GB/s', align: 'right' },
    { title: 'of copy', align: 'right' },
    ...(withScript ? [{ title: 'script', align: 'right' } as const] : []),
    { title: 'ulps', align: 'right' },
    { title: 'ok', align: 'left' },
  ]
  const cells = rows.map((row) => [
    row.note === undefined ? row.variant : `${row.variant}*`,
    time(row.medianMs),
    time(row.firstCallMs),
    row.speedupOverPlain?.toFixed(2) ?? '-',
    row.bytesPerSecond === null ? '-' : significant(row.bytesPerSecond / 1e9),
    row.shareOfCopyBandwidth === null ? '-' : ofCopy(row.shareOfCopyBandwidth),
    ...(withScript ? [time(row.scriptMs)] : []),
    row.ulps === null ? '-' : number(row.ulps),
    row.ok ? '✓' : '✗',
  ])
  const lines = table(columns, cells)
  const width = Math.max(...lines.map((line) => line.length))
  const longest = Math.max(...rows.map((row) => row.medianMs ?? 0))
  const body = rows.map((row, k) => {
    const text = lines[k + 1]!.padEnd(width)
    const drawn = row.medianMs === null ? '' : style.bar(bar(row.medianMs / longest, BAR_WIDTH))
    return `${row.ok ? text : style.bad(text)}  ${drawn}`.trimEnd()
  })
  const title = `${style.bold(program)}: ${about}; ${input}`
  const legend = style.dim(`${lines[0]!.padEnd(width)}  time, shorter is better`)
  const problems = rows.flatMap((row) =>
    row.problem === undefined ? [] : [style.bad(`${row.variant}: ${row.problem}`)],
  )
  const notes = rows.flatMap((row) => (row.note === undefined ? [] : [`* ${row.variant} ${row.note}.`]))
  const left =
    numba?.measured === false ? ["Numba's rows are left out: no Python with Numba was found, see above."] : []
  return ['', title, legend, ...body, ...problems, ...[...notes, ...left].map(style.dim)]
}

export function showVerdict(results: readonly Row[], style: Style): string {
  const wrong = results.filter((row) => !row.ok)
  if (wrong.length > 0) return style.bad(`${wrong.length} of ${results.length} variants failed or differ from plain.`)
  const rounded = results.filter((row) => row.ulps !== 0)
  const exact = `${results.length - rounded.length} variants give plain's answers, every bit`
  const within = rounded.every((row) => row.variant.endsWith('fastmath'))
    ? '(fastmath) within n·ε·Σ|x| of them'
    : "(fastmath, Math functions that are not the engine's) within the error of rounding"
  const rest = rounded.length === 0 ? '' : `; ${rounded.length} ${within}`
  return style.good(`${exact}${rest}.`)
}

const ofCopy = (share: number): string => (share < SMALL_SHARE ? `<${percentage(SMALL_SHARE)}` : percentage(share))

const significant = (value: number): string => {
  if (value >= 100) return String(Math.round(value))
  return value >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1)
}
