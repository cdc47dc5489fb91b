/** Choices: `?:`, `&&` and `||` of whatever kind of value. One arm alone is evaluated, and perhaps one alone reached. */

import { assign, cond, ifStmt, op, ref, select } from '../../ir/build.ts'
import type { Expr as IrExpr } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { BOOL, F64, I64, INDEX, isFloat, isInteger } from '../../ir/types.ts'
import { visitExpr as visitIr } from '../../ir/walk.ts'
import type { Expr } from '../ast.ts'
import { held } from './builder.ts'
import type { Exprs } from './exprs.ts'
import { integerTypeOf, intLike, wider } from './integers.ts'

type Conditional = Extract<Expr, { kind: 'conditional' }>
type Logical = Extract<Expr, { kind: 'logical' }>

/** Nodes of a value that may be computed whether or not it is needed. */
const SHORT = 6
/**
 * Whether a value may be computed where it is not chosen: it is cheap, and nothing in it rests on a proof, which may
 * hold only under the condition (a cast to an integer, arithmetic that does not wrap).
 */
function isShort(e: IrExpr): boolean {
  let nodes = 0
  visitIr(e, (node) => {
    const proven =
      (node.kind === 'op' && (node.type === INDEX || node.type === I64)) ||
      (node.kind === 'cast' && isInteger(node.type) && (isFloat(node.value.type) || node.value.type === I64))
    const slow = node.kind === 'op' && (opRecord(node.op).kind !== 'exact' || node.op === 'rem')
    nodes += proven || slow ? SHORT + 1 : 1
  })
  return nodes <= SHORT
}

/** `test ? then : else`, both arms lowered by `arm`. */
export function conditional(x: Exprs, expr: Conditional, arm: (expr: Expr) => IrExpr): IrExpr {
  return choose(
    x,
    expr,
    x.truth(expr.test),
    () => arm(expr.then),
    () => arm(expr.else),
  )
}

/** `left && right` or `left || right`: `when` is the truth of the left side, `kept` its value. */
export function shortCircuit(x: Exprs, expr: Logical, when: IrExpr, kept: IrExpr, right: () => IrExpr): IrExpr {
  const left = () => kept
  return expr.op === '&&' ? choose(x, expr, when, right, left) : choose(x, expr, when, left, right)
}

/** `when ? yes : no`: an expression where both arms are free of effects, else an `if` into a local. */
function choose(x: Exprs, expr: Conditional | Logical, when: IrExpr, yes: () => IrExpr, no: () => IrExpr): IrExpr {
  const reached = (e: Expr) => x.inferred.exprs.has(e)
  if (expr.kind === 'conditional') {
    if (!reached(expr.then)) return no()
    if (!reached(expr.else)) return yes()
  }
  if (expr.kind === 'logical' && !reached(expr.right)) return expr.op === '&&' ? no() : yes()
  const a = x.b.apart(yes)
  const b = x.b.apart(no)
  let { type } = a.value
  if (type !== b.value.type || type === F64) {
    const whole = intLike(a.value) && intLike(b.value)
    type = whole ? wider(INDEX, wider(integerTypeOf(a.value), integerTypeOf(b.value))) : F64
  }
  const one = held(a.value, type)
  const other = held(b.value, type)
  if (a.stmts.length + b.stmts.length === 0 && type.kind === 'scalar') {
    // A short right side costs less than the branch around it; nothing in it can fail.
    const right = expr.kind === 'logical' && (expr.op === '&&' ? one : other)
    if (right && type === BOOL && isShort(right)) return op(expr.op === '&&' ? 'and' : 'or', when, right)
    // Processors choose between two integers without a branch that they could mispredict; between floats they branch.
    return type !== F64 && isShort(one) && isShort(other) ? select(when, one, other) : cond(when, one, other)
  }
  const result = x.b.local('chosen', type)
  x.b.emit(ifStmt(when, [...a.stmts, assign(result, one)], [...b.stmts, assign(result, other)]))
  return ref(result)
}
