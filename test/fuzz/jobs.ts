/**
 * A run on several processes: each gets ranges of positions, so a seed means the same programs however many there are.
 * Processes are made anew now and then, before what an engine keeps of a great many compiled functions counts.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { edited, type Plant } from './plants/plant.ts'
import { addTally, noTally, type Tally } from './session.ts'
import type { Answer, Range } from './worker.ts'

/** Positions at a time, and after how many a process ends. */
const RANGE = 500
const LIFE = 20_000

export interface Run {
  readonly seed: number
  readonly from: number
  readonly count: number
  readonly seconds: number
  readonly every: number
  /** Kinds of differences after which no further range is begun. */
  readonly finds: number
  readonly jobs: number
  /** Whether differences are cut down. */
  readonly shrinks: boolean
  readonly progress: (tally: Tally) => void
}

export interface Report {
  readonly tally: Tally
  /** Most bytes that a process held. */
  readonly memory: number
  /** Seconds of processor time. */
  readonly cpu: number
  /** Ranges of which the process died. */
  readonly lost: readonly Range[]
}

/**
 * A worker as one file of plain JavaScript, in a folder that is there while `use` runs: tools that compile while they
 * load would slow every function down. `plant`: a bug in it (plants/).
 */
export async function withWorker<T>(plant: Plant | undefined, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tsumba-fuzz-'))
  const bug = plant?.bug
  const editing: Plugin = {
    name: 'edit',
    setup(bundler) {
      if (bug?.kind !== 'edit') return
      const file = fileURLToPath(new URL(`../../${bug.file}`, import.meta.url))
      bundler.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        path === file ? { contents: edited(readFileSync(file, 'utf8'), bug), loader: 'ts' } : undefined,
      )
    },
  }
  try {
    const file = join(folder, 'worker.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      outfile: file,
      logLevel: 'error',
      plugins: [editing],
      define: { PLANT: JSON.stringify(bug?.kind === 'change' ? plant?.name : '') },
    })
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const runJobs = (run: Run, plant?: Plant): Promise<Report> =>
  withWorker(plant, (file) => new Jobs(run, file).done())

class Jobs {
  private readonly run: Run
  private readonly file: string
  private readonly tally = noTally()
  private readonly lost: Range[] = []
  private readonly end: number
  private next: number
  private memory = 0
  private cpu = 0

  constructor(run: Run, file: string) {
    this.run = run
    this.file = file
    this.next = run.from
    this.end = performance.now() + run.seconds * 1000
  }

  async done(): Promise<Report> {
    await Promise.all(Array.from({ length: this.run.jobs }, () => this.work()))
    return { tally: this.tally, memory: this.memory, cpu: this.cpu, lost: this.lost }
  }

  private range(): Range | undefined {
    const { seed, from, count, every, finds, shrinks } = this.run
    const left = Math.min(RANGE, from + count - this.next)
    if (left <= 0 || performance.now() > this.end) return undefined
    const known = Object.keys(this.tally.differences)
    if (known.length >= finds) return undefined
    const range = { seed, from: this.next, count: left, every, finds, shrinks, known }
    this.next += left
    return range
  }

  private async work(): Promise<void> {
    let child: ChildProcess | undefined
    let age = 0
    for (let range = this.range(); range; range = this.range()) {
      child ??= fork(this.file, { execArgv: ['--no-warnings'] })
      const answer = await ask(child, range)
      age += range.count
      if (answer) {
        addTally(this.tally, answer.tally)
        this.memory = Math.max(this.memory, answer.memory)
        this.cpu += answer.cpu
        this.run.progress(this.tally)
      } else this.lost.push(range)
      if (answer && age < LIFE) continue
      if (child.connected) child.disconnect()
      child = undefined
      age = 0
    }
    if (child?.connected) child.disconnect()
  }
}

/** Undefined where the process died; it has said why by itself (watchdog.ts), or the engine has. */
function ask(child: ChildProcess, range: Range): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const answered = (message: unknown) => {
      child.off('exit', died)
      resolve(message as Answer)
    }
    const died = () => {
      child.off('message', answered)
      resolve(undefined)
    }
    child.once('message', answered)
    child.once('exit', died)
    child.send(range)
  })
}
