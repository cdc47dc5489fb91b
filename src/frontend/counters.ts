/**
 * Counters: variables that only ever move in steps of at most 16 from where they were set, which is within 2³¹.
 * Reaching 2⁵² so takes 2⁴⁸ steps, days of running at one a nanosecond, so that such a variable, and what is a little
 * more than it, may be held in an integer register although no condition bounds it.
 */

import type { Expr, KernelFn, Variable } from './ast.ts'
import { visitKernel } from './visit.ts'

const MAX_STEP = 16
/** No counter gets further. */
export const COUNTED = 2 ** 52

const small = (expr: Expr): boolean =>
  expr.kind === 'number' && Number.isInteger(expr.value) && Math.abs(expr.value) <= MAX_STEP

/** Whether `expr` is `variable`, or `variable ± c` with a small whole c. */
function isStep(expr: Expr, variable: Variable): boolean {
  if (expr.kind !== 'binary' || (expr.op !== '+' && expr.op !== '-')) return false
  const same = (e: Expr) => e.kind === 'variable' && e.variable === variable
  return (same(expr.left) && small(expr.right)) || (expr.op === '+' && same(expr.right) && small(expr.left))
}

/** A value that starts a counter: a small literal. */
const isStart = (expr: Expr): boolean =>
  expr.kind === 'number' && Number.isInteger(expr.value) && Math.abs(expr.value) < 2 ** 31

export function counters(kernel: KernelFn): ReadonlySet<Variable> {
  const found = new Set<Variable>()
  const refused = new Set<Variable>(kernel.params.map((p) => p.variable))
  const set = (variable: Variable, value: Expr) => {
    found.add(variable)
    if (!isStart(value) && !isStep(value, variable)) refused.add(variable)
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
      if (!expr.op) set(variable, expr.value)
      else if ((expr.op !== '+' && expr.op !== '-') || !small(expr.value)) refused.add(variable)
    },
  })
  for (const variable of refused) found.delete(variable)
  return found
}
