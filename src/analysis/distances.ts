/**
 * Whether the iterations of a loop without loops in it can run some lanes at a time although they are not independent:
 * statement by statement, all lanes of one before the next. What an iteration hands to a later one must then come from
 * a statement that stands before the one that takes it (`b[i] = a[i]; c[i] = b[i - 1]`), or go further than the lanes
 * reach (`a[i] = a[i - 8]`). Kennedy & Allen, Optimizing Compilers for Modern Architectures, 2001, chapter 2.
 */

import type { Expr, For, Local, Stmt } from '../ir/ir.ts'
import { stmtBodies, stmtExprs, visitExpr } from '../ir/walk.ts'
import { constant, constantOf, equal, type Poly, split, sub } from './poly.ts'
import type { RaceAnalysis } from './races.ts'
import type { Fixed, Symbols } from './symbols.ts'

interface Access {
  readonly root: Local
  readonly index: Expr
  readonly writes: boolean
  readonly site: number
  /** Where it comes in the turn of the loop. */
  readonly place: number
}

export type Distances =
  | { readonly overlaps: readonly (readonly [Local, Local])[] }
  /** The access to blame, for the words of an explanation. */
  | { readonly site: number; readonly carries: 'value' | 'unknown' }

export function distances(
  loop: For,
  outer: readonly For[],
  symbols: Symbols,
  races: RaceAnalysis,
  lanes: number,
): Distances {
  const accesses = collect(loop.body, symbols)
  const fixed = symbols.fixedIn(loop)
  const overlaps: [Local, Local][] = []
  for (const [k, a] of accesses.entries()) {
    for (const b of accesses.slice(k)) {
      if (!a.writes && !b.writes) continue
      if (a.root !== b.root) {
        const known = overlaps.some(([x, y]) => (x === a.root && y === b.root) || (x === b.root && y === a.root))
        if (!known && !races.areApart(a.root, b.root)) overlaps.push([a.root, b.root])
        continue
      }
      const found = between(a, b, { loop, outer, symbols, fixed, lanes })
      if (found !== 'apart') return { site: (b.writes ? a : b).site, carries: found }
    }
  }
  return { overlaps }
}

interface Region {
  readonly loop: For
  readonly outer: readonly For[]
  readonly symbols: Symbols
  readonly fixed: Fixed
  readonly lanes: number
}

/** Two accesses to one array, at least one of them a write. */
function between(a: Access, b: Access, region: Region): 'apart' | 'value' | 'unknown' {
  const { loop, symbols, fixed, lanes } = region
  const variable = symbols.atomOf(loop.variable)
  const [pa, pb] = [a, b].map((x) => symbols.poly(x.index, fixed)) as [Poly | undefined, Poly | undefined]
  if (!pa || !pb) return 'unknown'
  const [sa, sb] = [split(pa, variable), split(pb, variable)]
  if (!sa || !sb) return 'unknown'
  if (areDisjoint(pa, pb, region) || areDisjoint(pb, pa, region)) return 'apart'
  const step = constantOf(sa.coefficient)
  const away = constantOf(sub(sa.rest, sb.rest))
  if (step === undefined || step === 0 || !equal(sa.coefficient, sb.coefficient)) {
    // One access of many iterations to one place.
    return step === 0 && a === b ? 'value' : 'unknown'
  }
  if (away === undefined) return 'unknown'
  // In iteration i + turns b comes to what a has in iteration i.
  const turns = away / (step * loop.step)
  if (!Number.isInteger(turns) || turns === 0 || Math.abs(turns) >= lanes) return 'apart'
  const [source, sink] = turns > 0 ? [a, b] : [b, a]
  return source.place < sink.place ? 'apart' : 'value'
}

/** Whether all that `low` reaches lies below all that `high` reaches. */
function areDisjoint(low: Poly, high: Poly, { loop, outer, symbols, fixed }: Region): boolean {
  const around = [...outer, loop]
  const top = symbols.extreme(low, 'most', [loop], fixed, around)
  const bottom = symbols.extreme(high, 'least', [loop], fixed, around)
  if (!top || !bottom) return false
  return symbols.isNonNegative(sub(sub(bottom, top), constant(1)), outer, fixed, around)
}

function collect(body: readonly Stmt[], symbols: Symbols): Access[] {
  const found: Access[] = []
  let place = 0
  const walk = (stmts: readonly Stmt[]) => {
    for (const s of stmts) {
      for (const e of stmtExprs(s)) {
        visitExpr(e, (node) => {
          if (node.kind !== 'load') return
          found.push({ root: symbols.root(node.array), index: node.index, writes: false, site: node.site, place })
        })
      }
      place++
      if (s.kind === 'store') {
        found.push({ root: symbols.root(s.array), index: s.index, writes: true, site: s.site, place: place++ })
      }
      for (const inner of stmtBodies(s)) walk(inner)
    }
  }
  walk(body)
  return found
}
