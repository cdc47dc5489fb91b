/** Who calls whom. Launches count as calls. */

import type { Fn, Stmt } from '../ir/ir.ts'
import { stmtBodies, visitStmts } from '../ir/walk.ts'

/** Names of the functions that `from` calls, those call in turn, and so on; `from` itself too. */
export function reachable(functions: readonly Fn[], from: string): Set<string> {
  const byName = new Map(functions.map((fn) => [fn.name, fn]))
  const found = new Set([from])
  for (const name of found) {
    visitStmts(byName.get(name)!.body, {
      stmt: (s) => {
        if (s.kind === 'call' || s.kind === 'launch') found.add(s.fn)
      },
    })
  }
  return found
}

/** Names of the functions that can come to call themselves. */
export function recursiveFunctions(functions: readonly Fn[]): Set<string> {
  const found = new Set<string>()
  for (const fn of functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if ((s.kind === 'call' || s.kind === 'launch') && reachable(functions, s.fn).has(fn.name)) found.add(fn.name)
      },
    })
  }
  return found
}

/**
 * The functions that run on the thread that calls `entry`, not counting those that launches run too; and of each whether
 * it is called again and again: from within a loop, or by a function that is.
 */
export function callingThread(functions: readonly Fn[], entry: string): Map<string, { readonly repeated: boolean }> {
  const byName = new Map(functions.map((fn) => [fn.name, fn]))
  const found = new Map<string, { readonly repeated: boolean }>()
  const launched = new Set<string>()
  for (const fn of functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'launch') launched.add(s.fn)
      },
    })
  }
  const enter = (name: string, repeated: boolean) => {
    const known = found.get(name)
    if (known && (known.repeated || !repeated)) return
    found.set(name, { repeated })
    visit(byName.get(name)!.body, repeated)
  }
  const visit = (stmts: readonly Stmt[], repeated: boolean) => {
    for (const s of stmts) {
      if (s.kind === 'call' && !launched.has(s.fn)) enter(s.fn, repeated)
      const turns = s.kind === 'for' || s.kind === 'while'
      for (const body of stmtBodies(s)) visit(body, repeated || turns)
    }
  }
  enter(entry, false)
  return found
}
