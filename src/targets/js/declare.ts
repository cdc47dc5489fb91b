/**
 * Where each local is declared: at the assignment that comes before all its other uses, in the same list of statements
 * or inside it, as a person would write it; else at the start of the function, with the value that the IR gives it.
 */

import type { Fn, Local, Stmt } from '../../ir/ir.ts'
import { exprReads, stmtBodies, stmtExprs, stmtTargets, usedLocals, visitStmts } from '../../ir/walk.ts'

export interface Declarations {
  /** In the order of `fn.locals`. */
  readonly atStart: readonly Local[]
  /** What a statement declares while it assigns it; constant where nothing else does. */
  readonly at: ReadonlyMap<Stmt, { readonly local: Local; readonly constant: boolean }>
}

export function declarations(fn: Fn): Declarations {
  const at = new Map<Stmt, { local: Local; constant: boolean }>()
  const counts = assignmentCounts(fn.body)
  const inside = new Set<Local>()
  const used = usedLocals(fn.body)
  const place = (list: readonly Stmt[], locals: Iterable<Local>) => {
    const users = list.map((s) => ({ s, uses: usedLocals([s]) }))
    const perBody = new Map<readonly Stmt[], Local[]>()
    for (const local of locals) {
      const where = users.filter(({ uses }) => uses.has(local))
      const first = where[0]!.s
      if (declares(first, local, where.length === 1)) {
        at.set(first, { local, constant: counts.get(local) === 1 })
        inside.add(local)
        continue
      }
      if (where.length > 1 || ownUses(first).has(local)) continue
      const bodies = stmtBodies(first).filter((body) => usedLocals(body).has(local))
      if (bodies.length !== 1) continue
      const body = bodies[0]!
      const others = perBody.get(body)
      if (others) others.push(local)
      else perBody.set(body, [local])
    }
    for (const [body, mine] of perBody) place(body, mine)
  }
  place(
    fn.body,
    fn.locals.filter((local) => used.has(local)),
  )
  return { atStart: fn.locals.filter((local) => used.has(local) && !inside.has(local)), at }
}

/** An array of the thread's stack: made once a call, however often its `alloc` runs. */
export const isStack = (local: Local): boolean => local.type.kind === 'array' && local.type.space === 'local'

/** A declared name may not stand in its own initial value; a loop's variable ends with its loop. */
function declares(s: Stmt, local: Local, only: boolean): boolean {
  if (s.kind === 'for') {
    return only && s.variable === local && !stmtExprs(s).some((e) => exprReads(e).has(local)) && noReduction(s, local)
  }
  if (s.kind === 'alloc' && isStack(s.local)) return false
  if (s.kind !== 'assign' && s.kind !== 'alloc' && !(s.kind === 'call' && s.results.length === 1)) return false
  return stmtTargets(s)[0] === local && !stmtExprs(s).some((e) => exprReads(e).has(local))
}

const noReduction = (s: Extract<Stmt, { kind: 'for' }>, local: Local) => s.reductions.every((r) => r.local !== local)

/** The locals of the statement itself, not of what is inside. */
function ownUses(s: Stmt): Set<Local> {
  const found = new Set(stmtTargets(s))
  for (const e of stmtExprs(s)) for (const local of exprReads(e)) found.add(local)
  if (s.kind === 'store' || s.kind === 'do') found.add(s.array)
  return found
}

function assignmentCounts(stmts: readonly Stmt[]): Map<Local, number> {
  const counts = new Map<Local, number>()
  visitStmts(stmts, {
    stmt: (s) => {
      for (const local of stmtTargets(s)) counts.set(local, (counts.get(local) ?? 0) + 1)
    },
  })
  return counts
}
