/** What a comparison of executions found, and when two executions count as equal (laws 1 and 3). */

import { BoundsError, CompileError, TsumbaError } from '../../src/errors.ts'
import type { TypedArray } from '../../src/types.ts'
import { isArray, same, sameArray } from './inputs.ts'
import type { Outcome } from './oracle.ts'
import type { Input, Options } from './tree.ts'

/** A program as text: what regressions are written in, and what trees print as. */
export interface Case {
  /** Function declarations; the last one, `kernel`, may call the others. */
  readonly functions: readonly string[]
  readonly inputs: readonly Input[]
  readonly options?: Options
}

export type Verdict =
  /** `failing`: on an error. */
  | { readonly kind: 'agree'; readonly failing: boolean }
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

export class Disagreement extends Error {
  readonly difference: Difference
  constructor(difference: Difference) {
    super(difference.execution)
    this.difference = difference
  }
}

/** How a compiled call ends; what the compiler refuses is thrown on. */
export function attempt(call: () => unknown): Outcome {
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

export function sameOutcome(expected: Ending, actual: Ending): boolean {
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

export const sameArgs = (expected: Ending, actual: Ending): boolean =>
  expected.args.every((arg, k) => !isArray(arg) || sameArray(arg, actual.args[k] as TypedArray))
