/**
 * One program through everything that can run it, each result held against plain JavaScript's: the interpreter after
 * lowering and after every pass, checked JavaScript and WebAssembly, on one thread and on several.
 */

import { Compiled } from '../../src/driver/compile.ts'
import { ARG_TYPES, codeOf } from '../../src/driver/signature.ts'
import { CompileError } from '../../src/errors.ts'
import { jit } from '../../src/index.ts'
import { InterpretFailure, type InterpretOptions, interpret, OutOfFuel } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { print as printModule } from '../../src/ir/print.ts'
import { verify } from '../../src/ir/verify.ts'
import { runPasses } from '../../src/passes/index.ts'
import { allocate } from '../../src/runtime/arrays.ts'
import { forkJoin, setNumThreads } from '../../src/runtime/threads.ts'
import { Unsupported } from '../../src/targets/target.ts'
import type { TypedArray } from '../../src/types.ts'
import { keepPromises, makeArgs } from './inputs.ts'
import { type Outcome, type Plain, runPlain } from './oracle.ts'
import {
  contextFor,
  GRAIN,
  hasPrange,
  hasTree,
  launches,
  type Subject,
  settingsFor,
  subjectOf,
  withGrain,
} from './subject.ts'
import { isNear } from './sums.ts'
import type { ArrayName } from './tree.ts'
import { attempt, type Case, Disagreement, type Ending, sameArgs, sameOutcome, type Verdict } from './verdict.ts'

export interface CheckOptions {
  /** Iterations of plain JavaScript at most. */
  readonly fuel?: number
  /** Numbers of threads for parallel programs. */
  readonly threads?: readonly number[]
}

/** Iterations that plain JavaScript is waited for. */
export const FUEL = 4000
/** Statements that the interpreter may run for the same. */
const INTERPRETER_FUEL = 2_000_000

