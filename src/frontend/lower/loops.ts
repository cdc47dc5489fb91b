/**
 * Canonical loops: `for (let i = a; i < b; i += c)` with whole a, b and c, b fixed while the loop runs and i not
 * assigned in the body, and every prange. They become the IR's `for`, which all analyses are about; other loops become
 * `while`.
 */

import { compileError } from '../../errors.ts'
import { cast, forStmt, num, op, select } from '../../ir/build.ts'
import type { Expr as IrExpr, ScalarType } from '../../ir/ir.ts'
import { F64, I32, I64, INDEX, isInteger } from '../../ir/types.ts'
import type { Expr, Stmt, Variable } from '../ast.ts'
import { flipped } from '../conditions.ts'
import { EXACT, fitsInt32, isIntegral } from '../facts.ts'
import { visitExpr, visitStmts } from '../visit.ts'
import { coerce, isWholeConst } from './builder.ts'
import { integerType, wider, ZERO } from './integers.ts'
import type { Stmts } from './stmts.ts'

interface Shape {
  readonly variable: Variable
  readonly start: Expr
  readonly bound: Expr
  /** The bound itself belongs to the loop. */
  readonly inclusive: boolean
  readonly step: number
}

/** Variables assigned anywhere in the statements. */
function assignedIn(stmts: readonly Stmt[]): Set<Variable> {
  const found = new Set<Variable>()
  visitStmts(stmts, {
    stmt(stmt) {
      if (stmt.kind === 'declare' || stmt.kind === 'prange') found.add(stmt.variable)
    },
    expr(expr) {
      if ((expr.kind === 'assign' || expr.kind === 'update') && expr.target.kind === 'variable') {
        found.add(expr.target.variable)
      }
    },
  })
  return found
}

const isVariable = (expr: Expr, variable: Variable): boolean => expr.kind === 'variable' && expr.variable === variable

function shapeOf(stmt: Extract<Stmt, { kind: 'for' }>): Shape | undefined {
  const [first, ...rest] = stmt.init
  if (first?.kind !== 'declare' || !first.init || rest.length > 0) return undefined
  const { variable } = first
  const { test, update } = stmt
  if (variable.kind === 'var' || test?.kind !== 'binary' || !update) return undefined
  const step = stepOf(update, variable)
  if (!step) return undefined
  const mirrored = isVariable(test.right, variable)
  if (!mirrored && !isVariable(test.left, variable)) return undefined
  const relation = mirrored ? flipped(test.op) : test.op
  const upward = relation === '<' || relation === '<='
  if (!upward && relation !== '>' && relation !== '>=') return undefined
  if (upward !== step > 0) return undefined
  return {
    variable,
    start: first.init,
    bound: mirrored ? test.left : test.right,
    inclusive: relation === '<=' || relation === '>=',
    step,
  }
}

/** The constant by which the update moves the variable. */
function stepOf(update: Expr, variable: Variable): number | undefined {
  const whole = (e: Expr): number | undefined =>
    e.kind === 'number' && Number.isInteger(e.value) && Math.abs(e.value) <= 2 ** 20 ? e.value : undefined
  const negated = (e: number | undefined) => (e === undefined ? undefined : -e)
  if (update.kind === 'update') return isVariable(update.target, variable) ? (update.op === '++' ? 1 : -1) : undefined
  if (update.kind !== 'assign' || !isVariable(update.target, variable)) return undefined
  if (update.op === '+') return whole(update.value)
  if (update.op === '-') return negated(whole(update.value))
  const { value } = update
  if (update.op || value.kind !== 'binary') return undefined
  if (value.op === '+' && isVariable(value.left, variable)) return whole(value.right)
  if (value.op === '+' && isVariable(value.right, variable)) return whole(value.left)
  if (value.op === '-' && isVariable(value.left, variable)) return negated(whole(value.right))
  return undefined
}

/** Whether a bound has the same value each time it is asked: no element, no call, nothing that the loop assigns. */
function isFixed(bound: Expr, changed: ReadonlySet<Variable>): boolean {
  let fixed = true
  visitExpr(bound, {
    expr(expr) {
      switch (expr.kind) {
        case 'variable':
          if (changed.has(expr.variable)) fixed = false
          return
        case 'index':
        case 'invoke':
        case 'assign':
        case 'update':
        case 'new':
          fixed = false
          return
        case 'intrinsic':
          if (expr.name.startsWith('atomic.')) fixed = false
      }
    },
  })
  return fixed
}

/**
 * A bound in integers: the least whole number ≥ it going up (the greatest ≤ it going down), one further for an
 * inclusive one. A fraction or a number past ±2⁵³ is cut there, NaN gives a loop that never runs.
 */
