/** Objects that live on one worker: methods are calls, other properties are promises of their values. */

import { TsumbaError } from '../../errors.ts'
import type { ActorBackend } from '../backend.ts'
import type { Key } from '../task.ts'
import { type Encoded, KEY } from '../travel/encoded.ts'
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
  /** Arguments, and the keys of the futures among them. */
  encode(args: readonly unknown[]): { readonly encoded: Encoded; readonly dependencies: readonly Key[] }
  /** Resolves when the values of these keys are there. */
  arrived(dependencies: readonly Key[]): Promise<void>
  /** Keeps futures while `work` needs them. */
  holding<T>(holder: object, work: () => Promise<T>): Promise<T>
}

const NONE: readonly Key[] = []

/** Asks one after the other: what waits for a future keeps what comes after it waiting too. */
class Line {
  private waiting = 0
  private last: Promise<void> = Promise.resolve()
  private readonly calls: ActorCalls

  constructor(calls: ActorCalls) {
    this.calls = calls
  }

  /** Whether what is asked next goes at once. */
  isFree(dependencies: readonly Key[]): boolean {
    return this.waiting === 0 && dependencies.length === 0
  }

  async ask(dependencies: readonly Key[], send: () => Promise<unknown>): Promise<unknown> {
    if (this.isFree(dependencies)) return send()
    const before = this.last
    let next = () => {}
    this.last = new Promise((resolve) => {
      next = resolve
    })
    this.waiting++
    try {
      await before
      await this.calls.arrived(dependencies)
      return send()
    } finally {
      this.waiting--
      next()
    }
  }
}

function withFramesOfItsOwn(encoded: Encoded): Encoded {
  return { ...encoded, frames: encoded.frames.map((frame) => frame.slice()) }
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
  const line = new Line(calls)
  /** `held`: lives until the answer is there; so does the actor. */
  const ask = (held: object, dependencies: readonly Key[], send: () => Promise<unknown>): Promise<unknown> =>
    calls.holding([future, held], () =>
      line.ask(dependencies, async () => {
        const gone = future.status === 'cancelled' || future.status === 'error'
        const failure = gone ? await future.exception() : undefined
        if (failure !== undefined) throw failure
        return send()
      }),
    )
  const method = (name: string) => {
    let call = made.get(name)
    if (call === undefined) {
      call = async (...args) => {
        const { encoded, dependencies } = calls.encode(args)
        // Arguments are those of the moment of the call.
        const own = line.isFree(dependencies) ? encoded : withFramesOfItsOwn(encoded)
        return ask(args, dependencies, () => calls.backend.call(key, name, own, dependencies))
      }
      made.set(name, call)
    }
    return call
  }
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      if (name === Symbol.dispose) return () => future.release()
      if (name === 'actorKey') return key
      if (name === KEY) {
        throw new TsumbaError(
          `${key} is an actor, which stays on its worker. Remedy: pass what its methods give.`,
          'actor',
        )
      }
      if (typeof name === 'symbol' || name === 'then') return undefined
      return methods.has(name) ? method(name) : ask(calls, NONE, () => calls.backend.get(key, name))
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
