/** Expressions, from the parser's syntax to the kernel's. */

import type {
  AssignmentExpression,
  BinaryExpression,
  Expression,
  Literal,
  LogicalExpression,
  MemberExpression,
  Pattern,
  UnaryExpression,
} from 'acorn'
import type { ArithOp, BitOp, CompareOp, Expr, Loc, Target, Variable } from './ast.ts'
import { call, capturedValue, construct, freePath, refuse } from './calls.ts'
import { type Context, fail, locOf, type Place, textOf } from './context.ts'
import { DESTRUCTURING, EXPRESSIONS, LITERALS, operatorRefusal, propertyRefusal } from './refusals.ts'
import { isCoverageCounter, unwrap } from './tools.ts'

export function expr(ctx: Context, node: Expression): Expr {
  const loc = locOf(ctx, node)
  switch (node.type) {
    case 'Literal':
      return literal(ctx, node)
    case 'Identifier': {
      const variable = lookup(ctx, node.name, node)
      return variable ? { kind: 'variable', variable, loc } : capturedValue(ctx, node, [node.name])
    }
    case 'ParenthesizedExpression':
      return expr(ctx, node.expression)
    case 'UnaryExpression':
      return unary(ctx, node)
    case 'BinaryExpression':
      return binary(ctx, node)
    case 'LogicalExpression':
      return logical(ctx, node)
    case 'ConditionalExpression':
      return {
        kind: 'conditional',
        test: expr(ctx, node.test),
        then: expr(ctx, node.consequent),
        else: expr(ctx, node.alternate),
        loc,
      }
    case 'AssignmentExpression':
      return assignment(ctx, node)
    case 'UpdateExpression':
      return {
        kind: 'update',
        target: assigned(ctx, node.argument),
        op: node.operator,
        prefix: node.prefix,
        loc,
      }
    case 'SequenceExpression':
      return sequence(
        node.expressions.filter((e) => !isCoverageCounter(e)).map((e) => expr(ctx, e)),
        loc,
      )
    case 'MemberExpression':
      return member(ctx, node)
    case 'CallExpression':
      return call(ctx, node)
    case 'NewExpression':
      return construct(ctx, node)
    default:
      return refuse(ctx, node, EXPRESSIONS[node.type])
  }
}

export const sequence = (exprs: readonly Expr[], loc: Loc): Expr =>
  exprs.length === 1 ? exprs[0]! : { kind: 'sequence', exprs, loc }

/** The function's own variable of that name; undefined when the name comes from outside. */
function lookup(ctx: Context, name: string, node: Place): Variable | undefined {
  const binding = ctx.scope.lookup(name)
  if (binding && node.start < binding.readyAt) {
    return fail(
      ctx,
      node,
      'used-before-declaration',
      `\`${name}\` is used before its declaration.`,
      'Move the declaration up.',
    )
  }
  return binding?.variable
}

function literal(ctx: Context, node: Literal): Expr {
  const loc = locOf(ctx, node)
  const { value } = node
  if (typeof value === 'number') return { kind: 'number', value, loc }
  if (typeof value === 'boolean') return { kind: 'boolean', value, loc }
  if (node.regex) return refuse(ctx, node, LITERALS.regex)
  if (node.bigint !== undefined && node.bigint !== null) return refuse(ctx, node, LITERALS.bigint)
  return refuse(ctx, node, value === null ? LITERALS.null : LITERALS.string)
}

function unary(ctx: Context, node: UnaryExpression): Expr {
  const loc = locOf(ctx, node)
  const { operator } = node
  switch (operator) {
    case 'typeof':
    case 'delete':
      return refuse(ctx, node, operatorRefusal(operator))
    case 'void': {
      const undef: Expr = { kind: 'undefined', loc }
      const argument = unwrap(node.argument)
      return argument.type === 'Literal' ? undef : sequence([expr(ctx, argument), undef], loc)
    }
    case '!': {
      // Minifiers write !0 and !1 for true and false.
      const value = expr(ctx, node.argument)
      if (value.kind === 'number') return { kind: 'boolean', value: !value.value, loc }
      return { kind: 'unary', op: '!', value, loc }
    }
    case '-':
    case '+':
    case '~': {
      const value = expr(ctx, node.argument)
      if (value.kind === 'number' && operator === '-') return { kind: 'number', value: -value.value, loc }
      return { kind: 'unary', op: operator, value, loc }
    }
    default:
      return operator satisfies never
  }
}

const isNull = (node: Expression): boolean => node.type === 'Literal' && node.value === null && !node.regex

function binary(ctx: Context, node: BinaryExpression): Expr {
  const loc = locOf(ctx, node)
  const { operator, left, right } = node
  if (operator === 'in' || operator === 'instanceof' || left.type === 'PrivateIdentifier') {
    return refuse(ctx, node, operatorRefusal(operator))
  }
  if (operator === '==' || operator === '!=') {
    // There is no null: `x == null`, also as compilers write `??`, asks for undefined.
    const op: CompareOp = operator === '==' ? '===' : '!=='
    if (isNull(right)) return { kind: 'binary', op, left: expr(ctx, left), right: { kind: 'undefined', loc }, loc }
    if (isNull(left)) return { kind: 'binary', op, left: { kind: 'undefined', loc }, right: expr(ctx, right), loc }
  }
  const l = expr(ctx, left)
  const r = expr(ctx, right)
  // Minifiers write 1/0 for Infinity.
  if (operator === '/' && l.kind === 'number' && r.kind === 'number' && r.value === 0) {
    return { kind: 'number', value: l.value / r.value, loc }
  }
  return { kind: 'binary', op: operator satisfies ArithOp | BitOp | CompareOp, left: l, right: r, loc }
}

