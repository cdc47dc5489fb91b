/**
 * One program through everything that can run it, each result held against plain JavaScript's: the interpreter after
 * lowering and after every pass, checked JavaScript and WebAssembly, on one thread and on several.
 */

import { atomic } from '../../src/atomic.ts'
import { Compiled } from '../../src/driver/compile.ts'
import { settingsOf } from '../../src/driver/options.ts'
import { ARG_TYPES, codeOf } from '../../src/driver/signature.ts'
import { BoundsError, CompileError, TsumbaError } from '../../src/errors.ts'
import { jit } from '../../src/index.ts'
import { InterpretFailure, type InterpretOptions, interpret, OutOfFuel } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { print as printModule } from '../../src/ir/print.ts'
import { verify } from '../../src/ir/verify.ts'
import { visitStmts } from '../../src/ir/walk.ts'
import { runPasses } from '../../src/passes/index.ts'
import { prange } from '../../src/prange.ts'
import { allocate } from '../../src/runtime/arrays.ts'
import { forkJoin, setNumThreads } from '../../src/runtime/threads.ts'
import { Unsupported } from '../../src/targets/target.ts'
import type { TypedArray } from '../../src/types.ts'
import { isArray, makeArgs, same, sameArray } from './inputs.ts'
import { type Outcome, type Plain, runPlain } from './oracle.ts'
import { ARRAYS, type ArrayName, type Input } from './tree.ts'

/** A program as text: what regressions are written in, and what trees print as. */
export interface Case {
  /** Function declarations; the last one, `kernel`, may call the others. */
  readonly functions: readonly string[]
  readonly inputs: readonly Input[]
}

export type Verdict =
  | { readonly kind: 'agree' }
  /** The compiler said why not: a code of CompileError. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Plain JavaScript took too long, or did nothing to compare with. */
  | { readonly kind: 'skipped' }
  | Difference

export interface Difference {
  readonly kind: 'differ'
  /** What ran: `wasm, parallel, 2 threads`. */
  readonly execution: string
  readonly expected: Ending
  readonly actual: Ending
  readonly module: string
}

/** How a call ended and what its arguments hold afterwards. */
export interface Ending {
  readonly outcome: Outcome
  readonly args: readonly unknown[]
}

export interface CheckOptions {
  /** Iterations of plain JavaScript at most. */
  readonly fuel?: number
  /** Numbers of threads for parallel programs. */
  readonly threads?: readonly number[]
}

/** Given to the compiler outright: it would look for them in the scopes first, by the inspector, for 25 ms a program. */
const GLOBALS = ['Math', 'Number', 'Boolean', 'isNaN', 'isFinite', 'NaN', 'Infinity', ...ARRAYS]
const FUEL = 4000
/** Statements that the interpreter may run for the same. */
const INTERPRETER_FUEL = 2_000_000

