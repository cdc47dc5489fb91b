/**
 * Numba's times: a Python process of its own that runs numba_times.py, one job after another. It lives as long as the
 * comparison, so that importing Numba is paid once; between jobs it waits for its next line and uses no time.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { PACKAGE } from '../../../types.ts'
import { check, type Result } from '../check.ts'
import { type Budget, type Measurement, summary } from '../measure.ts'
import { type Args, allowance, type Case } from '../programs/program.ts'
import { type Label, NUMBA_VARIANTS } from '../variants.ts'
import { numbaScript } from './find.ts'

/** What the script says; see its head. */
export type NumbaMessage =
  | { readonly step: string }
  | { readonly done: true; readonly threadingLayer: string | null }
  | { readonly variant: string; readonly problem: string }
  | {
      readonly variant: string
      readonly firstCallMs: number
      readonly samples: readonly number[]
      readonly answer: string
      readonly dtype: string
    }

/** Compiling and warming up come on top of the budget; a job that takes longer than both is given up. */
const PATIENCE_SECONDS = 120
/** Of what Python writes to stderr, so much is kept for a message. */
const STDERR_KEPT = 4000

export const NUMBA_LABELS: readonly Label[] = NUMBA_VARIANTS.map((name) => ({
  name,
  parallel: name === 'numba-parallel',
  relaxed: name === 'numba-fastmath',
}))

export class NumbaProcess {
  private readonly child: ChildProcessWithoutNullStreams
  private readonly lines: Interface
  private readonly folder = mkdtempSync(join(tmpdir(), `${PACKAGE}-numba-`))
  private stderr = ''
  private gone: string | undefined
  private listener: ((message: NumbaMessage | Error) => void) | undefined

  constructor(python: string, threads: number, script: string = numbaScript()) {
    const env = { ...process.env, NUMBA_NUM_THREADS: String(threads), NUMBA_DISABLE_JIT: '0' }
    this.child = spawn(python, [script], { env })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_KEPT)
    })
    this.lines = createInterface({ input: this.child.stdout })
    this.lines.on('line', (line) => {
      try {
        this.listener?.(JSON.parse(line) as NumbaMessage)
      } catch {
        this.listener?.(new Error(`Python printed '${line}'`))
      }
    })
    const end = (why: string) => {
      this.gone ??= why
      this.listener?.(new Error(this.gone))
    }
    this.child.on('error', (error) => end(`Python cannot be started: ${error.message}`))
    this.child.on('close', (code, signal) => {
      const last = this.stderr.trim().split('\n').at(-1)
      end(`Python ended (${signal ?? `status ${code}`})${last ? `: ${last}` : ''}`)
    })
    // A process that is gone is reported by 'close'.
    this.child.stdin.on('error', () => {})
  }

  /** Never throws: what goes wrong stands in the measurements. */
  async measure(
    program: Case,
    args: Args,
    plain: Result,
    budget: Budget,
    progress: (what: string) => void,
  ): Promise<Measurement[]> {
    const answers = join(this.folder, 'answers')
    mkdirSync(answers, { recursive: true })
    const given = args.map((arg, k) => {
      if (typeof arg === 'number') return arg
      const file = join(this.folder, `argument${k}.float64`)
      writeFileSync(file, arg)
      return { file }
    })
    const { seconds, minRounds } = budget
    const job = { program: program.program, arguments: given, seconds, minRounds, answers }
    const said = new Map<string, NumbaMessage>()
    let failure: string | undefined
    try {
      await this.run(job, (PATIENCE_SECONDS + seconds) * 1e3, (message) => {
        if ('step' in message) progress(message.step)
        else if ('variant' in message) said.set(message.variant, message)
      })
    } catch (error) {
      failure = (error as Error).message
    }
    const measurements = NUMBA_LABELS.map((label) =>
      measurementOf(label, said.get(label.name), failure, program, plain),
    )
    rmSync(answers, { recursive: true, force: true })
    return measurements
  }

  close(): void {
    this.listener = undefined
    this.lines.close()
    this.child.stdin.end()
    this.child.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private run(job: object, limitMs: number, listen: (message: NumbaMessage) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.gone !== undefined) return reject(new Error(this.gone))
      const limit = setTimeout(() => {
        this.child.kill()
        settle(new Error(`Numba gave no answer within ${limitMs / 1e3} s`))
      }, limitMs)
      const settle = (error?: Error) => {
        clearTimeout(limit)
        this.listener = undefined
        if (error) reject(error)
        else resolve()
      }
      this.listener = (message) => {
        if (message instanceof Error) settle(message)
        else if ('done' in message) settle()
        else listen(message)
      }
      this.child.stdin.write(`${JSON.stringify(job)}\n`)
    })
  }
}

/** Checks a variant's answer as ours are checked. */
export function measurementOf(
  label: Label,
  message: NumbaMessage | undefined,
  failure: string | undefined,
  program: Case,
  plain: Result,
): Measurement {
  const failed = (problem: string) =>
    summary({ variant: label, samples: [], firstCallMs: NaN, ulps: 0, problem: `Numba: ${problem}` })
  if (message === undefined || !('variant' in message)) return failed(failure ?? 'said nothing of this variant')
  if ('problem' in message) return failed(message.problem)
  const { ulps, problem } = check(
    readAnswer(message.answer, message.dtype),
    plain,
    allowance(program, { ...label, compiled: true }, plain),
  )
  return summary({ variant: label, samples: [...message.samples], firstCallMs: message.firstCallMs, ulps, problem })
}

function readAnswer(file: string, dtype: string): Result {
  const bytes = readFileSync(file)
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  return dtype === 'float32' ? new Float32Array(copy) : new Float64Array(copy)
}
