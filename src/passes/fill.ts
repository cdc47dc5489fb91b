/** Leaves out the zeros of new arrays that a loop writes as a whole before anything is read from them. */

import { isFilledFirst } from '../analysis/overwrites.ts'
import { Symbols } from '../analysis/symbols.ts'
import type { Module, Stmt } from '../ir/ir.ts'
import { mapList, mapStmtBodies } from '../ir/walk.ts'

export function fill(module: Module): Module {
  const functions = mapList(module.functions, (fn) => {
    const symbols = new Symbols(fn)
    const list = (stmts: readonly Stmt[]): readonly Stmt[] => {
      let at = 0
      return mapList(stmts, (s) => {
        const here = at++
        if (s.kind === 'alloc') return s.zero && isFilledFirst(stmts, here, symbols) ? { ...s, zero: false } : s
        return mapStmtBodies(s, list)
      })
    }
    const body = list(fn.body)
    return body === fn.body ? fn : { ...fn, body }
  })
  return functions === module.functions ? module : { ...module, functions }
}
