/** To which loop a local belongs: the innermost whose body has to do with it alone, and anew in each iteration. */

import { exposedReads } from '../analysis/liveness.ts'
import type { Fn, For, Local, Stmt } from '../ir/ir.ts'
import { exprLocals, stmtExprs, stmtTargets, visitExpr } from '../ir/walk.ts'

/** Undefined for locals that belong to the function. */
export function homesOf(fn: Fn): Map<Local, For | undefined> {
  const around = new Map<Local, readonly For[]>()
  const meet = (local: Local, loops: readonly For[]) => {
    const known = around.get(local)
    if (!known) {
      around.set(local, loops)
      return
    }
    let shared = 0
    while (shared < known.length && known[shared] === loops[shared]) shared++
    if (shared < known.length) around.set(local, known.slice(0, shared))
  }
  const walk = (stmts: readonly Stmt[], loops: readonly For[]) => {
    for (const s of stmts) {
      for (const e of stmtExprs(s)) {
        visitExpr(e, (node) => {
          for (const l of exprLocals(node)) meet(l, loops)
        })
      }
      if (s.kind === 'store' || s.kind === 'do') meet(s.array, loops)
      if (s.kind === 'for') {
        for (const r of s.reductions) meet(r.local, loops)
        meet(s.variable, [...loops, s])
        walk(s.body, [...loops, s])
        continue
      }
      for (const l of stmtTargets(s)) meet(l, loops)
      if (s.kind === 'if') {
        walk(s.then, loops)
        walk(s.else, loops)
      } else if ('body' in s) walk(s.body, loops)
    }
  }
  for (const l of fn.params) meet(l, [])
  walk(fn.body, [])

  const exposed = new Map<For, ReadonlySet<Local>>()
  const handsOn = (loop: For, local: Local): boolean => {
    let known = exposed.get(loop)
    if (!known) {
      known = exposedReads(loop.body)
      exposed.set(loop, known)
    }
    return known.has(local)
  }
  const homes = new Map<Local, For | undefined>()
  for (const [local, loops] of around) {
    let depth = loops.length
    while (depth > 0 && loops[depth - 1]!.variable !== local && handsOn(loops[depth - 1]!, local)) depth--
    homes.set(local, loops[depth - 1])
  }
  return homes
}
