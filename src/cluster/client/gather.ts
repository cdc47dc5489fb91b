/** `client.gather`: trees of futures in, the same trees with values out. */

import type { Key } from '../task.ts'
import type { Gathered } from './arguments.ts'
import type { Core } from './core.ts'
import { Future, isFuture } from './future.ts'
import { type TimeoutOption, valuesOf, within } from './settle.ts'
import type { KeyState } from './state.ts'

export interface GatherOptions extends TimeoutOption {
  /** `skip` leaves out what failed or was cancelled, with its place in a list; the first failure throws unless told. */
  readonly errors?: 'raise' | 'skip' | undefined
  /** Past the scheduler, from the workers themselves; the back end decides unless told. */
  readonly direct?: boolean | undefined
}

export async function gather<T>(core: Core, tree: T, options: GatherOptions): Promise<Gathered<T>> {
  const states = new Map<Key, KeyState>()
  visit(tree, isFuture, (future) => {
    const state = Future.live(future)
    const known = states.get(state.key)
    // Of an old future, cancelled since, and a new one of the same key, neither speaks for the other.
    if (known === undefined || known.status === 'cancelled') states.set(state.key, state)
  })
  const errors = options.errors ?? 'raise'
  const work = core.holding([tree], () => valuesOf(core, [...states.values()], { errors, direct: options.direct }))
  const values = await (options.timeout === undefined
    ? work
    : within(options.timeout, () => `Gathering ${states.size} futures`, work))
  return rebuild(tree, isFuture, ({ key }) => (values.has(key) ? values.get(key) : SKIPPED)) as Gathered<T>
}

type PlainObject = Record<string, unknown>

function isPlain(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** Looks for something in lists, plain objects, sets and values of maps, at any depth; from left to right. */
export function visit<T>(tree: unknown, sought: (value: unknown) => value is T, found: (value: T) => void): void {
  const seen = new Set<object>()
  const left: unknown[] = [tree]
  while (left.length > 0) {
    const node = left.pop()
    if (sought(node)) {
      found(node)
      continue
    }
    if (typeof node !== 'object' || node === null) continue
    const parts = partsOf(node)
    if (parts === undefined || seen.has(node)) continue
    seen.add(node)
    for (let k = parts.length - 1; k >= 0; k--) left.push(parts[k])
  }
}

function partsOf(node: object): readonly unknown[] | undefined {
  if (Array.isArray(node)) return node
  if (node instanceof Map) return [...node.values()]
  if (node instanceof Set) return [...node]
  return isPlain(node) ? Object.values(node) : undefined
}

const SKIPPED = Symbol('skipped')

/** The tree with other things in the places of those sought; the rest is copied where it has parts. */
export function rebuild<T>(
  tree: unknown,
  sought: (value: unknown) => value is T,
  instead: (value: T) => unknown,
): unknown {
  const made = new Map<object, unknown>()
  const build = (node: unknown): unknown => {
    if (sought(node)) return instead(node)
    if (typeof node !== 'object' || node === null) return node
    if (made.has(node)) return made.get(node)
    if (Array.isArray(node)) {
      const list: unknown[] = []
      made.set(node, list)
      for (const part of node) push(build(part), (value) => list.push(value))
      return list
    }
    if (node instanceof Map) {
      const map = new Map<unknown, unknown>()
      made.set(node, map)
      for (const [name, part] of node) push(build(part), (value) => map.set(name, value))
      return map
    }
    if (node instanceof Set) {
      const set = new Set<unknown>()
      made.set(node, set)
      for (const part of node) push(build(part), (value) => set.add(value))
      return set
    }
    if (!isPlain(node)) return node
    const object: PlainObject = {}
    made.set(node, object)
    for (const [name, part] of Object.entries(node)) {
      push(build(part), (value) =>
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true }),
      )
    }
    return object
  }
  const push = (value: unknown, add: (value: unknown) => unknown) => {
    if (value !== SKIPPED) add(value)
  }
  const top = build(tree)
  return top === SKIPPED ? undefined : top
}
