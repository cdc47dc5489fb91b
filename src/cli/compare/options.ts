import { PACKAGE } from '../../types.ts'
import { fileName, parseFlags, threadCount } from '../flags.ts'
import { UsageError } from '../usage.ts'
import { CHART_PACKAGES } from './svg.ts'

export interface CompareOptions {
  readonly help: boolean
  readonly quick: boolean
  readonly programs: readonly string[]
  /** Undefined: as many as the library chooses by itself. */
  readonly threads: number | undefined
  readonly json: string | undefined
  readonly svg: string | undefined
  /** Ordinary typed arrays instead of `allocate`d ones for the compiled variants. */
  readonly ordinary: boolean
  readonly ceiling: boolean
  readonly numba: boolean
  /** The Python to ask for Numba; undefined: one is looked for. */
  readonly python: string | undefined
  readonly cluster: boolean
  /** A Dask scheduler to run on too; undefined: none. */
  readonly scheduler: string | undefined
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  quick: { type: 'boolean' },
  programs: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'string' },
  svg: { type: 'string' },
  ordinary: { type: 'boolean' },
  ceiling: { type: 'boolean' },
  numba: { type: 'boolean' },
  python: { type: 'string' },
  cluster: { type: 'boolean' },
  scheduler: { type: 'string' },
} as const

export const compareHelp = (programs: readonly string[]): string => `Usage: ${PACKAGE} compare [options]

Runs each program as plain JavaScript and compiled, checks that the answers are the same, and shows the times.

  --quick          small inputs, under 20 seconds
  --programs a,b   only these, of: ${programs.join(', ')}
  --threads n      threads for the parallel variants (default: all cores, or TSUMBA_NUM_THREADS)
  --ordinary       call the compiled variants with ordinary arrays, which are copied in and out,
                   instead of arrays from allocate()
  --ceiling        also measure how much faster this machine does independent copies of each job at once,
                   one a thread: no parallel version can be expected to gain more
  --numba          also run the same programs on the same data in Numba, if a Python here has it
  --python PATH    that Python (default: TSUMBA_PYTHON, an active virtual environment, python3, python)
  --cluster        also run logProduct and calculateScores in tasks on workers, threads and processes of
                   this machine; transfer and computing are shown apart
  --scheduler ADDR also on the workers of the Dask scheduler there, such as tcp://127.0.0.1:8786
  --json FILE      write the results to FILE too
  --svg FILE       draw them as a bar chart; needs ${CHART_PACKAGES.join(' and ')}: npm i ${CHART_PACKAGES.join(' ')}
  --help           show this text

Exit status: 0, 1 when an answer differs from plain's, 2 for a wrong option.
`

/** @throws UsageError saying what is wrong and what is possible. */
export function parseCompareOptions(argv: readonly string[], known: readonly string[]): CompareOptions {
  const { values, positionals } = parseFlags('compare', argv, FLAGS)
  if (positionals.length > 0) {
    throw new UsageError(`compare takes no argument '${positionals[0]}'. Remedy: name programs with --programs a,b.`)
  }
  return {
    help: values.help ?? false,
    quick: values.quick ?? false,
    programs: values.programs === undefined ? known : programList(values.programs, known),
    threads: threadCount(values.threads),
    json: fileName('json', values.json),
    svg: fileName('svg', values.svg),
    ordinary: values.ordinary ?? false,
    ceiling: values.ceiling ?? false,
    numba: values.numba ?? false,
    python: pythonPath(values.python, values.numba ?? false),
    cluster: values.cluster ?? false,
    scheduler: values.scheduler,
  }
}

function programList(text: string, known: readonly string[]): string[] {
  const wanted = text.split(',').map((name) => name.trim())
  for (const name of wanted) {
    if (!known.includes(name)) {
      throw new UsageError(
        `There is no program '${name}'. Remedy: choose from ${known.join(', ')}, with commas between.`,
      )
    }
  }
  return known.filter((name) => wanted.includes(name))
}

function pythonPath(path: string | undefined, wanted: boolean): string | undefined {
  if (path === undefined) return undefined
  if (!wanted) throw new UsageError('--python is the Python for --numba. Remedy: give --numba too, or leave it out.')
  if (path === '') throw new UsageError('--python has no path. Remedy: --numba --python numba-env/bin/python')
  return path
}
