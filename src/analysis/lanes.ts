/**
 * What several iterations of one loop have in common when they run side by side, a lane each: which values are the same
 * in all lanes, which integers grow evenly from lane to lane, which differ anyhow.
 */

import type { Expr, For, Local, Stmt } from '../ir/ir.ts'
import { F64, I64, isFloat, isInteger } from '../ir/types.ts'
import { assignedLocals, exprLocals, someExpr, stmtExprs, stmtTargets, visitExpr, visitStmts } from '../ir/walk.ts'
import { exposedReads } from './liveness.ts'
import { atomsOf, constantOf, type Poly, split } from './poly.ts'
import type { Fixed, Symbols } from './symbols.ts'

export class Lanes {
  readonly loop: For
  readonly symbols: Symbols
  /** Locals whose value may differ from lane to lane, the loop's variable included. */
  readonly varying: Set<Local>
  private readonly fixed: Fixed
  private readonly strides = new Map<Expr, Poly | undefined>()
  private readonly uniform = new Map<Expr, boolean>()
  private readonly even = new Map<Local, boolean>()

  /** `folded`: reductions of the loop, which each lane has its own part of. */
  constructor(loop: For, symbols: Symbols, folded: Iterable<Local>) {
    this.loop = loop
    this.symbols = symbols
    this.fixed = symbols.fixedIn(loop)
    this.varying = varyingLocals(loop, folded)
  }

  isUniform(e: Expr): boolean {
    if (e.kind === 'const' || e.kind === 'length') return true
    if (e.kind === 'local') return !this.varying.has(e.local)
    let known = this.uniform.get(e)
    if (known === undefined) {
      known = !someExpr(e, (node) => exprLocals(node).some((l) => this.varying.has(l)))
      this.uniform.set(e, known)
    }
    return known
  }

  /**
   * By how much an integer grows from each lane to the next: a polynomial of what all lanes have in common; undefined
   * where it does not grow evenly.
   */
  stride(e: Expr): Poly | undefined {
    if (!isInteger(e.type)) return undefined
    if (!this.strides.has(e)) this.strides.set(e, this.findStride(e))
    return this.strides.get(e)
  }

  private findStride(e: Expr): Poly | undefined {
    const { symbols, loop } = this
    const whole = symbols.poly(e, this.fixed)
    const parts = whole && split(whole, symbols.atomOf(loop.variable))
    if (!parts) return undefined
    for (const a of [...atomsOf(parts.rest), ...atomsOf(parts.coefficient)]) {
      const source = symbols.source(a)
      if (this.varying.has('local' in source ? source.local : source.array)) return undefined
    }
    return parts.coefficient
  }

  /** The stride where it is a number. */
  constantStride(e: Expr): number | undefined {
    const stride = this.stride(e)
    return stride && constantOf(stride)
  }

  /** An integer that differs, but evenly: the first lane's is computed, the others follow from it. */
  isEven(local: Local): boolean {
    if (local === this.loop.variable) return true
    if (!isInteger(local.type) || this.symbols.definition(local) === undefined) return false
    let known = this.even.get(local)
    if (known === undefined) {
      known = this.stride({ kind: 'local', type: local.type, local }) !== undefined
      this.even.set(local, known)
    }
    return known
  }

  /** As many as a register of 128 bits has of the widest number that becomes a vector. */
  perRegister(): number {
    let wide = false
    const isWide = ({ type }: Expr) => type === F64 || type === I64
    const look = (e: Expr) =>
      visitValues(this, e, (node) => {
        if (isWide(node)) wide = true
      })
    visitStmts(this.loop.body, {
      stmt: (s) => {
        if (s.kind === 'if' || s.kind === 'while') look(s.cond)
        else if (s.kind === 'store' || (s.kind === 'assign' && this.varying.has(s.local) && !this.isEven(s.local))) {
          // What all lanes have in common becomes a vector here too.
          if (isWide(s.value)) wide = true
          look(s.value)
        }
      },
    })
    return wide ? 2 : 4
  }
}

function varyingLocals(loop: For, folded: Iterable<Local>): Set<Local> {
  const varying = new Set<Local>([loop.variable, ...folded])
  const differs = (e: Expr): boolean => someExpr(e, (node) => exprLocals(node).some((l) => varying.has(l)))
  let grew = true
  const add = (local: Local) => {
    if (varying.has(local)) return
    varying.add(local)
    grew = true
  }
  /** `apart`: only some lanes come here. Gives whether some lanes may leave by a jump, so that others go on alone. */
  const mark = (stmts: readonly Stmt[], apart: boolean): boolean => {
    let some = apart
    let left = false
    for (const s of stmts) {
      if (s.kind === 'break' || s.kind === 'continue') left ||= some
      // A loop inside counts for all lanes at once, whichever of them still take part.
      if (s.kind !== 'for' && (some || stmtExprs(s).some(differs))) for (const l of stmtTargets(s)) add(l)
      if (s.kind === 'if') {
        const parts = some || differs(s.cond)
        const jumps = [mark(s.then, parts), mark(s.else, parts)].includes(true)
        if (jumps) {
          left = true
          some = true
        }
      } else if (s.kind === 'while' || s.kind === 'for' || s.kind === 'block') {
        if (s.kind !== 'block') for (const l of carriedFloats(s)) add(l)
        const uneven = some || (s.kind === 'while' && differs(s.cond))
        // A second look, since a jump found at the end of a loop concerns its beginning.
        const jumps = mark(s.body, uneven)
        if (jumps && !uneven) mark(s.body, true)
        if (jumps) {
          left = true
          some = true
        }
      }
    }
    return left
  }
  while (grew) {
    grew = false
    mark(loop.body, false)
  }
  return varying
}

/** Sums of an inner loop: each lane has its own even where all are equal, for how many there are is the user's matter. */
function carriedFloats(loop: Extract<Stmt, { kind: 'for' | 'while' }>): Local[] {
  const exposed = exposedReads(loop.body)
  return [...assignedLocals(loop.body)].filter((l) => isFloat(l.type) && exposed.has(l))
}

/** Locals that hand a value from one iteration to the next. */
export function carried(loop: For): Set<Local> {
  const exposed = exposedReads(loop.body)
  return new Set([...assignedLocals(loop.body)].filter((l) => exposed.has(l)))
}

/** Integers that are only there to find elements need no lanes: nodes of an expression that become values. */
export function visitValues(lanes: Lanes, e: Expr, visit: (e: Expr) => void): void {
  visitExpr(e, (node) => {
    if (lanes.isUniform(node)) return false
    if (lanes.stride(node)) return false
    visit(node)
    return node.kind !== 'load' && !(node.kind === 'cast' && lanes.stride(node.value))
  })
}
