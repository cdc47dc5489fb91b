/** Which functions can fail: their callers must look at a status. */

import type { Fn, Stmt } from '../ir/ir.ts'
import { stmtBodies } from '../ir/walk.ts'

/** Whether something in the statements can fail, calls by what is said of their functions. */
function canFail(stmts: readonly Stmt[], failing: (fn: string) => boolean): boolean {
  return stmts.some((s) => {
    switch (s.kind) {
      case 'alloc':
      case 'fail':
      case 'launch':
        return true
      case 'store':
      case 'do':
        return s.bounds === 'checked'
      case 'assign':
        return s.value.kind === 'load' && s.value.bounds === 'checked'
      case 'call':
        return failing(s.fn)
      default:
        return stmtBodies(s).some((body) => canFail(body, failing))
    }
  })
}

/** A new function with its `canFail`, where those of the functions that it may call are right. */
export function marked(fn: Fn, functions: readonly Fn[]): Fn {
  const fails = canFail(fn.body, (name) => functions.find((f) => f.name === name)?.canFail ?? false)
  return fn.canFail === fails ? fn : { ...fn, canFail: fails }
}

/** Sets `canFail` on every function that has something to fail at, or calls one that has. */
export function markFailing(functions: readonly Fn[]): Fn[] {
  const failing = new Set<string>()
  for (let grew = true; grew; ) {
    grew = false
    for (const fn of functions) {
      if (!failing.has(fn.name) && canFail(fn.body, (name) => failing.has(name))) {
        failing.add(fn.name)
        grew = true
      }
    }
  }
  return functions.map((fn) => (fn.canFail === failing.has(fn.name) ? fn : { ...fn, canFail: failing.has(fn.name) }))
}
