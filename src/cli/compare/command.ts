/** `compare`: runs the programs in every variant, checks them against plain, and shows and writes what came out. */

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { refuseUnwritable, writeJson } from '../files.ts'
import { type CopyBandwidth, measureBandwidth } from './bandwidth.ts'
import { measureCeiling } from './ceiling.ts'
import type { Clusters } from './cluster.ts'
import { aboutCeiling, aboutScores, aboutTransfer, boundBy } from './explain.ts'
import { header } from './machine.ts'
import { type Budget, measure } from './measure.ts'
import { candidates, findNumba } from './numba/find.ts'
import { NumbaProcess } from './numba/process.ts'
import { type CompareOptions, compareHelp, parseCompareOptions } from './options.ts'
import { PROGRAMS } from './programs/index.ts'
import type { Args, Case } from './programs/program.ts'
import { type Progress, progressOn } from './progress.ts'
import { type Ceiling, ceilingOf, type Report, type Row, rowsOf } from './rows.ts'
import { showHeader, showRows, showVerdict } from './show.ts'
import { styleFor } from './style.ts'
import { chartSvg, requireChartPackages } from './svg.ts'
import { type Library, type Variant, variantsOf } from './variants.ts'
import { timeScripts } from './wholeScript.ts'

/** `--quick` stays under 20 s in all: five inputs with their first calls, scripts and the bandwidth. */
const BUDGET = {
  full: { seconds: 8, minRounds: 5, scriptRounds: 3, ceilingSeconds: 6, numbaSeconds: 4 },
  quick: { seconds: 0.7, minRounds: 3, scriptRounds: 2, ceilingSeconds: 1, numbaSeconds: 0.4 },
} as const satisfies Record<string, Budget & Record<string, number>>

/** @returns the exit status: 0, or 1 when an answer differs from plain's. */
export async function compare(argv: readonly string[]): Promise<number> {
  const names = PROGRAMS.map((program) => program.name)
  const options = parseCompareOptions(argv, names)
  if (options.help) {
    process.stdout.write(compareHelp(names))
    return 0
  }
  if (options.json !== undefined) refuseUnwritable('json', options.json)
  if (options.svg !== undefined) {
    requireChartPackages()
    refuseUnwritable('svg', options.svg)
  }
  const library = (await import('../../index.ts')) as Library
  if (options.threads !== undefined) library.setNumThreads(options.threads)
  const report = await run(options, library)
  if (options.json !== undefined) writeJson(options.json, report)
  if (options.svg !== undefined) writeFileSync(resolve(options.svg), await chartSvg(report))
  return report.results.every((row) => row.ok) ? 0 : 1
}

async function run(options: CompareOptions, library: Library): Promise<Report> {
  const style = styleFor(process.stdout, process.env)
  const progress = progressOn(process.stderr)
  const print = (...lines: string[]) => {
    progress.clear()
    for (const line of lines) process.stdout.write(`${line}\n`)
  }
  const size = options.quick ? 'quick' : 'full'
  const threads = library.getNumThreads()
  progress.start("this machine's copy bandwidth")
  const copyBandwidth = await measureBandwidth(threads)
  const numba = options.numba ? await findNumba(candidates(options.python, process.env)) : undefined
  const head = {
    ...header(),
    quick: options.quick,
    threads,
    arrays: options.ordinary ? ('ordinary' as const) : ('allocated' as const),
    copyBandwidth,
    ...(numba === undefined ? {} : { numba }),
  }
  print(...showHeader(head, style))

  const wantsClusters = options.cluster || options.scheduler !== undefined
  const clusters = wantsClusters ? new (await import('./cluster.ts')).Clusters(library, options.scheduler) : undefined
  const python = numba?.measured ? new NumbaProcess(numba.python, threads) : undefined
  const results: Row[] = []
  const ceilings: Ceiling[] = []
  try {
    for (const program of PROGRAMS.filter((p) => options.programs.includes(p.name))) {
      const ofProgram: Row[] = []
      for (const [index, input] of program.cases(size).entries()) {
        const rows = await measureInput(input, { options, library, progress, copyBandwidth, python, clusters })
        ofProgram.push(...rows)
        print(...showRows(input.about, rows, style, numba), ...boundBy(input, rows, copyBandwidth))
        print(...aboutTransfer(rows))
        if (options.ceiling && threads > 1) {
          progress.step('independent copies at once')
          const speedup = await measureCeiling(program.name, index, size, threads, BUDGET[size].ceilingSeconds)
          const ceiling = ceilingOf(input, rows, threads, speedup)
          ceilings.push(ceiling)
          print(aboutCeiling(ceiling))
        }
      }
      if (program.name === 'calculateScores') print('', ...aboutScores(ofProgram))
      results.push(...ofProgram)
    }
  } finally {
    python?.close()
    await clusters?.[Symbol.asyncDispose]()
  }
  print('', showVerdict(results, style))
  return { ...head, results, ...(options.ceiling ? { ceilings } : {}) }
}

interface Setting {
  readonly options: CompareOptions
  readonly library: Library
  readonly progress: Progress
  readonly copyBandwidth: CopyBandwidth
  readonly python: NumbaProcess | undefined
  readonly clusters: Clusters | undefined
}

async function measureInput(input: Case, setting: Setting): Promise<Row[]> {
  const { options, library, progress, copyBandwidth, python, clusters } = setting
  const budget = BUDGET[options.quick ? 'quick' : 'full']
  const threads = library.getNumThreads()
  const step = (what: string) => progress.step(what)
  progress.start(`${input.program}, n = ${input.n.toLocaleString('en-US')}`)
  // Plain is plain in its arrays too: only compiled variants get arrays from allocate().
  const ordinary = input.inputs((length) => new Float64Array(length))
  const compiled = options.ordinary ? ordinary : input.inputs((length) => library.allocate(Float64Array, length))
  const inputs = (variant: Variant): Args => (variant.compiled ? compiled : ordinary)
  const { measurements, plain } = await measure(input, variantsOf(input, library), inputs, budget, step)
  if (compiled !== ordinary) release(compiled)
  if (python !== undefined && plain !== undefined) {
    step('Numba')
    const numbaBudget = { ...budget, seconds: budget.numbaSeconds }
    measurements.push(...(await python.measure(input, ordinary, plain, numbaBudget, step)))
  }
  if (clusters !== undefined && plain !== undefined) {
    measurements.push(...(await clusters.measure(input, ordinary, plain, budget, step)))
  }
  if (input.csv === undefined) return rowsOf(input, measurements, [], threads, copyBandwidth)
  step('whole scripts')
  const scripts = await timeScripts(input, threads, budget.scriptRounds)
  return rowsOf(input, measurements, scripts, threads, copyBandwidth)
}

/** What `using` does at the end of a scope, for arrays that were made in a loop. */
function release(args: Args): void {
  for (const arg of args) (arg as Partial<Disposable>)[Symbol.dispose]?.()
}
