/** The results as a table. */

import { type Column, table } from '../../../src/cli/compare/table.ts'
import type { Timing } from './entrant.ts'

/** In the order in which they are shown; `clang exact` is without contraction, `clang` with its default. */
export const CONTESTANTS = ['plain', 'jit', 'clang exact', 'clang', 'Numba'] as const
export type Contestant = (typeof CONTESTANTS)[number]
const OTHERS = ['clang exact', 'clang', 'Numba'] as const

export interface Row {
  readonly program: string
  /** PolyBench's parameters of the data set that was timed. */
  readonly parameters: Readonly<Record<string, number>>
  /** What `jit` ran it as. */
  readonly target: string | null
  /** Absent where a tool is missing or the contestant failed. */
  readonly times: Readonly<Partial<Record<Contestant, Timing>>>
  /** Whose results are plain's, to the bit; those of `clang` are not asked for. */
  readonly same: readonly Contestant[]
  /** What differs or went wrong. */
  readonly problems: readonly string[]
}

const RATIOS: readonly (readonly [Contestant, Contestant])[] = [
  ['plain', 'jit'],
  ...OTHERS.map((other) => ['plain', other] as const),
  ...OTHERS.map((other) => ['jit', other] as const),
]

const left = (title: string): Column => ({ title, align: 'left' })
const right = (title: string): Column => ({ title, align: 'right' })

const COLUMNS: readonly Column[] = [
  left('program'),
  ...CONTESTANTS.map((name) => right(`${name} ms`)),
  ...RATIOS.map(([a, b]) => right(`${a}/${b}`)),
  left('same bits'),
]

const milliseconds = (ms: number) => ms.toFixed(ms < 10 ? 3 : ms < 100 ? 2 : 1)

/** How many times as long `a` takes as `b`; undefined where one of them has no time. */
export function ratio(row: Row, a: Contestant, b: Contestant): number | undefined {
  const over = row.times[a]
  const under = row.times[b]
  return over === undefined || under === undefined ? undefined : over.medianMs / under.medianMs
}

const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/** @param absent contestants for which there is no tool: their cells say so */
export function show(rows: readonly Row[], absent: ReadonlySet<Contestant>): string[] {
  const missing = (...names: Contestant[]) => (names.some((name) => absent.has(name)) ? 'absent' : 'failed')
  const lines = rows.map((row) => [
    row.program,
    ...CONTESTANTS.map((name) => {
      const timing = row.times[name]
      return timing === undefined ? missing(name) : milliseconds(timing.medianMs)
    }),
    ...RATIOS.map(([a, b]) => ratio(row, a, b)?.toFixed(2) ?? missing(a, b)),
    row.same.join(', '),
  ])
  const means = RATIOS.map(([a, b]) => {
    const ratios = rows.map((row) => ratio(row, a, b)).filter((value) => value !== undefined)
    return ratios.length === 0 ? missing(a, b) : geometricMean(ratios).toFixed(2)
  })
  return table(COLUMNS, [...lines, ['geometric mean', ...CONTESTANTS.map(() => ''), ...means, '']])
}
