/** Listens to a back end for tests that have no client: what became of each key. */

import type { Backend, BackendEvent } from '../../../src/cluster/backend.ts'
import type { Key } from '../../../src/cluster/task.ts'

export class Events {
  readonly all: BackendEvent[] = []
  private readonly waiting = new Set<() => void>()

  constructor(backend: Backend) {
    backend.listen((events) => {
      this.all.push(...events)
      for (const wake of this.waiting) wake()
    })
  }

  /** The last event of a key. */
  of(key: Key): BackendEvent | undefined {
    return this.all.findLast(
      (event) => ('key' in event && event.key === key) || ('keys' in event && event.keys.includes(key)),
    )
  }

  /** Resolves with the first event from now on, or before, that is wanted; fails after `timeout` ms. */
  until<E extends BackendEvent>(wanted: (event: BackendEvent) => boolean, what: string, timeout = 20_000): Promise<E> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`${what} did not come: ${this.shown()}`))), timeout)
      const end = (settle: () => void) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        settle()
      }
      const look = () => {
        const found = this.all.find(wanted)
        if (found) end(() => resolve(found as E))
      }
      this.waiting.add(look)
      look()
    })
  }

  memory(key: Key, timeout?: number) {
    return this.until((event) => event.type === 'memory' && event.key === key, `${key} in memory`, timeout)
  }

  erred(key: Key, timeout?: number) {
    const wanted = (event: BackendEvent) => event.type === 'erred' && event.key === key
    return this.until<Extract<BackendEvent, { type: 'erred' }>>(wanted, `${key} failed`, timeout)
  }

  cancelled(key: Key, timeout?: number) {
    const wanted = (event: BackendEvent) => event.type === 'cancelled' && event.keys.includes(key)
    return this.until<Extract<BackendEvent, { type: 'cancelled' }>>(wanted, `${key} cancelled`, timeout)
  }

  private shown(): string {
    return JSON.stringify(this.all.slice(-10))
  }
}
