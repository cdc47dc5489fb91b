/**
 * The part of a client that all its views and futures share: the keys it holds, with their counts, and the queues
 * between calls and the back end. Tasks of one turn travel together, as do releases; a task in the queue makes no
 * promise and no timer.
 *
 * Laws: the back end hears of a key's tasks before it hears of their release; a key that is held again before the
 * flush is not released; after `close` every future is settled.
 */

import { randomBytes } from 'node:crypto'
import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'
import type { Backend, BackendEvent } from '../backend.ts'
import type { Key, Task } from '../task.ts'
import { KeyState } from './state.ts'

export class Core {
  readonly backend: Backend
  readonly name: string
  private readonly states = new Map<Key, KeyState>()
  private tasks: Task[] = []
  private wanted: Key[] = []
  private wants: Key[] = []
  private drops: KeyState[] = []
  private scheduled = false
  private closing: Promise<void> | undefined
  /** Digits first: Dask takes the words before it for the kind of the task. */
  private readonly prefix = `0${randomBytes(4).toString('hex')}`
  private made = 0
  private fetches: Map<Key, ((found: boolean, value: unknown, error?: unknown) => void)[]> | undefined
  private readonly working = new Set<object>()
  private readonly collected = new FinalizationRegistry<KeyState>((state) => this.unref(state))
  private readonly flushSoon = () => this.flush()

  constructor(backend: Backend, name: string | undefined) {
    this.backend = backend
    this.name = name ?? `${PACKAGE}-${process.pid}-${this.prefix}`
    backend.listen((events) => this.receive(events))
  }

  get closed(): boolean {
    return this.closing !== undefined
  }

  /** @throws where the client is closed: nothing that is asked of it would ever be answered. */
  open(): void {
    if (this.closing !== undefined) {
      throw new TsumbaError('This client is closed. Remedy: connect another one.', 'client-closed')
    }
  }

  /** A key that no other task has, of this client or another. */
  uniqueKey(kind: string): Key {
    return `${kind}-${this.prefix}-${this.made++}`
  }

  /** The state of a key that some future of this client holds. */
  state(key: Key): KeyState | undefined {
    return this.states.get(key)
  }

  /** The state of a key; `fresh` says that nobody held it, so that the back end has to hear of it. */
  adopt(key: Key): { readonly state: KeyState; readonly fresh: boolean } {
    const held = this.states.get(key)
    if (held !== undefined) return { state: held, fresh: false }
    const state = new KeyState(key)
    this.states.set(key, state)
    return { state, fresh: true }
  }

  /** Counts a future; its collection by the garbage collector counts it off again. */
  ref(state: KeyState, future: object): void {
    state.refs++
    this.collected.register(future, state, future)
  }

  release(state: KeyState, future: object): void {
    this.collected.unregister(future)
    this.unref(state)
  }

  private unref(state: KeyState): void {
    if (--state.refs > 0 || this.states.get(state.key) !== state || state.dropping) return
    state.dropping = true
    this.drops.push(state)
    this.schedule()
  }

  /** Forgets a key that never came to be, without a word to the back end. */
  forget(state: KeyState): void {
    if (this.states.get(state.key) === state) this.states.delete(state.key)
  }

  /** Queues a task; `wanted` where a future holds its key. */
  add(task: Task, wanted: boolean): void {
    this.tasks.push(task)
    if (wanted) this.wanted.push(task.key)
    if (!this.scheduled) this.schedule()
  }

  want(key: Key): void {
    this.wants.push(key)
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(this.flushSoon)
  }

  /** How many tasks wait for the flush. */
  get queued(): number {
    return this.tasks.length
  }

  flush(): void {
    this.scheduled = false
    if (this.closing !== undefined) return
    const { tasks, wanted, wants, drops } = this
    if (tasks.length > 0) {
      this.tasks = []
      this.wanted = []
      this.attempt(wanted, () => this.backend.submit(tasks, wanted))
    }
    if (wants.length > 0) {
      this.wants = []
      this.attempt(wants, () => this.backend.want(wants))
    }
    if (drops.length > 0) {
      this.drops = []
      const keys: Key[] = []
      for (const state of drops) {
        state.dropping = false
        if (state.refs > 0 || this.states.get(state.key) !== state) continue
        this.states.delete(state.key)
        keys.push(state.key)
      }
      if (keys.length > 0) this.attempt([], () => this.backend.release(keys))
    }
  }

  /** What the back end refuses is the failure of the keys in question: a flush has no caller who could catch it. */
  private attempt(keys: readonly Key[], call: () => void): void {
    try {
      call()
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      const { name, message, stack } = error
      const code = error instanceof TsumbaError ? error.code : undefined
      for (const key of keys) this.states.get(key)?.fail({ name, message, stack, code })
    }
  }

  private receive(events: readonly BackendEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'memory':
          this.states.get(event.key)?.finish(event.typename)
          break
        case 'erred':
          this.states.get(event.key)?.fail(event.failure)
          break
        case 'lost': {
          const state = this.states.get(event.key)
          if (state?.status === 'finished') state.reopen('lost')
          break
        }
        case 'cancelled':
          for (const key of event.keys) this.cancelled(key, event.reason)
          break
        case 'disconnected':
          this.cancelAll('the connection to the scheduler is lost (scheduler-connection-lost)')
          break
        case 'reconnected':
          break
        default:
          event satisfies never
      }
    }
  }

  /** Ends a key's state for its futures; who submits the key again gets a new one. */
  cancelled(key: Key, reason: string): void {
    const state = this.states.get(key)
    if (state === undefined) return
    this.states.delete(key)
    state.cancel(reason)
  }

  /** Ends all states, with one reason for all. */
  cancelAll(reason: string): void {
    this.tasks = []
    this.wanted = []
    this.wants = []
    this.drops = []
    for (const key of [...this.states.keys()]) this.cancelled(key, reason)
  }

  /** Keeps futures from being collected, and their keys released, while `work` needs them. */
  async holding<T>(holder: object, work: () => Promise<T>): Promise<T> {
    const held = { holder }
    this.working.add(held)
    try {
      return await work()
    } finally {
      this.working.delete(held)
    }
  }

  /** The value of one key in memory; what is asked in one turn is one call of the back end. */
  fetch(key: Key): Promise<{ readonly found: boolean; readonly value: unknown }> {
    return new Promise((resolve, reject) => {
      const settle = (found: boolean, value: unknown, error?: unknown) =>
        error === undefined ? resolve({ found, value }) : reject(error)
      if (this.fetches === undefined) {
        this.fetches = new Map()
        queueMicrotask(() => this.sendFetches())
      }
      const others = this.fetches.get(key)
      if (others === undefined) this.fetches.set(key, [settle])
      else others.push(settle)
    })
  }

  private async sendFetches(): Promise<void> {
    const fetches = this.fetches!
    this.fetches = undefined
    try {
      const values = await this.backend.gather([...fetches.keys()], {})
      for (const [key, settles] of fetches) {
        const found = values.has(key)
        const value = values.get(key)
        for (const settle of settles) settle(found, value)
      }
    } catch (error) {
      for (const settles of fetches.values()) for (const settle of settles) settle(false, undefined, error)
    }
  }

  close(): Promise<void> {
    if (this.closing === undefined) {
      this.flush()
      this.closing = this.backend.close()
      this.cancelAll('its client is closed')
    }
    return this.closing
  }
}
