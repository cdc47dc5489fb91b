/**
 * Between which whole numbers values lie, followed through the statements in their order. What a loop changes is not
 * known at its head: sums over loops are the front end's, which sees why a loop ends.
 */

import type { ArrayType, Expr, Fn, Label, Local, Stmt } from '../ir/ir.ts'
import { BOOL, F32, F64, I32, I64, INDEX } from '../ir/types.ts'
import { assignedLocals, stmtBodies } from '../ir/walk.ts'

/** All whole numbers from `lo` to `hi`, neither −0 nor NaN among them. */
export interface Range {
  readonly lo: number
  readonly hi: number
}

const INT32: Range = { lo: -(2 ** 31), hi: 2 ** 31 - 1 }
const EXACT = 2 ** 53

export const fitsInt32 = ({ lo, hi }: Range): boolean => lo >= INT32.lo && hi <= INT32.hi

/** Elements of these types; all others may be anything. */
const ELEMENTS: Readonly<Record<string, Range>> = {
  int8: { lo: -128, hi: 127 },
  uint8: { lo: 0, hi: 255 },
  uint8c: { lo: 0, hi: 255 },
  int16: { lo: -32768, hi: 32767 },
  uint16: { lo: 0, hi: 65535 },
  uint32: { lo: 0, hi: 2 ** 32 - 1 },
}

export class Ranges {
  /** What each local may hold; absent where that is not known. */
  readonly locals = new Map<Local, Range>()
  /** What each node may be; undefined where that is not known. */
  readonly exprs = new Map<Expr, Range | undefined>()
  private readonly unknown = new Set<Local>()
  private now = new Map<Local, Range>()

  constructor(fn: Fn) {
    // Locals start as 0, parameters as anything.
    const params = new Set(fn.params)
    for (const l of fn.params) this.unknown.add(l)
    for (const l of fn.locals) if (!params.has(l)) this.now.set(l, { lo: 0, hi: 0 })
    this.list(fn.body)
    for (const l of this.unknown) this.locals.delete(l)
  }

  private list(stmts: readonly Stmt[]): void {
    for (const s of stmts) this.stmt(s)
  }

  private stmt(s: Stmt): void {
    switch (s.kind) {
      case 'assign':
        this.set(s.local, this.range(s.value))
        return
      case 'if': {
        this.range(s.cond)
        const before = new Map(this.now)
        this.list(s.then)
        const then = this.now
        this.now = before
        this.list(s.else)
        this.join(then)
        return
      }
      case 'for': {
        const lo = this.range(s.lo)
        const hi = this.range(s.hi)
        this.forget(assignedLocals([s]))
        if (lo && hi) this.set(s.variable, s.step > 0 ? { lo: lo.lo, hi: hi.hi - 1 } : { lo: hi.lo + 1, hi: lo.hi })
        else this.set(s.variable, undefined)
        this.list(s.body)
        this.forget(assignedLocals([s]))
        return
      }
      case 'while':
        this.forget(assignedLocals(s.body))
        this.range(s.cond)
        this.list(s.body)
        this.forget(assignedLocals(s.body))
        return
      case 'block':
        this.list(s.body)
        // Where it is left from is not followed.
        if (breaks(s.body, s.label)) this.forget(assignedLocals(s.body))
        return
      case 'store':
        this.range(s.index)
        this.range(s.value)
        return
      case 'return':
      case 'fail':
        for (const e of s.values) this.range(e)
        return
      case 'call':
        for (const e of s.args) this.range(e)
        for (const l of s.results) this.set(l, undefined)
        return
      case 'do':
        this.range(s.index)
        for (const e of s.args) this.range(e)
        if (s.result) this.set(s.result, undefined)
        return
      case 'alloc':
        this.range(s.length)
        return
      case 'launch':
      case 'break':
      case 'continue':
      case 'barrier':
        return
      default:
        s satisfies never
    }
  }

  private set(local: Local, range: Range | undefined): void {
    if (!range) {
      this.unknown.add(local)
      this.now.delete(local)
      return
    }
    this.now.set(local, range)
    this.locals.set(local, joined(this.locals.get(local) ?? range, range))
  }

  private forget(locals: Iterable<Local>): void {
    for (const l of locals) this.now.delete(l)
  }

  private join(other: ReadonlyMap<Local, Range>): void {
    for (const [l, range] of this.now) {
      const there = other.get(l)
      if (there) this.now.set(l, joined(range, there))
      else this.now.delete(l)
    }
  }

  // ─────────────────────────── expressions ───────────────────────────

  private range(e: Expr): Range | undefined {
    const found = this.find(e) ?? (e.type === I32 || e.type === INDEX ? INT32 : undefined)
    const known = this.exprs.get(e)
    // One node may stand in several statements.
    this.exprs.set(e, found && (this.exprs.has(e) ? known && joined(known, found) : found))
    return found
  }

  private find(e: Expr): Range | undefined {
    switch (e.kind) {
      case 'const': {
        const value = Number(e.value)
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? { lo: value, hi: value } : undefined
      }
      case 'local':
        return this.now.get(e.local)
      case 'length':
        return { lo: 0, hi: INT32.hi }
      case 'load':
        this.range(e.index)
        return e.type.kind === 'scalar' ? ELEMENTS[(e.array.type as ArrayType).dtype] : undefined
      case 'cast': {
        const value = this.range(e.value)
        if (e.value.type === BOOL) return { lo: 0, hi: 1 }
        if (!value || e.type === F32) return undefined
        // Narrowing takes the low bits.
        return e.type === F64 || e.type === I64 || fitsInt32(value) ? value : undefined
      }
      case 'select':
      case 'cond': {
        this.range(e.cond)
        const then = this.range(e.then)
        const no = this.range(e.else)
        return then && no && joined(then, no)
      }
      case 'op': {
        const args = e.args.map((arg) => this.range(arg))
        const [a, b] = args
        const found = a && computed(e.op, a, b)
        // What i32 wraps may be anything of its type.
        return found && found.lo >= -EXACT && found.hi <= EXACT && (e.type !== I32 || fitsInt32(found))
          ? found
          : undefined
      }
      default:
        return undefined
    }
  }
}

const joined = (a: Range, b: Range): Range => ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) })

function computed(op: string, a: Range, b: Range | undefined): Range | undefined {
  if (op === 'abs') {
    const hi = Math.max(-a.lo, a.hi)
    return a.lo >= 0 ? a : { lo: a.hi < 0 ? -a.hi : 0, hi }
  }
  if (!b) return undefined
  switch (op) {
    case 'add':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi }
    case 'sub':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo }
    case 'mul': {
      // Of doubles, 0 times something negative is −0.
      if (a.lo < 0 || b.lo < 0) return undefined
      return { lo: a.lo * b.lo, hi: a.hi * b.hi }
    }
    case 'min':
      return { lo: Math.min(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }
    case 'max':
      return { lo: Math.max(a.lo, b.lo), hi: Math.max(a.hi, b.hi) }
    default:
      return undefined
  }
}

const breaks = (stmts: readonly Stmt[], label: Label): boolean =>
  stmts.some((s) => (s.kind === 'break' && s.label === label) || stmtBodies(s).some((body) => breaks(body, label)))
