/**
 * Cuts an innermost loop at the one turn that writes an element which its other turns only read:
 *
 *   for j in 0..n { p[i, j] = min(p[i, j], p[i, k] + p[k, j]) }
 * becomes
 *   for j in 0..min(k, n) { … }; if k is one of the turns { j = k; … }; for j in max(0, k + 1)..n { … }
 *
 * Before the turn and after it the element stays what it is, so that it is read once and turns do not wait for each
 * other. Each loop does what the one did, in its order.
 */

import { Apart, asksOverlap } from '../analysis/apart.ts'
import { slope } from '../analysis/dependences.ts'
import { checkedAccess } from '../analysis/indices.ts'
import { Meetings } from '../analysis/meetings.ts'
import { atom, atomsOf, equal, mentions, type Poly, split as parted, sub } from '../analysis/poly.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, ifStmt, Names, num, op, ref } from '../ir/build.ts'
import type { ArrayType, Expr, Fn, For, Local, Module, Stmt } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { INDEX } from '../ir/types.ts'
import {
  assignedLocals,
  exprReads,
  flatMapList,
  mapList,
  mapStmtBodies,
  stmtBodies,
  stmtExprs,
  visitExpr,
  visitStmts,
} from '../ir/walk.ts'
import { homesOf } from './homes.ts'
import { sizeOf } from './inline.ts'
import { hasLoops } from './rows.ts'
import { fresh, type Scope } from './scope.ts'

/** A body larger than this (statements and expression nodes) is not written three times. */
const WRITTEN = 120

export function split(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (hasCandidate(fn.body, false) ? new Splitting(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

const hasCandidate = (stmts: readonly Stmt[], inLoop: boolean): boolean =>
  stmts.some((s) => {
    if (s.kind !== 'for') return stmtBodies(s).some((body) => hasCandidate(body, inLoop))
    return hasLoops(s.body) ? hasCandidate(s.body, true) : inLoop && isCandidate(s)
  })

/** Whether a loop is of the form that can be cut, and reads and writes elements of one type: asked first, as it is cheap. */
function isCandidate(loop: For): boolean {
  const { forKind, step, variable, reductions, body } = loop
  if (forKind !== 'serial' || step !== 1 || variable.type !== INDEX || reductions.length > 0) return false
  const written = new Set<string>()
  const read = new Set<string>()
  let plain = true
  visitStmts(body, {
    stmt: (s) => {
      plain &&= (s.kind === 'store' || s.kind === 'assign' || s.kind === 'if') && !checkedAccess(s)
      if (s.kind === 'store') written.add(dtypeOf(s.array))
    },
    expr: (e) => {
      if (e.kind === 'load' && !exprReads(e.index).has(variable)) read.add(dtypeOf(e.array))
    },
  })
  if (!plain || ![...read].some((dtype) => written.has(dtype)) || sizeOf(body) > WRITTEN) return false
  // The bounds are evaluated again behind the first turns.
  const assigned = assignedLocals(body)
  return [loop.lo, loop.hi].every((e) => !hasLoads(e) && ![...exprReads(e)].some((l) => assigned.has(l)))
}

const dtypeOf = (array: Local): string => (array.type as ArrayType).dtype

function hasLoads(e: Expr): boolean {
  let found = false
  visitExpr(e, (node) => {
    found ||= node.kind === 'load'
  })
  return found
}

interface Access {
  readonly root: Local
  readonly index: Poly
  readonly writes: boolean
}

class Splitting {
  private readonly fn: Fn
  private readonly symbols: Symbols
  private readonly scope: Scope
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
      if (hasLoops(s.body)) return mapStmtBodies(s, (body) => this.list(body, [...outer, s], apart))
      const turn = outer.length > 0 ? this.turn(s, outer, apart) : undefined
      return turn ? this.cut(s, turn) : s
    })
  }

  /** The one turn that writes an element which all turns read. */
  private turn(loop: For, outer: readonly For[], apart: Apart): Expr | undefined {
    if (!isCandidate(loop)) return undefined
    const accesses = this.accesses(loop)
    if (!accesses) return undefined
    const variable = this.symbols.atomOf(loop.variable)
    const loops = [...outer, loop]
    const meetings = new Meetings(this.symbols, loops, this.symbols.fixedIn(loop))
    for (const read of accesses) {
      if (read.writes || mentions(read.index, variable)) continue
      const written = accesses.filter((a) => a.writes)
      if (!written.every((a) => a.root === read.root || apart.areApart(a.root, read.root))) continue
      const met = written.filter((a) => a.root === read.root && !meetings.areApart(a.index, read.index))
      const [first] = met
      if (!first || !met.every((a) => equal(a.index, first.index)) || slope(first.index, variable) !== 1) continue
      const turn = this.counter(sub(read.index, parted(first.index, variable)!.rest), outer)
      if (turn) return turn
    }
    return undefined
  }

  /** Undefined where something is written at an index that is not known. */
  private accesses(loop: For): Access[] | undefined {
    const assigned = assignedLocals(loop.body)
    const fixed = this.symbols.fixedIn(loop)
    const found: Access[] = []
    let known = true
    const see = (array: Local, e: Expr, writes: boolean) => {
      const index = this.symbols.poly(e, fixed)
      const timely =
        index &&
        [...atomsOf(index)].every((a) => {
          const source = this.symbols.source(a)
          return !assigned.has('local' in source ? source.local : source.array)
        })
      if (timely) found.push({ root: this.symbols.root(array), index, writes })
      else known &&= !writes
    }
    visitStmts(loop.body, {
      stmt: (s) => {
        if (s.kind === 'store') see(s.array, s.index, true)
        for (const e of stmtExprs(s)) {
          visitExpr(e, (node) => {
            if (node.kind === 'load') see(node.array, node.index, false)
          })
        }
      },
    })
    return known ? found : undefined
  }

  /** What a loop around counts up: 1 more does not overflow, as there is an end that it stays below. */
  private counter(p: Poly, outer: readonly For[]): Expr | undefined {
    const loop = outer.find(({ variable }) => equal(p, atom(this.symbols.atomOf(variable))))
    return loop && loop.step > 0 && loop.variable.type === INDEX ? ref(loop.variable) : undefined
  }

  private cut(loop: For, turn: Expr): Stmt[] {
    const next = op('add', turn, num(INDEX, 1))
    const { lo, hi } = loop
    const alone = this.renamed(loop)
    const after = this.renamed(loop)
    return [
      { ...loop, hi: op('min', turn, hi) },
      ifStmt(op('and', op('ge', turn, lo), op('lt', turn, hi)), [assign(alone.variable, turn), ...alone.body]),
      { ...after, lo: op('max', next, lo), hi },
    ]
  }

  /** The loop with locals of its own, so that each keeps its one definition. */
  private renamed(loop: For): For {
    this.homes ??= homesOf(this.fn)
    const own = new Map<Local, Local>([[loop.variable, fresh(this.scope, loop.variable.name, loop.variable.type)]])
    for (const l of assignedLocals(loop.body)) {
      if (this.homes.get(l) === loop) own.set(l, fresh(this.scope, l.name, l.type))
    }
    return copyStmts(renameStmts([loop], { local: (l) => own.get(l) ?? l }), this.scope.names)[0] as For
  }
}
