/** Calls and captured values: what a chain of names means where it is used. */

import type { CallExpression, Expression, NewExpression, SpreadElement, Super } from 'acorn'
import type { Expr } from './ast.ts'
import type { Captured } from './captures.ts'
import { type Context, fail, locOf, type Place } from './context.ts'
import { LITERALS, methodRefusal, type Refusal, SPREAD } from './refusals.ts'
import { isPowHelper, staticPath, unwrap } from './tools.ts'

export const refuse = (ctx: Context, node: Place, { reason, remedy }: Refusal): never =>
  fail(ctx, node, 'unsupported-syntax', reason, remedy)

/** The names of a chain that starts outside the function; undefined when it starts at a variable of its own. */
export function freePath(ctx: Context, node: Expression | Super): string[] | undefined {
  const path = staticPath(node)
  return path && !ctx.scope.lookup(path[0]!) ? path : undefined
}

export function resolve(ctx: Context, path: readonly string[], node: Place): Captured {
  if (path[0] === 'arguments') {
    return fail(
      ctx,
      node,
      'unsupported-syntax',
      '`arguments` is not available inside a kernel.',
      'Name each parameter; one that may be left out gets a default: (x, n = x.length) => …',
    )
  }
  return ctx.captures.resolve(path, (code, reason, remedy) => fail(ctx, node, code, reason, remedy))
}

/** A captured name where a value stands. */
export function capturedValue(ctx: Context, node: Place, path: readonly string[]): Expr {
  const name = path.join('.')
  const loc = locOf(ctx, node)
  const captured = resolve(ctx, path, node)
  switch (captured.kind) {
    case 'value': {
      const { value } = captured
      if (value === undefined) return { kind: 'undefined', loc }
      return typeof value === 'number' ? { kind: 'number', value, loc } : { kind: 'boolean', value, loc }
    }
    case 'function':
    case 'intrinsic':
      return fail(
        ctx,
        node,
        'unsupported-syntax',
        `\`${name}\` is a function: a kernel can call it, but not keep it or pass it on.`,
        `Call it where it is needed: ${name}(…); a shorter name for it must be declared outside the kernel.`,
      )
    case 'array-type':
      return fail(
        ctx,
        node,
        'unsupported-syntax',
        `\`${name}\` is a constructor.`,
        `Make an array with new ${name}(length).`,
      )
    case 'namespace':
      return fail(
        ctx,
        node,
        'unsupported-syntax',
        `\`${name}\` is an object: a kernel can use its members, but not the object as a value.`,
        `Write ${name}.member where the value is needed; elements to be chosen by a computed index belong in a typed array that is passed as an argument.`,
      )
    default:
      return captured satisfies never
  }
}

function argumentsOf(ctx: Context, nodes: readonly (Expression | SpreadElement)[]): Expr[] {
  return nodes.map((node) => (node.type === 'SpreadElement' ? refuse(ctx, node, SPREAD) : ctx.expr(ctx, node)))
}

export function call(ctx: Context, node: CallExpression): Expr {
  const inner = unwrap(node)
  if (inner !== node) return ctx.expr(ctx, inner)
  if (node.optional) return refuse(ctx, node, methodRefusal('?.'))
  const { callee } = node
  if (callee.type === 'Super')
    return fail(ctx, callee, 'unsupported-syntax', '`super` is not available.', 'Call a function.')
  if (isPowHelper(node) && freePath(ctx, callee)) {
    const [left, right] = argumentsOf(ctx, node.arguments)
    return { kind: 'binary', op: '**', left: left!, right: right!, loc: locOf(ctx, node) }
  }
  const target = unwrap(callee)
  const path = freePath(ctx, target)
  if (path) return callCaptured(ctx, node, target, path)
  if (target.type === 'MemberExpression') {
    const { property } = target
    const name = !target.computed && property.type === 'Identifier' ? property.name : '[…]'
    return fail(ctx, target, 'unsupported-call', methodRefusal(name).reason, methodRefusal(name).remedy)
  }
  if (target.type === 'Identifier') {
    return fail(
      ctx,
      target,
      'unsupported-call',
      `\`${target.name}\` is a variable of the kernel; only functions declared outside it can be called.`,
      'Declare the function outside the kernel and call it by its name.',
    )
  }
  // A function written at the place of its call, and whatever else gives a function.
  ctx.expr(ctx, target)
  return fail(ctx, target, 'unsupported-call', 'Only named functions can be called.', 'Declare the function outside.')
}

function callCaptured(ctx: Context, node: CallExpression, target: Expression, path: readonly string[]): Expr {
  const name = path.join('.')
  const loc = locOf(ctx, node)
  const last = path[path.length - 1]!
  if (path.length > 1 && (last === 'call' || last === 'apply' || last === 'bind')) {
    const { reason, remedy } = methodRefusal(last)
    return fail(ctx, target, 'unsupported-call', reason, remedy)
  }
  const captured = resolve(ctx, path, target)
  switch (captured.kind) {
    case 'intrinsic':
      return intrinsic(ctx, node, captured.name, name)
    case 'function':
      return { kind: 'invoke', fn: captured.fn, name: last, args: argumentsOf(ctx, node.arguments), loc }
    case 'array-type':
      return fail(ctx, node, 'unsupported-call', `\`${name}\` is called without new.`, `Write new ${name}(length).`)
    case 'value':
    case 'namespace':
      return fail(ctx, target, 'unsupported-call', `\`${name}\` is not a function.`, 'Call a function.')
    default:
      return captured satisfies never
  }
}

