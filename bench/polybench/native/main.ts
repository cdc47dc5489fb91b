/** PolyBench in TypeScript against PolyBench's own C and against Numba: `--help` says how, bench/polybench/README.md why. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { header } from '../../../src/cli/compare/machine.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { PROGRAMS } from '../index.ts'
import type { Program } from '../polybench.ts'
import { difference, dumped, parseDump } from './agree.ts'
import { type Clang, compiled, dump, findClang } from './clang.ts'
import { type Entrant, measure, type Timing } from './entrant.ts'
import { findNumba, NumbaProcess } from './numba.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { initialValues, jitted, plain } from './ours.ts'
import { CONTESTANTS, type Contestant, type Row, show } from './show.ts'

/** What there is besides ourselves. */
interface Tools {
  readonly clang: Clang | undefined
  readonly numba: NumbaProcess | undefined
  /** Where binaries and arrays are put. */
  readonly folder: string
}

/** Collects what went wrong with one program, so that the others go on. */
class Findings {
  readonly same = new Set<Contestant>()
  readonly problems: string[] = []

  async attempt<T>(name: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run()
    } catch (error) {
      this.problems.push(`${name}: ${(error as Error).message}`)
      return undefined
    }
  }

  compare(name: Contestant, wrong: string | undefined): void {
    if (wrong === undefined) this.same.add(name)
    else this.problems.push(`${name}: ${wrong}`)
  }
}

/** Results at the size for checking, each against plain's. */
async function check(program: Program, options: Options, tools: Tools, findings: Findings): Promise<void> {
  const initial = initialValues(program, program.sizes[options.check])
  const expected = plain(program, initial)
  await expected.run(1)
  const outputs = expected.outputs()
  const { clang, numba } = tools
  if (clang !== undefined) {
    await findings.attempt('clang exact', async () => {
      const theirs = parseDump(await dump(clang, program, options.check, tools.folder)).map(({ values }) => values)
      const ours = outputs.map((output) => dumped(program.name, output))
      findings.compare('clang exact', difference(theirs, ours))
    })
  }
  if (numba !== undefined) {
    await findings.attempt('Numba', async () => {
      await numba.load(program, initial)
      findings.compare('Numba', difference(await numba.results(program, initial), outputs))
    })
  }
}

async function time(program: Program, options: Options, tools: Tools, findings: Findings) {
  const initial = initialValues(program, program.sizes[options.size])
  const ours = plain(program, initial)
  const entrants = new Map<Contestant, Entrant>([['plain', ours]])
  const add = async (name: Contestant, start: () => Promise<Entrant>) => {
    const entrant = await findings.attempt(name, start)
    if (entrant !== undefined) entrants.set(name, entrant)
  }
  let target: string | null = null
  await ours.run(1)
  await add('jit', async () => {
    const compiledByUs = jitted(program, initial)
    await compiledByUs.run(1)
    findings.compare('jit', difference(compiledByUs.outputs(), ours.outputs()))
    target = compiledByUs.target
    return compiledByUs
  })
  const { clang, numba } = tools
  try {
    if (clang !== undefined) {
      await add('clang exact', () => compiled(clang, program, options.size, 'exact', tools.folder))
      await add('clang', () => compiled(clang, program, options.size, 'fused', tools.folder))
    }
    if (numba !== undefined) await add('Numba', () => numba.load(program, initial))
    const names = [...entrants.keys()]
    const timings = (await findings.attempt('timing', () => measure([...entrants.values()], options.rounds))) ?? []
    const times: Partial<Record<Contestant, Timing>> = Object.fromEntries(timings.map((t, at) => [names[at]!, t]))
    return { times, target }
  } finally {
    for (const entrant of entrants.values()) entrant.close()
  }
}

async function compareAll(programs: readonly Program[], options: Options, tools: Tools): Promise<Row[]> {
  const rows: Row[] = []
  for (const program of programs) {
    process.stderr.write(`${program.name}\n`)
    const findings = new Findings()
    await check(program, options, tools, findings)
    const { times, target } = await time(program, options, tools, findings)
    const parameters = program.sizes[options.size] as Readonly<Record<string, number>>
    rows.push({
      program: program.name,
      parameters,
      target,
      times,
      same: CONTESTANTS.filter((name) => findings.same.has(name)),
      problems: findings.problems,
    })
  }
  return rows
}

async function main(): Promise<void> {
  const options = parseOptions(
    process.argv.slice(2),
    PROGRAMS.map((program) => program.name),
  )
  if (options.help) return void process.stdout.write(HELP)
  const clang = findClang(options.clang, options.source)
  const numba = findNumba(options.python)
  const absent = new Set<Contestant>()
  const notes: string[] = []
  if (typeof clang === 'string') {
    absent.add('clang exact').add('clang')
    notes.push(`clang is absent: ${clang}.`)
  }
  if (typeof numba === 'string') {
    absent.add('Numba')
    notes.push(`Numba is absent: ${numba}.`)
  }
  for (const note of notes) console.error(note)

  const folder = mkdtempSync(join(tmpdir(), 'polybench-'))
  const tools: Tools = {
    clang: typeof clang === 'string' ? undefined : clang,
    numba: typeof numba === 'string' ? undefined : new NumbaProcess(numba, folder),
    folder,
  }
  let rows: Row[]
  try {
    rows = await compareAll(
      PROGRAMS.filter((program) => options.programs.includes(program.name)),
      options,
      tools,
    )
  } finally {
    tools.numba?.close()
    rmSync(folder, { recursive: true, force: true })
  }

  const versions = {
    ...(typeof clang === 'string' ? {} : { clang: clang.version }),
    ...(typeof numba === 'string' ? {} : { numba: numba.version }),
  }
  const { machine, versions: ownVersions, date } = header()
  console.log(`PolyBench ${options.size}, medians of ${options.rounds} samples in turns, one thread each.`)
  console.log(`${machine.cpu}, Node ${ownVersions.node}; ${[...Object.values(versions), ...notes].join('; ')}`)
  for (const line of show(rows, absent)) console.log(line)
  for (const row of rows) for (const problem of row.problems) console.log(`${row.program}: ${problem}`)
  if (options.json !== undefined) {
    const all = { machine, versions: { ...ownVersions, ...versions }, date, size: options.size, check: options.check }
    writeFileSync(options.json, `${JSON.stringify({ ...all, absent: notes, rows }, null, 2)}\n`)
  }
  if (rows.some((row) => row.problems.length > 0)) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
