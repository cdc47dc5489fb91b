/**
 * Which variables of a script are never assigned after their declaration. A kernel freezes the values it captures when
 * it is compiled, so a captured variable must be one of these.
 */

import type { AnyNode, CallExpression, Function as FunctionLike, Identifier, Node, Pattern } from 'acorn'
import { childrenOf } from './walk.ts'

export type BindingKind = 'const' | 'let' | 'var' | 'param' | 'function' | 'class' | 'import'

export interface ScriptBinding {
  readonly name: string
  readonly kind: BindingKind
  /** The text of the scope that holds it. */
  readonly start: number
  readonly end: number
  /** Position of the first assignment that is not the declaration; of a direct eval, which might hold one. */
  reassignedAt: number | undefined
}

interface ScriptScope {
  readonly parent: ScriptScope | undefined
  readonly isFunction: boolean
  readonly start: number
  readonly end: number
  readonly bindings: Map<string, ScriptBinding>
}

interface Scan {
  readonly all: ScriptBinding[]
  readonly assignments: { readonly name: string; readonly at: number; readonly scope: ScriptScope }[]
  readonly evals: { readonly at: number; readonly scope: ScriptScope }[]
}

export function scanBindings(program: Node): readonly ScriptBinding[] {
  const scan: Scan = { all: [], assignments: [], evals: [] }
  const root = openScope(program, undefined, true)
  for (const child of childrenOf(program)) visit(scan, child as AnyNode, root)
  for (const { name, at, scope } of scan.assignments) {
    const binding = find(scope, name)
    if (binding) binding.reassignedAt ??= at
  }
  for (const { at, scope } of scan.evals) {
    for (let s: ScriptScope | undefined = scope; s; s = s.parent) {
      for (const binding of s.bindings.values()) if (!isFixed(binding)) binding.reassignedAt ??= at
    }
  }
  return scan.all
}

/** The binding that `name` means for a function whose text is [start, end) of the script. */
export function bindingAt(
  bindings: readonly ScriptBinding[],
  name: string,
  start: number,
  end: number,
): ScriptBinding | undefined {
  let best: ScriptBinding | undefined
  for (const b of bindings) {
    const around = b.name === name && b.start <= start && end <= b.end && b.end - b.start > end - start
    if (around && (best === undefined || b.end - b.start <= best.end - best.start)) best = b
  }
  return best
}

const isFixed = (b: ScriptBinding): boolean => b.kind === 'const' || b.kind === 'import' || b.kind === 'class'

function openScope(node: Node, parent: ScriptScope | undefined, isFunction = false): ScriptScope {
  return { parent, isFunction, start: node.start, end: node.end, bindings: new Map() }
}

function find(scope: ScriptScope | undefined, name: string): ScriptBinding | undefined {
  for (let s = scope; s; s = s.parent) {
    const binding = s.bindings.get(name)
    if (binding) return binding
  }
  return undefined
}

function declare(scan: Scan, scope: ScriptScope, name: string, kind: BindingKind): void {
  if (scope.bindings.has(name)) return
  const binding: ScriptBinding = { name, kind, start: scope.start, end: scope.end, reassignedAt: undefined }
  scope.bindings.set(name, binding)
  scan.all.push(binding)
}

const functionScope = (scope: ScriptScope): ScriptScope => {
  let s = scope
  while (!s.isFunction && s.parent) s = s.parent
  return s
}

function visitAll(scan: Scan, node: Node, scope: ScriptScope): void {
  for (const child of childrenOf(node)) visit(scan, child as AnyNode, scope)
}

