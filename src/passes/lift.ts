/**
 * Lifts out of innermost loops what all their turns compute alike, once everything has its final form: vectors of which
 * all lanes are one number, above all.
 *
 *   for j { c[j..] = c[j..] + splat(a) * b[j..] }
 * becomes
 *   t = splat(a); for j { c[j..] = c[j..] + t * b[j..] }
 *
 * Only what may be computed where the loop never runs: floats, and vectors of whatever their numbers are. Addresses are
 * the emitters' own affair.
 */

import { assign, Names, ref } from '../ir/build.ts'
import type { Expr, Fn, For, Local, Module, Stmt, Type, While } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { printExpr } from '../ir/print.ts'
import { isFloat, isInteger } from '../ir/types.ts'
import {
  assignedLocals,
  exprChildren,
  flatMapList,
  mapChildren,
  mapList,
  mapStmtBodies,
  stmtBodies,
} from '../ir/walk.ts'

export function lift(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (fn.body.some(hasLoop) ? new Lifting(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

const isLoop = (s: Stmt): s is For | While => s.kind === 'for' || s.kind === 'while'
const hasLoop = (s: Stmt): boolean => isLoop(s) || stmtBodies(s).some((body) => body.some(hasLoop))

class Lifting {
  private readonly fn: Fn
  private readonly locals: Local[] = []
  private names: Names | undefined

  constructor(fn: Fn) {
    this.fn = fn
  }

  run(): Fn {
    const body = this.list(this.fn.body)
    return body === this.fn.body ? this.fn : { ...this.fn, locals: [...this.fn.locals, ...this.locals], body }
  }

  private list(stmts: readonly Stmt[]): readonly Stmt[] {
    return flatMapList(stmts, (s) => {
      if (!isLoop(s) || s.body.some(hasLoop)) return mapStmtBodies(s, (body) => this.list(body))
      return this.loop(s)
    })
  }

  private loop(loop: For | While): Stmt | readonly Stmt[] {
    const assigned = assignedLocals(loop.body)
    if (loop.kind === 'for') assigned.add(loop.variable)
    const lifted = new Map<string, Local>()
    const before: Stmt[] = []
    const expr = (e: Expr): Expr => {
      if (!isWorthIt(e) || !isSame(e, assigned)) return mapValues(e, expr)
      const text = printExpr(e)
      let local = lifted.get(text)
      if (!local) {
        local = this.local(e)
        lifted.set(text, local)
        before.push(assign(local, e))
      }
      return ref(local)
    }
    const list = (stmts: readonly Stmt[]): readonly Stmt[] =>
      mapList(stmts, (s) => mapStmtBodies(values(s, expr), list))
    const body = list(loop.body)
    return body === loop.body ? loop : [...before, { ...loop, body }]
  }

  private local(e: Expr): Local {
    this.names ??= Names.of(this.fn)
    const made = this.names.local('same', e.type)
    this.locals.push(made)
    return made
  }
}

/** The statement with its values rewritten, but not where it looks into an array. */
function values(s: Stmt, f: (e: Expr) => Expr): Stmt {
  switch (s.kind) {
    case 'assign': {
      const value = f(s.value)
      return value === s.value ? s : { ...s, value }
    }
    case 'store': {
      const value = f(s.value)
      return value === s.value ? s : { ...s, value }
    }
    case 'if': {
      const cond = f(s.cond)
      return cond === s.cond ? s : { ...s, cond }
    }
    default:
      return s
  }
}

const mapValues = (e: Expr, f: (e: Expr) => Expr): Expr => (e.kind === 'load' ? e : mapChildren(e, f))

/** Names and constants cost nothing where they stand. */
const isWorthIt = (e: Expr): boolean =>
  (e.kind === 'splat' && e.value.kind !== 'const') ||
  (e.kind === 'op' && (e.type.kind === 'vec' || isFloat(e.type))) ||
  (e.kind === 'cast' && (e.type.kind === 'vec' || isFloat(e.type)))

/** Integers keep to their bounds by proof, which may rest on the loop's running. */
const isProven = (type: Type): boolean => isInteger(type) || (type.kind === 'vec' && !type.of.startsWith('f'))

/** Whether an expression is the same in all turns, and may be computed where there are none. */
function isSame(e: Expr, assigned: ReadonlySet<Local>): boolean {
  switch (e.kind) {
    case 'const':
      return true
    case 'local':
      return !assigned.has(e.local)
    case 'length':
      return !assigned.has(e.array)
    case 'op':
      if (isProven(e.type) || opRecord(e.op).kind !== 'exact') return false
      break
    case 'cast':
      if (isProven(e.type)) return false
      break
    case 'splat':
      break
    default:
      return false
  }
  return exprChildren(e).every((child) => isSame(child, assigned))
}
