/**
 * Asks once, before a nest of loops, whether its arrays overlap:
 *
 *   if not(overlap(r, x)) { the nest } else { the nest as it was }
 *
 * so that passes after this one may rely on it in the first arm. Where nobody did, rejoin.ts takes the question back.
 */

import { Apart, asksOverlap, mayOverlap, type Pair } from '../analysis/apart.ts'
import { checkedAccess } from '../analysis/indices.ts'
import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { Symbols } from '../analysis/symbols.ts'
import { ifStmt, Names, op, overlap } from '../ir/build.ts'
import type { Expr, Fn, For, If, Local, Module, Stmt } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { assignedLocals, mapList, mapStmtBodies, stmtBodies, visitStmts } from '../ir/walk.ts'
import { sizeOf } from './inline.ts'
import { hasLoops } from './rows.ts'

/** Nests larger than this (statements and expression nodes) are not written twice. */
const COPIED = 1000
/** Pairs of arrays that are asked about: a comparison of a few nanoseconds each. */
const PAIRS = 12

/** By question, the nest it was asked for; one that a pass has relied on is another object by then. */
export const questions = new WeakMap<If, For>()

export function separate(module: Module): Module {
  const functions = mapList(module.functions, (fn) => (hasLoops(fn.body) ? new Separation(fn).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

class Separation {
  private readonly fn: Fn
  private readonly symbols: Symbols
  private readonly apart: Apart
  private readonly names: Names
  private readonly locals: Local[] = []
  private live: Map<Stmt, Set<Local>> | undefined

  constructor(fn: Fn) {
    this.fn = fn
    this.symbols = new Symbols(fn)
    this.apart = new Apart(this.symbols)
    this.names = Names.of(fn)
  }

  run(): Fn {
    const body = this.list(this.fn.body)
    return body === this.fn.body ? this.fn : { ...this.fn, locals: [...this.fn.locals, ...this.locals], body }
  }

  private list(stmts: readonly Stmt[]): readonly Stmt[] {
    return mapList(stmts, (s) => {
      if (s.kind === 'for') {
        const pairs = this.pairs(s)
        if (pairs) return pairs.length > 0 ? this.ask(s, pairs) : s
      }
      if (s.kind === 'if' && asksOverlap(s)) return s
      return mapStmtBodies(s, (body) => this.list(body))
    })
  }

  /** What to ask; none where all arrays are apart, undefined where asking is of no use. */
  private pairs(loop: For): Pair[] | undefined {
    if (!isClosed(loop) || !mayGain(loop) || sizeOf([loop]) > COPIED) return undefined
    const pairs = mayOverlap([loop], this.symbols, this.apart)
    const fixed = pairs.every((pair) => pair.every((l) => this.symbols.isStable(l)))
    return fixed && pairs.length <= PAIRS ? pairs : undefined
  }

  private ask(loop: For, pairs: readonly Pair[]): If {
    const overlaps = pairs.map(([a, b]): Expr => overlap(a, b)).reduce((a, b) => op('or', a, b))
    const { serialIf, ...plain } = loop
    // Trees of reductions belong to the parallel loop, in order or not.
    const inOrder: For = serialIf && loop.reductions.length === 0 ? { ...plain, forKind: 'serial' } : loop
    const question = ifStmt(op('not', overlaps), [serialIf ? plain : loop], this.copy(inOrder, loop))
    questions.set(question, loop)
    return question
  }

  /** Locals that only the nest uses are new ones in its copy, so that each keeps its one definition. */
  private copy(loop: For, original: For): readonly Stmt[] {
    this.live ??= liveAfterEach(this.fn, (s) => s.kind === 'for')
    const shared = new Set(exposedReads([loop]))
    for (const l of this.live.get(original) ?? []) shared.add(l)
    const own = new Map<Local, Local>()
    for (const l of assignedLocals([loop])) {
      if (shared.has(l)) continue
      const made = this.names.local(l.name, l.type)
      own.set(l, made)
      this.locals.push(made)
    }
    return copyStmts(renameStmts([loop], { local: (l) => own.get(l) ?? l }), this.names)
  }
}

/** Whether all arrays of the loop are those of before it, and it is left at its end alone. */
function isClosed(loop: For): boolean {
  let closed = true
  visitStmts([loop], {
    stmt: (s) => {
      if (s.kind === 'assign') closed &&= s.local.type.kind !== 'array'
      else closed &&= s.kind === 'store' || s.kind === 'if' || s.kind === 'for'
    },
  })
  return closed
}

/** Whether anything could gain: loops in loops, of which an innermost one does nothing that can fail. */
const mayGain = (loop: For): boolean => hasLoops(loop.body) && hasProvenLeaf(loop.body)

const hasProvenLeaf = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => {
    if (s.kind === 'for' && !hasLoops(s.body)) return !s.body.some(hasChecks)
    return stmtBodies(s).some(hasProvenLeaf)
  })

const hasChecks = (s: Stmt): boolean =>
  checkedAccess(s) !== undefined || stmtBodies(s).some((body) => body.some(hasChecks))
