/**
 * What a node is where parts of it are known: constants are computed by the operations' own meaning, choices that are
 * decided are taken, what changes nothing is left out. Only what is exact: `x + 0` of floats is x but for −0.
 */

import { cast, FALSE, num, TRUE } from './build.ts'
import { applyOp, InterpretError } from './interpret-values.ts'
import type { Const, Expr, OpExpr, ScalarType } from './ir.ts'
import { opRecord } from './ops/index.ts'
import { F64, isFloat, isInteger } from './types.ts'

/** The node, whose children are folded, or what it is the same as. For `mapExpr`. */
export function folded(e: Expr): Expr {
  switch (e.kind) {
    case 'op':
      return operation(e)
    case 'cast':
      return e.type.kind === 'scalar' && e.value.kind === 'const' ? cast(e.type, e.value) : e
    case 'select':
    case 'cond':
      return e.cond.kind === 'const' ? (e.cond.value ? e.then : e.else) : e
    default:
      return e
  }
}

function operation(e: OpExpr): Expr {
  if (e.type.kind !== 'scalar') return e
  if (e.args.every((arg) => arg.kind === 'const')) return computed(e, e.type, e.args as Const[]) ?? e
  const [a, b] = e.args as [Expr, Expr | undefined]
  if (!b) return e
  return neutral(e.op, a, b) ?? neutral(SWAPPED[e.op], b, a) ?? e
}

/** Integers up to here are the same in all widths, and in doubles. */
const SMALL = 2 ** 31

function computed(e: OpExpr, type: ScalarType, args: readonly Const[]): Const | undefined {
  const { kind } = opRecord(e.op)
  if (kind !== 'exact' && kind !== 'expanded') return undefined
  try {
    const value = applyOp(
      e,
      args.map((arg) => (typeof arg.value === 'bigint' ? Number(arg.value) : arg.value)),
      32,
    )
    if (typeof value === 'boolean') return value ? TRUE : FALSE
    if (typeof value !== 'number') return undefined
    return isFloat(type) || Math.abs(value) < SMALL ? num(type, value) : undefined
  } catch (error) {
    // A proof may not hold where the program never comes.
    if (error instanceof InterpretError) return undefined
    throw error
  }
}

/** Operations whose sides may change places. */
const SWAPPED: Readonly<Record<string, string>> = { add: 'add', mul: 'mul', and: 'and', or: 'or' }

/** `a op b` where b is a constant that decides it, or leaves a as it is. */
function neutral(op: string | undefined, a: Expr, b: Expr): Expr | undefined {
  if (!op || b.kind !== 'const') return undefined
  if (typeof b.value === 'boolean') {
    if (op === 'and') return b.value ? a : FALSE
    if (op === 'or') return b.value ? TRUE : a
    return undefined
  }
  const value = Number(b.value)
  if (isInteger(a.type)) {
    if (value === 0 && (op === 'add' || op === 'sub')) return a
    if (value === 1 && op === 'mul') return a
    return value === 0 && op === 'mul' ? b : undefined
  }
  if (a.type !== F64) return undefined
  switch (op) {
    case 'add':
      return Object.is(value, -0) || (value === 0 && isNeverNegativeZero(a)) ? a : undefined
    case 'sub':
      return Object.is(value, 0) ? a : undefined
    case 'mul':
    case 'div':
      return value === 1 ? a : undefined
    default:
      return undefined
  }
}

const isNeverNegativeZero = (e: Expr): boolean => e.kind === 'cast' && isInteger(e.value.type)
