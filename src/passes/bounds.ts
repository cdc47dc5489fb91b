/**
 * Proves accesses within their arrays from the ranges of the loops around them, so that nobody checks them: `x[i]` for
 * i in 0..x.length, `c[i * n + j]` of a new array of n * n.
 */

import { markFailing } from '../analysis/failing.ts'
import { checkedAccess, indexWithin, proven } from '../analysis/indices.ts'
import { Symbols } from '../analysis/symbols.ts'
import { wholeIndex } from '../analysis/whole.ts'
import type { Fn, For, Module, Stmt } from '../ir/ir.ts'
import { isInteger } from '../ir/types.ts'
import { mapList, mapStmtBodies } from '../ir/walk.ts'
import type { PassContext } from './pass.ts'

export function bounds(module: Module, context: PassContext): Module {
  const functions = mapList(module.functions, (fn) => {
    const body = context.boundscheck ? prove(fn) : trust(fn)
    return body === fn.body ? fn : { ...fn, body }
  })
  return functions === module.functions ? module : { ...module, functions: markFailing(functions) }
}

function prove(fn: Fn): readonly Stmt[] {
  const symbols = new Symbols(fn)
  const list = (stmts: readonly Stmt[], loops: readonly For[]): readonly Stmt[] =>
    mapList(stmts, (s) => {
      const access = checkedAccess(s)
      if (access) {
        const index = indexWithin(symbols, access, loops)
        return index ? proven(s, index) : s
      }
      return mapStmtBodies(s, (body) => list(body, s.kind === 'for' ? [...loops, s] : loops))
    })
  return list(fn.body, [])
}

/** What `boundscheck: false` allows. An index that may be a fraction must be looked at in any case, so it stays checked. */
function trust(fn: Fn): readonly Stmt[] {
  const symbols = new Symbols(fn)
  const list = (stmts: readonly Stmt[]): readonly Stmt[] =>
    mapList(stmts, (s) => {
      const access = checkedAccess(s)
      if (!access) return mapStmtBodies(s, list)
      const index = isInteger(access.index.type) ? access.index : wholeIndex(symbols, access.index)?.index
      return index ? proven(s, index) : s
    })
  return list(fn.body)
}
