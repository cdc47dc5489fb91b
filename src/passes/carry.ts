/**
 * Carries in a local what one turn of an innermost loop stores and the next one loads, so that turns do not wait for
 * each other through memory:
 *
 *   for i { x[i] = x[i - 1] * a + y[i] }
 * becomes
 *   if the loop runs { c = x[lo - 1]; for i { c = c * a + y[i]; x[i] = c } }
 *
 * Where other arrays that the loop stores into may overlap, that is asked before.
 */

import { Apart, asksOverlap, type Pair } from '../analysis/apart.ts'
import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { Meetings } from '../analysis/meetings.ts'
import { add, atom, atomsOf, constant, equal, type Poly, sub, substitute } from '../analysis/poly.ts'
import { type Fixed, Symbols } from '../analysis/symbols.ts'
import { assign, ifStmt, load, Names, op, overlap, ref } from '../ir/build.ts'
import type { ArrayType, Expr, Fn, For, Load, Local, Module, Stmt, Store } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { valueType } from '../ir/types.ts'
import {
  assignedLocals,
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
import { outside } from './outside.ts'
import { fresh, type Scope } from './scope.ts'

/** Pairs of arrays that are asked about before a loop, each time that it is come to. */
const PAIRS = 4

/** Elements whose loaded value is what was stored. */
const KEPT: ReadonlySet<string> = new Set(['float64', 'float32', 'int32'])

export function carry(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (fn.body.some(hasFor) ? new Carrying(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

const hasFor = (s: Stmt): boolean => s.kind === 'for' || stmtBodies(s).some((body) => body.some(hasFor))

interface Access {
  readonly node: Load | Store
  readonly root: Local
  /** Undefined where it is none, or names what the turn gives a value to. */
  readonly index: Poly | undefined
  /** Every turn comes to it. */
  readonly certain: boolean
  readonly place: number
}

/** An element that a turn stores and the next one loads. */
interface Carried {
  readonly store: Store
  readonly loads: ReadonlySet<Expr>
  /** One that every turn makes. */
  readonly certain: Load
  /** A load comes after the store: it must not see the new value yet. */
  readonly late: boolean
}

class Carrying {
  private readonly fn: Fn
  private readonly symbols: Symbols
  private readonly scope: Scope
  private live: Map<Stmt, Set<Local>> | undefined

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
        // The second arm is for arrays that overlap.
        return then === s.then ? s : { ...s, then }
      }
      if (s.kind !== 'for') return mapStmtBodies(s, (body) => this.list(body, outer, apart))
      if (s.body.some(hasFor)) return mapStmtBodies(s, (body) => this.list(body, [...outer, s], apart))
      return isPlain(s) ? this.loop(s, outer, apart) : s
    })
  }

  private loop(loop: For, outer: readonly For[], apart: Apart): Stmt | readonly Stmt[] {
    const assigned = assignedLocals(loop.body)
    const fixed: Fixed = (l) => !assigned.has(l) && l !== loop.variable
    const accesses = this.accesses(loop, assigned, fixed)
    if (accesses.every((a) => a.node.kind === 'load')) return loop
    const meetings = new Meetings(this.symbols, [...outer, loop], fixed)
    const questions: Pair[] = []
    const found: Carried[] = []
    for (const access of accesses) {
      const carried =
        access.node.kind === 'store' ? this.carried(access.node, access, accesses, loop, meetings) : undefined
      const pairs = carried && this.pairs(access, accesses, apart)
      if (!carried || !pairs || questions.length + pairs.length > PAIRS) continue
      found.push(carried)
      for (const [a, b] of pairs) {
        if (!questions.some(([p, q]) => (p === a && q === b) || (p === b && q === a))) questions.push([a, b])
      }
    }
    if (found.length === 0) return loop
    const written = this.written(loop, found, assigned)
    const runs = this.runs(loop, outer, fixed) ? written : [ifStmt(isNotEmpty(loop), written)]
    if (questions.length === 0) return runs
    const asked = questions.map(([a, b]): Expr => overlap(a, b)).reduce((a, b) => op('or', a, b))
    return ifStmt(op('not', asked), runs, this.copy(loop))
  }

  /** Locals that only the loop uses are new ones in its copy, so that each keeps its one definition. */
  private copy(loop: For): readonly Stmt[] {
    this.live ??= liveAfterEach(this.fn, (s) => s.kind === 'for')
    const shared = new Set(exposedReads([loop]))
    for (const l of this.live.get(loop)!) shared.add(l)
    const own = new Map<Local, Local>()
    for (const l of assignedLocals([loop])) if (!shared.has(l)) own.set(l, fresh(this.scope, l.name, l.type))
    return copyStmts(renameStmts([loop], { local: (l) => own.get(l) ?? l }), this.scope.names)
  }

  private accesses(loop: For, assigned: ReadonlySet<Local>, fixed: Fixed): Access[] {
    const found: Access[] = []
    const variable = this.symbols.atomOf(loop.variable)
    const see = (node: Load | Store, certain: boolean) => {
      const p = assigned.has(node.array) ? undefined : this.symbols.poly(node.index, fixed)
      const timely =
        p &&
        [...atomsOf(p)].every((a) => {
          const source = this.symbols.source(a)
          return a === variable || !assigned.has('local' in source ? source.local : source.array)
        })
      found.push({
        node,
        root: this.symbols.root(node.array),
        index: timely ? p : undefined,
        certain,
        place: found.length,
      })
    }
    const expr = (e: Expr, certain: boolean): void =>
      visitExpr(e, (node) => {
        if (node.kind === 'load') see(node, certain && node.type.kind === 'scalar')
        if (node.kind !== 'cond') return true
        expr(node.cond, certain)
        expr(node.then, false)
        expr(node.else, false)
        return false
      })
    const walk = (stmts: readonly Stmt[], certain: boolean) => {
      for (const s of stmts) {
        for (const e of stmtExprs(s)) expr(e, certain)
        if (s.kind === 'store') see(s, certain && s.value.type.kind === 'scalar')
        for (const body of stmtBodies(s)) walk(body, false)
      }
    }
    walk(loop.body, true)
    return found
  }

  /** What a store hands to the loads of the next turn; undefined where it hands on nothing, or that is uncertain. */
  private carried(
    store: Store,
    at: Access,
    accesses: readonly Access[],
    loop: For,
    meetings: Meetings,
  ): Carried | undefined {
    const { root, index, certain, place } = at
    if (!index || !certain || !KEPT.has((store.array.type as ArrayType).dtype)) return undefined
    const variable = this.symbols.atomOf(loop.variable)
    const next = add(atom(variable), constant(loop.step))
    // Where all turns have one element, what looks at it after the store sees this turn's value, not the last one's.
    if (equal(substitute(index, variable, next), index)) return undefined
    const loads = accesses.filter(
      ({ node, ...a }) =>
        node.kind === 'load' &&
        node.type.kind === 'scalar' &&
        a.root === root &&
        a.index !== undefined &&
        equal(substitute(a.index, variable, next), index),
    )
    // Where all come after the store, turns do not wait, and may run in lanes.
    const first = loads.find((l) => l.certain && l.place < place)
    if (!first?.index) return undefined
    const before = first.index
    const isElsewhere = (a: Access) =>
      a.root !== root ||
      (a.index !== undefined && meetings.areApart(a.index, index) && meetings.areApart(a.index, before))
    if (!accesses.every((a) => a.node.kind === 'load' || a.node === store || isElsewhere(a))) return undefined
    return {
      store,
      loads: new Set(loads.map((l) => l.node as Load)),
      certain: first.node as Load,
      late: loads.some((l) => l.place > place),
    }
  }

  /** Arrays that the loop stores into too, and that are not known to be others. */
  private pairs(at: Access, accesses: readonly Access[], apart: Apart): Pair[] | undefined {
    const pairs: Pair[] = []
    for (const { node, root } of accesses) {
      if (node.kind === 'load' || root === at.root || apart.areApart(root, at.root)) continue
      if (!this.symbols.isStable(root) || !this.symbols.isStable(at.root)) return undefined
      if (!pairs.some(([other]) => other === root)) pairs.push([root, at.root])
    }
    return pairs
  }

  /** Whether the loop has a turn wherever it is come to. */
  private runs(loop: For, outer: readonly For[], fixed: Fixed): boolean {
    const span = this.symbols.span(loop, fixed)
    return span !== undefined && this.symbols.isNonNegative(sub(span.hi, span.lo), outer, fixed)
  }

  private written(loop: For, all: readonly Carried[], assigned: ReadonlySet<Local>): Stmt[] {
    const before: Stmt[] = []
    const after: Stmt[] = []
    const values = new Map<Expr, Local>()
    const stores = new Map<Stmt, Local>()
    for (const { store, loads, certain, late } of all) {
      const type = valueType((store.array.type as ArrayType).dtype)
      const local = fresh(this.scope, 'carried', type)
      before.push(assign(local, load(certain.array, this.first(certain.index, loop, assigned), 'proven', certain.site)))
      for (const e of loads) values.set(e, local)
      const stored = late ? fresh(this.scope, 'stored', type) : local
      stores.set(store, stored)
      if (late) after.push(assign(local, ref(stored)))
    }
    const replace = (e: Expr): Expr => {
      const local = values.get(e)
      return local ? ref(local) : mapChildren(e, replace)
    }
    const body = flatMapList(loop.body, (s): Stmt | readonly Stmt[] => {
      const now = mapBodies(mapStmtExprs(s, replace), replace)
      const local = stores.get(s)
      if (!local || now.kind !== 'store') return now
      return [assign(local, now.value), { ...now, value: ref(local) }]
    })
    return [...before, { ...loop, body: [...body, ...after] }]
  }

  /** An index of the first turn, before the loop. */
  private first(index: Expr, loop: For, assigned: ReadonlySet<Local>): Expr {
    return mapExpr(outside(index, this.symbols, assigned), (e) =>
      e.kind === 'local' && e.local === loop.variable ? loop.lo : e,
    )
  }
}

const mapBodies = (s: Stmt, replace: (e: Expr) => Expr): Stmt =>
  mapStmtBodies(s, (body) => mapList(body, (t) => mapBodies(mapStmtExprs(t, replace), replace)))

const isNotEmpty = (loop: For): Expr => op(loop.step > 0 ? 'lt' : 'gt', loop.lo, loop.hi)

/** Whether a loop's body only computes, chooses, reads and writes, and nothing in it can fail. */
function isPlain(loop: For): boolean {
  if (loop.forKind !== 'serial' || loop.reductions.length > 0) return false
  let plain = true
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind === 'store') plain &&= s.bounds === 'proven'
      else if (s.kind === 'assign') plain &&= !(s.value.kind === 'load' && s.value.bounds === 'checked')
      else plain &&= s.kind === 'if'
    },
  })
  return plain
}