export function check(program: Case, options: CheckOptions = {}): Verdict {
  const plainArgs = makeArgs(program.inputs)
  const plain = runPlain(program.functions, 'kernel', plainArgs, options.fuel ?? FUEL)
  const { outcome } = plain
  if (outcome.kind === 'endless' || outcome.kind === 'broken') return { kind: 'skipped' }
  const subject = new Subject(program, { outcome, args: plainArgs }, plain)
  try {
    const parallel = program.functions.some((text) => text.includes('prange'))
    subject.serial()
    if (parallel) subject.parallel(options.threads ?? [1, 2, 5])
    return { kind: 'agree' }
  } catch (error) {
    if (error instanceof Disagreement) return error.difference
    if (error instanceof CompileError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}

class Disagreement extends Error {
  readonly difference: Difference
  constructor(difference: Difference) {
    super(difference.execution)
    this.difference = difference
  }
}

class Subject {
  private readonly program: Case
  private readonly plain: Ending
  private readonly sums: Plain['sums']
  private readonly kernel: (...args: never[]) => unknown
  private readonly captures: () => Record<string, unknown>

  constructor(program: Case, plain: Ending, { sums }: Plain) {
    this.program = program
    this.plain = plain
    this.sums = sums
    const names = program.functions.map((text) => /^function (\w+)/.exec(text)![1]!)
    const text = `${program.functions.join('\n')}
return { kernel, captures: () => ({ ${['prange', 'atomic', ...GLOBALS, ...names.slice(0, -1)].join(', ')} }) }`
    const made = new Function('prange', 'atomic', text)(prange, atomic)
    this.kernel = made.kernel
    this.captures = made.captures
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
  }

  private compile(parallel: boolean): Compiled {
    const args = makeArgs(this.program.inputs)
    const types = args.map((arg) => ARG_TYPES[codeOf(arg)]!)
    try {
      return new Compiled(this.kernel, types, settingsOf({ parallel, captures: this.captures }), false)
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
      const context = {
        target,
        parallel,
        reassociate: false,
        independent: [],
        boundscheck: true,
        note: () => {},
      }
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
      if (!this.near(ending)) this.disagree(execution, reference, ending, text)
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
  ): void {
    let loaded: ReturnType<Compiled['load']>
    try {
      loaded = compiled.load(target)
    } catch (error) {
      if (error instanceof Unsupported) return
      this.crash(execution, error, () => printModule(compiled.program.module))
    }
    const text = () => printModule(compiled.lowerFor(target).module)
    for (const shared of [false, true]) {
      const args = shared ? makeArgs(this.program.inputs, allocated) : makeArgs(this.program.inputs)
      const outcome = attempt(() => loaded.call(args))
      this.hold(`${execution}${shared ? ', allocated' : ''}`, reference, { outcome, args }, text, effects)
    }
  }

  /** By the front door, with whatever target it picks. */
  private runPublic(reference: Ending): void {
    const args = makeArgs(this.program.inputs)
    const jitted = jit(this.kernel as (...a: unknown[]) => unknown, { captures: this.captures })
    this.hold('jit', reference, { outcome: attempt(() => jitted(...args)), args }, () => '', true)
  }

  /** Effects of a call that failed are compared where iterations run in order. */
  private hold(execution: string, expected: Ending, actual: Ending, module: () => string, effects: boolean): void {
    const compareArgs = effects || expected.outcome.kind === 'value'
    if (sameOutcome(expected, actual) && (!compareArgs || sameArgs(expected, actual))) return
    this.disagree(execution, expected, actual, module)
  }

  /** A reordered sum that is returned is within n·ε·Σ|x|; what else came of one cannot be judged by itself. */
  private near(ending: Ending): boolean {
    const { outcome } = this.plain
    if (outcome.kind !== 'value' || ending.outcome.kind !== 'value') return true
    const [expected, actual] = [outcome.value, ending.outcome.value]
    if (typeof expected !== 'number' || typeof actual !== 'number' || !this.returnsSum()) return true
    if (same(expected, actual)) return true
    const { count, magnitude } = this.sums
    return !Number.isFinite(magnitude) || Math.abs(expected - actual) <= (count + 2) * 2 ** -52 * magnitude
  }

  /** The kernel ends with one prange over a sum and the return of it. */
  private returnsSum(): boolean {
    const text = this.program.functions[this.program.functions.length - 1]!
    const loops = text.match(/prange/g)?.length ?? 0
    const name = /return (\w+)\n}$/.exec(text)?.[1]
    return loops === 1 && name !== undefined && new RegExp(`^ {4}${name} [+-]= `, 'm').test(text)
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

function attempt(call: () => unknown): Outcome {
  try {
    return { kind: 'value', value: call() }
  } catch (error) {
    if (error instanceof CompileError) throw error
    if (error instanceof BoundsError) {
      const index = /index (\S+) (?:of|is)/.exec(error.message)?.[1]
      return { kind: 'failure', code: 'bounds', index: index === undefined ? undefined : Number(index) }
    }
    if (error instanceof TsumbaError && (error.code === 'length' || error.code === 'integer')) {
      return { kind: 'failure', code: error.code, index: undefined }
    }
    return { kind: 'broken', error }
  }
}

function interpreted(error: unknown, module: Module): Outcome {
  if (error instanceof OutOfFuel) return { kind: 'endless' }
  if (!(error instanceof InterpretFailure)) return { kind: 'broken', error }
  const code = module.sites[error.site]?.code ?? 'no site'
  return { kind: 'failure', code: code === 'memory' ? 'length' : code, index: error.value0 }
}

function sameOutcome(expected: Ending, actual: Ending): boolean {
  const [a, b] = [expected.outcome, actual.outcome]
  if (a.kind === 'failure' && b.kind === 'failure') {
    return a.code === b.code && (a.code !== 'bounds' || same(a.index! + 0, b.index! + 0))
  }
  if (a.kind !== 'value' || b.kind !== 'value') return false
  if (!isArray(a.value)) return same(a.value, b.value)
  if (!isArray(b.value)) return false
  // An argument that comes back is that very argument.
  const position = expected.args.indexOf(a.value)
  if (position >= 0) return actual.args[position] === b.value
  return !actual.args.includes(b.value) && sameArray(a.value, b.value)
}

const sameArgs = (expected: Ending, actual: Ending): boolean =>
  expected.args.every((arg, k) => !isArray(arg) || sameArray(arg, actual.args[k] as TypedArray))

/** Whether sums or products of floats are reordered in it. */
const hasTree = (module: Module): boolean =>
  some(module, (s) => s.kind === 'for' && s.reductions.some((r) => r.order === 'tree' && isFloat(r)))
const isFloat = ({ op, local }: { op: string; local: { type: unknown } }): boolean =>
  (op === 'add' || op === 'mul') && ['f64', 'f32'].includes((local.type as { name: string }).name)
const launches = (module: Module): boolean => some(module, (s) => s.kind === 'launch')

function some(module: Module, test: (s: import('../../src/ir/ir.ts').Stmt) => boolean): boolean {
  let found = false
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        found ||= test(s)
      },
    })
  }
  return found
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
