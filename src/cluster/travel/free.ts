/**
 * A function's text as a syntax tree, and the names in it that it does not declare itself: what has to travel along.
 * Unlike the front end's parser this takes any function or class, for a worker runs it as plain JavaScript.
 */

import type { AnyNode, Identifier, Node, Pattern } from 'acorn'
import * as acorn from 'acorn'
import { staticPath } from '../../frontend/tools.ts'
import { childrenOf } from '../../frontend/walk.ts'

export type FunctionLike = acorn.FunctionExpression | acorn.ArrowFunctionExpression

export interface ParsedText {
  /** The function, or the class. */
  readonly node: FunctionLike | acorn.ClassExpression
  /** What stands around the text where it is evaluated: `(text)`, or `({text}).name` for a method. */
  readonly form: 'expression' | 'method'
  /** Where the text begins in the positions of the tree. */
  readonly offset: number
}

const OPTIONS = { ecmaVersion: 'latest', allowSuperOutsideMethod: true, checkPrivateFields: false } as const

function expression(text: string, sourceType: 'module' | 'script'): acorn.Expression | undefined {
  try {
    const [statement] = acorn.parse(text, { ...OPTIONS, sourceType }).body
    return statement?.type === 'ExpressionStatement' ? statement.expression : undefined
  } catch {
    return undefined
  }
}

/** Undefined: no text that can be evaluated by itself, such as a getter's or a bound function's. */
export function parseText(text: string): ParsedText | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    const whole = expression(`(${text}\n)`, sourceType)
    if (
      whole?.type === 'FunctionExpression' ||
      whole?.type === 'ArrowFunctionExpression' ||
      whole?.type === 'ClassExpression'
    ) {
      return { node: whole, form: 'expression', offset: 1 }
    }
    const object = expression(`({${text}\n})`, sourceType)
    if (object?.type !== 'ObjectExpression' || object.properties.length !== 1) continue
    const [property] = object.properties
    if (property?.type === 'Property' && property.method && !property.computed) {
      return { node: property.value as acorn.FunctionExpression, form: 'method', offset: 2 }
    }
  }
  return undefined
}

/** One use of a free name: the names after it (`lib.sub.f` → ['lib', 'sub', 'f']). */
export interface Use {
  readonly path: readonly string[]
  /** `typeof name`: it need not be there. */
  readonly asksOnly: boolean
}

export interface FreeNames {
  readonly uses: ReadonlyMap<string, readonly Use[]>
  /** Free names that the text assigns to. */
  readonly assigned: ReadonlySet<string>
  /** `import.meta`: where. */
  readonly meta: readonly Node[]
  readonly usesSuper: boolean
}

class Scope {
  readonly names = new Set<string>()
  readonly parent: Scope | undefined
  readonly isFunction: boolean
  constructor(parent: Scope | undefined, isFunction: boolean) {
    this.parent = parent
    this.isFunction = isFunction
  }
  has(name: string): boolean {
    for (let s: Scope | undefined = this; s; s = s.parent) if (s.names.has(name)) return true
    return false
  }
}

export function freeNames(root: Node): FreeNames {
  const finder = new Finder()
  finder.visit(root as AnyNode, new Scope(undefined, true), [])
  return finder
}

class Finder implements FreeNames {
  readonly uses = new Map<string, Use[]>()
  readonly assigned = new Set<string>()
  readonly meta: Node[] = []
  usesSuper = false

