/**
 * Which locals hold a value that may still be read: backward through structured statements. A local is live where some
 * way on reads it before assigning it again. Failures end the call, so nothing is live where they lead.
 *
 * Looking into an array, storing into it and asking its length read the local that holds it; nothing but an assignment
 * to that local ends its life. A loop's variable means nothing outside of its loop (law 6).
 */

import type { Expr, Fn, Label, Local, Stmt } from '../ir/ir.ts'
import { exprChildren, exprLocals, stmtExprs } from '../ir/walk.ts'

type Live = ReadonlySet<Local>
const NOTHING: Live = new Set()

/** Locals that may be read before they are assigned within the statements, run once. */
export const exposedReads = (stmts: readonly Stmt[]): Live => exposed(stmts).reads

/**
 * Locals that are live before the statements where `after` are live at their end. Jumps to labels around them and
 * returns lead to where nothing is live.
 */
export const liveBefore = (stmts: readonly Stmt[], after: Live): Set<Local> => new Liveness().before(stmts, after)

/** Locals that may be read after `stmt` has run and before they are assigned again, wherever in `fn` it stands. */
export function liveAfter(fn: Fn, stmt: Stmt): Set<Local> {
  return liveAfterEach(fn, (s) => s === stmt).get(stmt) ?? new Set()
}

/** `liveAfter` of all statements that are `wanted`, at the cost of one. A statement that stands twice is both. */
export function liveAfterEach(fn: Fn, wanted: (s: Stmt) => boolean): Map<Stmt, Set<Local>> {
  const found = new Map<Stmt, Set<Local>>()
  new Liveness((s, live) => {
    if (!wanted(s)) return
    const known = found.get(s)
    if (known) addAll(known, live)
    else found.set(s, new Set(live))
  }).before(fn.body, NOTHING)
  return found
}

interface Exposed {
  readonly reads: Live
  /** Labels around the statements that they jump to. */
  readonly jumps: ReadonlySet<Label>
}

/** Lists of statements never change, and many passes ask about the same loops. */
const known = new WeakMap<readonly Stmt[], Exposed>()

function exposed(stmts: readonly Stmt[]): Exposed {
  let found = known.get(stmts)
  if (!found) {
    const jumps = new Set<Label>()
    findJumps(stmts, jumps)
    found = { reads: liveBefore(stmts, NOTHING), jumps }
    known.set(stmts, found)
  }
  return found
}

function findJumps(stmts: readonly Stmt[], found: Set<Label>): void {
  for (const s of stmts) {
    if (s.kind === 'break' || s.kind === 'continue') found.add(s.label)
    else if (s.kind === 'if') {
      findJumps(s.then, found)
      findJumps(s.else, found)
    } else if (s.kind === 'for' || s.kind === 'while' || s.kind === 'block') {
      for (const label of exposed(s.body).jumps) if (label !== s.label) found.add(label)
    }
  }
}

function addAll(into: Set<Local>, more: Iterable<Local>): void {
  for (const l of more) into.add(l)
}

function addReads(into: Set<Local>, e: Expr): void {
  for (const l of exprLocals(e)) into.add(l)
  for (const child of exprChildren(e)) addReads(into, child)
}

class Liveness {
  readonly #seen: ((s: Stmt, after: Live) => void) | undefined
  readonly #breaks = new Map<Label, Live>()
  readonly #continues = new Map<Label, Live>()
  /**
   * What was last found live at the head of each loop. Around it more and more turns out to be live until nothing
   * changes, so each search may start from where the one before ended: nests cost one more look, not twice as many.
   */
  readonly #heads = new Map<Stmt, Set<Local>>()

  constructor(seen?: (s: Stmt, after: Live) => void) {
    this.#seen = seen
  }

  before(stmts: readonly Stmt[], after: Live): Set<Local> {
    let live = new Set(after)
    for (let k = stmts.length - 1; k >= 0; k--) live = this.#before(stmts[k]!, live)
    return live
  }

  /** May change `live`, or give another set. */
  #before(s: Stmt, live: Set<Local>): Set<Local> {
    this.#seen?.(s, live)
    switch (s.kind) {
      case 'assign':
      case 'alloc':
        live.delete(s.local)
        break
      case 'call':
        for (const l of s.results) live.delete(l)
        break
      case 'do':
        if (s.result) live.delete(s.result)
        live.add(s.array)
        break
      case 'store':
        live.add(s.array)
        break
      case 'if': {
        const no = this.before(s.else, live)
        live = this.before(s.then, live)
        addAll(live, no)
        break
      }
      case 'for':
      case 'while':
        live = this.#loop(s, live)
        break
      case 'block':
        this.#breaks.set(s.label, new Set(live))
        live = this.before(s.body, live)
        break
      case 'break':
        live = new Set(this.#breaks.get(s.label))
        break
      case 'continue':
        live = new Set(this.#continues.get(s.label))
        break
      case 'return':
      case 'fail':
        live = new Set()
        break
      case 'launch':
      case 'barrier':
        break
      default:
        s satisfies never
    }
    // A loop's `while` condition is read at its head, with the rest of what is live there.
    if (s.kind !== 'while') for (const e of stmtExprs(s)) addReads(live, e)
    return live
  }

  #loop(s: Extract<Stmt, { kind: 'for' | 'while' }>, after: Live): Set<Local> {
    const endless = s.kind === 'while' && s.cond.kind === 'const' && s.cond.value === true
    const { reads, jumps } = exposed(s.body)
    const leaves = jumps.size > (jumps.has(s.label) ? 1 : 0)
    const head = this.#heads.get(s) ?? new Set()
    this.#heads.set(s, head)
    if (!endless) addAll(head, after)
    if (s.kind === 'while') addReads(head, s.cond)
    // What a reduction starts from is read where the loop begins, even where it never turns.
    else for (const r of s.reductions) head.add(r.local)
    this.#breaks.set(s.label, after)
    this.#continues.set(s.label, head)
    if (!endless && !leaves) {
      // All ways out lead to `after`, which is live at the head as well: nothing else comes from going round.
      addAll(head, reads)
      if (s.kind === 'for') head.delete(s.variable)
      if (this.#seen) this.before(s.body, head)
      return new Set(head)
    }
    for (let size = -1; size !== head.size; ) {
      size = head.size
      addAll(head, this.before(s.body, head))
      if (s.kind === 'for') head.delete(s.variable)
    }
    return new Set(head)
  }
}
