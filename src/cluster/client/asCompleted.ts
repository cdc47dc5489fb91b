/**
 * Futures in the order in which they end. Written by hand: an async generator would await each future that it yields,
 * which downloads it.
 */

import type { Key } from '../task.ts'
import { Future } from './future.ts'
import { checkTimeout, type TimeoutOption, within } from './settle.ts'
import type { KeyState, Watcher } from './state.ts'
import { listOf } from './wait.ts'

export interface AsCompletedOptions extends TimeoutOption {
  /** Yields `[future, value]`, and throws at a future that has no value. */
  readonly withResults?: boolean | undefined
}

type Next<T> = IteratorResult<T, undefined>

export class AsCompleted<T, Item = Future<T>> implements AsyncIterableIterator<Item, undefined>, Watcher {
  /** What is waited for; the same key may be there several times. */
  private readonly pending = new Map<Key, Future<T>[]>()
  private ready: Future<T>[] = []
  /** How many of `ready` are taken: shifting long lists would move them each time. */
  private taken = 0
  private readonly takers: ((next: Next<Future<T>>) => void)[] = []
  private readonly withResults: boolean
  private readonly deadline: number | undefined
  private readonly timeout: number | undefined

  /** @internal */
  constructor(futures: readonly Future<T>[], options: AsCompletedOptions) {
    checkTimeout(options.timeout)
    this.withResults = options.withResults ?? false
    this.timeout = options.timeout
    this.deadline = options.timeout === undefined ? undefined : performance.now() + options.timeout * 1000
    this.update(futures)
  }

  /** How many are still to come. */
  get count(): number {
    let count = this.ready.length - this.taken
    for (const futures of this.pending.values()) count += futures.length
    return count
  }

  get isEmpty(): boolean {
    return this.taken === this.ready.length && this.pending.size === 0
  }

  /** Another future to wait for, also while the loop runs. */
  add(future: Future<T>): void {
    const state = Future.live(future)
    if (state.settled) {
      this.ready.push(future)
      this.serve()
      return
    }
    const same = this.pending.get(state.key)
    if (same !== undefined) same.push(future)
    else {
      this.pending.set(state.key, [future])
      state.watch(this)
    }
  }

  update(futures: Iterable<Future<T>>): void {
    for (const future of futures) this.add(future)
  }

  /** Waits for none of them any more. */
  clear(): void {
    for (const [future] of this.pending.values()) Future.stateOf(future!).unwatch(this)
    this.pending.clear()
    this.ready = []
    this.taken = 0
    this.serve()
  }

  /** @internal */
  settled(state: KeyState): void {
    const futures = this.pending.get(state.key)
    if (futures === undefined) return
    this.pending.delete(state.key)
    this.ready.push(...futures)
    this.serve()
  }

  private serve(): void {
    while (this.takers.length > 0) {
      if (this.taken < this.ready.length) this.takers.shift()!({ done: false, value: this.shift() })
      else if (this.pending.size === 0) this.takers.shift()!({ done: true, value: undefined })
      else return
    }
  }

  private shift(): Future<T> {
    const future = this.ready[this.taken++]!
    if (this.taken === this.ready.length) {
      this.ready = []
      this.taken = 0
    }
    return future
  }

  private take(): Promise<Next<Future<T>>> {
    const next = new Promise<Next<Future<T>>>((resolve) => {
      this.takers.push(resolve)
      this.serve()
    })
    if (this.deadline === undefined) return next
    const left = Math.max(0, this.deadline - performance.now()) / 1000
    return within(
      left,
      () => 'asCompleted',
      next,
      () => this.clear(),
    ).catch((error) => {
      throw Object.assign(error, { message: error.message.replace(`${left} s`, `${this.timeout} s`) })
    })
  }

  async next(): Promise<Next<Item>> {
    const next = await this.take()
    if (next.done || !this.withResults) return next as Next<Item>
    return { done: false, value: [next.value, await next.value.result()] as Item }
  }

  async return(): Promise<Next<Item>> {
    this.clear()
    return { done: true, value: undefined }
  }

  /** Lists of all that have ended meanwhile, instead of one after another. */
  batches(): AsyncIterableIterator<Item[], undefined> {
    const iterator: AsyncIterableIterator<Item[], undefined> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        const first = await this.next()
        if (first.done) return first
        const batch = [first.value]
        while (this.taken < this.ready.length) {
          const more = await this.next()
          if (!more.done) batch.push(more.value)
        }
        return { done: false, value: batch }
      },
      return: async () => {
        await this.return()
        return { done: true, value: undefined }
      },
    }
    return iterator
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** `for await (const future of asCompleted(futures))`: each when it has finished, failed or was cancelled. */
export function asCompleted<T>(
  futures: Iterable<Future<T>>,
  options: AsCompletedOptions & { readonly withResults: true },
): AsCompleted<T, readonly [Future<T>, T]>
export function asCompleted<T>(futures: Iterable<Future<T>>, options?: AsCompletedOptions): AsCompleted<T>
export function asCompleted<T>(
  futures: Iterable<Future<T>>,
  options: AsCompletedOptions = {},
): AsCompleted<T, unknown> {
  return new AsCompleted<T, unknown>(listOf(futures, 'asCompleted'), options)
}