export function check(program: Case, options: CheckOptions = {}): Verdict {
  if (!keepPromises(program.inputs)) return { kind: 'skipped' }
  const plainArgs = makeArgs(program.inputs)
  const plain = runPlain(program.functions, 'kernel', plainArgs, options.fuel ?? FUEL)
  const { outcome } = plain
  if (outcome.kind === 'endless' || outcome.kind === 'broken') return { kind: 'skipped' }
  const executions = new Executions(program, { outcome, args: plainArgs }, plain)
  try {
    executions.serial()
    if (hasPrange(program)) executions.parallel(options.threads ?? [1, 2, 5])
    return { kind: 'agree', failing: outcome.kind === 'failure' }
  } catch (error) {
    if (error instanceof Disagreement) return error.difference
    if (error instanceof CompileError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}

class Executions {
  private readonly program: Case
  private readonly plain: Ending
  private readonly judged: Plain
  private readonly subject: Subject

  constructor(program: Case, plain: Ending, judged: Plain) {
    this.program = program
    this.plain = plain
    this.judged = judged
    this.subject = subjectOf(program, plain.outcome)
  }

  serial(): void {
    const compiled = this.compile(false)
    const reference = this.interpretAll(compiled, false)
    for (const target of ['js', 'wasm'] as const) this.runLoaded(compiled, target, `${target}, serial`, reference, true)
    this.runPublic(reference)
  }

  parallel(threads: readonly number[]): void {
    const compiled = this.compile(true)
    const reference = this.interpretAll(compiled, true)
    for (const n of threads) {
      setNumThreads(n)
      for (const target of ['js', 'wasm'] as const) {
        this.runLoaded(compiled, target, `${target}, parallel, ${n} threads`, reference, false)
      }
    }
    const frugal = this.compile(true)
    for (const target of ['js', 'wasm'] as const) {
      this.runLoaded(frugal, target, `${target}, parallel, what is worth it`, reference, false, GRAIN)
    }
  }

  private compile(parallel: boolean): Compiled {
    const args = makeArgs(this.program.inputs)
    const types = args.map((arg) => ARG_TYPES[codeOf(arg)]!)
    try {
      return new Compiled(this.subject.kernel, types, settingsFor(this.subject, parallel), false)
    } catch (error) {
      if (error instanceof CompileError) throw error
      return this.crash('compiling', error, () => '')
    }
  }

  /**
   * The interpreter after lowering and after each pass that changed something. Where a sum got its tree, what the
   * interpreter says of it is the reference from there on, and must be near what plain JavaScript has.
   */
  private interpretAll(compiled: Compiled, parallel: boolean): Ending {
    const portable = compiled.program.module
    const name = parallel ? 'parallel' : 'serial'
    const lowered = this.interpretOne(portable, `interpreter, ${name}, lowered`, this.plain, hasTree(portable))
    let final: Ending | undefined
    for (const target of ['js', 'wasm'] as const) {
      let reference = lowered
      const context = contextFor(settingsFor(this.subject, parallel), target, target === 'js' ? GRAIN : 0)
      try {
        runPasses(portable, context, (after, pass, before) => {
          if (after === before) return
          const fresh = hasTree(after) && !hasTree(before)
          reference = this.interpretOne(after, `interpreter, ${name}, ${target} after ${pass.name}`, reference, fresh)
        })
      } catch (error) {
        if (error instanceof CompileError || error instanceof Disagreement) throw error
        this.crash(`passes, ${name}, ${target}`, error, () => printModule(portable))
      }
      // Targets have one tree.
      if (final) this.hold(`trees, ${name}`, final, reference, () => printModule(portable), true)
      final = reference
    }
    return final!
  }

  private interpretOne(module: Module, execution: string, reference: Ending, trees: boolean): Ending {
    const text = () => printModule(module)
    try {
      verify(module)
    } catch (error) {
      this.crash(`verifier, ${execution}`, error, text)
    }
    const ending = this.interpretWith(module, {})
    if (ending.outcome.kind === 'endless') return reference
    if (trees) {
      if (!isNear(this.program, this.judged, ending)) this.disagree(execution, reference, ending, text)
      return ending
    }
    this.hold(execution, reference, ending, text, true)
    if (launches(module) && reference.outcome.kind === 'value') {
      const split = this.interpretWith(module, { chunk: 1, reverse: true })
      if (split.outcome.kind !== 'endless') this.hold(`${execution}, backwards`, reference, split, text, true)
    }
    return reference
  }

  private interpretWith(module: Module, options: InterpretOptions): Ending {
    const args = makeArgs(this.program.inputs)
    const given = args.filter((arg) => arg !== undefined)
    try {
      const value = interpret(module, given, { fuel: INTERPRETER_FUEL, ...options })
      return { outcome: { kind: 'value', value }, args }
    } catch (error) {
      return { outcome: interpreted(error, module), args }
    }
  }

  private runLoaded(
    compiled: Compiled,
    target: 'js' | 'wasm',
    execution: string,
    reference: Ending,
    effects: boolean,
    grain = 0,
  ): void {
    let loaded: ReturnType<Compiled['load']>
    try {
      loaded = withGrain(grain, () => compiled.load(target))
    } catch (error) {
      if (error instanceof Unsupported) return
      this.crash(execution, error, () => printModule(compiled.program.module))
    }
    const text = () => withGrain(grain, () => printModule(compiled.lowerFor(target).module))
    for (const shared of [false, true]) {
      const args = shared ? makeArgs(this.program.inputs, allocated) : makeArgs(this.program.inputs)
      const outcome = attempt(() => loaded.call(args))
      this.hold(`${execution}${shared ? ', allocated' : ''}`, reference, { outcome, args }, text, effects)
    }
  }

  /** By the front door, with whatever target it picks. */
  private runPublic(reference: Ending): void {
    const args = makeArgs(this.program.inputs)
    const jitted = jit(this.subject.kernel as (...a: unknown[]) => unknown, this.subject.options)
    this.hold('jit', reference, { outcome: attempt(() => jitted(...args)), args }, () => '', true)
  }

  /** Effects of a call that failed are compared where iterations run in order. */
  private hold(execution: string, expected: Ending, actual: Ending, module: () => string, effects: boolean): void {
    const compareArgs = effects || expected.outcome.kind === 'value'
    if (sameOutcome(expected, actual) && (!compareArgs || sameArgs(expected, actual))) return
    this.disagree(execution, expected, actual, module)
  }

  private crash(execution: string, error: unknown, module: () => string): never {
    return this.disagree(execution, this.plain, { outcome: { kind: 'broken', error }, args: [] }, module)
  }

  private disagree(execution: string, expected: Ending, actual: Ending, module: () => string): never {
    throw new Disagreement({ kind: 'differ', execution, expected, actual, module: module() })
  }
}

const allocated = (type: ArrayName, length: number): TypedArray =>
  allocate(globalThis[type] as never, length) as unknown as TypedArray

function interpreted(error: unknown, module: Module): Outcome {
  if (error instanceof OutOfFuel) return { kind: 'endless' }
  if (!(error instanceof InterpretFailure)) return { kind: 'broken', error }
  const code = module.sites[error.site]?.code ?? 'no site'
  return { kind: 'failure', code: code === 'memory' ? 'length' : code, index: error.value0 }
}

/**
 * Makes every parallel loop share out its iterations from the first one on, a few at a time: with their own pace, loops
 * as short as these would end before a second thread is asked.
 */
export function shareEverything(): void {
  const fork = forkJoin() as unknown as {
    solo: (lo: number, hi: number, budget: number, here: (lo: number, hi: number) => number) => number
    soloAt: number
    soloPace: number
  }
  const alone = fork.solo
  fork.solo = (lo, hi, budget, here) => {
    if (budget === Infinity) return alone(lo, hi, budget, here)
    fork.soloAt = lo
    // As if an iteration took so long that a chunk is one of them.
    fork.soloPace = 1
    return 0
  }
}
