/**
 * Unroll-and-jam: runs several iterations of an outer loop side by side inside its inner loops. Each iteration keeps its
 * own sums in their own order, so not a bit changes; what all of them compute alike (an element, its square root) is
 * computed once, and their additions need not wait for each other.
 *
 *   for i { t = 0; for j { t += sqrt(x[j]) }; r[i] = t }
 * becomes, for eight rows at a time,
 *   t0 = 0 … t7 = 0; for j { s = sqrt(x[j]); t0 += s … t7 += s }; r[i] = t0 … r[i + 7] = t7
 *
 * and of a matrix product in rows, four at a time, each element of C is read and written once for four additions:
 *   for k { for j { C[i, j] += A[i, k] · B[k, j] } }
 *   for j { c = C[i, j]; c += A[i, k] · B[k, j]; c += A[i, k + 1] · B[k + 1, j] …; C[i, j] = c }
 *
 * Only where nothing can fail, so that no effect moves past a failure, and where what happens to an element keeps its
 * order (analysis/dependences.ts).
 */

import { Apart, asksOverlap, mayOverlap } from '../analysis/apart.ts'
import { Dependences } from '../analysis/dependences.ts'
import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { Symbols } from '../analysis/symbols.ts'
import { Names } from '../ir/build.ts'
import type { Fn, For, Local, Module, Stmt } from '../ir/ir.ts'
import { INDEX } from '../ir/types.ts'
import { assignedLocals, flatMapList, mapList, mapStmtBodies, visitStmts } from '../ir/walk.ts'
import { type Gain, gainOf, sharesReads, suitsLanes } from './gains.ts'
import { homesOf } from './homes.ts'
import { sizeOf } from './inline.ts'
import { dropUnusedLocals } from './outline.ts'
import type { PassContext } from './pass.ts'
import { hasLoops, type Layout, layoutOf, touchesOf, type View, viewOf } from './rows.ts'
import { type Plan, RowsWriter } from './rows-write.ts'
import type { Scope } from './scope.ts'

/** A body of which the copies would be larger than this (statements and expression nodes) is not written out. */
const WRITTEN = 1000
/** Rows of a loop around one of which rows run side by side already: two, to share what they read. */
const AROUND = 2
/** The same, where the inner loop is left to vectors. */
const AROUND_LANES = 4

