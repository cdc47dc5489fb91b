/** Which integer type a number is held in: what lowering decides from the facts. */

import type { Expr as IrExpr, ScalarType } from '../../ir/ir.ts'
import { I32, I64, INDEX, isInteger } from '../../ir/types.ts'
import { fitsInt32, isIntegral, type NumberFact } from '../facts.ts'
import { isWholeConst } from './builder.ts'

/**
 * The integer type that holds every value of the fact, or undefined: `zero` says that −0 may become 0. Arithmetic in
 * these types never overflows; i32, which wraps, is for operations on bits and for elements of integer arrays alone.
 */
export function integerType(fact: NumberFact, zero: boolean): ScalarType | undefined {
  if (!isIntegral(fact) || (fact.negZero && !zero)) return undefined
  return fitsInt32(fact) ? INDEX : I64
}

const rank = (type: IrExpr['type']): number => (type === I64 ? 2 : type === INDEX ? 1 : 0)
/** The narrowest type that holds both, among integer types. */
export const wider = (a: ScalarType, b: ScalarType): ScalarType => (rank(a) >= rank(b) ? a : b)
/** Has an integer type, or is a whole constant, which can take one. */
export const intLike = (e: IrExpr): boolean => isInteger(e.type) || isWholeConst(e)

export interface Ctx {
  /** The consumer treats −0 as 0. */
  readonly zero?: boolean
}
export const ZERO: Ctx = { zero: true }

/** The integer type of an operand; a constant's is the narrowest that holds it. */
export const integerTypeOf = (e: IrExpr): ScalarType => {
  if (isInteger(e.type)) return e.type as ScalarType
  const value = e.kind === 'const' ? Number(e.value) : 0
  return value >= -(2 ** 31) && value < 2 ** 31 ? I32 : I64
}

/** The integer type in which both are compared; undefined where one is no integer, or both are constants. */
export function commonInteger(a: IrExpr, b: IrExpr): ScalarType | undefined {
  if (!intLike(a) || !intLike(b) || !(isInteger(a.type) || isInteger(b.type))) return undefined
  return wider(integerTypeOf(a), integerTypeOf(b))
}
