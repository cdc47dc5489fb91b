/**
 * Locals of type f64 or i64 that never hold anything but small whole numbers, as i32: counts and sums of bytes over
 * loops that are written out. The front end has counted in 64 bits, since it did not see where the loop ends.
 */

import { fitsInt32, Ranges } from '../analysis/ranges.ts'
import { assign, cast, Names, num, op, ref } from '../ir/build.ts'
import type { Cast, Expr, Fn, Local, OpExpr, Stmt, Type } from '../ir/ir.ts'
import { BOOL, F32, F64, I32, I64, isInteger } from '../ir/types.ts'
import {
  exprChildren,
  mapChildren,
  mapList,
  mapStmtBodies,
  mapStmtExprs,
  stmtExprs,
  stmtTargets,
  visitExpr,
  visitStmts,
} from '../ir/walk.ts'

export function countedInIntegers(fn: Fn): Fn {
  const candidates = candidatesOf(fn)
  if (candidates.size === 0) return fn
  const ranges = new Ranges(fn)
  const isSmall = (e: Expr): boolean => {
    const range = ranges.exprs.get(e)
    return range !== undefined && fitsInt32(range) && isWhole(e, candidates) && operands(e).every(isSmall)
  }
  const counts = chosen(fn, candidates, isSmall)
  return counts.size === 0 ? fn : new Rewriting(fn, counts, isSmall).run()
}

/** Operations that make whole numbers of whole numbers. */
const WHOLE = new Set(['add', 'sub', 'mul', 'min', 'max', 'abs'])
const COMPARED = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])

const isLong = (type: Type): boolean => type === F64 || type === I64

/** Whether the number of 64 bits is made of integers and of locals in question. */
function isWhole(e: Expr, locals: ReadonlyMap<Local, unknown>): boolean {
  switch (e.kind) {
    case 'const':
      return Number.isInteger(Number(e.value))
    case 'local':
      return locals.has(e.local)
    case 'cast':
      return isInteger(e.value.type) || e.value.type === BOOL
    case 'op':
      return WHOLE.has(e.op) && e.args.every((arg) => isWhole(arg, locals))
    case 'select':
    case 'cond':
      return isWhole(e.then, locals) && isWhole(e.else, locals)
    default:
      return false
  }
}

/**
 * By their form alone: locals that are only ever assigned what integers make, and what they are assigned. One with a
 * single definition is better known as it is, as part of an index.
 */
function candidatesOf(fn: Fn): Map<Local, Expr[]> {
  const values = new Map<Local, Expr[]>()
  for (const l of fn.locals) if (isLong(l.type)) values.set(l, [])
  if (values.size === 0) return values
  visitStmts(fn.body, {
    stmt: (s) => {
      if (s.kind === 'assign') values.get(s.local)?.push(s.value)
      else for (const l of stmtTargets(s)) values.delete(l)
    },
  })
  for (const [l, all] of values) if (all.length < 2) values.delete(l)
  keep(values, (e) => isWhole(e, values))
  return values
}

const hasCast = (e: Expr): boolean => isLong(e.type) && (e.kind === 'cast' || exprChildren(e).some(hasCast))

/** Takes out locals of which a value is not as it should be, until none is left. */
function keep(values: Map<Local, readonly Expr[]>, fits: (e: Expr) => boolean): void {
  for (let before = -1; before !== values.size; ) {
    before = values.size
    for (const [l, all] of values) if (!all.every(fits)) values.delete(l)
  }
}

