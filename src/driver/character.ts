/** What kind of work a program does, as far as the choice of a target asks. */

import { Symbols } from '../analysis/symbols.ts'
import type { Expr, Local, Module, OpExpr, Stmt } from '../ir/ir.ts'
import { findOp } from '../ir/ops/index.ts'
import { exprReads, stmtBodies, stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'

export interface Character {
  /** The engine's function that dominates its loops (the remainder, say), if one does. */
  readonly host: string | undefined
  /** The Math function that dominates them (`Math.log`): WebAssembly computes it much faster than JavaScript can. */
  readonly math: string | undefined
  /** Reads elements more than once, so that a copy of the arguments pays. */
  readonly reuses: boolean
  /** Loops inside its loops work on no array at all: on a point's orbit, say. In vectors those pay for any copy. */
  readonly computes: boolean
  /** Makes arrays of its own. */
  readonly allocates: boolean
}

/** A call of the engine, or a Math function written out, weighs as much as so many plain operations. */
const CALL_WEIGHT = 16
/** What a loop does inside a loop counts so many times. */
const DEPTH_WEIGHT = 32

/** Weights by name. */
type Calls = Map<string, number>

interface Work {
  readonly host: Calls
  readonly math: Calls
  plainWeight: number
  reuses: boolean
  computes: boolean
  allocates: boolean
}

/** `module`: with its helpers written out, since a helper alone does not show what its indices depend on. */
export function characterOf(module: Module): Character {
  const work: Work = {
    host: new Map(),
    math: new Map(),
    plainWeight: 0,
    reuses: false,
    computes: false,
    allocates: false,
  }
  const functions = new Map(module.functions.map((fn) => [fn.name, fn]))
  const visited = new Set<string>()
  const enter = (name: string, weight: number, loops: readonly Local[], depth: number) => {
    const fn = functions.get(name)
    if (!fn || visited.has(name)) return
    visited.add(name)
    walk(fn.body, weight, loops, depth, new Symbols(fn))
    visited.delete(name)
  }
  const walk = (stmts: readonly Stmt[], weight: number, loops: readonly Local[], depth: number, symbols: Symbols) => {
    for (const stmt of stmts) {
      for (const e of stmtExprs(stmt)) weigh(e, weight, loops, depth, symbols, work)
      if (stmt.kind === 'alloc') work.allocates = true
      if (stmt.kind === 'call') enter(stmt.fn, weight, loops, depth)
      if (stmt.kind === 'store') work.plainWeight += weight
      const looping = stmt.kind === 'for' || stmt.kind === 'while'
      if (looping && depth > 0 && !touchesArrays(stmt.body)) work.computes = true
      const inner = stmt.kind === 'for' ? [...loops, stmt.variable] : loops
      for (const body of stmtBodies(stmt)) {
        walk(body, looping ? weight * DEPTH_WEIGHT : weight, inner, looping ? depth + 1 : depth, symbols)
      }
    }
  }
  enter(module.entry, 1, [], 0)
  const total = (calls: Calls) => [...calls.values()].reduce((sum, weight) => sum + weight, 0)
  const first = (calls: Calls) => [...calls].sort((a, b) => b[1] - a[1])[0]?.[0]
  return {
    host: total(work.host) > work.plainWeight + total(work.math) ? first(work.host) : undefined,
    math: total(work.math) > work.plainWeight ? first(work.math) : undefined,
    reuses: work.reuses,
    computes: work.computes,
    allocates: work.allocates,
  }
}

function touchesArrays(stmts: readonly Stmt[]): boolean {
  let found = false
  visitStmts(stmts, {
    stmt: (s) => {
      found ||= s.kind === 'store' || s.kind === 'do' || s.kind === 'call' || s.kind === 'alloc'
    },
    expr: (e) => {
      found ||= e.kind === 'load'
    },
  })
  return found
}

function weigh(e: Expr, weight: number, loops: readonly Local[], depth: number, symbols: Symbols, work: Work): void {
  visitExpr(e, (node) => {
    if (node.kind === 'load') {
      work.plainWeight += weight
      // An element whose index leaves out a loop around it is read again and again.
      if (depth >= 2) {
        const read = readsOf(node.index, symbols)
        if (loops.length < depth || loops.some((variable) => !read.has(variable))) work.reuses = true
      }
    }
    if (node.kind !== 'op') return
    const isRemainder = node.op === 'rem' && node.type.kind === 'scalar' && node.type.name === 'f64'
    const calls = isRemainder ? work.host : findOp(node.op)?.kind === 'expanded' && work.math
    if (!calls || isShort(node)) {
      work.plainWeight += weight
      return
    }
    const name = isRemainder ? 'the remainder (%)' : `Math.${node.op.replace(/^(hypot)\d$/, '$1')}`
    calls.set(name, (calls.get(name) ?? 0) + weight * CALL_WEIGHT)
  })
}

/** Squares and square roots, of which nothing else is left when they are written out. */
const isShort = ({ op, args }: OpExpr): boolean =>
  op === 'pow' && args[1]?.kind === 'const' && (args[1].value === 2 || args[1].value === 0.5)

/** The locals that an expression is made of, those behind its locals included. */
function readsOf(e: Expr, symbols: Symbols): Set<Local> {
  const found = exprReads(e)
  for (const local of found) {
    const made = symbols.definition(local)
    if (made?.kind === 'assign') for (const more of exprReads(made.value)) found.add(more)
  }
  return found
}
