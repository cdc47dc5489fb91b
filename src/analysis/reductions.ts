/**
 * Reductions: locals that every iteration of a loop only folds something into (`s += x[i]`, `p = p * y`,
 * `m = Math.max(m, z)`, `n++`, `bits |= b`), always by the same operation, and nobody looks at in between.
 */

import type { Expr, Local, ReductionOp, Stmt } from '../ir/ir.ts'
import { I64, INDEX, isFloat, isInteger } from '../ir/types.ts'
import { exprReads, stmtBodies, stmtExprs, stmtTargets } from '../ir/walk.ts'

export interface Found {
  readonly local: Local
  readonly op: ReductionOp
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

/** The operation by which `value` folds something into `local`: `local op e` or `e op local`, e without the local. */
function foldOp(local: Local, value: Expr): ReductionOp | undefined {
  if (value.kind !== 'op' || value.args.length !== 2) return undefined
  const name = OPS[value.op]
  if (!name) return undefined
  const [a, b] = value.args as [Expr, Expr]
  const isLocal = (e: Expr) => e.kind === 'local' && e.local === local
  // In `a − b` only the left side is folded into: s − e is s + (−e).
  if (isLocal(a) && !exprReads(b).has(local)) return name
  if (isLocal(b) && value.op !== 'sub' && !exprReads(a).has(local)) return name
  return undefined
}

/** The reduction that `local` is in the statements of a loop's body, or undefined where it is something else. */
export function findReduction(local: Local, body: readonly Stmt[]): Found | undefined {
  let op: ReductionOp | undefined
  let clean = true
  const walk = (stmts: readonly Stmt[]) => {
    for (const stmt of stmts) {
      if (stmt.kind === 'assign' && stmt.local === local) {
        const folds = foldOp(local, stmt.value)
        if (!folds || (op && op !== folds)) clean = false
        op = folds
        continue
      }
      if (stmtTargets(stmt).includes(local)) clean = false
      if (stmtExprs(stmt).some((e) => exprReads(e).has(local))) clean = false
      for (const inner of stmtBodies(stmt)) walk(inner)
    }
  }
  walk(body)
  return clean && op ? { local, op } : undefined
}

/**
 * Whether the order of a reduction shows in its result. Integers, minima, maxima and bits give the same in any order;
 * sums and products of floats round.
 */
export function isOrderFree({ local, op }: Found): boolean {
  if (op !== 'add' && op !== 'mul') return true
  return isInteger(local.type)
}

/** Whether partial results of any order stay in the type: i32 wraps, counters cannot leave theirs, products could. */
export function canSplit({ local, op }: Found): boolean {
  if (isFloat(local.type)) return op === 'add' || op === 'mul' || op === 'min' || op === 'max'
  return !(op === 'mul' && (local.type === I64 || local.type === INDEX))
}
