/** Looking at and rewriting IR. A rewrite returns the same object when nothing changed. */

import type { Expr, Local, Stmt } from './ir.ts'

/** Maps a list; the same list when every item stayed the same. */
export function mapList<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  let out: T[] | undefined
  for (let k = 0; k < list.length; k++) {
    const before = list[k]!
    const after = f(before)
    if (after !== before && !out) out = list.slice(0, k)
    out?.push(after)
  }
  return out ?? list
}

/** Maps a list where an item may become a list of items; the same list when every item stayed the same. */
export function flatMapList<T extends object>(list: readonly T[], f: (item: T) => T | readonly T[]): readonly T[] {
  let out: T[] | undefined
  list.forEach((before, k) => {
    const after = f(before)
    if (after !== before && !out) out = list.slice(0, k)
    if (Array.isArray(after)) out?.push(...after)
    else out?.push(after as T)
  })
  return out ?? list
}

// ─────────────────────────── expressions ───────────────────────────

const present = (...parts: (Expr | undefined)[]): Expr[] => parts.filter((e) => e !== undefined)
const NOTHING: readonly never[] = []

/** In the order of evaluation. */
export function exprChildren(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'length':
    case 'overlap':
      return NOTHING
    case 'load':
      return e.stride || e.mask ? present(e.index, e.stride, e.mask) : [e.index]
    case 'op':
      return e.args
    case 'cast':
    case 'splat':
    case 'extract':
    case 'reduce':
      return [e.value]
    case 'select':
    case 'cond':
      return [e.cond, e.then, e.else]
    case 'ramp':
      return [e.base, e.stride]
    case 'shuffle':
      return [e.a, e.b]
    default:
      return e satisfies never
  }
}

/** Rewrites the direct children only. */
export function mapChildren(e: Expr, f: (child: Expr) => Expr): Expr {
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'length':
    case 'overlap':
      return e
    case 'load': {
      const index = f(e.index)
      const stride = e.stride && f(e.stride)
      const mask = e.mask && f(e.mask)
      if (index === e.index && stride === e.stride && mask === e.mask) return e
      return { ...e, index, ...(stride ? { stride } : {}), ...(mask ? { mask } : {}) }
    }
    case 'op': {
      const args = mapList(e.args, f)
      return args === e.args ? e : { ...e, args }
    }
    case 'cast':
    case 'splat':
    case 'extract':
    case 'reduce': {
      const value = f(e.value)
      return value === e.value ? e : { ...e, value }
    }
    case 'select':
    case 'cond': {
      const condition = f(e.cond)
      const yes = f(e.then)
      const no = f(e.else)
      return condition === e.cond && yes === e.then && no === e.else
        ? e
        : { ...e, cond: condition, then: yes, else: no }
    }
    case 'ramp': {
      const base = f(e.base)
      const stride = f(e.stride)
      return base === e.base && stride === e.stride ? e : { ...e, base, stride }
    }
    case 'shuffle': {
      const a = f(e.a)
      const b = f(e.b)
      return a === e.a && b === e.b ? e : { ...e, a, b }
    }
    default:
      return e satisfies never
  }
}

/** Rewrites every node, children first. */
export const mapExpr = (e: Expr, f: (e: Expr) => Expr): Expr => f(mapChildren(e, (child) => mapExpr(child, f)))

/** Visits every node, parents first; `enter` returns false to leave out a node's children. */
export function visitExpr(e: Expr, enter: (e: Expr) => unknown): void {
  if (enter(e) === false) return
  for (const child of exprChildren(e)) visitExpr(child, enter)
}

/** Whether any node is as `test` wants it. */
export const someExpr = (e: Expr, test: (e: Expr) => boolean): boolean =>
  test(e) || exprChildren(e).some((child) => someExpr(child, test))

// ─────────────────────────── statements ───────────────────────────

/** The expressions that stand directly in a statement, in the order of evaluation. */
export function stmtExprs(s: Stmt): readonly Expr[] {
  switch (s.kind) {
    case 'assign':
      return [s.value]
    case 'store':
      return s.stride || s.mask ? present(s.index, s.stride, s.value, s.mask) : [s.index, s.value]
    case 'do':
      return [s.index, ...s.args]
    case 'call':
      return s.args
    case 'alloc':
      return [s.length]
    case 'if':
    case 'while':
      return [s.cond]
    case 'for':
      return s.serialIf ? [s.lo, s.hi, s.serialIf] : [s.lo, s.hi]
    case 'return':
    case 'fail':
      return s.values
    case 'launch':
      return s.serialIf ? [s.lo, s.hi, ...s.args, s.serialIf] : [s.lo, s.hi, ...s.args]
    case 'block':
    case 'break':
    case 'continue':
    case 'barrier':
      return NOTHING
    default:
      return s satisfies never
  }
}

