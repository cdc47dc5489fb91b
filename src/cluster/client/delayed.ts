/** Graphs written as calls: `delayed(f)(x)` is a node that runs when the client computes it. */

import { randomBytes } from 'node:crypto'
import { TsumbaError } from '../../errors.ts'
import type { Key, TaskOptions } from '../task.ts'
import { KEY, type Reference } from '../travel/encoded.ts'
import type { AnyFn, Result } from './arguments.ts'
import type { Future } from './future.ts'
import { visit } from './gather.ts'

export interface DelayedOptions extends TaskOptions {
  /** The node's key; unique unless told. */
  readonly key?: Key | undefined
}

/** One call that has not been made. A node that several others use is computed once. */
export class Delayed<T> implements Reference {
  /** Only for the type checker. */
  declare readonly __value?: T
  /** @internal */ readonly fn: AnyFn
  /** @internal */ readonly args: readonly unknown[]
  /** @internal */ readonly options: DelayedOptions
  #key: Key | undefined

  /** @internal */
  constructor(fn: AnyFn, args: readonly unknown[], options: DelayedOptions) {
    this.fn = fn
    this.args = args
    this.options = options
    this.#key = options.key
  }

  get [KEY](): Key {
    if (this.#key === undefined) {
      throw new TsumbaError(
        'A node of a delayed graph stands among the arguments of a call that is made at once. Remedy: client.compute(node), or delayed(f)(node).',
        'argument-type',
      )
    }
    return this.#key
  }

  /** @internal The key is made when the node is computed first: a pure one depends on its arguments' keys. */
  static keyOf(node: Delayed<unknown>): Key | undefined
  static keyOf(node: Delayed<unknown>, make: () => Key): Key
  static keyOf(node: Delayed<unknown>, make?: () => Key): Key | undefined {
    if (make !== undefined) node.#key ??= make()
    return node.#key
  }

  toString(): string {
    return `Delayed(${this.#key ?? this.fn.name})`
  }
}

type Leaf = string | number | bigint | boolean | symbol | null | undefined | ArrayBufferView

/** As for a call, and nodes of the graph too. */
export type DelayedArgument<T> =
  | T
  | Future<T>
  | Delayed<T>
  | (T extends Leaf | AnyFn ? never : { readonly [K in keyof T]: DelayedArgument<T[K]> })

export type DelayedArguments<P extends readonly unknown[]> = { readonly [K in keyof P]: DelayedArgument<P[K]> }

/** A tree in which futures stand for nodes. */
export type Computed<T> =
  T extends Delayed<infer V>
    ? Future<V>
    : T extends Leaf | Future<unknown> | AnyFn
      ? T
      : T extends object
        ? { -readonly [K in keyof T]: Computed<T[K]> }
        : T

/** `delayed(f)(...args)` makes a node; nothing runs before `client.compute`. */
export function delayed<F extends AnyFn>(
  fn: F,
  options: DelayedOptions = {},
): (...args: DelayedArguments<Parameters<F>>) => Delayed<Result<F>> {
  if (typeof fn !== 'function') {
    throw new TsumbaError(
      `delayed needs a function; it got ${fn === null ? 'null' : typeof fn}. Remedy: delayed((x) => …)(x).`,
      'argument-type',
    )
  }
  return (...args) => new Delayed<Result<F>>(fn, args, options)
}

export const isDelayed = (value: unknown): value is Delayed<unknown> => value instanceof Delayed

const PREFIX = `0${randomBytes(4).toString('hex')}`
let made = 0
export const delayedKey = (name: string): Key => `${name}-${PREFIX}-d${made++}`

/**
 * The nodes that `roots` need, each after those it needs itself; `known` nodes are left out with all before them.
 * Without recursion: a chain of 100,000 nodes is a graph like any other.
 */
export function inOrder(
  roots: readonly Delayed<unknown>[],
  known: (node: Delayed<unknown>) => boolean,
): Delayed<unknown>[] {
  const order: Delayed<unknown>[] = []
  const seen = new Set<Delayed<unknown>>()
  const stack: { readonly node: Delayed<unknown>; readonly needs: Delayed<unknown>[]; next: number }[] = []
  const enter = (node: Delayed<unknown>) => {
    if (seen.has(node)) return
    seen.add(node)
    if (known(node)) return
    const needs: Delayed<unknown>[] = []
    visit(node.args, isDelayed, (need) => needs.push(need))
    stack.push({ node, needs, next: 0 })
  }
  for (const root of roots) {
    enter(root)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      if (top.next < top.needs.length) enter(top.needs[top.next++]!)
      else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}
