/** Truth values: comparisons, what is tested, and numbers taken for true or false. */

import { compileError } from '../../errors.ts'
import { bool, num, op, ref } from '../../ir/build.ts'
import type { Expr as IrExpr, ScalarType } from '../../ir/ir.ts'
import { F64 } from '../../ir/types.ts'
import type { Expr } from '../ast.ts'
import { coerce } from './builder.ts'
import { conditional, shortCircuit } from './choices.ts'
import type { Exprs } from './exprs.ts'
import { commonInteger, ZERO } from './integers.ts'
import { lowerMath } from './math.ts'
import { lowerAssign } from './places.ts'

export function lowerTruth(x: Exprs, expr: Expr): IrExpr {
  if (x.fact(expr).kind === 'number' && expr.kind !== 'logical') return truthy(x.number(expr, ZERO))
  switch (expr.kind) {
    case 'boolean':
      return bool(expr.value)
    case 'variable':
      return ref(x.variable(expr.variable))
    case 'unary':
      return op('not', x.truth(expr.value))
    case 'binary':
      return compare(x, expr)
    case 'logical':
      return shortCircuit(x, expr, x.truth(expr.left), bool(expr.op === '||'), () => x.truth(expr.right))
    case 'conditional':
      return conditional(x, expr, (arm) => x.truth(arm))
    case 'sequence':
      return x.truth(x.last(expr))
    case 'assign':
      return lowerAssign(x, expr, true)
    case 'invoke':
      return x.invoke(expr)!
    case 'intrinsic':
      return lowerMath(x, expr, {})
    default:
      throw compileError(x.b.source, expr.loc, 'type', 'A truth value is needed here.', 'Write a comparison.')
  }
}

/** Whether a number is neither 0 nor NaN. */
export const truthy = (value: IrExpr): IrExpr =>
  value.type === F64 ? op('truthy', value) : op('ne', value, num(value.type as ScalarType, 0))

function compare(x: Exprs, expr: Extract<Expr, { kind: 'binary' }>): IrExpr {
  const names = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge', '===': 'eq', '==': 'eq', '!==': 'ne', '!=': 'ne' }
  const name = names[expr.op as keyof typeof names]
  const truths = x.fact(expr.left).kind === 'boolean' && (name === 'eq' || name === 'ne')
  const side = (e: Expr) => () => (truths ? x.truth(e) : x.number(e, ZERO))
  const [a, b] = x.b.ordered([side(expr.left), side(expr.right)]) as [IrExpr, IrExpr]
  if (truths) return op(name, a, b)
  const type = commonInteger(a, b) ?? F64
  return op(name, coerce(a, type), coerce(b, type))
}
