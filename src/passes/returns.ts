/**
 * Statements without certain jumps to their end, the returns of a function or the continues of a loop: what follows is
 * moved into the other way of an `if`, so that the result has no jumps, the form that other passes understand best:
 * `if a { return 1 } return 2` is an `if` with an `else`. Where that cannot be had, the end is that of a block.
 */

import { block, breakTo, ifStmt } from '../ir/build.ts'
import type { Expr, Label, Stmt } from '../ir/ir.ts'
import { mapStmts, stmtBodies } from '../ir/walk.ts'

/** Each return becomes what is to happen to its values, and the end of the statements is where it leads. */
export function replaceReturns(
  stmts: readonly Stmt[],
  returned: (values: readonly Expr[]) => readonly Stmt[],
  freshLabel: () => Label,
): readonly Stmt[] {
  return replaceJumps(stmts, (s) => (s.kind === 'return' ? returned(s.values) : undefined), freshLabel)
}

/** To go on with a loop's next turn is to come to the end of this one. */
export function replaceContinues(stmts: readonly Stmt[], label: Label, freshLabel: () => Label): readonly Stmt[] {
  return replaceJumps(stmts, (s) => (s.kind === 'continue' && s.label === label ? [] : undefined), freshLabel)
}

/** What happens before a jump to the end; undefined for other statements. */
type Jump = (s: Stmt) => readonly Stmt[] | undefined

function replaceJumps(stmts: readonly Stmt[], jump: Jump, freshLabel: () => Label): readonly Stmt[] {
  const nested = atTail(stmts, jump)
  if (nested) return nested
  const label = freshLabel()
  const body = mapStmts(stmts, {
    stmt: (s) => {
      const before = jump(s)
      return before ? [...before, breakTo(label)] : s
    },
  })
  const last = body.at(-1)
  return [block(label, last?.kind === 'break' && last.label === label ? body.slice(0, -1) : body)]
}

/** Undefined where a jump stands in a loop or a block, or where an `if` only sometimes jumps before more to do. */
function atTail(stmts: readonly Stmt[], jump: Jump): readonly Stmt[] | undefined {
  const jumps = (s: Stmt): boolean => jump(s) !== undefined || stmtBodies(s).some((body) => body.some(jumps))
  const k = stmts.findIndex(jumps)
  if (k < 0) return stmts
  const s = stmts[k]!
  const before = stmts.slice(0, k)
  const instead = jump(s)
  if (instead) return [...before, ...instead]
  if (s.kind !== 'if') return undefined
  const rest = stmts.slice(k + 1)
  if (rest.length > 0 && !ends(s.then, jump) && !ends(s.else, jump)) return undefined
  const yes = atTail(ends(s.then, jump) ? s.then : [...s.then, ...rest], jump)
  const no = yes && atTail(ends(s.else, jump) ? s.else : [...s.else, ...rest], jump)
  if (!yes || !no) return undefined
  return [...before, ifStmt(s.cond, yes, no)]
}

/** Whether no way through the statements reaches their end. */
function ends(stmts: readonly Stmt[], jump: Jump): boolean {
  const last = stmts.at(-1)
  if (!last) return false
  if (jump(last) || last.kind === 'fail') return true
  return last.kind === 'if' && ends(last.then, jump) && ends(last.else, jump)
}
