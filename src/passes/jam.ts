/**
 * Unroll-and-jam: runs several iterations of an outer loop side by side inside its inner loop. Each iteration keeps its
 * own sums in their own order, so not a bit changes; what all of them compute alike (an element, its square root) is
 * computed once, and their additions need not wait for each other.
 *
 *   for i { t = 0; for j { t += sqrt(x[j]) }; r[i] = t }
 * becomes, for eight rows at a time,
 *   t0 = 0 … t7 = 0; for j { s = sqrt(x[j]); t0 += s … t7 += s }; r[i] = t0 … r[i + 7] = t7
 *
 * Only where iterations are independent and nothing in them can fail, so that no effect moves past a failure.
 */

import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { isRace, RaceAnalysis } from '../analysis/races.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, forStmt, ifStmt, Names, num, op, overlap, ref } from '../ir/build.ts'
import type { Expr, Fn, For, Local, Module, Stmt } from '../ir/ir.ts'
import { copyStmts, renameExpr, renameStmts } from '../ir/rename.ts'
import { I32, INDEX, isFloat } from '../ir/types.ts'
import {
  assignedLocals,
  exprReads,
  flatMapList,
  mapChildren,
  mapList,
  mapStmtBodies,
  someExpr,
  stmtBodies,
  stmtExprs,
  visitStmts,
} from '../ir/walk.ts'
import { sizeOf } from './inline.ts'
import type { PassContext } from './pass.ts'
import { fresh, isZero, type Scope } from './trees.ts'

/** Rows side by side: as many sums as the processor adds while one addition takes its time. */
const ROWS = 8
/** A body larger than this (statements and expression nodes) would spill registers, and is not written out. */
const BODY = 80

export function jam(module: Module, context: PassContext): Module {
  const functions = mapList(module.functions, (fn) => new Jamming(module, fn, context).run())
  return functions === module.functions ? module : { ...module, functions }
}

/** What is known of a function; found out where a loop has the shape, which most have not. */
interface Knowledge {
  readonly scope: Scope
  readonly symbols: Symbols
  readonly races: RaceAnalysis
  readonly live: Map<Stmt, Set<Local>>
}

class Jamming {
  private readonly module: Module
  private readonly fn: Fn
  private readonly context: PassContext
  private known: Knowledge | undefined

  constructor(module: Module, fn: Fn, context: PassContext) {
    this.module = module
    this.fn = fn
    this.context = context
  }

  private get knowledge(): Knowledge {
    if (!this.known) {
      const { module, fn } = this
      const symbols = new Symbols(fn)
      this.known = {
        scope: { names: Names.of(fn), locals: [], sites: [] },
        symbols,
        races: new RaceAnalysis(module, fn, symbols, []),
        live: liveAfterEach(fn, (s) => s.kind === 'for'),
      }
    }
    return this.known
  }

  run(): Fn {
    const body = this.list(this.fn.body, [])
    return body === this.fn.body
      ? this.fn
      : { ...this.fn, locals: [...this.fn.locals, ...this.knowledge.scope.locals], body }
  }

  private list(stmts: readonly Stmt[], outer: readonly For[]): readonly Stmt[] {
    return flatMapList(stmts, (s) => {
      const jammed = s.kind === 'for' ? this.loop(s, outer) : undefined
      return jammed ?? mapStmtBodies(s, (body) => this.list(body, s.kind === 'for' ? [...outer, s] : outer))
    })
  }

  /** The statements that stand for the loop, or undefined where it stays. */
  private loop(loop: For, outer: readonly For[]): readonly Stmt[] | undefined {
    if (loop.step !== 1 || loop.variable.type !== INDEX || loop.reductions.length > 0) return undefined
    const inner = loop.body.filter((s): s is For => s.kind === 'for')
    if (inner.length === 0 || inner.some((s) => s.body.some((t) => t.kind === 'for'))) return undefined
    if (!isSafe(loop.body) || sizeOf(loop.body) > BODY || !inner.some(foldsFloats)) return undefined
    // What a row hands to the next keeps them in order, whatever else is true of them.
    const handed = exposedReads(loop.body)
    if ([...assignedLocals(loop.body)].some((l) => handed.has(l))) return undefined
    const readsStored = this.readsStored(loop)
    const varying = varyingLocals(loop, readsStored)
    if (!inner.every((s) => isUniform(s.lo, varying) && isUniform(s.hi, varying))) return undefined
    const { races, live } = this.knowledge
    const found = races.check(loop, outer, live.get(loop) ?? new Set())
    if (isRace(found) || found.reductions.length > 0) return undefined

    this.context.note(
      loop.span,
      `${ROWS} iterations run side by side in the inner loop, each with its sums in their own order.`,
    )
    return this.written(loop, varying, readsStored, found.overlaps)
  }

