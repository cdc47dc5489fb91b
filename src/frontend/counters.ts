/**
 * Counters: variables that only ever move in steps of at most 16 from where they were set, which is within 2⁵¹.
 * Reaching 2⁵² so takes 2⁴⁷ steps, days of running at one a nanosecond, so that such a variable, and what is a little
 * more than it, may be held in an integer register although no condition bounds it. Where they are set is for inference
 * to see: with what it finds for all of them, each value that one is set to has to be within bounds.
 */

import type { Expr, KernelFn, Variable } from './ast.ts'
import { type Fact, isIntegral } from './facts.ts'
import { visitKernel } from './visit.ts'

const MAX_STEP = 16
/** No counter gets further. */
export const COUNTED = 2 ** 52
/** None is set to more. */
const SET = 2 ** 51

const small = (expr: Expr): boolean =>
  expr.kind === 'number' && Number.isInteger(expr.value) && Math.abs(expr.value) <= MAX_STEP

/** Whether `expr` is `variable`, or `variable ± c` with a small whole c. */
function isStep(expr: Expr, variable: Variable): boolean {
  const same = (e: Expr) => e.kind === 'variable' && e.variable === variable
  if (same(expr)) return true
  if (expr.kind !== 'binary' || (expr.op !== '+' && expr.op !== '-')) return false
  return (same(expr.left) && small(expr.right)) || (expr.op === '+' && same(expr.right) && small(expr.left))
}

/** Whether a counter may be set to this. */
export const startsCounter = (fact: Fact): boolean =>
  fact.kind === 'number' && isIntegral(fact) && fact.lo >= -SET && fact.hi <= SET

/** The variables that may be counters: all that they do is be set, and step. */
export function counters(kernel: KernelFn): Set<Variable> {
  const found = new Set<Variable>()
  const refused = new Set<Variable>()
  const set = (variable: Variable, value: Expr) => {
    if (value.kind === 'number' && !Number.isInteger(value.value)) refused.add(variable)
  }
  visitKernel(kernel, {
    stmt(stmt) {
      if (stmt.kind === 'declare') {
        if (stmt.init) set(stmt.variable, stmt.init)
      } else if (stmt.kind === 'prange') {
        refused.add(stmt.variable)
      }
    },
    expr(expr) {
      if (expr.kind === 'update' && expr.target.kind === 'variable') found.add(expr.target.variable)
      if (expr.kind !== 'assign' || expr.target.kind !== 'variable') return
      const { variable } = expr.target
      if (isStepping(expr)) found.add(variable)
      else if (expr.op) refused.add(variable)
      else set(variable, expr.value)
    },
  })
  for (const variable of refused) found.delete(variable)
  return found
}

/** Whether the assignment is a step, if its variable is a counter. */
export const isStepping = ({ target, op, value }: Extract<Expr, { kind: 'assign' }>): boolean =>
  op ? (op === '+' || op === '-') && small(value) : target.kind === 'variable' && isStep(value, target.variable)
