/** Programs as functions that the compiler takes, and modules as far as comparisons look into them. */

import { atomic } from '../../src/atomic.ts'
import { type JitOptions, type Settings, settingsOf } from '../../src/driver/options.ts'
import type { Module, Reduction, Stmt } from '../../src/ir/ir.ts'
import { isFloat } from '../../src/ir/types.ts'
import { stmtBodies } from '../../src/ir/walk.ts'
import type { PassContext } from '../../src/passes/pass.ts'
import { prange } from '../../src/prange.ts'
import type { Outcome } from './oracle.ts'
import { ARRAYS, type Options } from './tree.ts'
import type { Case } from './verdict.ts'

/**
 * Given to the compiler outright: it would look for them in the scopes first, by the inspector, for 25 ms a program.
 * The thunk returns no literal, so that what it lists goes for helpers too.
 */
const GLOBALS: Record<string, unknown> = { prange, atomic, Math, Number, Boolean, isNaN, isFinite, NaN, Infinity }
for (const name of ARRAYS) GLOBALS[name] = globalThis[name]

export interface Subject {
  readonly kernel: (...args: never[]) => unknown
  readonly options: JitOptions & { readonly captures: () => Record<string, unknown> }
}

/** `outcome`: how the plain function ended, which decides whether indices may go unchecked. */
export function subjectOf(program: Case, outcome: Outcome): Subject {
  const names = program.functions.map((text) => /^function (\w+)/.exec(text)![1]!)
  const text = `${program.functions.join('\n')}\nreturn { ${names.join(', ')} }`
  const made = new Function('prange', 'atomic', text)(prange, atomic) as Record<string, Subject['kernel']>
  const scope = { ...GLOBALS, ...made }
  const { fastmath = false, unchecked = false, independent = [] } = program.options ?? {}
  return {
    kernel: made['kernel']!,
    options: {
      captures: () => scope,
      // Contraction lets targets differ; trees do not.
      fastmath: { reassociate: fastmath, contract: false },
      boundscheck: !(unchecked && outcome.kind === 'value'),
      independent,
    },
  }
}

export function settingsFor({ options }: Subject, parallel: boolean): Settings {
  return settingsOf({ ...options, parallel })
}

/** Microseconds of work for a launch at which programs as short as these have loops of both kinds. */
export const GRAIN = 0.05

export const contextFor = (settings: Settings, target: PassContext['target'], grain: number): PassContext => ({
  ...settings,
  target,
  grain,
  note: () => {},
})

/** What is compiled meanwhile has so much work for a launch. */
export function withGrain<T>(micros: number, compile: () => T): T {
  const { TSUMBA_GRAIN: before = '' } = process.env
  process.env['TSUMBA_GRAIN'] = String(micros)
  try {
    return compile()
  } finally {
    process.env['TSUMBA_GRAIN'] = before
  }
}

export const hasPrange = (program: { readonly functions: readonly string[] }): boolean =>
  program.functions.some((text) => text.includes('prange'))

/** Whether sums or products of floats are reordered in it. */
export const hasTree = (module: Module): boolean =>
  someStmt(module, (s) => s.kind === 'for' && s.reductions.some((r) => r.order === 'tree' && isFloatSum(r)))
const isFloatSum = ({ op, local }: Reduction): boolean => (op === 'add' || op === 'mul') && isFloat(local.type)
export const launches = (module: Module): boolean => someStmt(module, (s) => s.kind === 'launch')

function someStmt(module: Module, test: (s: Stmt) => boolean): boolean {
  const any = (stmts: readonly Stmt[]): boolean => stmts.some((s) => test(s) || stmtBodies(s).some(any))
  return module.functions.some((fn) => any(fn.body))
}

export type { Options }
