/**
 * Conditions: what holds where a test is true, and where it is false. A comparison narrows the variables it compares, so
 * that `i < n` proves an index.
 */

import type { Expr, Variable } from './ast.ts'
import { type Env, joinEnv } from './environment.ts'
import { assume, BOOLEAN, EXACT, type Fact, join, type NumberFact } from './facts.ts'
import type { ExprInference } from './infer-exprs.ts'
import { visitExpr } from './visit.ts'

/** The variables' facts where `test` is true, and where it is false. */
export function branch(x: ExprInference, test: Expr): [Env, Env] {
  return x.attempt(() => outcomes(x, test)) ?? [undefined, undefined]
}

function outcomes(x: ExprInference, test: Expr): [Env, Env] {
  switch (test.kind) {
    case 'boolean':
      x.expr(test)
      return test.value ? [x.env, undefined] : [undefined, x.env]
    case 'unary':
      if (test.op === '!') {
        const [yes, no] = branch(x, test.value)
        x.note(test, BOOLEAN)
        return [no, yes]
      }
      break
    case 'logical': {
      const [yes, no] = branch(x, test.left)
      x.env = test.op === '&&' ? yes : no
      if (!x.env) {
        noteTest(x, test)
        return [yes, no]
      }
      const [yes2, no2] = branch(x, test.right)
      noteTest(x, test)
      return test.op === '&&' ? [yes2, joinEnv(no, no2)] : [joinEnv(yes, yes2), no2]
    }
    case 'binary': {
      x.expr(test)
      const left = x.latest.get(test.left)
      const right = x.latest.get(test.right)
      if (left?.kind !== 'number' || right?.kind !== 'number') break
      const env = x.env
      // In `i < i++` the left value is that of before: it says nothing of what `i` is now.
      if (assigns(test.right)) return [env, env ? new Map(env) : env]
      const yes = narrow(env, test.left, test.op, right)
      const yes2 = narrow(yes, test.right, flipped(test.op), left)
      const opposite = left.nan || right.nan ? undefined : negated(test.op)
      const no = opposite ? narrow(env, test.left, opposite, right) : env
      const no2 = opposite ? narrow(no, test.right, flipped(opposite), left) : env
      return [yes2, no2 === env ? (env ? new Map(env) : env) : no2]
    }
    case 'intrinsic': {
      const fact = x.expr(test)
      const arg = test.args[0]
      if (test.name === 'Number.isInteger' && arg?.kind === 'variable' && fact.kind === 'boolean') {
        const known = x.env?.get(arg.variable)
        if (known?.kind === 'number') {
          const yes = new Map(x.env)
          yes.set(arg.variable, { ...known, int: true, nan: false })
          return [yes, x.env]
        }
      }
      return [x.env, x.env ? new Map(x.env) : undefined]
    }
  }
  const fact = x.expr(test)
  if (fact.kind !== 'boolean' && fact.kind !== 'number') throw x.typeError(test, fact, 'a truth value or number')
  return [x.env, x.env ? new Map(x.env) : undefined]
}

/** The facts once `expr op other` is known to hold. */
function narrow(env: Env, expr: Expr, op: string, other: NumberFact): Env {
  if (!env) return env
  if (expr.kind === 'binary') return narrowSquare(env, expr, op, other)
  if (expr.kind !== 'variable') return env
  const known = env.get(expr.variable)
  if (known?.kind !== 'number') return env
  const relation = op === '==' ? '===' : op
  if (relation !== '<' && relation !== '<=' && relation !== '>' && relation !== '>=' && relation !== '===') return env
  const out = new Map(env)
  out.set(expr.variable, assume(known, relation, other))
  return out
}

/** A square below a bound has a root below the bound's root: `j * j <= n` says that j is small. */
function narrowSquare(
  env: Map<Variable, Fact>,
  expr: Extract<Expr, { kind: 'binary' }>,
  op: string,
  other: NumberFact,
): Env {
  const { left, right } = expr
  const isSquare =
    expr.op === '*' && left.kind === 'variable' && right.kind === 'variable' && left.variable === right.variable
  if (!isSquare || (op !== '<' && op !== '<=') || !(other.hi >= 0 && other.hi <= EXACT)) return env
  const known = env.get(left.variable)
  if (known?.kind !== 'number') return env
  // Rounding may make a square a little smaller than it is.
  const root = Math.ceil(Math.sqrt(other.hi) * (1 + 2 ** -50)) + (known.int ? 0 : 1)
  const out = new Map(env)
  out.set(left.variable, { ...known, nan: false, lo: Math.max(known.lo, -root), hi: Math.min(known.hi, root) })
  return out
}

/** A tested `&&` or `||` may give values of two types: who takes it for a value must see that, a test need not. */
function noteTest(x: ExprInference, test: Extract<Expr, { kind: 'logical' }>): void {
  const left = x.latest.get(test.left)
  const right = x.latest.get(test.right)
  const fact = left && right ? join(left, right) : (left ?? BOOLEAN)
  x.note(test, fact.kind === 'mixed' ? BOOLEAN : fact)
  x.latest.set(test, fact)
}

/** Whether evaluating the expression assigns a variable. */
function assigns(expr: Expr): boolean {
  let found = false
  visitExpr(expr, {
    expr(e) {
      if ((e.kind === 'assign' || e.kind === 'update') && e.target.kind === 'variable') found = true
    },
  })
  return found
}

/** The comparison with its sides exchanged. */
export const flipped = (op: string): string =>
  op === '<' ? '>' : op === '<=' ? '>=' : op === '>' ? '<' : op === '>=' ? '<=' : op
const negated = (op: string): string | undefined =>
  ({ '<': '>=', '<=': '>', '>': '<=', '>=': '<', '!==': '===', '!=': '===' })[op]
