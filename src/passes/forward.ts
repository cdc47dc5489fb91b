/**
 * Hands elements on from statement to statement instead of through memory: what was just stored or loaded is not loaded
 * again, and a store that the next one hides is left out.
 *
 *   C[p] = C[p] + a · x; C[p] = C[p] + b · y
 * becomes
 *   e = C[p]; t = e + a · x; C[p] = t + b · y
 *
 * Elements are the same where their indices are the same polynomial. Of other elements of the array, and of other
 * arrays, it has to be known that they are others. A store is left out only where nothing in between can fail or look.
 */

import { Apart, asksOverlap } from '../analysis/apart.ts'
import { Meetings } from '../analysis/meetings.ts'
import { type Atom, atomsOf, equal, type Poly } from '../analysis/poly.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, Names, ref } from '../ir/build.ts'
import type { ArrayType, Assign, Expr, Fn, For, If, Local, Module, OpExpr, Stmt, Store } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { printExpr } from '../ir/print.ts'
import { isFloat, isInteger } from '../ir/types.ts'
import {
  exprReads,
  mapChildren,
  mapExpr,
  mapList,
  mapStmtExprs,
  readLocals,
  someExpr,
  stmtBodies,
  visitStmts,
} from '../ir/walk.ts'
import { dropUnusedLocals } from './outline.ts'
import { fresh, type Scope } from './scope.ts'

export function forward(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (mayRepeat(fn.body) ? new Forwarding(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

/** Whether an array is looked into more than once, or anything costly computed: else there is nothing to find. */
function mayRepeat(stmts: readonly Stmt[]): boolean {
  const arrays = new Set<Local>()
  let costly = 0
  let again = false
  const see = (array: Local) => {
    again ||= arrays.has(array)
    arrays.add(array)
  }
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'store') see(s.array)
    },
    expr: (e) => {
      if (e.kind === 'load') see(e.array)
      else if (e.kind === 'op' && isCostly(e)) costly++
    },
  })
  return again || costly > 1
}

/** Elements whose loaded value is what was stored. */
const KEPT: ReadonlySet<string> = new Set(['float64', 'float32', 'int32'])

/** One statement's place in the list that is being written. */
interface Slot {
  stmts: Stmt[]
}
/** An element whose value is known. */
interface Known {
  readonly root: Local
  readonly index: Poly
  /** Where the value is: a local or a constant; absent until somebody asks for it. */
  value: Expr | undefined
  /** Where the load or store is that knows it. */
  readonly slot: Slot
  readonly kind: 'assign' | 'store'
}
/** A store that nobody has looked at. */
interface Hidden {
  readonly root: Local
  readonly index: Poly
  readonly slot: Slot
}

/** What was computed, and where: the node in a statement of the slot, or the local that has it by now. */
interface Computed {
  readonly slot: Slot
  readonly node: Expr
  local: Local | undefined
}

/** What is known at a point of the program; inner lists begin with what their place knows. */
interface Point {
  known: Known[]
  hidden: Hidden[]
  readonly computed: Map<string, Computed>
  readonly slot: Slot
  readonly loops: readonly For[]
  readonly apart: Apart
}

class Forwarding {
  private readonly fn: Fn
  private readonly symbols: Symbols
  private readonly scope: Scope
  private readonly renamed = new Map<Local, Expr>()
  private readonly indices = new Map<Expr, Poly | undefined>()
  /** By the innermost of the loops around. */
  private readonly meetings = new Map<For | undefined, Meetings>()
  private changed = false

  constructor(fn: Fn) {
    this.fn = fn
    this.symbols = new Symbols(fn)
    this.scope = { names: Names.of(fn), locals: [], sites: [] }
  }

  run(): Fn {
    const start = { known: [], hidden: [], computed: new Map(), slot: { stmts: [] }, loops: [] }
    const body = this.list(this.fn.body, { ...start, apart: new Apart(this.symbols) })
    if (!this.changed) return this.fn
    const all = { ...this.fn, locals: [...this.fn.locals, ...this.scope.locals], body: this.rename(body) }
    return dropUnusedLocals({ ...all, body: dropDead(all.body) })
  }

  /** `at` is what is known before the list, and then after it. */
  private list(stmts: readonly Stmt[], at: Point): readonly Stmt[] {
    const slots: Slot[] = []
    for (const s of stmts) {
      const slot: Slot = { stmts: [] }
      slots.push(slot)
      const here: Point = { ...at, slot }
      slot.stmts = [this.stmt(s, here)].flat()
      at.known = here.known
      at.hidden = here.hidden
    }
    const out = slots.flatMap((slot) => slot.stmts)
    return out.length === stmts.length && out.every((s, k) => s === stmts[k]) ? stmts : out
  }