  /**
   * Whether an expression looks into an array that the loop stores into. Other arrays keep their elements: that they
   * do not overlap those is proven, or checked before.
   */
  private readsStored(loop: For): (e: Expr) => boolean {
    const stored = new Set<Local>()
    visitStmts(loop.body, {
      stmt: (s) => {
        if (s.kind === 'store') stored.add(this.knowledge.symbols.root(s.array))
      },
    })
    return (e) => someExpr(e, (node) => node.kind === 'load' && stored.has(this.knowledge.symbols.root(node.array)))
  }

  private written(
    loop: For,
    varying: ReadonlySet<Local>,
    readsStored: (e: Expr) => boolean,
    overlaps: readonly (readonly [Local, Local])[],
  ): Stmt[] {
    const { scope } = this.knowledge
    const out: Stmt[] = []
    const lo = this.keep(loop.lo, 'lo', out)
    const hi = this.keep(loop.hi, 'hi', out)
    const groups = fresh(scope, 'groups', INDEX)
    const rest = fresh(scope, 'rest', INDEX)
    const shift = Math.log2(ROWS)
    const bits = (e: Expr): Expr => ({ kind: 'cast', type: I32, value: e })
    const from = (e: Expr): Expr => (isZero(lo) ? e : op('add', lo, e))
    const whole = (e: Expr): Expr => ({ kind: 'cast', type: INDEX, value: e })
    const count = op('max', isZero(lo) ? hi : op('sub', hi, lo), num(INDEX, 0))
    out.push(
      assign(groups, whole(op('shr_s', bits(count), num(I32, shift)))),
      assign(rest, from(whole(op('shl', bits(ref(groups)), num(I32, shift))))),
    )
    const group = fresh(scope, 'group', INDEX)
    const first = fresh(scope, 'first', INDEX)
    const rows = new Rows(scope, loop, varying, readsStored, first)
    const body = [assign(first, from(op('mul', ref(group), num(INDEX, ROWS)))), ...rows.body()]
    const label = scope.names.label(`${loop.label.name}.rows`)
    const { serialIf, ...plain } = loop
    const jammed = forStmt(label, group, num(INDEX, 0), ref(groups), body, loop.span, {
      forKind: loop.forKind,
      // Where the guard below has overlapping arrays go in order, what runs in groups need not ask again.
      ...(serialIf && overlaps.length === 0 ? { serialIf } : {}),
    })
    const serial: For = { ...plain, forKind: 'serial' }
    const [remainder] = copyStmts([serial], scope.names) as [For]
    const both: Stmt[] = [jammed, { ...remainder, lo: ref(rest), hi }]
    if (overlaps.length === 0) return [...out, ...both]
    const guard = overlaps.map(([a, b]): Expr => overlap(a, b)).reduce((a, b) => op('or', a, b))
    return [...out, ifStmt(op('not', guard), both, [{ ...serial, lo, hi }])]
  }

  /** The bound as it is now; one that never changes needs no local for it. */
  private keep(e: Expr, name: string, out: Stmt[]): Expr {
    if (e.kind === 'const' || (e.kind === 'local' && this.knowledge.symbols.isStable(e.local))) return e
    const local = fresh(this.knowledge.scope, name, e.type)
    out.push(assign(local, e))
    return ref(local)
  }
}

/** Statements that can be run side by side: assignments, proven accesses, loops and choices of these. */
function isSafe(stmts: readonly Stmt[]): boolean {
  let safe = true
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'for') safe &&= s.forKind === 'serial' && s.reductions.length === 0
      else if (s.kind === 'store') safe &&= s.bounds === 'proven' && !s.mask
      else if (s.kind === 'assign') {
        safe &&= s.local.type.kind === 'scalar' && !(s.value.kind === 'load' && s.value.bounds === 'checked')
      } else safe &&= s.kind === 'if'
    },
  })
  return safe
}

/** Whether an inner loop carries a float from iteration to iteration: a chain in which each step waits for the last. */
function foldsFloats(loop: For): boolean {
  const carried = exposedReads(loop.body)
  return [...assignedLocals(loop.body)].some((l) => carried.has(l) && isFloat(l.type))
}

