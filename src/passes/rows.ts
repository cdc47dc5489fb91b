/**
 * Several iterations of a loop side by side ("rows"): how its body looks to them, and the body written for all of them.
 * Loops with the same bounds for all rows are shared, turn by turn; all else each row does for itself, one row after the
 * other. Where bounds move with the rows (`j <= i`), rows share the turns that all of them have.
 */

import { type Part, type Step, slope, type Touch } from '../analysis/dependences.ts'
import { exposedReads } from '../analysis/liveness.ts'
import { atomsOf, type Poly } from '../analysis/poly.ts'
import type { Fixed, Symbols } from '../analysis/symbols.ts'
import type { Expr, For, If, Local, Stmt } from '../ir/ir.ts'
import { assignedLocals, exprReads, someExpr, stmtBodies, stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'

/** A body as rows run through it, from top to bottom. */
export type Layout = readonly Item[]
export type Item = Segment | Shared | Choice
/** Each row runs all of it before the next row begins. */
export interface Segment {
  readonly kind: 'rows'
  readonly list: readonly (Stmt | Rest)[]
}
export interface Shared {
  readonly kind: 'loop'
  readonly loop: For
  readonly cut?: Cut
  readonly body: Layout
}
/** All rows go the same way. */
export interface Choice {
  readonly kind: 'choice'
  readonly stmt: If
  readonly then: Layout
  readonly else: Layout
}
/** The rest of a shared loop's turns, which each row has for itself. */
export interface Rest {
  readonly kind: 'rest'
  readonly loop: For
  readonly cut: Cut
}
/** Where the turns that all rows have end (at the first row's end) or begin (at the last row's beginning). */
export interface Cut {
  readonly which: 'before' | 'after'
  readonly edge: Poly
  /** The loop whose rows move it. */
  readonly rows: For
}

/** What is asked of a body: which of its values differ from row to row. */
export interface View {
  readonly symbols: Symbols
  readonly fixed: Fixed
  /** The loops of which iterations run side by side. */
  readonly rows: readonly For[]
  readonly varying: ReadonlySet<Local>
  /** Whether an expression looks into an array that the rows store into. */
  readonly readsStored: (e: Expr) => boolean
}

export function viewOf(symbols: Symbols, rows: readonly For[]): View {
  const outermost = rows[0]!
  const assigned = assignedLocals(outermost.body)
  const stored = new Set<Local>()
  visitStmts(outermost.body, {
    stmt: (s) => {
      if (s.kind === 'store') stored.add(symbols.root(s.array))
    },
  })
  const readsStored = (e: Expr) => someExpr(e, (node) => node.kind === 'load' && stored.has(symbols.root(node.array)))
  return {
    symbols,
    fixed: (l) => !assigned.has(l) && l !== outermost.variable,
    rows,
    varying: varyingLocals(rows, readsStored),
    readsStored,
  }
}

/**
 * Locals whose value differs from row to row: what depends on the rows' variables, what is carried through an inner
 * loop (each row has its own sums even where they are equal: their number is the user's), and what is assigned where
 * only some rows come.
 */
function varyingLocals(rows: readonly For[], readsStored: (e: Expr) => boolean): Set<Local> {
  const body = rows[0]!.body
  const varying = new Set<Local>(rows.map((l) => l.variable))
  visitStmts(body, {
    stmt: (s) => {
      if (s.kind !== 'for') return
      const carried = exposedReads(s.body)
      for (const l of assignedLocals(s.body)) if (carried.has(l)) varying.add(l)
    },
  })
  const differs = (e: Expr) => readsLocal(e, varying) || readsStored(e)
  const mark = (stmts: readonly Stmt[], within: boolean): boolean => {
    let grew = false
    for (const s of stmts) {
      const some = within || (s.kind === 'if' && differs(s.cond))
      if (s.kind === 'assign' && !varying.has(s.local) && (within || differs(s.value))) {
        varying.add(s.local)
        grew = true
      }
      for (const inner of stmtBodies(s)) if (mark(inner, some)) grew = true
    }
    return grew
  }
  while (mark(body, false)) {
    // Until nothing new differs.
  }
  return varying
}

const readsLocal = (e: Expr, locals: ReadonlySet<Local>): boolean => {
  for (const l of exprReads(e)) if (locals.has(l)) return true
  return false
}

export const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || stmtBodies(s).some(hasLoops))