function wholeBound(s: Stmts, value: IrExpr, shape: Shape, bound: Expr): IrExpr {
  const fact = s.x.numberFact(bound)
  const up = shape.step > 0
  const past = (e: IrExpr, type: ScalarType): IrExpr => {
    if (!shape.inclusive) return coerce(e, type)
    if (e.kind === 'const') return num(type, Number(e.value) + (up ? 1 : -1))
    return op(up ? 'add' : 'sub', coerce(e, type), num(type, 1))
  }
  if (isInteger(value.type) || isWholeConst(value)) {
    const end = { ...fact, lo: fact.lo - 1, hi: fact.hi + 1 }
    const natural = value.kind === 'const' ? (fitsInt32(end) ? I32 : I64) : (value.type as ScalarType)
    return past(value, shape.inclusive && !fitsInt32(end) ? I64 : natural)
  }
  // One further, and one step past that: both still fit.
  const type = !fact.nan && fitsInt32({ ...fact, lo: fact.lo - 2, hi: fact.hi + 2 }) ? I32 : I64
  if (isIntegral(fact)) return past(cast(type, coerce(value, F64)), type)
  const kept = s.x.b.temp(coerce(value, F64), 'bound')
  const rounded = op(up !== shape.inclusive ? 'ceil' : 'floor', kept)
  if (type === I32) return past(s.x.b.temp(cast(I32, rounded), 'bound'), I32)
  const low = num(F64, -EXACT + 1)
  const high = num(F64, EXACT - 1)
  // NaN fails both comparisons; what it ends at keeps the loop from running.
  const [near, far] = up ? [low, high] : [high, low]
  const inside = select(op(up ? 'lt' : 'gt', kept, far), rounded, far)
  return past(cast(I64, select(op(up ? 'gt' : 'lt', kept, near), inside, near)), I64)
}

export function canonicalFor(s: Stmts, stmt: Extract<Stmt, { kind: 'for' }>): boolean {
  const shape = shapeOf(stmt)
  if (!shape) return false
  const { x } = s
  const { variable, start, bound, step } = shape
  const changed = assignedIn(stmt.body)
  if (changed.has(variable)) return false
  changed.add(variable)
  if (!isFixed(bound, changed) || !x.inferred.exprs.has(bound)) return false
  const fact = x.inferred.variables.get(variable)
  const startFact = x.numberFact(start)
  if (fact?.kind !== 'number' || x.fact(bound).kind !== 'number') return false
  const held = integerType(fact, false)
  if (!held || !isIntegral(startFact) || startFact.negZero) return false

  const from = x.b.temp(x.number(start), 'from')
  if (!isInteger(from.type) && !isWholeConst(from)) {
    // A whole number in an f64, such as Math.floor of something bounded.
    if (from.type !== F64) return false
  }
  const limit = wholeBound(s, x.number(bound, ZERO), shape, bound)
  // The bound must fit too, even where the loop never reaches it.
  const type = wider(held, isInteger(limit.type) ? (limit.type as ScalarType) : I32)
  const local = x.b.local(variable.name, type)
  x.hold(variable, local, true)
  const label = s.loopLabel(stmt.label)
  const hi = coerce(limit, type)
  const body = s.body(stmt.body)
  x.b.emit(forStmt(label, local, coerce(from, type), hi, body, x.b.span(stmt.loc), { step }))
  return true
}

export function prangeLoop(s: Stmts, stmt: Extract<Stmt, { kind: 'prange' }>): void {
  const { x } = s
  const { b } = x
  let step = 1
  if (stmt.step) {
    const fact = x.numberFact(stmt.step)
    if (fact.lo !== fact.hi || !Number.isInteger(fact.lo) || fact.lo === 0) {
      throw compileError(
        b.source,
        stmt.step.loc,
        'prange-step',
        'The step of a prange must be a whole number known when the kernel is compiled, and not 0.',
        'Write it as a literal or a captured constant, or count from 0 and multiply: `i = start + k * step`.',
      )
    }
    step = fact.lo
    x.effects(stmt.step)
  }
  const parts = b.ordered([
    () => (stmt.start ? s.requireWhole(x.number(stmt.start, ZERO), stmt.start) : num(INDEX, 0)),
    () => s.requireWhole(x.number(stmt.stop, ZERO), stmt.stop),
  ])
  const start = b.temp(parts[0]!, 'start')
  const stop = b.temp(parts[1]!, 'stop')
  const fact = x.inferred.variables.get(stmt.variable)
  const bounds = [start, stop].map((e) => (isInteger(e.type) ? (e.type as ScalarType) : isSmall(e) ? I32 : I64))
  const held = fact?.kind === 'number' ? (integerType(fact, true) ?? I64) : I64
  let type = wider(wider(bounds[0]!, bounds[1]!), held === I64 ? bounds[1]! : held)
  // The variable takes one step past the last iteration before the loop ends.
  if (fact?.kind === 'number' && !fitsInt32({ ...fact, lo: fact.lo - Math.abs(step), hi: fact.hi + Math.abs(step) })) {
    type = I64
  }
  const label = s.loopLabel(stmt.label)
  const counter = b.local(stmt.variable.name, type)
  x.hold(stmt.variable, counter, true)
  const forKind = s.parallel ? 'parallel' : 'serial'
  const [lo, hi] = [coerce(start, type), coerce(stop, type)]
  b.emit(forStmt(label, counter, lo, hi, s.body(stmt.body), b.span(stmt.loc), { step, forKind }))
}

const isSmall = (e: IrExpr): boolean =>
  e.kind === 'const' && typeof e.value !== 'boolean' && Math.abs(Number(e.value)) < 2 ** 31
