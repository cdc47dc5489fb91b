/**
 * PolyBench plain and compiled: `npx tsx bench/polybench/main.ts --help`. Prints one table with the times of each program
 * and the ratios over plain, and their geometric means.
 */

import { writeFileSync } from 'node:fs'
import { type Header, header } from '../../src/cli/compare/machine.ts'
import { calculateScores } from '../../src/cli/compare/programs/plain.ts'
import { progressOn } from '../../src/cli/compare/progress.ts'
import { UsageError } from '../../src/cli/usage.ts'
import { getNumThreads, setNumThreads } from '../../src/index.ts'
import { PROGRAMS } from './index.ts'
import { measure } from './measure.ts'
import { help, type Options, parseOptions } from './options.ts'
import type { Argument, Program, Size, SizeName } from './polybench.ts'
import { reportLines } from './show.ts'
import { compileMs, type Kernel, type VariantName, variantsOf } from './variants.ts'

/** One variant of one program. Times are milliseconds; null where there was no successful call. */
export interface Row {
  readonly program: string
  readonly variant: VariantName
  readonly medianMs: number | null
  readonly bestMs: number | null
  /** From source to WebAssembly module; null for plain, and where the compiler refuses. */
  readonly compileMs: number | null
  readonly speedupOverPlain: number | null
  readonly ok: boolean
  /** The largest distance of any element from plain's; null where one of the two is NaN, or there is no result. */
  readonly ulps: number | null
  readonly problem?: string
}

export interface Report {
  readonly header: Header & { readonly size: SizeName; readonly threads: number; readonly seconds: number }
  readonly results: readonly Row[]
}

async function main(argv: readonly string[]): Promise<number> {
  const names = PROGRAMS.map(({ name }) => name)
  const options = parseOptions(argv, names)
  if (options.help) {
    process.stdout.write(help(names))
    return 0
  }
  // A file that cannot be written is said before minutes of measuring, not after.
  if (options.json !== undefined) writeFileSync(options.json, '')
  if (options.threads !== undefined) setNumThreads(options.threads)
  const report = await run(options)
  process.stdout.write(`${reportLines(report).join('\n')}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return report.results.every(({ ok }) => ok) ? 0 : 1
}

async function run({ size, seconds, programs, ordinary, boundscheck }: Options): Promise<Report> {
  const progress = progressOn(process.stderr)
  const wanted: VariantName[] = ['plain', 'jit']
  if (ordinary) wanted.push('jit-ordinary')
  if (!boundscheck) wanted.push('jit-unchecked')
  wanted.push('parallel')

  // Another program first, so that the compiler's own start does not count.
  compileMs({ source: calculateScores as Kernel, options: {} }, [new Float64Array(4), 2, 2])
  const results: Row[] = []
  for (const program of PROGRAMS.filter(({ name }) => programs.includes(name))) {
    progress.start(program.name)
    results.push(...(await rowsOf(program, program.make(program.sizes[size] as Required<Size>), wanted, seconds)))
  }
  progress.clear()
  return { header: { ...header(), size, threads: getNumThreads(), seconds }, results }
}

async function rowsOf(
  program: Program,
  initial: readonly Argument[],
  wanted: readonly VariantName[],
  seconds: number,
): Promise<Row[]> {
  const variants = variantsOf(program, wanted)
  const compiling = variants.map((variant) => {
    try {
      return variant.compiled ? compileMs(variant.compiled, initial) : null
    } catch {
      // The first call says why.
      return null
    }
  })
  const measured = await measure(program, initial, variants, seconds)
  const plainMs = measured[0]!.medianMs
  return measured.map(({ variant, medianMs, bestMs, ulps, problem }, k) => ({
    program: program.name,
    variant: variant.name,
    medianMs: finite(medianMs),
    bestMs: finite(bestMs),
    compileMs: compiling[k]!,
    speedupOverPlain: finite(plainMs / medianMs),
    ok: problem === undefined,
    ulps: Number.isNaN(medianMs) ? null : finite(ulps),
    ...(problem === undefined ? {} : { problem }),
  }))
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`polybench: ${error.message}\n`)
  process.exitCode = 2
}