/** Undefined where rows would have to go different ways. */
export function layoutOf(stmts: readonly Stmt[], view: View): Layout | undefined {
  const out: Item[] = []
  let run: (Stmt | Rest)[] = []
  const flush = () => {
    if (run.length > 0) out.push({ kind: 'rows', list: run })
    run = []
  }
  const isUniform = (e: Expr) => !readsLocal(e, view.varying) && !view.readsStored(e)
  for (const [k, s] of stmts.entries()) {
    if (s.kind === 'for') {
      const body = layoutOf(s.body, view)
      if (!body) return undefined
      if (isUniform(s.lo) && isUniform(s.hi)) {
        flush()
        out.push({ kind: 'loop', loop: s, body })
        continue
      }
      const cut = cutOf(s, view, isUniform)
      if (!cut) return undefined
      if (cut.which === 'before') {
        run.push({ kind: 'rest', loop: s, cut })
        flush()
        out.push({ kind: 'loop', loop: s, cut, body })
        continue
      }
      flush()
      out.push({ kind: 'loop', loop: s, cut, body })
      // What comes after a row's own turns is that row's own as well.
      out.push({ kind: 'rows', list: [{ kind: 'rest', loop: s, cut }, ...stmts.slice(k + 1)] })
      return out
    }
    if (s.kind === 'if' && hasLoops([s])) {
      if (!isUniform(s.cond)) return undefined
      flush()
      const yes = layoutOf(s.then, view)
      const no = layoutOf(s.else, view)
      if (!yes || !no) return undefined
      out.push({ kind: 'choice', stmt: s, then: yes, else: no })
      continue
    }
    run.push(s)
  }
  flush()
  return out
}

/** Of a loop that counts up, whose end or beginning rises from row to row by a constant, the other being the same. */
function cutOf(loop: For, view: View, isUniform: (e: Expr) => boolean): Cut | undefined {
  if (loop.step !== 1 || view.readsStored(loop.lo) || view.readsStored(loop.hi)) return undefined
  const which = isUniform(loop.lo) ? 'after' : isUniform(loop.hi) ? 'before' : undefined
  const edge = which && view.symbols.poly(which === 'after' ? loop.hi : loop.lo, view.fixed)
  if (!edge) return undefined
  const moving = view.rows.filter((r) => slope(edge, view.symbols.atomOf(r.variable)) !== 0)
  const [rows] = moving
  if (moving.length !== 1 || !((slope(edge, view.symbols.atomOf(rows!.variable)) ?? -1) > 0)) return undefined
  // Besides, it may mention only what stays as it is.
  for (const a of atomsOf(edge)) {
    const source = view.symbols.source(a)
    const local = 'local' in source ? source.local : source.array
    if (local !== rows!.variable && !view.fixed(local)) return undefined
  }
  return { which, edge, rows: rows! }
}

// ───────────────────────────── accesses ─────────────────────────────

/** All accesses of a body, with their places; `turns`: how many turns of a loop in it run side by side as well. */
export function touchesOf(layout: Layout, view: View, turns: (loop: For) => number | undefined): Touch[] {
  const found: Touch[] = []
  const { symbols, fixed } = view
  const outermost = view.rows[0]!
  type Place = Pick<Touch, 'loops' | 'path' | 'parts'>
  const add = (array: Local, e: Expr, writes: boolean, site: number, place: Place) => {
    const poly = symbols.poly(e, fixed)
    // A local that the body assigns stands for its own time alone, a loop's variable for its loop.
    const known =
      poly &&
      [...atomsOf(poly)].every((a) => {
        const source = symbols.source(a)
        const local = 'local' in source ? source.local : source.array
        return fixed(local) || local === outermost.variable || place.loops.some((l) => l.variable === local)
      })
    found.push({ ...place, array: symbols.root(array), index: known ? poly : undefined, writes, site })
  }
  const stmts = (list: readonly Stmt[], place: Place) => {
    for (const s of list) {
      if (s.kind === 'store') add(s.array, s.index, true, s.site, place)
      for (const e of stmtExprs(s)) {
        visitExpr(e, (node) => {
          if (node.kind === 'load') add(node.array, node.index, false, node.site, place)
        })
      }
      const inside = s.kind === 'for' ? { ...place, loops: [...place.loops, s] } : place
      for (const body of stmtBodies(s)) stmts(body, inside)
    }
  }
  const walk = (items: Layout, place: Place, from: number) => {
    for (const [k, item] of items.entries()) {
      const step = (more: Partial<Step> = {}): readonly Step[] => [...place.path, { at: from + k, ...more }]
      if (item.kind === 'rows') {
        for (const part of item.list) {
          const here = { ...place, path: step() }
          if (part.kind !== 'rest') stmts([part], here)
          else {
            const { loop, cut } = part
            stmts(loop.body, {
              ...here,
              loops: [...here.loops, loop],
              parts: [...here.parts, partOf(loop, cut, cut.which)],
            })
          }
        }
      } else if (item.kind === 'loop') {
        const { loop, cut } = item
        const side = turns(loop)
        walk(
          item.body,
          {
            loops: [...place.loops, loop],
            path: step({ loop, ...(side === undefined ? {} : { turns: side }) }),
            // What two rows share of a loop that another loop's rows cut is all of it.
            parts: cut && cut.rows === outermost ? [...place.parts, partOf(loop, cut, 'common')] : place.parts,
          },
          0,
        )
      } else {
        walk(item.then, { ...place, path: step() }, 0)
        walk(item.else, { ...place, path: step() }, item.then.length)
      }
    }
  }
  walk(layout, { loops: [], path: [], parts: [] }, 0)
  return found
}

const partOf = (loop: For, { which, edge }: Cut, part: Part['which']): Part => ({
  loop,
  which: part,
  row: which === 'after' ? 'first' : 'last',
  edge,
})