/** Rewrites the expressions that stand directly in a statement. */
export function mapStmtExprs(s: Stmt, f: (e: Expr) => Expr): Stmt {
  switch (s.kind) {
    case 'assign': {
      const value = f(s.value)
      return value === s.value ? s : { ...s, value }
    }
    case 'store': {
      const index = f(s.index)
      const stride = s.stride && f(s.stride)
      const value = f(s.value)
      const mask = s.mask && f(s.mask)
      if (index === s.index && stride === s.stride && value === s.value && mask === s.mask) return s
      return { ...s, index, value, ...(stride ? { stride } : {}), ...(mask ? { mask } : {}) }
    }
    case 'do': {
      const index = f(s.index)
      const args = mapList(s.args, f)
      return index === s.index && args === s.args ? s : { ...s, index, args }
    }
    case 'call': {
      const args = mapList(s.args, f)
      return args === s.args ? s : { ...s, args }
    }
    case 'alloc': {
      const length = f(s.length)
      return length === s.length ? s : { ...s, length }
    }
    case 'if':
    case 'while': {
      const condition = f(s.cond)
      return condition === s.cond ? s : { ...s, cond: condition }
    }
    case 'for': {
      const lo = f(s.lo)
      const hi = f(s.hi)
      const serialIf = s.serialIf && f(s.serialIf)
      return lo === s.lo && hi === s.hi && serialIf === s.serialIf
        ? s
        : { ...s, lo, hi, ...(serialIf ? { serialIf } : {}) }
    }
    case 'return':
    case 'fail': {
      const values = mapList(s.values, f)
      return values === s.values ? s : { ...s, values }
    }
    case 'launch': {
      const lo = f(s.lo)
      const hi = f(s.hi)
      const args = mapList(s.args, f)
      const serialIf = s.serialIf && f(s.serialIf)
      return lo === s.lo && hi === s.hi && args === s.args && serialIf === s.serialIf
        ? s
        : { ...s, lo, hi, args, ...(serialIf ? { serialIf } : {}) }
    }
    case 'block':
    case 'break':
    case 'continue':
    case 'barrier':
      return s
    default:
      return s satisfies never
  }
}

export function stmtBodies(s: Stmt): readonly (readonly Stmt[])[] {
  switch (s.kind) {
    case 'if':
      return [s.then, s.else]
    case 'for':
    case 'while':
    case 'block':
      return [s.body]
    case 'assign':
    case 'store':
    case 'do':
    case 'call':
    case 'alloc':
    case 'break':
    case 'continue':
    case 'return':
    case 'fail':
    case 'launch':
    case 'barrier':
      return NOTHING
    default:
      return s satisfies never
  }
}

/** Rewrites the bodies that stand directly in a statement. */
export function mapStmtBodies(s: Stmt, f: (body: readonly Stmt[]) => readonly Stmt[]): Stmt {
  if (s.kind === 'if') {
    const yes = f(s.then)
    const no = f(s.else)
    return yes === s.then && no === s.else ? s : { ...s, then: yes, else: no }
  }
  if (s.kind === 'for' || s.kind === 'while' || s.kind === 'block') {
    const body = f(s.body)
    return body === s.body ? s : { ...s, body }
  }
  return s
}

export interface Rewrite {
  /** Every expression node, children first. */
  readonly expr?: (e: Expr) => Expr
  /** Every statement once its parts are rewritten; a list stands for it ([] removes it). */
  readonly stmt?: (s: Stmt) => Stmt | readonly Stmt[]
}

/** Rewrites statements and all that is in them, inner parts first. */
export function mapStmts(stmts: readonly Stmt[], rewrite: Rewrite): readonly Stmt[] {
  const { expr, stmt } = rewrite
  return flatMapList(stmts, (before) => {
    let s = expr ? mapStmtExprs(before, (e) => mapExpr(e, expr)) : before
    s = mapStmtBodies(s, (body) => mapStmts(body, rewrite))
    return stmt ? stmt(s) : s
  })
}

export interface Visitor {
  /** Parents first; returns false to leave out what is inside. */
  readonly stmt?: (s: Stmt) => unknown
  /** Every expression node, parents first; returns false to leave out its children. */
  readonly expr?: (e: Expr) => unknown
}

export function visitStmts(stmts: readonly Stmt[], visitor: Visitor): void {
  for (const s of stmts) {
    if (visitor.stmt?.(s) === false) continue
    if (visitor.expr) for (const e of stmtExprs(s)) visitExpr(e, visitor.expr)
    for (const body of stmtBodies(s)) visitStmts(body, visitor)
  }
}

// ───────────────────────────── locals ─────────────────────────────

/** The locals that a node itself names as what it reads: a reference, or the array it looks into. */
export function exprLocals(e: Expr): readonly Local[] {
  switch (e.kind) {
    case 'local':
      return [e.local]
    case 'load':
    case 'length':
      return [e.array]
    case 'overlap':
      return [e.a, e.b]
    default:
      return NOTHING
  }
}

/** The locals that a statement itself gives values; a `for` also its variable and the results of its reductions. */
export function stmtTargets(s: Stmt): readonly Local[] {
  switch (s.kind) {
    case 'assign':
    case 'alloc':
      return [s.local]
    case 'do':
      return s.result ? [s.result] : NOTHING
    case 'call':
      return s.results
    case 'for':
      return s.reductions.length > 0 ? [s.variable, ...s.reductions.map((r) => r.local)] : [s.variable]
    default:
      return NOTHING
  }
}

/** The locals that an expression reads, arrays included. */
export function exprReads(e: Expr): Set<Local> {
  const found = new Set<Local>()
  visitExpr(e, (node) => {
    for (const l of exprLocals(node)) found.add(l)
  })
  return found
}

/** All locals that get a value somewhere in the statements. Elements of arrays are not locals. */
export function assignedLocals(stmts: readonly Stmt[]): Set<Local> {
  const found = new Set<Local>()
  visitStmts(stmts, {
    stmt: (s) => {
      for (const l of stmtTargets(s)) found.add(l)
    },
  })
  return found
}

/** All locals whose value is looked at, arrays stored into included (their handle is read). */
export function readLocals(stmts: readonly Stmt[]): Set<Local> {
  const found = new Set<Local>()
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'store' || s.kind === 'do') found.add(s.array)
      if (s.kind === 'for') for (const r of s.reductions) found.add(r.local)
    },
    expr: (e) => {
      for (const l of exprLocals(e)) found.add(l)
    },
  })
  return found
}

export function usedLocals(stmts: readonly Stmt[]): Set<Local> {
  const found = assignedLocals(stmts)
  for (const l of readLocals(stmts)) found.add(l)
  return found
}
