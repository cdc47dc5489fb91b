/** Whether two modules mean the same: for tests of passes. */

import { expect } from 'vitest'
import { type ArgType, lowerProgram } from '../../src/frontend/program.ts'
import { InterpretFailure, type InterpretOptions, interpret } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { verify } from '../../src/ir/verify.ts'

/** The portable module of a kernel, as the passes get it. */
export function lowered(kernel: (...args: never[]) => unknown, types: readonly ArgType[], parallel = false): Module {
  const { module } = lowerProgram(kernel, types, { parallel })
  verify(module)
  return module
}

interface Outcome {
  readonly result?: unknown
  /** What the user would be told: where in the text, and the values. */
  readonly failure?: unknown
  /** The arguments afterwards. */
  readonly args: readonly unknown[]
}

/** One array twice among the arguments is one array among the copies. */
const copies = (args: readonly unknown[]): unknown[] => structuredClone([...args])

export function outcome(module: Module, args: readonly unknown[], options?: InterpretOptions): Outcome {
  const own = copies(args)
  try {
    return { result: interpret(module, own, options), args: own }
  } catch (error) {
    if (!(error instanceof InterpretFailure)) throw error
    const { value0, value1 } = error
    const { code, subject, span } = module.sites[error.site]!
    return { failure: { code, subject, span, value0, value1 }, args: own }
  }
}

/** Expects of two modules the same result, or the same failure, and the same arrays after each of the calls. */
export function expectSame(
  after: Module,
  before: Module,
  calls: readonly (readonly unknown[])[],
  options?: InterpretOptions,
): void {
  verify(after)
  for (const args of calls) expect(outcome(after, args, options)).toStrictEqual(outcome(before, args))
}

/** Expects of the interpreted module what the kernel itself gives for calls that do not fail. */
export function expectPlain(
  module: Module,
  kernel: (...args: never[]) => unknown,
  calls: readonly (readonly unknown[])[],
): void {
  for (const args of calls) {
    const own = copies(args)
    const result = kernel(...(own as never[]))
    expect(outcome(module, args)).toStrictEqual({ result, args: own })
  }
}
