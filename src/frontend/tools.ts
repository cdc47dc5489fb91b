/**
 * What tools add to a function's text, known by its structure, so that a kernel means the same under all of them:
 * `(0, lib.f)(x)` (bundlers, test runners), `Object(lib.f)(x)` (webpack), `__name(f, "f")` and `__pow(a, b)` (esbuild),
 * `cov_x().s[5]++` (istanbul).
 */

import type { CallExpression, Expression, Node, Pattern, PrivateIdentifier, Super } from 'acorn'

type Any = Expression | Super | PrivateIdentifier | Pattern

/** istanbul counts functions, statements and branches: `cov_x().f[0]++`, `cov_x.b[2][1]++`. */
export function isCoverageCounter(node: Node): boolean {
  const update = node as Expression
  if (update.type !== 'UpdateExpression' || update.operator !== '++') return false
  let target: Any = update.argument
  let indices = 0
  while (target.type === 'MemberExpression' && target.computed && target.property.type === 'Literal') {
    if (typeof target.property.value !== 'number') return false
    indices++
    target = target.object
  }
  if (indices === 0 || target.type !== 'MemberExpression' || target.computed) return false
  if (target.property.type !== 'Identifier' || !/^(?:[sfb]|bT)$/.test(target.property.name)) return false
  const owner = target.object.type === 'CallExpression' ? target.object.callee : target.object
  return owner.type === 'Identifier' && /^cov_[0-9a-z]+$/i.test(owner.name)
}

const isLiteralZero = (node: Expression): boolean => node.type === 'Literal' && node.value === 0

/** The node without tools' wrappers around it. Never looks inside. */
export function unwrap(node: Expression): Expression {
  if (node.type === 'SequenceExpression') {
    const rest = node.expressions.filter((e) => !isCoverageCounter(e))
    if (rest.length === 2 && isLiteralZero(rest[0]!)) return unwrap(rest[1]!)
    if (rest.length === 1) return unwrap(rest[0]!)
    return node
  }
  if (node.type === 'ParenthesizedExpression') return unwrap(node.expression)
  if (node.type === 'CallExpression') {
    const [first, second] = node.arguments
    const name = node.callee.type === 'Identifier' ? node.callee.name : undefined
    if (first === undefined || first.type === 'SpreadElement') return node
    if (name === 'Object' && second === undefined) return unwrap(first)
    if (name === '__name' && second?.type === 'Literal' && typeof second.value === 'string') return unwrap(first)
  }
  return node
}

/** esbuild's `__pow(a, b)` for targets without `**`. */
export const isPowHelper = (node: CallExpression): boolean =>
  node.callee.type === 'Identifier' && node.callee.name === '__pow' && node.arguments.length === 2

/** `a.b.c` or `a["b"][2]`: the names of a chain that starts at a variable; undefined for all else. */
export function staticPath(node: Expression | Super): string[] | undefined {
  if (node.type === 'Super') return undefined
  const inner = unwrap(node)
  if (inner.type === 'Identifier') return [inner.name]
  if (inner.type !== 'MemberExpression' || inner.optional) return undefined
  const object = staticPath(inner.object)
  if (object === undefined) return undefined
  const { property } = inner
  if (!inner.computed) return property.type === 'Identifier' ? [...object, property.name] : undefined
  if (property.type !== 'Literal') return undefined
  const key = property.value
  return typeof key === 'string' || typeof key === 'number' ? [...object, String(key)] : undefined
}

/** vite's names for imported modules: what they hold counts as a module even where a test replaced it by an object. */
export const isImportName = (name: string): boolean => /^__(?:vite_ssr|vi)_import_\d+__$/.test(name)