/** Smallest and largest number of arguments. */
const ARITY: Readonly<Record<string, readonly [number, number]>> = {
  ...Object.fromEntries(
    (
      'abs acos acosh asin asinh atan atanh cbrt ceil clz32 cos cosh exp expm1 floor fround log log10 log1p log2 ' +
      'round sign sin sinh sqrt tan tanh trunc'
    )
      .split(' ')
      .map((name) => [`Math.${name}`, [1, 1] as const]),
  ),
  'Math.atan2': [2, 2],
  'Math.imul': [2, 2],
  'Math.pow': [2, 2],
  'Math.hypot': [0, Infinity],
  'Math.max': [0, Infinity],
  'Math.min': [0, Infinity],
  'Number.isInteger': [1, 1],
  'Number.isFinite': [1, 1],
  'Number.isNaN': [1, 1],
  'Number.isSafeInteger': [1, 1],
  isNaN: [1, 1],
  isFinite: [1, 1],
  Number: [0, 1],
  Boolean: [0, 1],
  ...Object.fromEntries(
    'add sub min max and or xor exchange'.split(' ').map((name) => [`atomic.${name}`, [3, 3] as const]),
  ),
  'atomic.compareExchange': [4, 4],
}

/** Calls without arguments give constants. */
const EMPTY: Readonly<Record<string, number | boolean>> = {
  'Math.hypot': 0,
  'Math.max': -Infinity,
  'Math.min': Infinity,
  Number: 0,
  Boolean: false,
}

function intrinsic(ctx: Context, node: CallExpression, name: string, written: string): Expr {
  const loc = locOf(ctx, node)
  const arity = ARITY[name]
  if (name === 'prange') {
    return fail(
      ctx,
      node,
      'unsupported-syntax',
      'prange is a loop’s range, not a value.',
      'Write for (const i of prange(n)) { … }.',
    )
  }
  if (name === 'Math.random') {
    return fail(
      ctx,
      node,
      'unsupported-call',
      'Math.random gives other numbers in every run, so no two executions of the kernel could agree.',
      'Fill a Float64Array with random numbers outside the kernel and pass it as an argument.',
    )
  }
  if (arity === undefined) {
    return fail(
      ctx,
      node,
      'unsupported-call',
      `\`${written}\` is not available inside a kernel.`,
      'Write what it computes as a plain function of numbers, and call that.',
    )
  }
  const args = argumentsOf(ctx, node.arguments)
  const [least, most] = arity
  if (args.length < least || args.length > most) {
    const wants = most === 1 && least === 0 ? 'at most one argument' : most === 1 ? 'one argument' : `${most} arguments`
    return fail(ctx, node, 'arity', `\`${written}\` takes ${wants}, not ${args.length}.`, `Give it ${wants}.`)
  }
  const constant = EMPTY[name]
  if (args.length === 0 && constant !== undefined) {
    return typeof constant === 'number'
      ? { kind: 'number', value: constant, loc }
      : { kind: 'boolean', value: constant, loc }
  }
  return { kind: 'intrinsic', name, args, loc }
}

export function construct(ctx: Context, node: NewExpression): Expr {
  const path = freePath(ctx, node.callee)
  const written = path?.join('.') ?? 'it'
  const captured = path && path[0] !== 'Array' && path[0] !== 'Date' ? resolve(ctx, path, node.callee) : undefined
  if (captured?.kind !== 'array-type') {
    return fail(
      ctx,
      node,
      'unsupported-syntax',
      `\`new ${written}\` is not available: a kernel makes typed arrays alone.`,
      'Use a typed array, new Float64Array(n), or make the object outside the kernel.',
    )
  }
  const { dtype } = captured
  if (dtype.name === 'int64' || dtype.name === 'uint64') {
    return fail(
      ctx,
      node,
      'unsupported-syntax',
      `${dtype.arrayName} holds BigInts, which are not available inside a kernel.`,
      'Use an Int32Array, or a Float64Array: integers are exact up to 2^53.',
    )
  }
  const loc = locOf(ctx, node)
  const [first, second] = node.arguments
  if (first === undefined) return { kind: 'new', dtype: dtype.name, loc }
  if (first.type === 'SpreadElement') return refuse(ctx, first, SPREAD)
  if (first.type === 'ArrayExpression') {
    return fail(
      ctx,
      first,
      'unsupported-syntax',
      `Inside a kernel, new ${dtype.arrayName} takes a length alone.`,
      `Write const a = new ${dtype.arrayName}(${first.elements.length}), then a[0] = …; or make it outside and pass it as an argument.`,
    )
  }
  if (first.type === 'ObjectExpression' || second !== undefined) {
    return fail(
      ctx,
      second ?? first,
      'unsupported-syntax',
      `Inside a kernel, new ${dtype.arrayName} takes a length alone: no buffer, offset or array.`,
      'Make the view outside the kernel and pass it as an argument.',
    )
  }
  if (first.type === 'Literal' && first.value === null) return refuse(ctx, first, LITERALS.null)
  return { kind: 'new', dtype: dtype.name, length: ctx.expr(ctx, first), loc }
}
