/**
 * Moves out of innermost loops what is the same in all their turns: elements that every turn changes live in a local
 * from before the loop until after it, elements that nobody changes are read once, and so is what is computed of such.
 *
 *   for k { C[i, j] = C[i, j] + α · A[i, j] · x[k] }
 * becomes
 *   if the loop runs { c = C[i, j]; a = α · A[i, j]; for k { c = c + a · x[k] }; C[i, j] = c }
 *
 * Float32 elements are rounded at each turn, by the casts around them. Only accesses that are proven move, and only
 * where no other array may overlap.
 */

import { Apart, asksOverlap } from '../analysis/apart.ts'
import { exposedReads } from '../analysis/liveness.ts'
import { Meetings } from '../analysis/meetings.ts'
import { atomsOf, equal, mentions, type Poly, sub } from '../analysis/poly.ts'
import { type Fixed, Symbols } from '../analysis/symbols.ts'
import { assign, ifStmt, load, Names, op, ref, store } from '../ir/build.ts'
import type { ArrayType, Expr, Fn, For, Load, Local, Module, Stmt, Store } from '../ir/ir.ts'
import { isFloat, isInteger, valueType } from '../ir/types.ts'
import {
  assignedLocals,
  exprChildren,
  exprReads,
  flatMapList,
  mapChildren,
  mapExpr,
  mapList,
  mapStmtBodies,
  mapStmtExprs,
  stmtBodies,
  stmtExprs,
  visitExpr,
  visitStmts,
} from '../ir/walk.ts'
import { homesOf } from './homes.ts'
import { outside } from './outside.ts'
import { fresh, type Scope } from './scope.ts'

export function hoist(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (hasFor(fn.body) ? new Hoisting(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

const hasFor = (stmts: readonly Stmt[]): boolean => stmts.some((s) => s.kind === 'for' || stmtBodies(s).some(hasFor))

/** Elements whose loaded value is what was stored. */
const KEPT: ReadonlySet<string> = new Set(['float64', 'float32', 'int32'])
const isKept = (array: Local): boolean => KEPT.has((array.type as ArrayType).dtype)

/** All accesses of a loop to one element, the same in all turns. */
interface Element {
  readonly root: Local
  readonly index: Poly
  readonly loads: Load[]
  readonly stores: Store[]
  /** An access that every turn makes. */
  certain: Load | Store | undefined
}
interface Access {
  readonly root: Local
  readonly index: Poly | undefined
  readonly writes: boolean
}

class Hoisting {
  private readonly fn: Fn
  readonly symbols: Symbols
  readonly scope: Scope
  private homes: ReadonlyMap<Local, For | undefined> | undefined

  constructor(fn: Fn) {
    this.fn = fn
    this.symbols = new Symbols(fn)
    this.scope = { names: Names.of(fn), locals: [], sites: [] }
  }

  run(): Fn {
    const body = this.list(this.fn.body, [], new Apart(this.symbols))
    return body === this.fn.body ? this.fn : { ...this.fn, locals: [...this.fn.locals, ...this.scope.locals], body }
  }

  private list(stmts: readonly Stmt[], outer: readonly For[], apart: Apart): readonly Stmt[] {
    return flatMapList(stmts, (s): Stmt | readonly Stmt[] => {
      if (s.kind === 'if' && asksOverlap(s)) {
        const then = this.list(s.then, outer, apart.within(s))
        return then === s.then ? s : { ...s, then }
      }
      if (s.kind !== 'for') return mapStmtBodies(s, (body) => this.list(body, outer, apart))
      if (hasFor(s.body)) return mapStmtBodies(s, (body) => this.list(body, [...outer, s], apart))
      return isPlain(s) ? new Loop(this, s, outer, apart, stmts).run() : s
    })
  }

  homeOf(local: Local): For | undefined {
    this.homes ??= homesOf(this.fn)
    return this.homes.get(local)
  }
}

/** Whether a loop's body only computes, chooses, reads and writes, and nothing in it can fail. */
function isPlain(loop: For): boolean {
  if (loop.forKind !== 'serial') return false
  let plain = true
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind === 'store') plain &&= s.bounds === 'proven' && !s.mask
      else if (s.kind === 'assign') plain &&= !(s.value.kind === 'load' && s.value.bounds === 'checked')
      else plain &&= s.kind === 'if'
    },
  })
  return plain
}

/** One innermost loop. */
class Loop {
  private readonly symbols: Symbols
  private readonly scope: Scope
  private readonly owner: Hoisting
  private readonly loop: For
  private readonly outer: readonly For[]
  private readonly apart: Apart
  private readonly siblings: readonly Stmt[]
  private readonly assigned: Set<Local>
  private readonly fixed: Fixed
  private readonly accesses: Access[] = []
  private meetings: Meetings | undefined
  private readonly before: Stmt[] = []
  private readonly after: Stmt[] = []
  /** Something that moved can only be done where the loop runs. */
  private risky = false

