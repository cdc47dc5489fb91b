/**
 * How much work a parallel loop has, as an expression that is evaluated where it is entered: to hand a range to other
 * threads takes 1 to 10 µs, so what takes little more is done by the thread that comes to it. Estimates are in doubles
 * and leave rounding aside; for what they cannot tell, such as a loop of which an element is the bound, there is no
 * answer, and the loop is taken to be worth a launch.
 */

import type { Symbols } from '../analysis/symbols.ts'
import { bool, cast, ifStmt, num, op } from '../ir/build.ts'
import type { Expr, For, Local, Stmt } from '../ir/ir.ts'
import { BOOL, F64 } from '../ir/types.ts'
import { assignedLocals, stmtBodies, stmtExprs, visitExpr } from '../ir/walk.ts'
import { costOf, turnCost } from './cost.ts'

/** What a unit of cost.ts takes, roughly. */
const UNIT_NS = 0.4
/** Of atomics. */
const ATOMIC = 20
/** Of an access at an index that an element decides: it may miss the caches. */
const SCATTERED = 8
/** Estimates of more terms than this are not worth evaluating. */
const TERMS = 24

export interface Grain {
  /** Whether there is so little to do that this thread does it; true itself where that is known now. */
  readonly isSmall: Expr
  /** The number of the user's iterations from which there is enough; undefined where it depends on more than that. */
  readonly iterations: number | undefined
}

/** A number, or an f64 that is known where the loop is entered. */
type Estimate = number | Expr

/**
 * @param trips turns of the loop, each of which runs its body once
 * @param micros what is worth a launch
 */
export function grainOf(loop: For, trips: Expr, symbols: Symbols, micros: number): Grain | undefined {
  const turn = new Estimating(loop, symbols).turn(loop.body)
  if (turn === undefined) return undefined
  const limit = (micros * 1e3) / UNIT_NS
  if (typeof turn !== 'number') {
    return { isSmall: op('lt', op('mul', cast(F64, trips), turn), num(F64, limit)), iterations: undefined }
  }
  const few = Math.ceil(limit / turn)
  const iterations = few * iterationsATurn(loop)
  if (trips.kind !== 'const') return { isSmall: op('lt', cast(F64, trips), num(F64, few)), iterations }
  return Number(trips.value) < few ? { isSmall: bool(true), iterations } : undefined
}

/** Passes before this one may have made one turn of several: of lanes, or of rows (`first = group * 4`). */
function iterationsATurn({ variable, step, body }: For): number {
  const first = body[0]?.kind === 'assign' ? body[0].value : undefined
  if (first?.kind === 'op' && first.op === 'mul') {
    const [group, rows] = first.args
    if (group?.kind === 'local' && group.local === variable && rows?.kind === 'const') return Number(rows.value)
  }
  return hasVectors(body) ? Math.abs(step) : 1
}

const hasVectors = (stmts: readonly Stmt[]): boolean =>
  stmts.some(
    (s) =>
      ((s.kind === 'assign' || s.kind === 'store') && s.value.type.kind === 'vec') || stmtBodies(s).some(hasVectors),
  )

class Estimating {
  private readonly symbols: Symbols
  private readonly assigned: ReadonlySet<Local>
  /** What loops count in is half way for as many turns as not. */
  private readonly middles = new Map<Local, Estimate>()
  private readonly origins = new Map<Local, boolean>()
  private terms = 0

  constructor(loop: For, symbols: Symbols) {
    this.symbols = symbols
    this.assigned = assignedLocals([loop])
    const [lo, hi] = [this.number(loop.lo), this.number(loop.hi)]
    if (lo !== undefined && hi !== undefined) this.middles.set(loop.variable, times(plus(lo, hi), 0.5))
  }

  /** One turn of a loop. */
  turn(body: readonly Stmt[]): Estimate | undefined {
    const all = addUp([this.work(body), 1])
    return typeof all === 'number' && !hasLoops(body) ? Math.max(all, turnCost(body)) : all
  }

  private work(stmts: readonly Stmt[]): Estimate | undefined {
    return addUp(
      stmts.map((s, k) => {
        const before = stmts[k - 1]
        // The rest of a loop that runs several turns at a time: those are counted with their fractions.
        if (s.kind === 'for' && before?.kind === 'for' && isRest(s, before)) return 0
        return this.stmt(s)
      }),
    )
  }

  private stmt(s: Stmt): Estimate | undefined {
    switch (s.kind) {
      case 'for':
        return this.for(s)
      case 'if': {
        // Rather too much: a launch of what was small costs less than a long loop on one thread.
        const [then, other] = [this.work(s.then), this.work(s.else)]
        if (then === undefined || other === undefined) return undefined
        return plus(costOf([ifStmt(s.cond, [])]), largest(then, other))
      }
      case 'block':
        return this.work(s.body)
      case 'do':
        return ATOMIC
      case 'while':
      case 'call':
      case 'alloc':
      case 'launch':
        return undefined
      default:
        return costOf([s]) + SCATTERED * this.scattered(s)
    }
  }