  private stmt(s: Stmt, at: Point): Stmt | Stmt[] {
    switch (s.kind) {
      case 'assign':
        return this.assign(s, at)
      case 'store':
        return this.store(s, at)
      case 'if':
      case 'for':
        return this.inner(s, at)
      default:
        // What this does is not looked into: it may fail, write anywhere, or leave the list.
        this.forget(at)
        return this.bodies(s, at, () => [])
    }
  }

  private forget(at: Point): void {
    at.known = []
    at.hidden = []
  }

  // ───────────────────────────── accesses ─────────────────────────────

  private assign(s: Assign, at: Point): Stmt | Stmt[] {
    if (s.local.type.kind === 'array') {
      this.forget(at)
      return s
    }
    const { value } = s
    if (value.kind !== 'load' || value.mask || value.type.kind !== 'scalar') return this.compute(s, at)
    const place = this.expr(value.index, at)
    const index = this.indexOf(value.index)
    const root = this.symbols.root(value.array)
    const known = index && this.find(root, index, at)
    if (known) return this.become(s, this.valueOf(known))
    if (value.bounds === 'checked') at.hidden = []
    else this.look(root, index, at)
    const next = place === value.index ? s : { ...s, value: { ...value, index: place } }
    if (index && this.symbols.isStable(root)) {
      const kept = this.isSingle(s) ? ref(s.local) : undefined
      at.known.push({ root, index, value: kept, slot: at.slot, kind: next.kind })
    }
    return next
  }

  private compute(s: Assign, at: Point): Stmt | Stmt[] {
    const next = mapStmtExprs(s, (e) => this.expr(e, at)) as Assign
    if (next.value.kind === 'local' && next.value !== s.value) return this.become(s, next.value)
    const computed = this.isSingle(s) ? [...at.computed.values()].find((c) => c.node === next.value) : undefined
    if (computed && !computed.local) computed.local = s.local
    return next
  }

  /** An assignment of what another local has. */
  private become(s: Assign, value: Expr): Stmt[] {
    this.changed = true
    if (!this.isSingle(s) || value.type !== s.local.type) return [{ ...s, value }]
    this.renamed.set(s.local, value)
    return []
  }

  private isSingle(s: Assign): boolean {
    return this.symbols.definition(s.local) === s
  }

  /** The expression with parts replaced that are known; what is left of loads looks at its elements. */
  private expr(e: Expr, at: Point, certain = true): Expr {
    if (e.kind === 'load') {
      const index = this.indexOf(e.index)
      const root = this.symbols.root(e.array)
      const known = index && !e.mask && e.type.kind === 'scalar' ? this.find(root, index, at) : undefined
      if (known) {
        this.changed = true
        return this.valueOf(known)
      }
      this.look(root, index, at)
    }
    if (e.kind === 'cond') {
      const condition = this.expr(e.cond, at, certain)
      const yes = this.expr(e.then, at, false)
      const no = this.expr(e.else, at, false)
      return condition === e.cond && yes === e.then && no === e.else
        ? e
        : { ...e, cond: condition, then: yes, else: no }
    }
    const costly = e.kind === 'op' && isCostly(e)
    const whole = costly ? this.nameOf(e) : undefined
    const known = whole === undefined ? undefined : this.shared(whole, at)
    if (known) return known
    const next = mapChildren(e, (child) => this.expr(child, at, certain))
    if (!costly || !certain) return next
    // Loads that were nested in it may be gone now.
    const name = whole ?? this.nameOf(next)
    if (name === undefined) return next
    const again = whole === undefined ? this.shared(name, at) : undefined
    if (!again) at.computed.set(name, { slot: at.slot, node: next, local: undefined })
    return again ?? next
  }

  /** What an expression computes, where it is of values that stay as they are. */
  private nameOf(e: Expr): string | undefined {
    const now = this.now(e)
    for (const l of exprReads(now)) if (!this.symbols.isStable(l)) return undefined
    return someExpr(now, (node) => node.kind === 'load') ? undefined : printExpr(now)
  }

