/** What a program does with its array parameters: so is decided what is copied in and out. */

import type { Local, Module, Stmt } from '../ir/ir.ts'
import { stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'
import type { ParamUse } from '../runtime/arrays-lend.ts'

interface Touch {
  reads: boolean
  writes: boolean
}

/**
 * By position of the entry's parameters. Arrays flow from local to local by assignment, call and launch; every local
 * that a parameter's array can reach counts for it.
 */
export function paramUses(module: Module): ParamUse[] {
  const touches = new Map<Local, Touch>()
  const flows = new Map<Local, Set<Local>>()
  const touch = (local: Local): Touch => {
    const known = touches.get(local) ?? { reads: false, writes: false }
    touches.set(local, known)
    return known
  }
  const flow = (from: Local, to: Local) => {
    const known = flows.get(from) ?? new Set()
    known.add(to)
    flows.set(from, known)
  }
  const functions = new Map(module.functions.map((fn) => [fn.name, fn]))
  const visit = (stmt: Stmt) => {
    if (stmt.kind === 'store') touch(stmt.array).writes = true
    if (stmt.kind === 'do') Object.assign(touch(stmt.array), { reads: true, writes: true })
    if (stmt.kind === 'assign' && stmt.value.kind === 'local' && stmt.value.type.kind === 'array') {
      flow(stmt.value.local, stmt.local)
    }
    if (stmt.kind === 'call' || stmt.kind === 'launch') {
      const params = functions.get(stmt.fn)?.params.slice(stmt.kind === 'launch' ? 2 : 0) ?? []
      stmt.args.forEach((arg, k) => {
        if (arg.kind === 'local' && arg.type.kind === 'array' && params[k]) flow(arg.local, params[k])
      })
    }
    for (const e of stmtExprs(stmt)) {
      visitExpr(e, (node) => {
        if (node.kind === 'load') touch(node.array).reads = true
      })
    }
  }
  for (const fn of module.functions) visitStmts(fn.body, { stmt: visit })

  const entry = functions.get(module.entry)!
  return entry.params.map((param) => {
    const use = { reads: false, writes: false, overwritten: false }
    const seen = new Set<Local>()
    const queue = [param]
    for (let local = queue.pop(); local; local = queue.pop()) {
      if (seen.has(local)) continue
      seen.add(local)
      const touched = touches.get(local)
      if (touched?.reads) use.reads = true
      if (touched?.writes) use.writes = true
      queue.push(...(flows.get(local) ?? []))
    }
    return use
  })
}