  constructor(owner: Hoisting, loop: For, outer: readonly For[], apart: Apart, siblings: readonly Stmt[]) {
    this.owner = owner
    this.symbols = owner.symbols
    this.scope = owner.scope
    this.loop = loop
    this.outer = outer
    this.apart = apart
    this.siblings = siblings
    this.assigned = assignedLocals(loop.body)
    this.fixed = (l) => !this.assigned.has(l) && l !== loop.variable
  }

  run(): Stmt | readonly Stmt[] {
    const { loop } = this
    const elements = this.elements()
    const changed = elements.filter((e) => e.stores.length > 0)
    const same = elements.filter((e) => e.stores.length === 0 && (this.isAsked() || this.isThereAnyway(e)))
    const body = this.liftParts(this.keep(this.lift(loop.body, same), changed))
    if (body === loop.body) return loop
    const all = [...this.before, { ...loop, body }, ...this.after]
    if (!this.risky || this.runs()) return all
    return ifStmt(op(loop.step > 0 ? 'lt' : 'gt', loop.lo, loop.hi), all)
  }

  /**
   * Whether it is all the same to the loop around if this one runs: the question would keep its rows from running side
   * by side, which gains more than reading an element once.
   */
  private isAsked(): boolean {
    const around = this.outer[this.outer.length - 1]
    if (!around || this.runs()) return true
    const row = this.symbols.atomOf(around.variable)
    const own = assignedLocals([around])
    return [this.loop.lo, this.loop.hi].every((e) => {
      const p = this.symbols.poly(e, this.fixed)
      return p ? !mentions(p, row) : ![...exprReads(e)].some((l) => own.has(l))
    })
  }

  /** Whether the loop has a turn wherever it is come to. */
  private runs(): boolean {
    const span = this.symbols.span(this.loop, this.fixed)
    return span !== undefined && this.symbols.isNonNegative(sub(span.hi, span.lo), this.outer, this.fixed)
  }

  // ───────────────────────────── elements ─────────────────────────────

  /** Elements that are the same in all turns, and that only accesses with this very index can touch. */
  private elements(): Element[] {
    const found: Element[] = []
    const see = (node: Load | Store, certain: boolean) => {
      const root = this.symbols.root(node.array)
      const index = this.symbols.poly(node.index, this.fixed)
      const known = index && this.isTimely(index) ? index : undefined
      this.accesses.push({ root, index: known, writes: node.kind === 'store' })
      if (!known || !this.isSame(known)) return
      let element = found.find((e) => e.root === root && equal(e.index, known))
      if (!element) {
        element = { root, index: known, loads: [], stores: [], certain: undefined }
        found.push(element)
      }
      if (node.kind === 'load') element.loads.push(node)
      else element.stores.push(node)
      if (certain) element.certain ??= node
    }
    const walk = (stmts: readonly Stmt[], certain: boolean) => {
      for (const s of stmts) {
        for (const e of stmtExprs(s)) this.visitLoads(e, certain, see)
        if (s.kind === 'store') see(s, certain)
        for (const inner of stmtBodies(s)) walk(inner, false)
      }
    }
    walk(this.loop.body, true)
    return found.filter((e) => e.certain && this.isAlone(e))
  }

  private visitLoads(e: Expr, certain: boolean, see: (node: Load, certain: boolean) => void): void {
    visitExpr(e, (node) => {
      if (node.kind === 'load' && !node.mask && node.type.kind === 'scalar') see(node, certain)
      if (node.kind !== 'cond') return true
      this.visitLoads(node.cond, certain, see)
      this.visitLoads(node.then, false, see)
      this.visitLoads(node.else, false, see)
      return false
    })
  }

  /** Whether an index means what it says in each turn: it names no local of the body but by its value. */
  private isTimely(p: Poly): boolean {
    return [...atomsOf(p)].every((a) => {
      const source = this.symbols.source(a)
      const local = 'local' in source ? source.local : source.array
      return local === this.loop.variable || !this.assigned.has(local)
    })
  }

  private isSame(p: Poly): boolean {
    return !mentions(p, this.symbols.atomOf(this.loop.variable))
  }

  private isAlone(element: Element): boolean {
    const changed = element.stores.length > 0
    if (changed && !isKept(element.root)) return false
    this.meetings ??= new Meetings(this.symbols, [...this.outer, this.loop], this.fixed)
    const { meetings } = this
    return this.accesses.every(({ root, index, writes }) => {
      if (!changed && !writes) return true
      if (root !== element.root) return this.apart.areApart(root, element.root)
      if (!index) return false
      return equal(index, element.index) || meetings.areApart(element.index, index)
    })
  }

