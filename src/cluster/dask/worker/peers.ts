/** Values from other workers, over the network. */

import { TsumbaError } from '../../../errors.ts'
import type { Key } from '../../task.ts'
import type { Message, Serialized } from '../wire/message.ts'
import type { Pool } from '../wire/pool.ts'
import type { WorkerEvent } from './events.ts'
import { incoming } from './passing.ts'

/** Codes of errors that would come again: the value is not to be had from there. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'bad-message',
  'compressed',
  'insecure',
  'no-certificates',
  'python-value',
  'remote-error',
  'too-large',
])

export type Answer =
  | Extract<WorkerEvent, { type: 'data-arrived' | 'peer-busy' | 'peer-unreadable' }>
  | { readonly type: 'failed'; readonly reason: string }

export class Peers {
  private readonly pool: Pool
  private readonly address: string
  /** Who waits for a worker: it may stand still, and would never say that it is gone. */
  private readonly waiting = new Map<string, Set<() => void>>()

  /** @param address this worker's own */
  constructor(pool: Pool, address: string) {
    this.pool = pool
    this.address = address
  }

  /** Values from another worker, or why there are none. */
  async ask(worker: string, keys: readonly Key[], timeout: number): Promise<Answer> {
    let giveUp!: () => void
    const removed = new Promise<undefined>((resolve) => {
      giveUp = () => resolve(undefined)
    })
    const all = this.waitersOf(worker)
    all.add(giveUp)
    try {
      const message = { op: 'get_data', keys, who: this.address }
      const call = this.pool.call(worker, message, { acknowledge: true, timeout }) as Promise<Message>
      const answer = await Promise.race([call, removed])
      if (answer === undefined) {
        call.catch(() => {})
        return { type: 'failed', reason: 'the scheduler has let it go' }
      }
      if (answer['status'] === 'busy') return { type: 'peer-busy', worker }
      const data = (answer['data'] ?? {}) as Record<Key, Serialized>
      const values = new Map(Object.entries(data).map(([key, value]) => [key, incoming(value)]))
      return { type: 'data-arrived', worker, values }
    } catch (error) {
      const reason = (error as Error).message
      const lasting = error instanceof TsumbaError && UNREADABLE.has(error.code)
      return lasting ? { type: 'peer-unreadable', worker, reason } : { type: 'failed', reason }
    } finally {
      all.delete(giveUp)
      if (all.size === 0) this.waiting.delete(worker)
    }
  }

  /** The scheduler has let a worker go: calls to it end, those included that are still being connected. */
  removed(worker: string): void {
    for (const giveUp of this.waiting.get(worker) ?? []) giveUp()
    this.pool.drop(worker)
  }

  private waitersOf(worker: string): Set<() => void> {
    let all = this.waiting.get(worker)
    if (!all) this.waiting.set(worker, (all = new Set()))
    return all
  }
}
