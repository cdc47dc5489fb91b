/**
 * Which arrays share no bytes: different allocations, an allocation and an argument, and what the program has asked on
 * the way (`if not(overlap(a, b)) { … }`).
 */

import type { Expr, If, Local, Stmt } from '../ir/ir.ts'
import { visitStmts } from '../ir/walk.ts'
import type { Symbols } from './symbols.ts'

export type Pair = readonly [Local, Local]

export class Apart {
  private readonly symbols: Symbols
  private readonly asked: readonly Pair[]

  constructor(symbols: Symbols, asked: readonly Pair[] = []) {
    this.symbols = symbols
    this.asked = asked
  }

  /** What is known inside the first arm of a choice. */
  within(s: If): Apart {
    const asked = apartWhere(s.cond, true)
    return asked.length === 0 ? this : new Apart(this.symbols, [...this.asked, ...asked])
  }

  /** By the roots of the arrays (`Symbols.root`). */
  areApart(a: Local, b: Local): boolean {
    if (a === b) return false
    const { symbols } = this
    const isNew = (l: Local) => symbols.allocation(l) !== undefined
    const isGiven = (l: Local) => symbols.fn.params.includes(l) && symbols.isStable(l)
    if ((isNew(a) && (isNew(b) || isGiven(b))) || (isGiven(a) && isNew(b))) return true
    // What was asked of a local holds for what the local held then.
    if (!symbols.isStable(a) || !symbols.isStable(b)) return false
    return this.asked.some(([x, y]) => {
      const [p, q] = [symbols.root(x), symbols.root(y)]
      return (p === a && q === b) || (p === b && q === a)
    })
  }
}

/** Whether a choice asks if arrays overlap: its second arm is for what the first cannot do. */
export const asksOverlap = (s: If): boolean => apartWhere(s.cond, true).length > 0

/** Pairs that do not overlap where a condition is as given. */
function apartWhere(e: Expr, holds: boolean): Pair[] {
  if (e.kind === 'overlap') return holds ? [] : [[e.a, e.b]]
  if (e.kind !== 'op') return []
  if (e.op === 'not') return apartWhere(e.args[0]!, !holds)
  if (e.op === (holds ? 'and' : 'or')) return e.args.flatMap((arg) => apartWhere(arg, holds))
  return []
}

/** Arrays that statements look into, by root, and those of them that they store into. */
export function arraysIn(stmts: readonly Stmt[], symbols: Symbols): { all: Set<Local>; stored: Set<Local> } {
  const all = new Set<Local>()
  const stored = new Set<Local>()
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind !== 'store' && s.kind !== 'do') return
      stored.add(symbols.root(s.array))
      all.add(symbols.root(s.array))
    },
    expr: (e) => {
      if (e.kind === 'load') all.add(symbols.root(e.array))
    },
  })
  return { all, stored }
}

/** Pairs of arrays of which one is stored into and that are not known to be apart. */
export function mayOverlap(stmts: readonly Stmt[], symbols: Symbols, apart: Apart): Pair[] {
  const { all, stored } = arraysIn(stmts, symbols)
  const pairs: Pair[] = []
  for (const a of stored) {
    for (const b of all) {
      if (a === b || apart.areApart(a, b)) continue
      if (!pairs.some(([x, y]) => x === b && y === a)) pairs.push([a, b])
    }
  }
  return pairs
}
