/** Gives a module of stage `target`, with nothing in it that an emitter has no code for. */

import type { Module, Stmt } from '../ir/ir.ts'
import { mapStmts } from '../ir/walk.ts'

/** A parallel loop that nobody outlined is a serial one; a reduction left is ordered, which is what the loop does. */
function plain(stmt: Stmt): Stmt {
  if (stmt.kind !== 'for' || (stmt.forKind === 'serial' && stmt.reductions.length === 0)) return stmt
  const { serialIf: _, ...loop } = stmt
  return { ...loop, forKind: 'serial', reductions: [] }
}

export function legalise(module: Module): Module {
  const functions = module.functions.map((fn) => {
    const body = mapStmts(fn.body, { stmt: plain })
    return body === fn.body ? fn : { ...fn, body }
  })
  return { ...module, functions, stage: 'target' }
}