/** Those that are small by proof, and not mostly asked for as doubles. */
function chosen(
  fn: Fn,
  values: Map<Local, readonly Expr[]>,
  isSmall: (e: Expr) => boolean,
): ReadonlyMap<Local, unknown> {
  keep(values, isSmall)
  if (values.size === 0) return values
  const gains = new Map<Local, number>()
  const count = (by: number) => (e: Expr) => {
    if (e.kind === 'local') gains.set(e.local, (gains.get(e.local) ?? 0) + by)
    return true
  }
  visitStmts(fn.body, {
    stmt: (s) => {
      const sum = s.kind === 'assign' && values.has(s.local) ? s : undefined
      if (sum && hasCast(sum.value)) count(1)(ref(sum.local))
      for (const e of sum ? [] : stmtExprs(s)) {
        visitExpr(e, (node) => {
          if (!asksWhole(node, isSmall)) return count(-1)(node)
          visitExpr(node, count(1))
          return false
        })
      }
    },
  })
  for (const l of [...values.keys()]) if ((gains.get(l) ?? 0) <= 0) values.delete(l)
  keep(values, isSmall)
  return values
}

const operands = (e: Expr): readonly Expr[] => {
  if (e.kind === 'op') return e.args
  return e.kind === 'select' || e.kind === 'cond' ? [e.then, e.else] : []
}

/** Whether an integer gives the same: a comparison, or what makes one of an f64. */
function asksWhole(e: Expr, isSmall: (e: Expr) => boolean): boolean {
  if (e.kind === 'cast') return e.type !== F32 && isLong(e.value.type) && isSmall(e.value)
  if (e.kind !== 'op' || !isLong(e.args[0]!.type)) return false
  return (COMPARED.has(e.op) || e.op === 'toint32' || e.op === 'clamp8') && e.args.every(isSmall)
}

class Rewriting {
  private readonly fn: Fn
  private readonly counts = new Map<Local, Local>()
  private readonly isSmall: (e: Expr) => boolean

  constructor(fn: Fn, counts: ReadonlyMap<Local, unknown>, isSmall: (e: Expr) => boolean) {
    this.fn = fn
    this.isSmall = isSmall
    const names = Names.of(fn)
    for (const l of counts.keys()) this.counts.set(l, names.local(l.name, I32))
  }

  run(): Fn {
    const locals = this.fn.locals.map((l) => this.counts.get(l) ?? l)
    return { ...this.fn, locals, body: this.list(this.fn.body) }
  }

  private readonly list = (stmts: readonly Stmt[]): readonly Stmt[] =>
    mapList(stmts, (s) => {
      const count = s.kind === 'assign' ? this.counts.get(s.local) : undefined
      if (s.kind === 'assign' && count) return assign(count, this.whole(s.value))
      return mapStmtBodies(
        mapStmtExprs(s, (e) => this.expr(e)),
        this.list,
      )
    })

  private expr(e: Expr): Expr {
    if (asksWhole(e, this.isSmall)) return this.asked(e as Cast | OpExpr)
    const count = e.kind === 'local' ? this.counts.get(e.local) : undefined
    return count ? cast(e.type, ref(count)) : mapChildren(e, (child) => this.expr(child))
  }

  private asked(e: Cast | OpExpr): Expr {
    if (e.kind === 'cast') return cast(e.type, this.whole(e.value))
    const args = e.args.map((arg) => this.whole(arg))
    if (e.op === 'toint32') return args[0]!
    if (e.op === 'clamp8') return op('min', op('max', args[0]!, num(I32, 0)), num(I32, 255))
    return op(e.op, ...args)
  }

  /** A small whole number as an i32. */
  private whole(e: Expr): Expr {
    switch (e.kind) {
      case 'const':
        return num(I32, Number(e.value))
      case 'local':
        return ref(this.counts.get(e.local)!)
      case 'cast': {
        const value = this.expr(e.value)
        return value.type === BOOL ? { kind: 'cast', type: I32, value } : cast(I32, value)
      }
      case 'op':
        return op(e.op, ...e.args.map((arg) => this.whole(arg)))
      case 'select':
      case 'cond':
        return { ...e, type: I32, cond: this.expr(e.cond), then: this.whole(e.then), else: this.whole(e.else) }
      default:
        throw new Error(`a ${e.kind} is no whole number`)
    }
  }
}
