/**
 * A proof that a function does not write into what one of its parameters holds, so that tasks may share it. Every use
 * of the parameter, and of each constant that it is given to, must be of a kind that only reads: an element, a length,
 * a method that returns something new, a loop over it, an argument of a function for which the same holds. Anything
 * else is no proof, and the task gets a copy: sound, if not complete. An index is taken for an index: `x['buffer']`
 * written as `x[name]` is seen as an element.
 */

import type * as acorn from 'acorn'
import type { AnyNode, Identifier, Node, Pattern } from 'acorn'
import { unwrap } from '../../frontend/tools.ts'
import { childrenOf } from '../../frontend/walk.ts'
import { type FunctionLike, namesOf } from './free.ts'

/** What the parameter is given: an array of numbers, or anything, whose parts are not to be written to either. */
export type Given = 'numbers' | 'anything'

/** Whether a function that the text calls by its name only reads its argument at that position. */
export type CalleeReads = (callee: acorn.Expression, position: number, given: Given) => boolean

/** Methods of typed arrays and lists that do not write; their results have no memory in common with the array … */
const READING = new Set(['includes', 'indexOf', 'lastIndexOf', 'join', 'keys', 'toLocaleString', 'toString', 'has'])
/** … or none but that of its elements. */
const COPYING = new Set(['at', 'get', 'slice', 'toReversed', 'with', 'values', 'entries'])
/** Methods that call a function: how many of its parameters are not the array itself. */
const CALLING = new Map([
  ...['map', 'filter', 'forEach', 'every', 'some', 'find', 'findIndex', 'findLast', 'findLastIndex'].map(
    (name): [string, number] => [name, 2],
  ),
  ['reduce', 3],
  ['reduceRight', 3],
])
const SIZES = new Set(['length', 'byteLength', 'byteOffset', 'BYTES_PER_ELEMENT', 'size'])
const TYPED_ARRAY = /^(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array$/

/** For each parameter of the function, whether it only reads what is given there. A rest is never proven. */
export function readOnlyParameters(fn: FunctionLike, given: Given, reads: CalleeReads): boolean[] {
  const parents = new Map<Node, AnyNode>()
  let opaque = false
  const note = (node: Node) => {
    for (const child of childrenOf(node)) {
      parents.set(child, node as AnyNode)
      if (child.type === 'Identifier' && /^(?:arguments|eval)$/.test((child as Identifier).name)) opaque = true
      if (child.type === 'WithStatement') opaque = true
      note(child)
    }
  }
  note(fn)
  return fn.params.map((param) => {
    const name = param.type === 'AssignmentPattern' ? param.left : param
    return !opaque && name.type === 'Identifier' && new Proof(fn, parents, given, reads).variable(name)
  })
}

class Proof {
  private readonly fn: FunctionLike
  private readonly parents: ReadonlyMap<Node, AnyNode>
  private readonly given: Given
  private readonly reads: CalleeReads
  private readonly trusted = new Set<string>()

  constructor(fn: FunctionLike, parents: ReadonlyMap<Node, AnyNode>, given: Given, reads: CalleeReads) {
    this.fn = fn
    this.parents = parents
    this.given = given
    this.reads = reads
  }

  /** By name, wherever it stands: another variable of the same name is taken for this one, which is safe. */
  variable(declared: Identifier): boolean {
    const { name } = declared
    if (this.trusted.has(name)) return true
    this.trusted.add(name)
    for (const [node, parent] of this.parents) {
      if (node.type !== 'Identifier' || (node as Identifier).name !== name || node === declared) continue
      if (!isPropertyName(node as Identifier, parent) && !this.only(node as Identifier)) return false
    }
    return true
  }

  /** Whether what `node` evaluates to, the memory or a part of it, is only read. */
  private only(node: AnyNode): boolean {
    const parent = this.parents.get(node)!
    switch (parent.type) {
      case 'MemberExpression':
        return parent.object !== node || this.member(parent)
      case 'UnaryExpression':
        return parent.operator !== 'delete'
      case 'BinaryExpression':
      case 'TemplateLiteral':
      case 'ExpressionStatement':
      case 'IfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
      case 'SwitchStatement':
      case 'SwitchCase':
        return true
      case 'ReturnStatement':
        // What the task returns is copied; what an inner function returns may be written to.
        return this.functionAround(parent) === this.fn
      case 'ArrowFunctionExpression':
        return parent === this.fn && parent.body === node
      case 'ParenthesizedExpression':
      case 'SequenceExpression':
      case 'LogicalExpression':
      case 'ChainExpression':
        return this.only(parent)
      case 'ConditionalExpression':
        return parent.test === node || this.only(parent)
      case 'SpreadElement': {
        const outer = this.parents.get(parent)!
        return this.given === 'numbers' || (outer.type === 'CallExpression' && isPure(outer.callee as acorn.Expression))
      }
      case 'VariableDeclarator':
        return parent.init === node && this.isConst(parent) && this.pattern(parent.id)
      case 'AssignmentExpression':
        // `sum += x` reads; `y = x` makes an alias that nobody follows, but where it becomes a number.
        if (parent.right !== node) return false
        if (parent.operator === '=') return parent.left.type === 'MemberExpression' && this.isFresh(parent.left.object)
        return !/^(?:\|\||&&|\?\?)=$/.test(parent.operator)
      case 'ForOfStatement':
        if (parent.right !== node) return false
        if (this.given === 'numbers') return true
        return (
          parent.left.type === 'VariableDeclaration' &&
          parent.left.kind === 'const' &&
          this.pattern(parent.left.declarations[0]!.id)
        )
      case 'CallExpression':
        return this.argument(node, parent)
      case 'NewExpression':
        return this.given === 'numbers' && parent.callee.type === 'Identifier' && TYPED_ARRAY.test(parent.callee.name)
      default:
        return false
    }
  }

  private pattern(pattern: Pattern): boolean {
    if (pattern.type === 'Identifier') return this.variable(pattern)
    return this.given === 'numbers' || [...namesOf(pattern)].every((id) => this.variable(id))
  }

  private member(member: acorn.MemberExpression): boolean {
    const outer = this.parents.get(member)!
    if (this.isWritten(member, outer)) return false
    const isCalled = outer.type === 'CallExpression' && outer.callee === member
    if (!member.computed && member.property.type === 'Identifier') {
      const { name } = member.property
      if (SIZES.has(name)) return true
      if (isCalled) return this.method(name, outer)
    }
    if (isCalled) return false
    if (this.given === 'anything') return this.only(member)
    // An element: a number, whatever is done with it. `x.buffer` is none, nor is what has parts of its own.
    return member.computed && member.property.type !== 'Literal'
      ? outer.type !== 'MemberExpression' || outer.object !== member
      : member.property.type === 'Literal' && typeof member.property.value === 'number'
  }

  private isWritten(member: Node, outer: AnyNode): boolean {
    switch (outer.type) {
      case 'AssignmentExpression':
      case 'ForOfStatement':
      case 'ForInStatement':
        return outer.left === member
      case 'UpdateExpression':
        return true
      case 'UnaryExpression':
        return outer.operator === 'delete'
      case 'Property':
        return this.parents.get(outer)?.type === 'ObjectPattern'
      default:
        return /Pattern$|RestElement$/.test(outer.type)
    }
  }

  private method(name: string, call: acorn.CallExpression): boolean {
    if (READING.has(name)) return true
    if (COPYING.has(name)) return this.given === 'numbers' || this.only(call)
    if (name === 'subarray') return this.only(call)
    const others = CALLING.get(name)
    const [callback] = call.arguments
    if (others === undefined || callback === undefined) return false
    if (callback.type !== 'ArrowFunctionExpression' && callback.type !== 'FunctionExpression') return false
    if (callback.params.length > others || callback.params.some((p) => p.type === 'RestElement')) return false
    if (this.given === 'numbers') return true
    // What filter and find return has the elements themselves in it; what reduce starts from may be anything.
    if (/^(?:filter|find|findLast)$/.test(name) && !this.only(call)) return false
    return callback.params.every((p) => p.type === 'Identifier' && this.variable(p))
  }

  private argument(node: AnyNode, call: acorn.CallExpression): boolean {
    const callee = unwrap(call.callee as acorn.Expression)
    const position = call.arguments.indexOf(node as acorn.Expression)
    if (position < 0 || call.arguments.slice(0, position).some((a) => a.type === 'SpreadElement')) return false
    if (isPure(callee)) return true
    if (this.given === 'numbers' && callee.type === 'MemberExpression' && !callee.computed) {
      const { object, property } = callee
      const name = property.type === 'Identifier' ? property.name : ''
      if (name === 'set' && position === 0 && this.isFresh(object)) return true
      if (name === 'from' && object.type === 'Identifier' && /^(?:Array|.*\dArray)$/.test(object.name)) return true
    }
    return this.reads(callee, position, this.given)
  }

  /** A constant that holds a typed array of the function's own making: what is stored in it becomes a number. */
  private isFresh(object: Node): boolean {
    if (object.type !== 'Identifier') return false
    const { name } = object as Identifier
    let declarations = 0
    let fresh = true
    for (const [node, parent] of this.parents) {
      if (node.type !== 'Identifier' || (node as Identifier).name !== name) continue
      if (parent.type === 'VariableDeclarator' && parent.id === node) {
        declarations++
        const { init } = parent
        fresh &&= this.isConst(parent) && init?.type === 'NewExpression' && init.callee.type === 'Identifier'
        fresh &&= TYPED_ARRAY.test(((init as acorn.NewExpression).callee as Identifier).name)
      } else if (/Function|Pattern|Class|Catch/.test(parent.type)) {
        fresh = false
      }
    }
    return fresh && declarations > 0
  }

  private isConst(declarator: acorn.VariableDeclarator): boolean {
    const declaration = this.parents.get(declarator)
    return declaration?.type === 'VariableDeclaration' && declaration.kind === 'const'
  }

  private functionAround(node: AnyNode): Node {
    for (let at: AnyNode | undefined = this.parents.get(node); at; at = this.parents.get(at)) {
      if (/Function/.test(at.type)) return at
    }
    return this.fn
  }
}

/** Functions of the language that look at their arguments, no more. */
const isPure = (callee: acorn.Expression): boolean =>
  callee.type === 'MemberExpression' &&
  callee.object.type === 'Identifier' &&
  /^(?:Math|Number|console)$/.test(callee.object.name)

/** An identifier that names a property, no variable. */
function isPropertyName(node: Identifier, parent: AnyNode): boolean {
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed
  if (parent.type === 'Property' || parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition') {
    return parent.key === node && !parent.computed && !(parent.type === 'Property' && parent.shorthand)
  }
  return false
}