  /** Accesses whose index comes from an element, or is carried from turn to turn. */
  private scattered(s: Stmt): number {
    let count = s.kind === 'store' && this.isLoaded(s.index) ? 1 : 0
    for (const e of stmtExprs(s)) {
      visitExpr(e, (node) => {
        if (node.kind === 'load' && this.isLoaded(node.index)) count++
      })
    }
    return count
  }

  private isLoaded(e: Expr): boolean {
    let found = false
    visitExpr(e, (node) => {
      if (node.kind === 'load') found = true
      else if (node.kind === 'local') found ||= this.loaded(node.local)
    })
    return found
  }
  private loaded(local: Local): boolean {
    if (!this.assigned.has(local)) return false
    let known = this.origins.get(local)
    if (known === undefined) {
      this.origins.set(local, true)
      const made = this.symbols.definition(local)
      known = made?.kind !== 'for' && (made?.kind !== 'assign' || this.isLoaded(made.value))
      this.origins.set(local, known)
    }
    return known
  }

  private for(s: For): Estimate | undefined {
    const [lo, hi] = [this.number(s.lo), this.number(s.hi)]
    if (lo === undefined || hi === undefined) return undefined
    this.middles.set(s.variable, times(plus(lo, hi), 0.5))
    const turn = this.turn(s.body)
    const trips = times(s.step > 0 ? minus(hi, lo) : minus(lo, hi), 1 / Math.abs(s.step))
    return turn === undefined ? undefined : plus(2, times(atLeast0(trips), turn))
  }

  /** About the value of an integer, made of what is known where the loop is entered. */
  private number(e: Expr): Estimate | undefined {
    if (++this.terms > TERMS) return undefined
    switch (e.kind) {
      case 'const':
        return Number(e.value)
      case 'length':
        return this.assigned.has(e.array) ? undefined : cast(F64, e)
      case 'cast':
        return this.number(e.value)
      case 'local':
        return this.local(e.local, e)
      case 'op':
        return this.operation(e)
      default:
        return undefined
    }
  }

  private local(local: Local, e: Expr): Estimate | undefined {
    const middle = this.middles.get(local)
    if (middle !== undefined) return middle
    if (!this.assigned.has(local)) return e.type.kind === 'scalar' && e.type !== BOOL ? cast(F64, e) : undefined
    const made = this.symbols.definition(local)
    return made?.kind === 'assign' ? this.number(made.value) : undefined
  }

  private operation({ op: name, args }: Extract<Expr, { kind: 'op' }>): Estimate | undefined {
    const [a, b] = args.map((arg) => this.number(arg))
    if (a === undefined || (args.length > 1 && b === undefined)) return undefined
    switch (name) {
      case 'add':
        return plus(a, b!)
      case 'sub':
        return minus(a, b!)
      case 'mul':
        return times(a, b!)
      case 'max':
        return largest(a, b!)
      case 'min':
        return smallest(a, b!)
      // Whole numbers of turns at a time: `n & -4`, `n >> 2`, `groups << 2`.
      case 'and':
        return typeof b === 'number' && b < 0 ? a : undefined
      case 'shr_s':
        return typeof b === 'number' ? times(a, 2 ** -b) : undefined
      case 'shl':
        return typeof b === 'number' ? times(a, 2 ** b) : undefined
      default:
        return undefined
    }
  }
}

const isRest = (s: For, before: For): boolean =>
  s.span.source === before.span.source && s.span.start === before.span.start && s.span.end === before.span.end

const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || s.kind === 'while' || stmtBodies(s).some(hasLoops))

// ──────────────────────────── estimates ────────────────────────────

const exprOf = (a: Estimate): Expr => (typeof a === 'number' ? num(F64, a) : a)

function plus(a: Estimate, b: Estimate): Estimate {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a === 0) return b
  if (typeof b === 'number' && typeof a !== 'number' && a.kind === 'op' && a.op === 'add') {
    const [rest, known] = a.args
    if (known?.kind === 'const') return plus(rest!, Number(known.value) + b)
  }
  return b === 0 ? a : op('add', exprOf(a), exprOf(b))
}
function minus(a: Estimate, b: Estimate): Estimate {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return b === 0 ? a : op('sub', exprOf(a), exprOf(b))
}
function times(a: Estimate, b: Estimate): Estimate {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a === 0 || b === 0) return 0
  if (a === 1) return b
  return b === 1 ? a : op('mul', exprOf(a), exprOf(b))
}
const atLeast0 = (a: Estimate): Estimate => largest(a, 0)

function largest(a: Estimate, b: Estimate): Estimate {
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b)
  return op('max', exprOf(a), exprOf(b))
}
function smallest(a: Estimate, b: Estimate): Estimate {
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b)
  return op('min', exprOf(a), exprOf(b))
}

/** What is known now as one number. */
function addUp(all: readonly (Estimate | undefined)[]): Estimate | undefined {
  let known = 0
  let rest: Estimate = 0
  for (const one of all) {
    if (one === undefined) return undefined
    if (typeof one === 'number') known += one
    else rest = plus(rest, one)
  }
  return plus(rest, known)
}
