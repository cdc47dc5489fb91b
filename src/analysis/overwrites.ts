/** Arrays that a loop writes as a whole: every element, whatever its other statements do. */

import type { Fn, For, Label, Local, Stmt } from '../ir/ir.ts'
import { stmtBodies, stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'
import { atom, constantOf, equal, sub } from './poly.ts'
import { Symbols } from './symbols.ts'

/** Whether a loop stores `x[i]` for each i from 0 to the length of x at least, on every way through its body. */
function fills(loop: For, root: Local, symbols: Symbols): boolean {
  const lo = symbols.poly(loop.lo)
  const hi = symbols.poly(loop.hi)
  const length = symbols.lengthOf(root)
  if (loop.step !== 1 || !lo || !hi || !length || constantOf(lo) !== 0) return false
  if (!symbols.isNonNegative(sub(hi, length), []) || leaves(loop.body)) return false
  const each = atom(symbols.atomOf(loop.variable))
  const stores = (stmts: readonly Stmt[]): boolean =>
    stmts.some((s) => {
      if (s.kind === 'if') return stores(s.then) && stores(s.else)
      if (s.kind !== 'store' || s.mask || symbols.root(s.array) !== root) return false
      const at = symbols.poly(s.index)
      return at !== undefined && equal(at, each)
    })
  return stores(loop.body)
}

/** Whether the statements may end early: they return, or jump to a label around them. */
function leaves(stmts: readonly Stmt[], within: readonly Label[] = []): boolean {
  return stmts.some((s) => {
    if (s.kind === 'return') return true
    if (s.kind === 'break' || s.kind === 'continue') return !within.includes(s.label)
    const inside = 'label' in s ? [...within, s.label] : within
    return stmtBodies(s).some((body) => leaves(body, inside))
  })
}

/** Whether the statement does more with an array than to store into it and to ask its length. */
function looksInto(stmt: Stmt, root: Local, symbols: Symbols): boolean {
  let found = false
  visitStmts([stmt], {
    stmt: (s) => {
      if (s.kind === 'do' && symbols.root(s.array) === root) found = true
      // Another name for good: what is done under it is seen.
      if (s.kind === 'assign' && s.value.kind === 'local' && symbols.root(s.local) === root) return false
      for (const whole of stmtExprs(s)) {
        visitExpr(whole, (e) => {
          if (e.kind === 'load' && symbols.root(e.array) === root) found = true
          if (e.kind === 'local' && e.type.kind === 'array' && symbols.root(e.local) === root) found = true
        })
      }
      return true
    },
  })
  return found
}

/** Whether the array that `stmts[at]` makes is written as a whole before anyone can look into it. */
export function isFilledFirst(stmts: readonly Stmt[], at: number, symbols: Symbols): boolean {
  const made = stmts[at]!
  if (made.kind !== 'alloc' || symbols.allocation(made.local) !== made) return false
  for (const s of stmts.slice(at + 1)) {
    if (looksInto(s, made.local, symbols)) return false
    if (s.kind === 'for' && fills(s, made.local, symbols)) return true
    if (leaves([s])) return false
  }
  return false
}

/** The parameters whose elements are all written on every way to a return. */
export function overwrittenParams(fn: Fn): Set<Local> {
  const symbols = new Symbols(fn)
  const found = new Set<Local>()
  for (const s of fn.body) {
    if (s.kind === 'for') {
      for (const p of fn.params) {
        if (p.type.kind === 'array' && symbols.isStable(p) && fills(s, p, symbols)) found.add(p)
      }
    }
    if (leaves([s])) break
  }
  return found
}
