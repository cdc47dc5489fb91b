/**
 * `var` means one variable for the whole function, yet most are used like `let` (minifiers and older targets write
 * `var` for everything). This finds those: each of their declarations becomes a variable of its own, declared in place,
 * which keeps types and loop variables apart. All others are declared at the top of the function and assigned later.
 */

import type { AnyNode, Identifier, Node, VariableDeclaration, VariableDeclarator } from 'acorn'
import { walk } from './walk.ts'

interface Declarator {
  readonly node: VariableDeclarator
  /** Positions at which this declaration has surely run, most recently of all. */
  readonly from: number
  readonly to: number
}

export interface HoistedVars {
  /** `var` declarators that behave like `let`. */
  readonly inPlace: ReadonlySet<VariableDeclarator>
  /** Names to declare at the top, with the declarator that first names them. */
  readonly hoisted: ReadonlyMap<string, VariableDeclarator>
}

export function hoistVars(body: Node, paramNames: ReadonlySet<string>): HoistedVars {
  const vars = new Map<string, Declarator[]>()
  const references = new Map<string, number[]>()
  const shadowed = new Set<string>()

  walk(body, (node, parent) => {
    const n = node as AnyNode
    if (n.type === 'VariableDeclaration') {
      for (const d of n.declarations) {
        if (d.id.type !== 'Identifier') continue
        if (n.kind !== 'var') shadowed.add(d.id.name)
        else if (!paramNames.has(d.id.name)) append(vars, d.id.name, region(n, d, parent as AnyNode, body))
      }
    } else if (n.type === 'Identifier' && isReference(n, parent as AnyNode | undefined)) {
      append(references, n.name, n.start)
    }
  })

  const inPlace = new Set<VariableDeclarator>()
  const hoisted = new Map<string, VariableDeclarator>()
  for (const [name, declarators] of vars) {
    if (!shadowed.has(name) && actLikeLet(declarators, references.get(name) ?? [])) {
      for (const d of declarators) inPlace.add(d.node)
    } else {
      hoisted.set(name, declarators[0]!.node)
    }
  }
  return { inPlace, hoisted }
}

function append<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key)
  if (list) list.push(item)
  else map.set(key, [item])
}

/** The text over which a declaration's value reigns if nothing else assigns: empty when that is not sure. */
function region(decl: VariableDeclaration, node: VariableDeclarator, parent: AnyNode, body: Node): Declarator {
  if (parent.type === 'ForOfStatement') return { node, from: parent.body.start, to: parent.body.end }
  if (parent.type === 'ForStatement' && parent.init === decl && node.init) {
    return { node, from: node.end, to: parent.end }
  }
  // Without a value, `var x` in a loop keeps the last iteration's; only at the top does it run once.
  if (parent.type === 'BlockStatement' && (node.init || parent === body))
    return { node, from: node.end, to: parent.end }
  return { node, from: 0, to: 0 }
}

/** Each reference lies in the region of exactly one declaration, and no declaration in another's. */
function actLikeLet(declarators: readonly Declarator[], references: readonly number[]): boolean {
  const owners = (at: number) => declarators.filter((d) => d.from <= at && at < d.to)
  if (declarators.some((d) => d.to === 0 || owners(d.node.start).length > 0)) return false
  return references.every((at) => owners(at).length === 1)
}

function isReference(node: Identifier, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed
  if (parent?.type === 'VariableDeclarator') return parent.id !== node
  return (
    parent?.type !== 'LabeledStatement' && parent?.type !== 'BreakStatement' && parent?.type !== 'ContinueStatement'
  )
}
