/**
 * Plain JavaScript as the law reads it: with `Math` shadowed by the expansions, so that what the compiler writes out
 * and what runs plainly are the same functions.
 */

import { type Node, parse } from 'acorn'
import { expansions } from '../../src/ir/ops/math/index.ts'
import { meaningOf } from '../../src/ir/ops/math/numbers.ts'

type Fn = (...args: number[]) => number

const meanings: Record<string, Fn> = Object.fromEntries(
  Object.entries(expansions).map(([name, expansion]) => [name, meaningOf(expansion)]),
)

const engine = Math
/** hypot takes any number of arguments; those of two, three and four are operations. */
const hypot: Fn = (...args) => {
  if (args.length === 1) return engine.abs(args[0]!)
  const fn = meanings[args.length === 2 ? 'hypot' : `hypot${args.length}`]
  return fn ? fn(...args) : engine.hypot(...args)
}

/** `Math` with the compiler's functions in the place of the engine's. */
export const shadowMath: Math = Object.create(
  null,
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(engine)).map(([name, property]) => {
      const value = name === 'hypot' ? hypot : (meanings[name] ?? property.value)
      return [name, { ...property, value }]
    }),
  ),
)

/** Runs plain functions with `Math` shadowed wherever they look for it. Not for what compiles, or waits. */
export function withShadowMath<T>(run: () => T): T {
  globalThis.Math = shadowMath
  try {
    return run()
  } finally {
    globalThis.Math = engine
  }
}

type AnyNode = Node & Record<string, unknown>

/**
 * The same program with `a ** b` as `Math.pow(a, b)`, which can be shadowed. A compound assignment writes its target
 * twice, so an index with effects is not for it.
 */
export function powersAsCalls(source: string): string {
  if (!source.includes('**')) return source
  const text = (node: AnyNode): string => {
    const part = (key: string) => text(node[key] as AnyNode)
    if (node.type === 'BinaryExpression' && node['operator'] === '**')
      return `Math.pow(${part('left')}, ${part('right')})`
    if (node.type === 'AssignmentExpression' && node['operator'] === '**=') {
      return `${part('left')} = Math.pow(${part('left')}, ${part('right')})`
    }
    let out = ''
    let at = node.start
    for (const child of childrenOf(node)) {
      out += source.slice(at, child.start) + text(child)
      at = child.end
    }
    return out + source.slice(at, node.end)
  }
  return text(parse(source, { ecmaVersion: 2022 }) as unknown as AnyNode)
}

/** In the order of the text. */
function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((item): item is AnyNode => typeof (item as AnyNode | null)?.type === 'string')
    .sort((a, b) => a.start - b.start)
}