function visit(scan: Scan, node: AnyNode, scope: ScriptScope): void {
  switch (node.type) {
    case 'FunctionDeclaration':
      if (node.id) {
        // A second function of one name replaces the first.
        if (scope.bindings.has(node.id.name)) scan.assignments.push({ name: node.id.name, at: node.start, scope })
        declare(scan, scope, node.id.name, 'function')
      }
      visitFunction(scan, node, scope)
      return
    case 'FunctionExpression': {
      const own = openScope(node, scope)
      if (node.id) declare(scan, own, node.id.name, 'const')
      visitFunction(scan, node, own)
      return
    }
    case 'ArrowFunctionExpression':
      visitFunction(scan, node, scope)
      return
    case 'ClassDeclaration':
      if (node.id) declare(scan, scope, node.id.name, 'class')
      visitAll(scan, node, scope)
      return
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      declare(scan, scope, node.local.name, 'import')
      return
    case 'BlockStatement':
    case 'ForStatement':
    case 'SwitchStatement':
      visitAll(scan, node, openScope(node, scope))
      return
    case 'StaticBlock':
      visitAll(scan, node, openScope(node, scope, true))
      return
    case 'ForInStatement':
    case 'ForOfStatement': {
      const own = openScope(node, scope)
      if (node.left.type !== 'VariableDeclaration') assign(scan, node.left, own)
      else if (node.left.kind === 'var') assign(scan, node.left.declarations[0]!.id, own)
      visitAll(scan, node, own)
      return
    }
    case 'CatchClause': {
      const own = openScope(node, scope)
      if (node.param) for (const id of namesOf(node.param)) declare(scan, own, id.name, 'let')
      visitAll(scan, node, own)
      return
    }
    case 'VariableDeclaration':
      for (const d of node.declarations) {
        const kind = node.kind === 'var' ? 'var' : node.kind === 'let' ? 'let' : 'const'
        const target = kind === 'var' ? functionScope(scope) : scope
        for (const id of namesOf(d.id)) {
          const again = target.bindings.has(id.name) && d.init
          if (again) scan.assignments.push({ name: id.name, at: id.start, scope: target })
          declare(scan, target, id.name, kind)
        }
      }
      visitAll(scan, node, scope)
      return
    case 'AssignmentExpression':
      assign(scan, node.left, scope)
      visitAll(scan, node, scope)
      return
    case 'UpdateExpression':
      if (node.argument.type === 'Identifier') assign(scan, node.argument, scope)
      visitAll(scan, node, scope)
      return
    case 'LogicalExpression':
      // TypeScript's enums: `E || (E = {})` gives E its first value.
      if (isEnumStart(node)) return
      visitAll(scan, node, scope)
      return
    case 'CallExpression':
      if (isDirectEval(node)) scan.evals.push({ at: node.start, scope })
      visitAll(scan, node, scope)
      return
    default:
      visitAll(scan, node, scope)
      return
  }
}

function visitFunction(scan: Scan, node: FunctionLike, scope: ScriptScope): void {
  const own = openScope(node, scope, true)
  for (const param of node.params) {
    for (const id of namesOf(param)) declare(scan, own, id.name, 'param')
    visit(scan, param as AnyNode, own)
  }
  // The body's own block shares the function's scope: `var` and `let` may not both name one thing there.
  if (node.body.type === 'BlockStatement') visitAll(scan, node.body, own)
  else visit(scan, node.body as AnyNode, own)
}

function assign(scan: Scan, pattern: Node, scope: ScriptScope): void {
  for (const id of namesOf(pattern as Pattern)) scan.assignments.push({ name: id.name, at: id.start, scope })
}

/** The variables that a pattern binds or assigns. */
function* namesOf(pattern: Pattern): Generator<Identifier> {
  switch (pattern.type) {
    case 'Identifier':
      yield pattern
      return
    case 'ObjectPattern':
      for (const p of pattern.properties) yield* namesOf(p.type === 'RestElement' ? p.argument : p.value)
      return
    case 'ArrayPattern':
      for (const e of pattern.elements) if (e) yield* namesOf(e)
      return
    case 'RestElement':
      yield* namesOf(pattern.argument)
      return
    case 'AssignmentPattern':
      yield* namesOf(pattern.left)
      return
    case 'MemberExpression':
      return
    default:
      pattern satisfies never
  }
}

function isEnumStart(node: AnyNode): boolean {
  if (node.type !== 'LogicalExpression' || node.operator !== '||' || node.left.type !== 'Identifier') return false
  const { right } = node
  return (
    right.type === 'AssignmentExpression' &&
    right.operator === '=' &&
    right.left.type === 'Identifier' &&
    right.left.name === node.left.name &&
    right.right.type === 'ObjectExpression' &&
    right.right.properties.length === 0
  )
}

const isDirectEval = (node: CallExpression): boolean =>
  node.callee.type === 'Identifier' && node.callee.name === 'eval' && !node.optional