function logical(ctx: Context, node: LogicalExpression): Expr {
  const loc = locOf(ctx, node)
  if (node.operator !== '??') {
    return { kind: 'logical', op: node.operator, left: expr(ctx, node.left), right: expr(ctx, node.right), loc }
  }
  const left = expr(ctx, unwrap(node.left))
  if (left.kind !== 'variable') return refuseNullish(ctx, node)
  return ifUndefined(left, expr(ctx, node.right), left, loc)
}

function refuseNullish(ctx: Context, node: Place): never {
  return fail(
    ctx,
    node,
    'unsupported-syntax',
    '`??` works on variables alone: an element of an array is never undefined, as reading outside the array is an error.',
    'Test the index instead: i < a.length ? a[i] : 0. For an argument that may be left out, use a default parameter.',
  )
}

const ifUndefined = (left: Expr, then: Expr, otherwise: Expr, loc: Loc): Expr => ({
  kind: 'conditional',
  test: { kind: 'binary', op: '===', left, right: { kind: 'undefined', loc }, loc },
  then,
  else: otherwise,
  loc,
})

function assignment(ctx: Context, node: AssignmentExpression): Expr {
  const loc = locOf(ctx, node)
  const { operator } = node
  const target = assigned(ctx, node.left)
  const value = expr(ctx, node.right)
  switch (operator) {
    case '=':
      return { kind: 'assign', target, value, loc }
    case '&&=':
    case '||=': {
      // The target stands twice afterwards, so what chooses it must do nothing else.
      if (target.kind === 'index' && !(isSimple(target.array) && isSimple(target.index))) {
        return fail(
          ctx,
          node,
          'unsupported-syntax',
          `\`${operator}\` on an element works only where the index is a simple expression.`,
          'Put the index into a variable first, or write an if.',
        )
      }
      const op = operator === '&&=' ? '&&' : '||'
      return { kind: 'logical', op, left: target, right: { kind: 'assign', target, value, loc }, loc }
    }
    case '??=':
      if (target.kind !== 'variable') return refuseNullish(ctx, node)
      return ifUndefined(target, { kind: 'assign', target, value, loc }, target, loc)
    default:
      return { kind: 'assign', target, op: operator.slice(0, -1) as ArithOp | BitOp, value, loc }
  }
}

/** Evaluating it twice is the same as once. */
function isSimple(e: Expr): boolean {
  switch (e.kind) {
    case 'number':
    case 'boolean':
    case 'variable':
      return true
    case 'unary':
      return isSimple(e.value)
    case 'binary':
      return isSimple(e.left) && isSimple(e.right)
    case 'length':
      return isSimple(e.array)
    default:
      return false
  }
}

/** The variable or element that is assigned. */
export function assigned(ctx: Context, node: Pattern | Expression): Target {
  switch (node.type) {
    case 'ParenthesizedExpression':
      return assigned(ctx, node.expression)
    case 'Identifier': {
      const variable = lookup(ctx, node.name, node)
      if (!variable) return refuseOuter(ctx, node, node.name)
      if (variable.kind === 'const') {
        return fail(
          ctx,
          node,
          'const-assigned',
          `\`${node.name}\` is a const and cannot be assigned.`,
          'Declare it with let.',
        )
      }
      variable.assigned = true
      return { kind: 'variable', variable, loc: locOf(ctx, node) }
    }
    case 'MemberExpression': {
      const path = freePath(ctx, node)
      if (path) return refuseOuter(ctx, node, path.join('.'))
      const element = expr(ctx, node)
      if (element.kind === 'index') return element
      return fail(
        ctx,
        node,
        'unsupported-syntax',
        `\`${textOf(ctx, node)}\` cannot be assigned: the length of a typed array is fixed.`,
        'Make a new array: x = new Float64Array(n).',
      )
    }
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'AssignmentPattern':
    case 'RestElement':
      return refuse(ctx, node, DESTRUCTURING)
    default:
      return fail(ctx, node, 'unsupported-syntax', 'This cannot be assigned.', 'Assign a variable or an element, a[i].')
  }
}

const refuseOuter = (ctx: Context, node: Place, name: string): never =>
  fail(
    ctx,
    node,
    'outer-assigned',
    `\`${name}\` is declared outside the kernel and cannot be assigned by it.`,
    'Return the value, or write it into an array that is passed as an argument.',
  )

function member(ctx: Context, node: MemberExpression): Expr {
  const loc = locOf(ctx, node)
  const path = freePath(ctx, node)
  if (path) return capturedValue(ctx, node, path)
  const { object, property } = node
  if (object.type === 'Super' || property.type === 'PrivateIdentifier') {
    return fail(
      ctx,
      node,
      'unsupported-syntax',
      'Members of a class are not available inside a kernel.',
      'Pass the values that you need as arguments.',
    )
  }
  const name = memberName(node)
  if (name === 'length') return { kind: 'length', array: expr(ctx, object), loc }
  if (name !== undefined) {
    expr(ctx, object)
    return refuse(ctx, node, propertyRefusal(name))
  }
  return { kind: 'index', array: expr(ctx, object), index: expr(ctx, property), loc }
}

/** `.name` or `["name"]`; undefined for an index. */
function memberName(node: MemberExpression): string | undefined {
  const { property } = node
  if (!node.computed) return property.type === 'Identifier' ? property.name : undefined
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined
}
