/**
 * Statements of a function without its returns: each becomes what is to happen to its values, and the end of the
 * statements is where it leads. Where it can be had by moving what follows into the other way of an `if`, the result
 * has no jumps, the form that other passes understand best: `if a { return 1 } return 2` is an `if` with an `else`.
 */

import { block, breakTo, ifStmt } from '../ir/build.ts'
import type { Expr, Label, Stmt } from '../ir/ir.ts'
import { mapStmts, stmtBodies } from '../ir/walk.ts'

export function replaceReturns(
  stmts: readonly Stmt[],
  returned: (values: readonly Expr[]) => readonly Stmt[],
  freshLabel: () => Label,
): readonly Stmt[] {
  const nested = atTail(stmts, returned)
  if (nested) return nested
  const label = freshLabel()
  const body = mapStmts(stmts, {
    stmt: (s) => (s.kind === 'return' ? [...returned(s.values), breakTo(label)] : s),
  })
  const last = body.at(-1)
  return [block(label, last?.kind === 'break' && last.label === label ? body.slice(0, -1) : body)]
}

/** Undefined where a return stands in a loop or a block, or where an `if` only sometimes returns before more to do. */
function atTail(
  stmts: readonly Stmt[],
  returned: (values: readonly Expr[]) => readonly Stmt[],
): readonly Stmt[] | undefined {
  const k = stmts.findIndex(returns)
  if (k < 0) return stmts
  const s = stmts[k]!
  const before = stmts.slice(0, k)
  if (s.kind === 'return') return [...before, ...returned(s.values)]
  if (s.kind !== 'if') return undefined
  const rest = stmts.slice(k + 1)
  if (rest.length > 0 && !ends(s.then) && !ends(s.else)) return undefined
  const yes = atTail(ends(s.then) ? s.then : [...s.then, ...rest], returned)
  const no = yes && atTail(ends(s.else) ? s.else : [...s.else, ...rest], returned)
  if (!yes || !no) return undefined
  return [...before, ifStmt(s.cond, yes, no)]
}

const returns = (s: Stmt): boolean => s.kind === 'return' || stmtBodies(s).some((body) => body.some(returns))

/** Whether no way through the statements reaches their end. */
function ends(stmts: readonly Stmt[]): boolean {
  const last = stmts.at(-1)
  if (!last) return false
  return last.kind === 'return' || last.kind === 'fail' || (last.kind === 'if' && ends(last.then) && ends(last.else))
}
