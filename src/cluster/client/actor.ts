/** Objects that live on one worker: methods are calls, other properties are promises of their values. */

import { TsumbaError } from '../../errors.ts'
import type { ActorBackend } from '../backend.ts'
import type { Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { Arguments } from './arguments.ts'
import type { Future } from './future.ts'

// biome-ignore lint/suspicious/noExplicitAny: any class, whatever its constructor takes
export type AnyClass = new (...args: any[]) => object

type Remote<M> = M extends (...args: infer A) => infer R
  ? (...args: Arguments<A>) => Promise<Awaited<R>>
  : Promise<Awaited<M>>

/** A stand-in for an object elsewhere. */
export type Actor<T> = { readonly [K in keyof T]: Remote<T[K]> } & Disposable & {
    /** The name of the object on the cluster. */
    readonly actorKey: Key
  }

/** How calls leave: given by the client, which knows how arguments are written. */
export interface ActorCalls {
  readonly backend: ActorBackend
  encode(args: readonly unknown[]): Encoded
}

/** All names of methods: of the class and those it extends. */
function methodsOf(Class: AnyClass): Set<string> {
  const names = new Set<string>()
  for (let p = Class.prototype; p !== null && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name)
    }
  }
  return names
}

/**
 * The stand-in. It is not thenable, whatever the class has, so that it can be awaited and returned. The future keeps
 * the object: it goes when the stand-in is disposed or collected, or when its worker dies.
 */
export function actorOf<T>(Class: AnyClass, future: Future<unknown>, calls: ActorCalls): Actor<T> {
  const methods = methodsOf(Class)
  const { key } = future
  const made = new Map<string, (...args: unknown[]) => Promise<unknown>>()
  const method = (name: string) => {
    let call = made.get(name)
    if (call === undefined) {
      call = (...args) => {
        const failure = future.status === 'cancelled' || future.status === 'error' ? future.exception() : undefined
        if (failure !== undefined) return failure.then((error) => Promise.reject(error))
        return calls.backend.call(key, name, calls.encode(args))
      }
      made.set(name, call)
    }
    return call
  }
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      if (name === Symbol.dispose) return () => future.release()
      if (name === 'actorKey') return key
      if (typeof name === 'symbol' || name === 'then') return undefined
      return methods.has(name) ? method(name) : calls.backend.get(key, name)
    },
    set(_, name) {
      throw new TsumbaError(
        `${Class.name}.${String(name)} lives on a worker and cannot be set from here. Remedy: a method that sets it.`,
        'actor',
      )
    },
    has: (_, name) => typeof name === 'string' && methods.has(name),
  }) as Actor<T>
}
