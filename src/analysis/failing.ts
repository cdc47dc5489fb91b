/** Which functions can fail: their callers must look at a status. */

import type { Fn } from '../ir/ir.ts'
import { visitStmts } from '../ir/walk.ts'

/** Sets `canFail` on every function that has something to fail at, or calls one that has. */
export function markFailing(functions: readonly Fn[]): Fn[] {
  const failing = new Set<string>()
  const fails = (fn: Fn): boolean => {
    let found = false
    visitStmts(fn.body, {
      stmt(s) {
        if (s.kind === 'alloc' || s.kind === 'fail' || s.kind === 'launch') found = true
        else if ((s.kind === 'store' || s.kind === 'do') && s.bounds === 'checked') found = true
        else if (s.kind === 'assign' && s.value.kind === 'load' && s.value.bounds === 'checked') found = true
        else if (s.kind === 'call' && failing.has(s.fn)) found = true
      },
    })
    return found
  }
  for (let grew = true; grew; ) {
    grew = false
    for (const fn of functions) {
      if (!failing.has(fn.name) && fails(fn)) {
        failing.add(fn.name)
        grew = true
      }
    }
  }
  return functions.map((fn) => (fn.canFail === failing.has(fn.name) ? fn : { ...fn, canFail: failing.has(fn.name) }))
}
