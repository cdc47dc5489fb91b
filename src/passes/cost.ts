/**
 * What statements cost, roughly, in instructions of a processor that starts two or three of them in each cycle: only good
 * for comparing two forms of one loop. Weights follow Agner Fog's instruction tables (x86-64): throughput, and latency
 * for chains in which each step waits for the last.
 */

import { exposedReads } from '../analysis/liveness.ts'
import type { Expr, For, Local, Stmt } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { exprChildren, visitStmts } from '../ir/walk.ts'

/** Turns of a loop of which nobody knows how many it has. */
const TURNS = 16
/** What could be done until the sum of two floats can be added to again. */
const LATENCY = 8
/** How often an `if` finds its condition true, and what a wrong guess costs on average. */
const CHANCE = 0.5
const GUESS = 6

const OPERATIONS: Readonly<Record<string, number>> = { div: 8, sqrt: 10, rem: 40, imod: 16 }
/** A Math function in scalar code, and in all lanes of a vector. */
const FUNCTION = 40

export function costOf(stmts: readonly Stmt[]): number {
  let sum = 0
  for (const s of stmts) sum += stmtCost(s)
  return sum
}

/** One turn of a loop: its statements, or the longest chain in which each step waits for the last. */
export function turnCost(body: readonly Stmt[]): number {
  return Math.max(costOf(body) + 1, longestChain(body))
}

const LATENCIES: Readonly<Record<string, number>> = { div: 28, sqrt: 36 }

/** Steps from what a turn takes over from the last one to what it hands on, in floats. */
function longestChain(body: readonly Stmt[]): number {
  const carried = exposedReads(body)
  const depths = new Map<Local, number>()
  for (const l of carried) if (isFloat(l)) depths.set(l, 0)
  const depth = (e: Expr): number | undefined => {
    if (e.kind === 'local') return depths.get(e.local)
    let most: number | undefined
    for (const child of exprChildren(e)) {
      const d = depth(child)
      if (d !== undefined) most = Math.max(most ?? 0, d)
    }
    if (most === undefined) return undefined
    if (e.kind === 'op') return most + (LATENCIES[e.op] ?? LATENCY)
    return e.kind === 'select' || e.kind === 'cond' ? most + 1 : most
  }
  visitStmts(body, {
    stmt: (s) => {
      // A loop inside has chains of its own.
      if (s.kind === 'for' || s.kind === 'while') return false
      if (s.kind === 'assign') {
        const d = depth(s.value)
        if (d === undefined) depths.delete(s.local)
        else depths.set(s.local, d)
      }
      return true
    },
  })
  let most = 0
  for (const [l, d] of depths) if (carried.has(l) && isFloat(l)) most = Math.max(most, d)
  return most
}

const isFloat = ({ type }: Local): boolean =>
  type.kind === 'scalar' ? type.name === 'f64' || type.name === 'f32' : type.kind === 'vec' && type.of.startsWith('f')

function turns(loop: For): number {
  if (loop.lo.kind !== 'const' || loop.hi.kind !== 'const') return TURNS
  return Math.max(0, Math.ceil((Number(loop.hi.value) - Number(loop.lo.value)) / loop.step))
}

function stmtCost(s: Stmt): number {
  switch (s.kind) {
    case 'assign':
      return exprCost(s.value)
    case 'store':
      return exprCost(s.value) + accessCost(s.value, s.stride, s.mask)
    case 'if': {
      // One that asks for any lane at all is mostly there to be true.
      const any = s.cond.kind === 'reduce'
      const arms = costOf(s.then) + costOf(s.else)
      return exprCost(s.cond) + (any ? 0.8 : CHANCE) * arms + (any ? 1 : GUESS)
    }
    case 'for':
      return 2 + turns(s) * turnCost(s.body)
    case 'while':
      return 2 + TURNS * (turnCost(s.body) + exprCost(s.cond))
    case 'block':
      return costOf(s.body)
    default:
      return 1
  }
}

/** Lanes a stride apart, or under a mask, are moved one by one. */
function accessCost(value: Expr, stride: Expr | undefined, masked: Expr | undefined): number {
  if (value.type.kind !== 'vec') return 1
  if (masked) return 3 * value.type.lanes
  return stride ? 1.2 * value.type.lanes : 1
}

function exprCost(e: Expr): number {
  // Where elements are is found beside the computation itself.
  if (e.type.kind === 'scalar' && (e.type.name === 'index' || e.type.name === 'i64') && e.kind !== 'load') return 0
  let sum = ownCost(e)
  for (const child of e.kind === 'load' ? [] : exprChildren(e)) sum += exprCost(child)
  return sum
}

function ownCost(e: Expr): number {
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'length':
      return 0
    case 'load':
      return accessCost(e, e.stride, e.mask)
    case 'op': {
      const known = OPERATIONS[e.op]
      if (known !== undefined) return known
      return opRecord(e.op).kind === 'expanded' ? FUNCTION : 1
    }
    case 'select':
      return e.cond.type.kind === 'mask' ? 2 : 1
    case 'cond':
      return 1.5
    case 'cast':
    case 'ramp':
    case 'extract':
    case 'shuffle':
    case 'reduce':
    case 'overlap':
      return 1
    case 'splat':
      return e.value.kind === 'load' ? 0.5 : 0
    default:
      return e satisfies never
  }
}
