/** Visits the statements and expressions of a kernel's syntax, parents first. */

import type { Expr, KernelFn, Stmt } from './ast.ts'

export interface Visitor {
  stmt?(stmt: Stmt): void
  expr?(expr: Expr): void
}

export function visitKernel(kernel: KernelFn, visitor: Visitor): void {
  for (const param of kernel.params) if (param.default) visitExpr(param.default, visitor)
  visitStmts(kernel.body, visitor)
}

export function visitStmts(stmts: readonly Stmt[], visitor: Visitor): void {
  for (const stmt of stmts) visitStmt(stmt, visitor)
}

export function visitStmt(stmt: Stmt, visitor: Visitor): void {
  visitor.stmt?.(stmt)
  switch (stmt.kind) {
    case 'declare':
      if (stmt.init) visitExpr(stmt.init, visitor)
      return
    case 'expr':
      visitExpr(stmt.expr, visitor)
      return
    case 'if':
      visitExpr(stmt.test, visitor)
      visitStmts(stmt.then, visitor)
      visitStmts(stmt.else, visitor)
      return
    case 'while':
    case 'doWhile':
      visitExpr(stmt.test, visitor)
      visitStmts(stmt.body, visitor)
      return
    case 'for':
      visitStmts(stmt.init, visitor)
      if (stmt.test) visitExpr(stmt.test, visitor)
      if (stmt.update) visitExpr(stmt.update, visitor)
      visitStmts(stmt.body, visitor)
      return
    case 'prange':
      if (stmt.start) visitExpr(stmt.start, visitor)
      visitExpr(stmt.stop, visitor)
      if (stmt.step) visitExpr(stmt.step, visitor)
      visitStmts(stmt.body, visitor)
      return
    case 'block':
      visitStmts(stmt.body, visitor)
      return
    case 'return':
      if (stmt.value) visitExpr(stmt.value, visitor)
      return
    case 'break':
    case 'continue':
      return
    default:
      stmt satisfies never
  }
}

export function visitExpr(expr: Expr, visitor: Visitor): void {
  visitor.expr?.(expr)
  for (const child of children(expr)) visitExpr(child, visitor)
}

/** The parts of an expression in the order in which JavaScript evaluates them. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'variable':
      return []
    case 'unary':
      return [expr.value]
    case 'binary':
    case 'logical':
      return [expr.left, expr.right]
    case 'conditional':
      return [expr.test, expr.then, expr.else]
    case 'assign':
      return [expr.target, expr.value]
    case 'update':
      return [expr.target]
    case 'sequence':
      return expr.exprs
    case 'intrinsic':
    case 'invoke':
      return expr.args
    case 'new':
      return expr.length ? [expr.length] : []
    case 'index':
      return [expr.array, expr.index]
    case 'length':
      return [expr.array]
    default:
      return expr satisfies never
  }
}
