/** Types of what goes into calls and comes out of gathers: futures may stand wherever their values may. */

import type { TypedArray } from '../../types.ts'
import type { Future } from './future.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function, whatever its parameters
export type AnyFn = (...args: any[]) => any

/** Values that have no parts in which a future could stand. */
type Leaf =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | TypedArray
  | ArrayBufferLike
  | DataView
  | Date
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ((...args: never[]) => unknown)

/** A `T`, a future of one, or a list or plain object of which parts are futures. */
export type Argument<T> = T | Future<T> | (T extends Leaf ? never : { readonly [K in keyof T]: Argument<T[K]> })

/** For a list of parameters, what may be given for each: `Arguments<Parameters<F>>`. */
export type Arguments<P extends readonly unknown[]> = { readonly [K in keyof P]: Argument<P[K]> }

/** One iterable for each parameter. */
export type Iterables<P extends readonly unknown[]> = { readonly [K in keyof P]: Iterable<Argument<P[K]>> }

export type Result<F extends AnyFn> = Awaited<ReturnType<F>>

/** A tree with the values of its futures in their places. */
export type Gathered<T> =
  T extends Future<infer V>
    ? V
    : T extends Leaf
      ? T
      : T extends object
        ? { -readonly [K in keyof T]: Gathered<T[K]> }
        : T
