/** What a client knows of one key, shared by all its futures of that key. */

import type { Failure, Key } from '../task.ts'
import { CancelledError, errorOf } from './errors.ts'

/**
 * Dask's words. `lost`: it was finished, but the worker that held the value is gone; it is computed again, or becomes
 * cancelled where nobody knows how.
 */
export type Status = 'pending' | 'finished' | 'error' | 'cancelled' | 'lost'

export interface Watcher {
  /** The state is finished, error or cancelled; called once for each time that the watcher was added. */
  settled(state: KeyState): void
}

/**
 * Keeps no reference to futures: when the last of them is collected, the key is released. Watchers may hold them: who
 * waits for a future keeps it.
 */
export class KeyState {
  readonly key: Key
  status: Status = 'pending'
  /** Futures that were neither released nor collected. */
  refs = 0
  /** Whether the back end is to be told, at the next flush, that nobody holds the key any more. */
  dropping = false
  typename: string | undefined
  failure: Failure | undefined
  reason: string | undefined
  private watchers: Watcher[] | undefined

  constructor(key: Key) {
    this.key = key
  }

  get settled(): boolean {
    return this.status !== 'pending' && this.status !== 'lost'
  }

  watch(watcher: Watcher): void {
    if (this.watchers === undefined) this.watchers = [watcher]
    else this.watchers.push(watcher)
  }

  /** For those who no longer want to know: a timeout, or another future that came first. */
  unwatch(watcher: Watcher): void {
    const at = this.watchers?.indexOf(watcher) ?? -1
    if (at >= 0) this.watchers!.splice(at, 1)
  }

  finish(typename: string | undefined): void {
    this.typename = typename
    this.settle('finished')
  }

  fail(failure: Failure): void {
    this.failure = failure
    this.settle('error')
  }

  cancel(reason: string): void {
    this.reason = reason
    this.settle('cancelled')
  }

  /** Back to waiting: lost values, and tasks that are tried again. */
  reopen(status: 'pending' | 'lost'): void {
    this.status = status
    this.failure = undefined
  }

  /** Why there is no value; undefined while there may still be one. */
  error(): Error | undefined {
    if (this.status === 'error') return errorOf(this.failure!, this.key)
    if (this.status === 'cancelled') return new CancelledError(this.key, this.reason ?? 'no reason was given')
    return undefined
  }

  private settle(status: 'finished' | 'error' | 'cancelled'): void {
    this.status = status
    const watchers = this.watchers
    if (watchers === undefined) return
    this.watchers = undefined
    for (const watcher of watchers) watcher.settled(this)
  }
}
