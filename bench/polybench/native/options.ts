import { parseArgs } from 'node:util'
import { UsageError } from '../../../src/cli/usage.ts'
import type { SizeName } from '../polybench.ts'

const SIZES: readonly SizeName[] = ['MINI', 'SMALL', 'MEDIUM', 'LARGE', 'EXTRALARGE']
/** Medians of fewer samples say little. */
const MIN_ROUNDS = 5

export interface Options {
  readonly help: boolean
  /** The folder of PolyBench/C; undefined: no C columns. */
  readonly source: string | undefined
  /** The data set that is timed. */
  readonly size: SizeName
  /** The data set whose results are compared. */
  readonly check: SizeName
  readonly programs: readonly string[]
  readonly rounds: number
  readonly clang: string
  readonly python: string
  readonly json: string | undefined
}

const FLAGS = {
  help: { type: 'boolean', short: 'h', default: false },
  source: { type: 'string' },
  size: { type: 'string', default: 'MEDIUM' },
  check: { type: 'string', default: 'SMALL' },
  programs: { type: 'string' },
  rounds: { type: 'string', default: '7' },
  clang: { type: 'string', default: 'clang' },
  python: { type: 'string', default: 'python3' },
  json: { type: 'string' },
} as const

export const HELP = `Usage: npx tsx bench/polybench/native/main.ts --source DIR [options]

PolyBench's programs in plain TypeScript, compiled by tsumba, in C compiled by clang and in Python compiled by Numba:
times of one thread, taken in turns, and whether the results are the same to the bit.

  --source DIR     PolyBench/C 4.2.1, unpacked: https://sourceforge.net/projects/polybench
  --size NAME      the data set that is timed: ${SIZES.join(', ')} (default MEDIUM)
  --check NAME     the data set whose results are compared (default SMALL)
  --programs a,b   only these
  --rounds N       samples of each, at least ${MIN_ROUNDS} (default 7)
  --clang PATH     default: clang
  --python PATH    a Python that has Numba (default: python3)
  --json FILE      write the results to FILE too

Exit status: 0, 1 when a result differs or something failed, 2 for a wrong option.
`

/** @throws UsageError saying what is wrong and what is possible. */
export function parseOptions(argv: readonly string[], known: readonly string[]): Options {
  const { values } = parse(argv)
  return {
    help: values.help,
    source: values.source,
    size: sizeName('--size', values.size),
    check: sizeName('--check', values.check),
    programs: values.programs === undefined ? known : programList(values.programs, known),
    rounds: roundCount(values.rounds),
    clang: values.clang,
    python: values.python,
    json: values.json,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`)
  }
}

function sizeName(flag: string, text: string): SizeName {
  const found = SIZES.find((size) => size === text.toUpperCase())
  if (found === undefined) throw new UsageError(`${flag} ${text}: it is one of ${SIZES.join(', ')}.`)
  return found
}

function programList(text: string, known: readonly string[]): string[] {
  const names = text.split(',')
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`There is no program '${unknown}'; there are ${known.join(', ')}.`)
  return names
}

function roundCount(text: string): number {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < MIN_ROUNDS) {
    throw new UsageError(`--rounds ${text}: a whole number, ${MIN_ROUNDS} or more.`)
  }
  return rounds
}
