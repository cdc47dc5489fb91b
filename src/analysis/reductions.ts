/**
 * Reductions: locals that every iteration of a loop only folds something into (`s += x[i]`, `p = p * y`,
 * `m = Math.max(m, z)`, `n++`, `bits |= b`), always by the same operation, and nobody looks at in between.
 */

import type { Expr, Local, ReductionOp, Stmt, Type } from '../ir/ir.ts'
import { F64, I32, I64, INDEX, isFloat, isInteger } from '../ir/types.ts'
import { exprReads, stmtBodies, stmtExprs, stmtTargets } from '../ir/walk.ts'

export interface Found {
  readonly local: Local
  readonly op: ReductionOp
  /** Each step takes the low 32 bits: `s = (s + x[i]) | 0`, `s = Math.imul(s, y)`, `bits |= b`. */
  readonly wraps: boolean
}

const OPS: Readonly<Record<string, ReductionOp>> = {
  add: 'add',
  sub: 'add',
  mul: 'mul',
  min: 'min',
  max: 'max',
  and: 'and',
  or: 'or',
  xor: 'xor',
}

type Fold = Omit<Found, 'local'>

/**
 * Below the casts between types that hold whole numbers (an f64 cast to an integer is proven one); `wraps` where one of
 * them takes the low bits of something wider.
 */
function uncast(e: Expr): { value: Expr; wraps: boolean } {
  let value = e
  let wraps = false
  const holds = (type: Type) => isInteger(type) || type === F64
  while (value.kind === 'cast' && holds(value.type) && holds(value.value.type)) {
    if (value.value.type === I64 && (value.type === I32 || value.type === INDEX)) wraps = true
    value = value.value
  }
  return { value, wraps }
}

/** The operation by which `whole` folds something into `local`: `local op e` or `e op local`, e without the local. */
function foldOp(local: Local, whole: Expr): Fold | undefined {
  const below = isFloat(local.type) ? (value: Expr) => ({ value, wraps: false }) : uncast
  const { value, wraps: low } = below(whole)
  if (value.kind !== 'op' || value.args.length !== 2) return undefined
  const op = OPS[value.op]
  if (!op) return undefined
  const [a, b] = value.args as [Expr, Expr]
  const [left, right] = [below(a), below(b)]
  const isLocal = (e: Expr) => e.kind === 'local' && e.local === local
  const extreme = op === 'min' || op === 'max'
  const wraps =
    low || (isLocal(left.value) ? left : right).wraps || (value.type === I32 && isInteger(local.type) && !extreme)
  // Of sums the low bits alone may count; the least of low bits is not the low bits of the least.
  if (wraps && extreme) return undefined
  const fold: Fold = { op, wraps }
  // In `a − b` only the left side is folded into: s − e is s + (−e).
  if (isLocal(left.value) && !exprReads(b).has(local)) return fold
  if (isLocal(right.value) && value.op !== 'sub' && !exprReads(a).has(local)) return fold
  return undefined
}

/** The reduction that `local` is in the statements of a loop's body, or undefined where it is something else. */
export function findReduction(local: Local, body: readonly Stmt[]): Found | undefined {
  let fold: Fold | undefined
  let clean = true
  const walk = (stmts: readonly Stmt[]) => {
    for (const stmt of stmts) {
      if (stmt.kind === 'assign' && stmt.local === local) {
        const folds = foldOp(local, stmt.value)
        if (!folds || (fold && (fold.op !== folds.op || fold.wraps !== folds.wraps))) clean = false
        fold = folds
        continue
      }
      if (stmtTargets(stmt).includes(local)) clean = false
      if (stmtExprs(stmt).some((e) => exprReads(e).has(local))) clean = false
      for (const inner of stmtBodies(stmt)) walk(inner)
    }
  }
  walk(body)
  return clean && fold ? { local, ...fold } : undefined
}

/**
 * Whether the order of a reduction shows in its result. Integers, minima, maxima and bits give the same in any order;
 * sums and products of floats round.
 */
export function isOrderFree({ local, op }: Pick<Found, 'local' | 'op'>): boolean {
  if (op !== 'add' && op !== 'mul') return true
  return isInteger(local.type)
}

/**
 * Whether partial results of any order stay in the type: i32 wraps, counters cannot leave theirs, products could. Steps
 * that wrap do so in 32 bits, which the value before the loop fits in only where the local is an index or i32.
 */
export function canSplit({ local, op, wraps }: Found): boolean {
  const { type } = local
  if (isFloat(type)) return op === 'add' || op === 'mul' || op === 'min' || op === 'max'
  if (!isInteger(type)) return false
  if (wraps) return type === I32 || type === INDEX
  return op !== 'mul' || type === I32
}
