/**
 * One program through plain JavaScript and WebAssembly alone, on one thread, over arrays that stand in shared memory: a
 * fiftieth of what check.ts takes, for the first look at a great many programs.
 */

import { Compiled } from '../../src/driver/compile.ts'
import { ARG_TYPES, codeOf } from '../../src/driver/signature.ts'
import { CompileError } from '../../src/errors.ts'
import { interpret } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { print } from '../../src/ir/print.ts'
import { runPasses } from '../../src/passes/index.ts'
import { setNumThreads, unregisterProgram } from '../../src/runtime/threads.ts'
import { programs } from '../../src/runtime/threads-team.ts'
import { loadWasm } from '../../src/runtime/wasm.ts'
import { Unsupported } from '../../src/targets/target.ts'
import { wasm } from '../../src/targets/wasm/index.ts'
import { Arena } from './arena.ts'
import { keepPromises, makeArgs } from './inputs.ts'
import { type Outcome, type Plain, runPlain } from './oracle.ts'
import { contextFor, GRAIN, hasPrange, hasTree, settingsFor, subjectOf } from './subject.ts'
import { isNear } from './sums.ts'
import { attempt, type Case, type Ending, sameArgs, sameOutcome, type Verdict } from './verdict.ts'

/** What became of a program on its way, for those who count (coverage.ts). */
export interface Seen {
  /** After annotate: loops as they were written, reductions marked. */
  readonly annotated: Module
  /** Before Math functions are written out. */
  readonly vectors: Module
  /** As the emitter got it. */
  readonly final: Module
  /** The passes that changed something. */
  readonly changed: readonly string[]
  readonly notes: readonly string[]
}

interface Judged extends Plain, Ending {
  readonly outcome: Outcome
}

let arena: Arena | undefined

/** `shift` decides where arrays stand within 16 bytes. */
export function quickCheck(program: Case, shift: number, fuel: number, seen?: (what: Seen) => void): Verdict {
  if (!keepPromises(program.inputs)) return { kind: 'skipped' }
  const plainArgs = makeArgs(program.inputs)
  const plain = runPlain(program.functions, 'kernel', plainArgs, fuel)
  const { outcome } = plain
  if (outcome.kind === 'endless' || outcome.kind === 'broken') return { kind: 'skipped' }
  const expected: Judged = { ...plain, args: plainArgs }
  try {
    return run(program, expected, shift, seen)
  } catch (error) {
    if (error instanceof CompileError) return { kind: 'refused', code: error.code, message: error.message }
    if (error instanceof Unsupported) return { kind: 'skipped' }
    const broken: Ending = { outcome: { kind: 'broken', error }, args: [] }
    return { kind: 'differ', execution: 'quick', expected, actual: broken, module: '' }
  } finally {
    forget()
  }
}

function run(program: Case, plain: Judged, shift: number, seen: ((what: Seen) => void) | undefined): Verdict {
  arena ??= new Arena()
  arena.reset(shift)
  const args = makeArgs(program.inputs, arena.allocate)
  const subject = subjectOf(program, plain.outcome)
  const parallel = hasPrange(program) && shift % 4 !== 0
  const settings = settingsFor(subject, parallel)
  const types = args.map((arg) => ARG_TYPES[codeOf(arg)]!)
  const compiled = new Compiled(subject.kernel, types, settings, false)
  const notes: string[] = []
  const changed: string[] = []
  let annotated = compiled.program.module
  let vectors = annotated
  const grain = shift % 2 === 0 ? GRAIN : 0
  const context = { ...contextFor(settings, 'wasm', grain), note: (_: unknown, text: string) => void notes.push(text) }
  const module = runPasses(annotated, context, (after, pass, before) => {
    if (pass.name === 'annotate') annotated = after
    if (pass.name === 'expand') vectors = before
    if (after !== before) changed.push(pass.name)
  })
  seen?.({ annotated, vectors, final: module, changed, notes })
  const loaded = loadWasm(wasm.emit(module), {
    name: 'kernel',
    // Arrays in shared memory are not lent.
    use: [],
    canFail: true,
    sites: module.sites,
    // A frame asks the inspector for the line.
    sources: module.sources.map(({ name, text }) => ({ name, text, line: 1 })),
  })
  setNumThreads(1)
  const actual: Ending = { outcome: attempt(() => loaded.call(args)), args }
  const expected = hasTree(annotated) ? reordered(annotated, program, plain) : plain
  const differ = (execution: string): Verdict => ({
    kind: 'differ',
    execution,
    expected,
    actual,
    module: print(module),
  })
  if (!isNear(program, plain, expected)) return differ('quick, a sum far from the one in order')
  if (!arena.isIntact()) return differ('quick, outside of all arrays')
  // After a failure in a parallel loop more iterations may have run.
  const effects = !parallel || expected.outcome.kind === 'value'
  if (sameOutcome(expected, actual) && (!effects || sameArgs(expected, actual))) {
    return { kind: 'agree', failing: expected.outcome.kind === 'failure' }
  }
  return differ('quick')
}

/** What the tree of sums gives: the interpreter knows. A failure, and what came before it, is plain JavaScript's. */
function reordered(annotated: Module, program: Case, plain: Ending): Ending {
  if (plain.outcome.kind !== 'value') return plain
  const args = makeArgs(program.inputs)
  const given = args.filter((arg) => arg !== undefined)
  const outcome: Outcome = { kind: 'value', value: interpret(annotated, given) }
  return { outcome, args }
}

/** The runtime keeps programs that launched a loop, for its threads. */
function forget(): void {
  for (const id of [...programs.keys()]) unregisterProgram(id)
}