export function jam(module: Module, context: PassContext): Module {
  const functions = mapList(module.functions, (fn) => (hasLoops(fn.body) ? new Jamming(module, fn, context).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

/** A loop of which rows may run side by side. */
interface Candidate {
  readonly view: View
  readonly layout: Layout
}

class Jamming {
  private readonly module: Module
  private readonly fn: Fn
  private readonly context: PassContext
  private readonly symbols: Symbols
  private readonly scope: Scope
  private live: Map<Stmt, Set<Local>> | undefined
  private homes: ReadonlyMap<Local, For | undefined> | undefined
  private readonly candidates = new Map<For, Candidate | undefined>()

  constructor(module: Module, fn: Fn, context: PassContext) {
    this.module = module
    this.fn = fn
    this.context = context
    this.symbols = new Symbols(fn)
    this.scope = { names: Names.of(fn), locals: [], sites: [] }
  }

  run(): Fn {
    const body = this.list(this.fn.body, [], new Apart(this.symbols))
    return body === this.fn.body
      ? this.fn
      : dropUnusedLocals({ ...this.fn, locals: [...this.fn.locals, ...this.scope.locals], body })
  }

  private list(stmts: readonly Stmt[], outer: readonly For[], apart: Apart): readonly Stmt[] {
    return flatMapList(stmts, (s): Stmt | readonly Stmt[] => {
      if (s.kind === 'if' && asksOverlap(s)) {
        const then = this.list(s.then, outer, apart.within(s))
        return then === s.then ? s : { ...s, then }
      }
      if (s.kind !== 'for') return mapStmtBodies(s, (body) => this.list(body, outer, apart))
      const plan = this.plan(s, outer, apart)
      if (plan) {
        this.homes ??= homesOf(this.fn)
        return new RowsWriter(this.scope, this.symbols, this.homes, plan).write(s)
      }
      return mapStmtBodies(s, (body) => this.list(body, [...outer, s], apart))
    })
  }

  // ─────────────────────────── which, and how many ───────────────────────────

  private plan(loop: For, outer: readonly For[], apart: Apart): Plan | undefined {
    if (!hasLoops(loop.body)) return undefined
    const gain = this.gain(loop)
    if (gain) {
      if (this.leavesToLanes(loop, outer, apart)) return undefined
      if (!this.mayRun(loop, outer, apart, gain.rows, new Map())) return undefined
      this.note(loop, gain)
      return new Map([[loop, gain.rows]])
    }
    return this.planAround(loop, outer, apart)
  }

  /** Loops directly inside of which rows gain, or lanes: rows of this one may share what those read. */
  private planAround(loop: For, outer: readonly For[], apart: Apart): Plan | undefined {
    const around = this.candidate(loop)
    if (!around) return undefined
    const inside = [...outer, loop]
    const plan = new Map<For, number>()
    let rows = 0
    for (const inner of directLoops(around.layout)) {
      const found = this.gain(inner)
      if (!found || !sharesReads(inner, loop, around.view)) continue
      if (this.leavesToLanes(inner, inside, apart)) {
        rows = Math.max(rows, found.rowsAround === undefined ? 0 : AROUND_LANES)
        continue
      }
      const own = found.rowsAround
      if (own === undefined || !this.mayRun(inner, inside, apart, own, new Map())) return undefined
      rows = AROUND
      plan.set(inner, own)
    }
    if (rows === 0 || sizeOf(loop.body) * rows * Math.max(1, ...plan.values()) > WRITTEN) return undefined
    for (const inner of plan.keys()) {
      if (!layoutOf(inner.body, viewOf(this.symbols, [loop, inner]))) return undefined
    }
    if (!this.mayRun(loop, outer, apart, rows, plan)) return undefined
    for (const inner of plan.keys()) this.note(inner, this.gain(inner)!)
    this.context.note(loop.span, `${rows} iterations run side by side, so that they share what the inner loops read.`)
    return new Map([[loop, rows], ...plan])
  }

  /** Whether iterations are better run in the lanes of vectors, which comes after this. */
  private leavesToLanes(loop: For, outer: readonly For[], apart: Apart): boolean {
    const { view, layout } = this.candidate(loop)!
    if (this.context.target !== 'wasm' || !suitsLanes(loop, layout, view)) return false
    if (mayOverlap(loop.body, this.symbols, apart).length > 0) return false
    const touches = touchesOf(layout, view, () => undefined)
    const dependences = new Dependences(this.symbols, loop, outer, view.fixed)
    return touches.every((a, k) =>
      touches.slice(k).every((b) => a.array !== b.array || !(a.writes || b.writes) || dependences.areApart(a, b)),
    )
  }

  /** What rows of this loop side by side gain, where its shape allows them. */
  private gain(loop: For): Gain | undefined {
    const candidate = this.candidate(loop)
    const gain = candidate && gainOf(loop, candidate.layout, candidate.view)
    if (!gain) return undefined
    let { rows } = gain
    while (rows > 1 && sizeOf(loop.body) * rows > WRITTEN) rows /= 2
    return rows > 1 ? { ...gain, rows } : undefined
  }

  private candidate(loop: For): Candidate | undefined {
    if (!this.candidates.has(loop)) this.candidates.set(loop, this.findCandidate(loop))
    return this.candidates.get(loop)
  }

  private findCandidate(loop: For): Candidate | undefined {
    if (loop.step !== 1 || loop.variable.type !== INDEX || loop.reductions.length > 0) return undefined
    if (!isSafe(loop.body)) return undefined
    // What a row hands to the next keeps them in order, whatever else is true of them.
    const handed = exposedReads(loop.body)
    const assigned = assignedLocals(loop.body)
    for (const l of assigned) if (handed.has(l)) return undefined
    this.live ??= liveAfterEach(this.fn, (s) => s.kind === 'for')
    const after = this.live.get(loop)
    if (after) for (const l of assigned) if (after.has(l)) return undefined
    const view = viewOf(this.symbols, [loop])
    const layout = layoutOf(loop.body, view)
    return layout && { view, layout }
  }

  /** Whether rows side by side leave all accesses to an element in their order. */
  private mayRun(loop: For, outer: readonly For[], apart: Apart, rows: number, inside: Plan): boolean {
    const { view, layout } = this.candidate(loop)!
    if (mayOverlap(loop.body, this.symbols, apart).length > 0) return false
    const touches = touchesOf(layout, view, (l) => (l === loop ? undefined : inside.get(l)))
    const conflict = new Dependences(this.symbols, loop, outer, view.fixed, rows).findTurned(touches)
    if (!conflict) return true
    const name = this.module.sites[(conflict[0].writes ? conflict[0] : conflict[1]).site]?.subject
    if (inside.size === 0 && name) {
      this.context.note(
        loop.span,
        `Iterations run one after the other: side by side, one might touch an element of \`${name}\` before an earlier one has done with it.`,
      )
    }
    return false
  }

  private note(loop: For, gain: Gain): void {
    const why =
      gain.kind === 'chain'
        ? 'each with its sums in their own order'
        : 'each element that all of them change is read and written once, its changes in their own order'
    this.context.note(loop.span, `${gain.rows} iterations run side by side in the inner loop, ${why}.`)
  }
}

/** The loops that stand in a body itself, whichever way it goes. */
function directLoops(layout: Layout): For[] {
  return layout.flatMap((item) => {
    if (item.kind === 'loop') return [item.loop]
    return item.kind === 'choice' ? [...directLoops(item.then), ...directLoops(item.else)] : []
  })
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
