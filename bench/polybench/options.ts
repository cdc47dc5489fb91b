import { parseArgs } from 'node:util'
import { UsageError } from '../../src/cli/usage.ts'
import type { SizeName } from './polybench.ts'

const SIZES = ['MINI', 'SMALL', 'MEDIUM', 'LARGE', 'EXTRALARGE'] as const satisfies readonly SizeName[]

export interface Options {
  readonly help: boolean
  readonly size: SizeName
  readonly programs: readonly string[]
  /** Undefined: as many as the library chooses by itself. */
  readonly threads: number | undefined
  readonly seconds: number
  /** Ordinary arrays too. */
  readonly ordinary: boolean
  /** Only what checks its indices. */
  readonly boundscheck: boolean
  readonly json: string | undefined
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  size: { type: 'string', default: 'MEDIUM' },
  programs: { type: 'string' },
  threads: { type: 'string' },
  seconds: { type: 'string', default: '2' },
  ordinary: { type: 'boolean', default: false },
  boundscheck: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const

export const help = (programs: readonly string[]): string => `Usage: npx tsx bench/polybench/main.ts [options]

Runs the programs of PolyBench/C 4.2.1 as plain JavaScript and compiled, checks that the results are the same, bit for
bit, and shows the times.

  --size NAME      PolyBench's data set: ${SIZES.join(', ')} (MEDIUM)
  --programs a,b   only these, of: ${programs.join(', ')}
  --threads n      threads for the parallel variants (default: all cores, or TSUMBA_NUM_THREADS)
  --seconds s      how long each program is measured (2)
  --ordinary       jit on ordinary arrays too, which have to be copied in and out
  --boundscheck    only variants that check their indices: leaves jit-unchecked out
  --json FILE      write the results to FILE too

Exit status: 0, 1 when a result differs from plain's or a variant fails, 2 for a wrong option.
`

/** @throws UsageError saying what is wrong and what is possible. */
export function parseOptions(argv: readonly string[], known: readonly string[]): Options {
  const values = parse(argv)
  const size = SIZES.find((name) => name === values.size.toUpperCase())
  if (!size) throw new UsageError(`There is no data set '${values.size}'. Remedy: choose from ${SIZES.join(', ')}.`)
  const programs = values.programs?.split(',').map((name) => name.trim()) ?? known
  const strange = programs.find((name) => !known.includes(name))
  if (strange !== undefined) {
    throw new UsageError(`There is no program '${strange}'. Remedy: choose from ${known.join(', ')}.`)
  }
  return {
    help: values.help ?? false,
    size,
    programs: known.filter((name) => programs.includes(name)),
    threads: values.threads === undefined ? undefined : threadCount(values.threads),
    seconds: positive('seconds', values.seconds),
    ordinary: values.ordinary,
    boundscheck: values.boundscheck,
    json: values.json,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}. Remedy: see --help.`)
  }
}

function threadCount(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new UsageError(`--threads is '${text}'. Remedy: give a whole number, 1 or more.`)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (text !== '' && Number.isFinite(value) && value > 0) return value
  throw new UsageError(`--${name} is '${text}'. Remedy: give a number above 0.`)
}
