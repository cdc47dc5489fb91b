/** Takes back the questions of separate.ts that no pass has relied on: what was written twice is there once again. */

import type { Module, Stmt } from '../ir/ir.ts'
import { mapList, mapStmtBodies } from '../ir/walk.ts'
import { dropUnusedLocals } from './outline.ts'
import { questions } from './separate.ts'

export function rejoin(module: Module): Module {
  const list = (stmts: readonly Stmt[]): readonly Stmt[] =>
    mapList(stmts, (s) => (s.kind === 'if' && questions.get(s)) || mapStmtBodies(s, list))
  const functions = mapList(module.functions, (fn) => {
    const body = list(fn.body)
    return body === fn.body ? fn : dropUnusedLocals({ ...fn, body })
  })
  return functions === module.functions ? module : { ...module, functions }
}
