/** What normalisation carries along while it walks one function. */

import type { Expression, Node } from 'acorn'
import { compileError } from '../errors.ts'
import type { Expr, FnSource, Label, Loc, Variable } from './ast.ts'
import type { Captures } from './captures.ts'
import { locate } from './locate.ts'
import { Scope } from './scope.ts'
import type { AnyFunction } from './source.ts'

export interface Jump {
  readonly names: readonly string[]
  readonly label: Label
  readonly isLoop: boolean
}

export interface Context {
  readonly fn: AnyFunction
  readonly source: FnSource
  /** See ParsedFunction. */
  readonly offset: number
  readonly captures: Captures
  readonly variables: Variable[]
  /** Changes on the way: the innermost block. */
  scope: Scope
  /** What break and continue may leave, innermost last. */
  readonly jumps: Jump[]
  /** Normalises an expression: the files of its parts call each other through here. */
  readonly expr: (ctx: Context, node: Expression) => Expr
}

/** A node, or the part of one, by positions in the parsed text. */
export type Place = Pick<Node, 'start' | 'end'>

export const locOf = (ctx: Context, node: Place): Loc => ({
  start: node.start - ctx.offset,
  end: node.end - ctx.offset,
})

export function fail(ctx: Context, node: Place, code: string, reason: string, remedy: string): never {
  throw compileError(locate(ctx.fn, ctx.source), locOf(ctx, node), code, reason, remedy)
}

export const textOf = (ctx: Context, node: Place): string =>
  ctx.source.text.slice(node.start - ctx.offset, node.end - ctx.offset)

export function newVariable(ctx: Context, name: string, kind: Variable['kind'], node: Place): Variable {
  const variable: Variable = { name, kind, assigned: false, loc: locOf(ctx, node) }
  ctx.variables.push(variable)
  return variable
}

/** Runs `inside` in a block of its own. */
export function inScope<T>(ctx: Context, inside: () => T): T {
  const outer = ctx.scope
  ctx.scope = new Scope(outer)
  try {
    return inside()
  } finally {
    ctx.scope = outer
  }
}