/**
 * Locals whose value differs from row to row: what depends on the loop's variable, what is carried through an inner
 * loop (each row has its own sums even where they are equal: their number is the user's), and what is assigned where
 * only some rows come.
 */
function varyingLocals(loop: For, readsStored: (e: Expr) => boolean): Set<Local> {
  const varying = new Set<Local>([loop.variable])
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind !== 'for') return
      const carried = exposedReads(s.body)
      for (const l of assignedLocals(s.body)) if (carried.has(l)) varying.add(l)
    },
  })
  const differs = (e: Expr) => !isUniform(e, varying) || readsStored(e)
  const mark = (stmts: readonly Stmt[], within: boolean): boolean => {
    let grew = false
    for (const s of stmts) {
      const some = within || (s.kind === 'if' && differs(s.cond))
      if (s.kind === 'assign' && (within || differs(s.value)) && !varying.has(s.local)) {
        varying.add(s.local)
        grew = true
      }
      for (const body of stmtBodies(s)) if (mark(body, some)) grew = true
    }
    return grew
  }
  while (mark(loop.body, false)) {
    // Until nothing new differs.
  }
  return varying
}

const isUniform = (e: Expr, varying: ReadonlySet<Local>): boolean => ![...exprReads(e)].some((l) => varying.has(l))

/** Writes the body of the loop for ROWS iterations from `first` on. */
class Rows {
  private readonly scope: Scope
  private readonly loop: For
  private readonly varying: ReadonlySet<Local>
  private readonly readsStored: (e: Expr) => boolean
  private readonly copies: readonly Map<Local, Local>[]

  constructor(scope: Scope, loop: For, varying: ReadonlySet<Local>, readsStored: (e: Expr) => boolean, first: Local) {
    this.scope = scope
    this.loop = loop
    this.varying = varying
    this.readsStored = readsStored
    this.copies = Array.from({ length: ROWS }, (_, row) => {
      const copy = new Map<Local, Local>()
      for (const l of varying) {
        copy.set(l, row === 0 && l === loop.variable ? first : fresh(scope, `${l.name}.${row}`, l.type))
      }
      return copy
    })
  }

  body(): Stmt[] {
    const { variable } = this.loop
    const first = this.copies[0]!.get(variable)!
    const starts = this.copies
      .slice(1)
      .map((copy, k) => assign(copy.get(variable)!, op('add', ref(first), num(INDEX, k + 1))))
    return [...starts, ...this.list(this.loop.body)]
  }

  private list(stmts: readonly Stmt[]): Stmt[] {
    return stmts.flatMap((s) => this.stmt(s))
  }

  private stmt(s: Stmt): Stmt[] {
    switch (s.kind) {
      case 'assign': {
        if (!this.varying.has(s.local)) return [s]
        const out: Stmt[] = []
        const value = this.shared(s.value, out)
        return [...out, ...this.copies.map((copy) => assign(copy.get(s.local)!, this.of(value, copy)))]
      }
      case 'store': {
        const out: Stmt[] = []
        const value = this.shared(s.value, out)
        const index = this.shared(s.index, out)
        return [
          ...out,
          ...this.copies.map((copy) => ({ ...s, index: this.of(index, copy), value: this.of(value, copy) })),
        ]
      }
      case 'for':
        return [{ ...s, label: this.scope.names.label(s.label.name), body: this.list(s.body) }]
      case 'if':
        if (isUniform(s.cond, this.varying) && !stmtExprs(s).some((e) => this.readsStored(e))) {
          return [ifStmt(s.cond, this.list(s.then), this.list(s.else))]
        }
        return this.copies.flatMap((copy) =>
          copyStmts(renameStmts([s], { local: (l) => copy.get(l) ?? l }), this.scope.names),
        )
      default:
        throw new Error(`a ${s.kind} cannot run side by side`)
    }
  }

  private of(e: Expr, copy: ReadonlyMap<Local, Local>): Expr {
    return renameExpr(e, (l) => copy.get(l) ?? l)
  }

  /** The expression with the parts that are alike in all rows computed once, into locals. */
  private shared(e: Expr, out: Stmt[]): Expr {
    if (e.kind === 'const' || e.kind === 'local' || e.kind === 'length') return e
    if (isUniform(e, this.varying) && !this.readsStored(e)) {
      const local = fresh(this.scope, 'shared', e.type)
      out.push(assign(local, e))
      return ref(local)
    }
    return mapChildren(e, (child) => this.shared(child, out))
  }
}
