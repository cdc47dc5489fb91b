/** Values that are needed more than once while code is written. */

import type { Expr } from '../../ir/ir.ts'
import type { ValueType } from './encode.ts'
import { type Scope, valueTypeOf } from './scope.ts'

/** A value that can be pushed as often as one likes. */
export interface Operand {
  push(): void
  /** No push after this. */
  release(): void
}

/** An operand that may be given another value from the stack. */
export interface Temporary extends Operand {
  set(): void
}

/** Takes the value on the stack into a temporary. */
export function held(s: Scope, type: ValueType): Temporary {
  const index = s.code.temp(type)
  s.code.set(index)
  return {
    push: () => s.code.get(index),
    set: () => s.code.set(index),
    release: () => s.code.release(type, index),
  }
}

/** Constants and locals, which may be pushed again and again at no cost. */
export const isCheap = (e: Expr): boolean => e.kind === 'const' || e.kind === 'local' || e.kind === 'length'

/** The value of an expression, to be pushed more than once; valid until a local of it changes. */
export function hold(s: Scope, e: Expr): Operand {
  if (isCheap(e)) return { push: () => s.expr(e), release: () => {} }
  s.expr(e)
  return held(s, valueTypeOf(e.type))
}