  visit(node: AnyNode, scope: Scope, above: readonly AnyNode[]): void {
    switch (node.type) {
      case 'Identifier':
        this.use(node, scope, above)
        return
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.function(node, scope, above)
        return
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const own = new Scope(scope, false)
        if (node.id) own.names.add(node.id.name)
        if (node.superClass) this.visit(node.superClass as AnyNode, own, [...above, node])
        this.visit(node.body as AnyNode, own, [...above, node])
        return
      }
      case 'BlockStatement':
      case 'StaticBlock': {
        const own = new Scope(scope, node.type === 'StaticBlock')
        declareBlock(node.body, own)
        if (own.isFunction) declareVars(node, own)
        this.children(node, own, above)
        return
      }
      case 'SwitchStatement': {
        const own = new Scope(scope, false)
        for (const c of node.cases) declareBlock(c.consequent, own)
        this.children(node, own, above)
        return
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const own = new Scope(scope, false)
        const head = node.type === 'ForStatement' ? node.init : node.left
        if (head?.type === 'VariableDeclaration') declareBlock([head], own)
        else if (head && node.type !== 'ForStatement') this.assign(head as AnyNode, own)
        this.children(node, own, above)
        return
      }
      case 'CatchClause': {
        const own = new Scope(scope, false)
        if (node.param) for (const id of namesOf(node.param)) own.names.add(id.name)
        this.children(node, own, above)
        return
      }
      case 'AssignmentExpression':
        this.assign(node.left as AnyNode, scope)
        this.children(node, scope, above)
        return
      case 'UpdateExpression':
        this.assign(node.argument as AnyNode, scope)
        this.children(node, scope, above)
        return
      case 'MetaProperty':
        if (node.meta.name === 'import') this.meta.push(node)
        return
      case 'Super':
        this.usesSuper = true
        return
      case 'MemberExpression':
        this.visit(node.object as AnyNode, scope, [...above, node])
        if (node.computed) this.visit(node.property as AnyNode, scope, [...above, node])
        return
      case 'Property':
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (node.computed) this.visit(node.key as AnyNode, scope, [...above, node])
        if (node.value) this.visit(node.value as AnyNode, scope, [...above, node])
        return
      case 'LabeledStatement':
        this.visit(node.body as AnyNode, scope, [...above, node])
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      default:
        this.children(node, scope, above)
    }
  }

  private children(node: AnyNode, scope: Scope, above: readonly AnyNode[]): void {
    const around = [...above, node]
    for (const child of childrenOf(node)) this.visit(child as AnyNode, scope, around)
  }

  private function(
    node: acorn.FunctionDeclaration | acorn.AnonymousFunctionDeclaration | FunctionLike,
    scope: Scope,
    above: readonly AnyNode[],
  ): void {
    const own = new Scope(scope, true)
    if (node.id && node.type === 'FunctionExpression') own.names.add(node.id.name)
    if (node.type !== 'ArrowFunctionExpression') own.names.add('arguments')
    for (const param of node.params) for (const id of namesOf(param)) own.names.add(id.name)
    const around = [...above, node]
    for (const param of node.params) this.visit(param as AnyNode, own, around)
    if (node.body.type !== 'BlockStatement') {
      this.visit(node.body as AnyNode, own, around)
      return
    }
    declareBlock(node.body.body, own)
    declareVars(node.body, own)
    for (const statement of node.body.body) this.visit(statement as AnyNode, own, [...around, node.body])
  }

  private assign(pattern: AnyNode, scope: Scope): void {
    for (const id of namesOf(pattern as Pattern)) if (!scope.has(id.name)) this.assigned.add(id.name)
  }

  private use(node: Identifier, scope: Scope, above: readonly AnyNode[]): void {
    if (scope.has(node.name)) return
    let longest: readonly string[] = [node.name]
    for (let k = above.length - 1; k >= 0; k--) {
      const outer = above[k]!
      // `(0, lib.f)` is still a path; `lib[name]` is one no more.
      const path = staticPath(outer as acorn.Expression)
      if (path === undefined || path[0] !== node.name || outer.type === 'CallExpression') break
      longest = path
    }
    const parent = above[above.length - 1]
    const use = { path: longest, asksOnly: parent?.type === 'UnaryExpression' && parent.operator === 'typeof' }
    const known = this.uses.get(node.name)
    if (known) known.push(use)
    else this.uses.set(node.name, [use])
  }
}

/** What a list of statements declares for its block: let, const, class, functions. */
function declareBlock(body: readonly Node[], scope: Scope): void {
  for (const node of body as readonly AnyNode[]) {
    if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
      for (const d of node.declarations) for (const id of namesOf(d.id)) scope.names.add(id.name)
    } else if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) {
      scope.names.add(node.id.name)
    }
  }
}

/** `var`s belong to the function, wherever they stand in it. */
function declareVars(node: Node, scope: Scope): void {
  for (const child of childrenOf(node)) {
    const inner = child as AnyNode
    if (/Function/.test(inner.type) || inner.type === 'ClassBody') continue
    if (inner.type === 'VariableDeclaration' && inner.kind === 'var') {
      for (const d of inner.declarations) for (const id of namesOf(d.id)) scope.names.add(id.name)
    }
    declareVars(inner, scope)
  }
}

/** The variables that a pattern binds or assigns. */
export function* namesOf(pattern: Pattern): Generator<Identifier> {
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