  /** What was computed before under this name: what was nested in a statement gets a local. */
  private shared(name: string, at: Point): Expr | undefined {
    const known = at.computed.get(name)
    if (!known) return undefined
    if (!known.local) {
      const { slot, node } = known
      const local = fresh(this.scope, 'shared', node.type)
      const replaced = (inner: Expr): Expr => (inner === node ? ref(local) : mapChildren(inner, replaced))
      const where = slot.stmts.findIndex((s) => mapStmtExprs(s, replaced) !== s)
      // What was nested in it may have got a local of its own since, which made it another one.
      if (where < 0) return undefined
      slot.stmts.splice(where, 1, assign(local, node), mapStmtExprs(slot.stmts[where]!, replaced))
      known.local = local
    }
    this.changed = true
    return ref(known.local)
  }

  private store(s: Store, at: Point): Stmt {
    const next = mapStmtExprs(s, (e) => this.expr(e, at)) as Store
    const root = this.symbols.root(s.array)
    const isWhole = !s.mask && s.value.type.kind === 'scalar'
    const index = isWhole ? this.indexOf(s.index) : undefined
    if (s.bounds === 'checked') at.hidden = []
    if (index) {
      for (const hidden of at.hidden.filter((h) => h.root === root && equal(h.index, index))) {
        hidden.slot.stmts = hidden.slot.stmts.filter((one) => one.kind !== 'store')
        at.hidden = at.hidden.filter((h) => h !== hidden)
        this.changed = true
      }
    }
    at.known = at.known.filter((k) => this.areApart(k, root, index, at))
    if (!index || !this.symbols.isStable(root)) return next
    if (KEPT.has((s.array.type as ArrayType).dtype)) {
      const { value } = next
      const isValue =
        value.kind === 'const' || (value.kind === 'local' && this.symbols.definition(value.local) !== undefined)
      at.known.push({ root, index, value: isValue ? value : undefined, slot: at.slot, kind: next.kind })
    }
    if (s.bounds === 'proven') at.hidden.push({ root, index, slot: at.slot })
    return next
  }

  /** Integers are exactly what their polynomials say; doubles only where they are within an array. */
  private indexOf(e: Expr): Poly | undefined {
    if (!this.indices.has(e)) this.indices.set(e, isInteger(e.type) ? this.symbols.poly(e) : undefined)
    return this.indices.get(e)
  }

  private find(root: Local, index: Poly, { known }: Point): Known | undefined {
    return known.find((k) => k.root === root && equal(k.index, index))
  }

  /** The known value as something to name: what was nested in a statement gets a local. */
  private valueOf(known: Known): Expr {
    const { slot } = known
    if (known.value) return known.value
    const at = slot.stmts.findIndex((s) => s.kind === known.kind)
    const s = slot.stmts[at] as Assign | Store
    const local = fresh(this.scope, 'kept', s.value.type)
    slot.stmts.splice(at, 1, assign(local, s.value), { ...s, value: ref(local) })
    known.value = ref(local)
    return known.value
  }

  /** A load looks at what was stored before. */
  private look(root: Local, index: Poly | undefined, at: Point): void {
    if (at.hidden.length > 0) at.hidden = at.hidden.filter((h) => this.areApart(h, root, index, at))
  }

  private areApart(a: { root: Local; index: Poly }, root: Local, index: Poly | undefined, at: Point): boolean {
    if (a.root !== root) return at.apart.areApart(a.root, root)
    if (!index) return false
    const innermost = at.loops[at.loops.length - 1]
    let meetings = this.meetings.get(innermost)
    if (!meetings) {
      meetings = new Meetings(this.symbols, at.loops, () => false)
      this.meetings.set(innermost, meetings)
    }
    return meetings.areApart(a.index, index)
  }

  // ───────────────────────────── lists in lists ─────────────────────────────

  private inner(s: If | For, at: Point): Stmt {
    const head = mapStmtExprs(s, (e) => this.expr(e, at)) as If | For
    const within = s.kind === 'for' ? { ...at, loops: [...at.loops, s] } : at
    if (!isClosed(s)) {
      this.forget(at)
      return this.bodies(head, within, () => [])
    }
    // Before the first turn, as before any other, what the turns change is not known.
    const before = at.known
    for (const { root, index, writes } of this.accessesIn(s)) {
      if (writes) at.known = at.known.filter((k) => this.areApart(k, root, index, within))
      at.hidden = at.hidden.filter((h) => this.areApart(h, root, index, within))
    }
    const start = s.kind === 'for' ? at.known : before
    return this.bodies(head, within, () => [...start])
  }

