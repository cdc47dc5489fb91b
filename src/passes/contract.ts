/**
 * Rounds products and the sums they go into once, where the user allows it (`fastmath`) and the engine has an instruction
 * for it: polynomials gain about a sixth. A sum that a loop folds into keeps its own addition: fused, each step would
 * wait for the product too.
 */

import { op } from '../ir/build.ts'
import type { Expr, Local, Module } from '../ir/ir.ts'
import { mapExpr, mapList, mapStmtExprs, mapStmts } from '../ir/walk.ts'
import type { PassContext } from './pass.ts'

export function contract(module: Module, context: PassContext): Module {
  if (!context.contract) return module
  const functions = mapList(module.functions, (fn) => {
    const body = mapStmts(fn.body, {
      stmt: (s) => mapStmtExprs(s, (e) => mapExpr(e, (node) => fused(node, s.kind === 'assign' ? s.local : undefined))),
    })
    return body === fn.body ? fn : { ...fn, body }
  })
  return functions === module.functions ? module : { ...module, functions }
}

const isProduct = (e: Expr): e is Extract<Expr, { kind: 'op' }> => e.kind === 'op' && e.op === 'mul'

function fused(e: Expr, target: Local | undefined): Expr {
  if (e.kind !== 'op' || e.type.kind !== 'vec' || (e.type.of !== 'f64' && e.type.of !== 'f32')) return e
  const [a, b] = e.args as [Expr, Expr]
  const isSum = (x: Expr) => x.kind === 'local' && x.local === target
  if (e.op === 'add') {
    if (isProduct(a) && !isSum(b)) return op('madd', ...a.args, b)
    if (isProduct(b) && !isSum(a)) return op('madd', ...b.args, a)
  }
  if (e.op === 'sub' && isProduct(b) && !isSum(a)) return op('nmadd', ...b.args, a)
  return e
}