  /** Whether the same element is read or written beside the loop, in the same list of statements that cannot fail. */
  private isThereAnyway(element: Element): boolean {
    const at = this.siblings.indexOf(this.loop)
    const touches = (s: Stmt): boolean => {
      let found = false
      const see = (node: Load | Store) => {
        if (this.symbols.root(node.array) !== element.root) return
        const index = this.symbols.poly(node.index)
        if (index && equal(index, element.index)) found = true
      }
      for (const e of stmtExprs(s)) this.visitLoads(e, true, (node, certain) => certain && see(node))
      if (s.kind === 'store') see(s)
      return found
    }
    for (const towards of [-1, 1]) {
      for (let k = at + towards; k >= 0 && k < this.siblings.length; k += towards) {
        const s = this.siblings[k]!
        const plain =
          (s.kind === 'assign' && !(s.value.kind === 'load' && s.value.bounds === 'checked')) ||
          (s.kind === 'store' && s.bounds === 'proven' && !s.mask)
        if (!plain) break
        if (touches(s)) return true
      }
    }
    return false
  }

  // ───────────────────────────── what moves ─────────────────────────────

  /** Moves whole statements: locals of the loop that get the same value in each turn. */
  private lift(body: readonly Stmt[], elements: readonly Element[]): readonly Stmt[] {
    const moved = new Set<Local>()
    const elementOf = new Map<Expr, Element>(elements.flatMap((e) => e.loads.map((l) => [l, e] as const)))
    const isSame = (e: Expr): boolean => {
      if (e.kind === 'load') return elementOf.has(e)
      if (e.kind === 'local') return moved.has(e.local) || this.fixed(e.local)
      // Integers keep to their bounds by proof, which may rest on the loop's running.
      if (e.kind === 'op' && e.args.some((arg) => isInteger(arg.type))) return false
      return exprChildren(e).every(isSame)
    }
    const carried = exposedReads(body)
    let counts: Map<Local, number> | undefined
    return flatMapList(body, (s) => {
      if (s.kind !== 'assign' || carried.has(s.local) || !isSame(s.value)) return s
      if (!isFloat(s.local.type) && s.value.kind !== 'load') return s
      counts ??= countTargets(body)
      if (counts.get(s.local) !== 1 || this.owner.homeOf(s.local) !== this.loop) return s
      moved.add(s.local)
      const value = mapExpr(s.value, (node) => {
        const element = elementOf.get(node)
        return element ? this.read(element) : node
      })
      this.before.push(assign(s.local, value))
      return []
    })
  }

  /** Keeps elements that turns change in locals. */
  private keep(body: readonly Stmt[], elements: readonly Element[]): readonly Stmt[] {
    if (elements.length === 0) return body
    const kept = new Map<Expr | Stmt, Local>()
    for (const element of elements) {
      const { array, index, site } = element.stores[0]!
      const local = fresh(this.scope, 'kept', valueType((array.type as ArrayType).dtype))
      for (const node of [...element.loads, ...element.stores]) kept.set(node, local)
      this.before.push(assign(local, this.read(element)))
      this.after.push(store(array, this.outside(index), ref(local), 'proven', site))
    }
    const replace = (e: Expr): Expr => {
      const local = kept.get(e)
      return local ? ref(local) : mapChildren(e, replace)
    }
    const list = (stmts: readonly Stmt[]): readonly Stmt[] =>
      mapList(stmts, (s) => {
        const local = kept.get(s)
        if (local && s.kind === 'store') return assign(local, replace(s.value))
        return mapStmtBodies(mapStmtExprs(s, replace), list)
      })
    return list(body)
  }

  /** The element, read before the loop. */
  private read(element: Element): Load {
    if (!this.isThereAnyway(element)) this.risky = true
    const { array, index, site } = element.certain!
    return load(array, this.outside(index), 'proven', site)
  }

  private outside(e: Expr): Expr {
    return outside(e, this.symbols, this.assigned)
  }

  /** Moves parts of expressions: floats computed of what is the same in all turns. */
  private liftParts(body: readonly Stmt[]): readonly Stmt[] {
    const assigned = assignedLocals(body)
    const isSame = (e: Expr): boolean => {
      if (e.kind === 'const') return true
      if (e.kind === 'local') return !assigned.has(e.local) && e.local !== this.loop.variable
      if (e.kind === 'cast') return isFloat(e.type) && isSame(e.value)
      return e.kind === 'op' && isFloat(e.type) && e.args.every((arg) => isFloat(arg.type) && isSame(arg))
    }
    const part = (e: Expr): Expr => {
      if (e.kind !== 'op' || !isSame(e) || exprReads(e).size === 0) return mapChildren(e, part)
      const local = fresh(this.scope, 'same', e.type)
      this.before.push(assign(local, e))
      return ref(local)
    }
    const list = (stmts: readonly Stmt[]): readonly Stmt[] =>
      mapList(stmts, (s) => mapStmtBodies(mapStmtExprs(s, part), list))
    return list(body)
  }
}

function countTargets(stmts: readonly Stmt[]): Map<Local, number> {
  const counts = new Map<Local, number>()
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'assign') counts.set(s.local, (counts.get(s.local) ?? 0) + 1)
    },
  })
  return counts
}
