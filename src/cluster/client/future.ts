/**
 * A future: the name of a value that is somewhere else, now or later. Awaiting one brings the value here.
 *
 * A future is thenable, so an async function that returns one returns its value instead. Return futures in an array, or
 * from a function that is not async.
 */

import { TsumbaError } from '../../errors.ts'
import type { Key } from '../task.ts'
import { KEY, type Reference } from '../travel/encoded.ts'
import type { Core } from './core.ts'
import { settled, type TimeoutOption, valuesOf, within } from './settle.ts'
import type { KeyState, Status } from './state.ts'

export interface CancelOptions {
  /** Even where other clients want the result. */
  readonly force?: boolean
  /** What awaiting the future says from then on. */
  readonly reason?: string
}

export class Future<T> implements PromiseLike<T>, Reference {
  readonly key: Key
  readonly #core: Core
  #state: KeyState
  #released = false

  /** @internal */
  constructor(core: Core, state: KeyState) {
    this.key = state.key
    this.#core = core
    this.#state = state
    core.ref(state, this)
  }

  get [KEY](): Key {
    this.#live()
    return this.key
  }

  get status(): Status {
    return this.#state.status
  }

  /** The value; downloads it each time. `timeout` in seconds. */
  result(options: TimeoutOption = {}): Promise<T> {
    try {
      this.#live()
    } catch (error) {
      return Promise.reject(error)
    }
    const work = this.#core.holding(this, async () => {
      const values = await valuesOf(this.#core, [this.#state], { errors: 'raise' })
      return values.get(this.key) as T
    })
    return options.timeout === undefined ? work : within(options.timeout, () => `Waiting for "${this.key}"`, work)
  }

  /** The error that the task ended with; undefined where it has a value. Waits for the outcome. */
  async exception(options: TimeoutOption = {}): Promise<Error | undefined> {
    this.#live()
    await this.#core.holding(this, () => settled([this.#state], { raise: false, timeout: options.timeout }))
    return this.#state.error()
  }

  /** Stops the task where that is still possible; whoever awaits it or what depends on it gets a CancelledError. */
  cancel(options: CancelOptions = {}): Promise<void> {
    return cancelAll(this.#core, [this.#state], options)
  }

  /** Runs a task again that has failed. */
  async retry(): Promise<void> {
    this.#live()
    await retryAll(this.#core, [this.#state])
  }

  /** This future is not used any more; with its last future, the value may go. Futures also go when collected. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this.#core.release(this.#state, this)
  }

  [Symbol.dispose](): void {
    this.release()
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(fulfilled, rejected)
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.result().catch(rejected)
  }

  finally(last?: (() => void) | null): Promise<T> {
    return this.result().finally(last)
  }

  /** For logs: never the value. */
  toString(): string {
    return `Future(${this.status}, ${this.key})`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  #live(): void {
    if (!this.#released) return
    throw new TsumbaError(
      `The future "${this.key}" was released. Remedy: release futures after their last use, or client.future(key).`,
      'released',
    )
  }

  /** @internal */
  static stateOf(future: Future<unknown>): KeyState {
    return future.#state
  }

  /** @internal The state, where the future may still be used. */
  static live(future: Future<unknown>): KeyState {
    future.#live()
    return future.#state
  }

  /** @internal */
  static coreOf(future: Future<unknown>): Core {
    return future.#core
  }
}

export const isFuture = (value: unknown): value is Future<unknown> => value instanceof Future

export async function cancelAll(core: Core, states: readonly KeyState[], options: CancelOptions): Promise<void> {
  const reason = options.reason ?? 'cancelled by its owner'
  const keys = states.filter((state) => core.state(state.key) === state).map((state) => state.key)
  if (keys.length === 0) return
  // What is queued goes first, so that the back end knows what it is asked to cancel.
  core.flush()
  for (const key of keys) core.cancelled(key, reason)
  await core.backend.cancel(keys, { force: options.force ?? false, reason })
}

export async function retryAll(core: Core, states: readonly KeyState[]): Promise<void> {
  const failed = states.filter((state) => state.status === 'error' && core.state(state.key) === state)
  for (const state of failed) state.reopen('pending')
  if (failed.length > 0) await core.backend.retry(failed.map((state) => state.key))
}