  private bodies(s: Stmt, at: Point, known: () => Known[]): Stmt {
    const point = (more: Partial<Point> = {}): Point => ({
      ...at,
      known: known(),
      hidden: [],
      computed: new Map(at.computed),
      ...more,
    })
    if (s.kind === 'if') {
      const then = this.list(s.then, point({ apart: at.apart.within(s) }))
      // The arm for overlapping arrays is a copy for what the first cannot do.
      const no = asksOverlap(s) ? s.else : this.list(s.else, point())
      return then === s.then && no === s.else ? s : { ...s, then, else: no }
    }
    if (s.kind === 'for' || s.kind === 'while' || s.kind === 'block') {
      const body = this.list(s.body, point())
      return body === s.body ? s : { ...s, body }
    }
    return s
  }

  private accessesIn(s: Stmt): { root: Local; index: Poly | undefined; writes: boolean }[] {
    const found: { root: Local; index: Poly | undefined; writes: boolean }[] = []
    // Inner loops' variables take many values: what an index says of them holds for one only.
    const inner = new Set<Atom>()
    visitStmts([s], {
      stmt: (one) => {
        if (one.kind === 'for' && one !== s) inner.add(this.symbols.atomOf(one.variable))
      },
    })
    const see = (array: Local, e: Expr, writes: boolean) => {
      const index = this.indexOf(e)
      const known = index && ![...atomsOf(index)].some((a) => inner.has(a))
      found.push({ root: this.symbols.root(array), index: known ? index : undefined, writes })
    }
    visitStmts([s], {
      stmt: (one) => {
        if (one.kind === 'store') see(one.array, one.index, true)
      },
      expr: (e) => {
        if (e.kind === 'load') see(e.array, e.index, false)
      },
    })
    return found
  }

  // ───────────────────────────── afterwards ─────────────────────────────

  private rename(stmts: readonly Stmt[]): readonly Stmt[] {
    if (this.renamed.size === 0) return stmts
    const list = (body: readonly Stmt[]): readonly Stmt[] =>
      mapList(body, (s) => {
        const next = mapStmtExprs(s, (e) => this.now(e))
        const bodies = stmtBodies(next)
        if (bodies.length === 0) return next
        if (next.kind === 'if') return { ...next, then: list(next.then), else: list(next.else) }
        return { ...next, body: list(bodies[0]!) } as Stmt
      })
    return list(stmts)
  }

  /** The expression of the locals that are left. */
  private now(e: Expr): Expr {
    return mapExpr(e, (node) => {
      let value = node
      while (value.kind === 'local') {
        const next = this.renamed.get(value.local)
        if (!next) break
        value = next
      }
      return value
    })
  }
}

/** Operations that take longer than adding. */
const isCostly = ({ op, type }: OpExpr): boolean =>
  isFloat(type) && (op === 'div' || op === 'sqrt' || opRecord(op).kind !== 'exact')

/** Whether the statement is left at its end alone, and can neither fail nor call anything. */
function isClosed(s: Stmt): boolean {
  let closed = true
  visitStmts([s], {
    stmt: (one) => {
      if (one.kind === 'store') closed &&= one.bounds === 'proven'
      else if (one.kind === 'assign') {
        closed &&= one.local.type.kind !== 'array' && !(one.value.kind === 'load' && one.value.bounds === 'checked')
      } else if (one.kind === 'for') closed &&= one.forKind === 'serial'
      else closed &&= one.kind === 'if'
    },
  })
  return closed
}

/** The statements without assignments to locals that nobody reads. */
function dropDead(stmts: readonly Stmt[]): readonly Stmt[] {
  let now = stmts
  for (;;) {
    const read = readLocals(now)
    const list = (body: readonly Stmt[]): readonly Stmt[] => {
      const kept = body.filter((s) => !(s.kind === 'assign' && isIdle(s) && !read.has(s.local)))
      const out = kept.length === body.length ? body : kept
      return mapList(out, (s) => {
        if (s.kind === 'if') {
          const then = list(s.then)
          const no = list(s.else)
          return then === s.then && no === s.else ? s : { ...s, then, else: no }
        }
        if (s.kind !== 'for' && s.kind !== 'while' && s.kind !== 'block') return s
        const inner = list(s.body)
        return inner === s.body ? s : { ...s, body: inner }
      })
    }
    const next = list(now)
    if (next === now) return now
    now = next
  }
}

const isIdle = (s: Extract<Stmt, { kind: 'assign' }>): boolean =>
  s.local.type.kind === 'scalar' && !(s.value.kind === 'load' && s.value.bounds === 'checked')
