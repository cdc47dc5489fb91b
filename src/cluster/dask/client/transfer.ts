/**
 * Values to the cluster and back: through the scheduler, which sees all workers, or directly, which is faster where
 * this process reaches them.
 */

import { TsumbaError } from '../../../errors.ts'
import type { ScatterOptions } from '../../backend.ts'
import type { Key } from '../../task.ts'
import { fromWire, toWire, typenameOfWire } from '../values.ts'
import { CommClosedError } from '../wire/comm.ts'
import type { Message, Serialized } from '../wire/message.ts'
import type { SchedulerCalls } from './scheduler.ts'

/** A worker that is busy with others is asked again after this time; in ms. */
const BUSY = 50
/** The scheduler waits so long for a worker that takes values; in seconds. */
const SCATTER_WAIT = 30

export class Transfers {
  private readonly scheduler: SchedulerCalls
  private readonly client: () => string
  /** Workers take turns. */
  private turn = 0
  constructor(scheduler: SchedulerCalls, client: () => string) {
    this.scheduler = scheduler
    this.client = client
  }

  /** Returns what each value's type is called. */
  async scatter(values: ReadonlyMap<Key, unknown>, options: ScatterOptions): Promise<Map<Key, string>> {
    const data = new Map<Key, Serialized>()
    for (const [key, value] of values) data.set(key, toWire(value))
    if (data.size === 0) return new Map()
    if (options.direct === true) await this.scatterDirect(data, options)
    else await this.scatterThrough(data, options)
    return new Map([...data].map(([key, value]) => [key, typenameOfWire(value)]))
  }

  private async scatterThrough(data: ReadonlyMap<Key, Serialized>, options: ScatterOptions): Promise<void> {
    await this.scheduler.call('scatter', {
      data,
      workers: options.workers === undefined ? null : await this.scheduler.addresses(options.workers),
      client: this.client(),
      broadcast: options.broadcast ?? false,
      timeout: SCATTER_WAIT,
    })
  }

  private async scatterDirect(data: ReadonlyMap<Key, Serialized>, options: ScatterOptions): Promise<void> {
    const workers = await this.scheduler.running(options.workers)
    const shares = new Map<string, Map<Key, Serialized>>()
    for (const [key, value] of data) {
      const worker = workers[this.turn++ % workers.length]!
      if (!shares.has(worker)) shares.set(worker, new Map())
      shares.get(worker)!.set(key, value)
    }
    const whoHas = new Map<Key, string[]>()
    const sizes = new Map<Key, number>()
    await Promise.all(
      [...shares].map(async ([worker, share]) => {
        const answer = (await this.scheduler.pool.call(worker, { op: 'update_data', data: share })) as Message
        const nbytes = answer['nbytes'] as Record<string, number>
        for (const [key, value] of share) {
          whoHas.set(key, [worker])
          sizes.set(key, nbytes[key] ?? value.nbytes)
        }
      }),
    )
    await this.scheduler.call('update_data', { who_has: whoHas, nbytes: sizes, client: this.client() })
    if (options.broadcast)
      await this.scheduler.call('replicate', { keys: [...data.keys()], workers, n: workers.length })
  }

  /** The values that are to be had; `missing` are the others. */
  async gather(keys: readonly Key[], direct: boolean): Promise<{ values: Map<Key, unknown>; missing: Key[] }> {
    const data = direct ? await this.gatherDirect(keys) : await this.gatherThrough(keys)
    const values = new Map<Key, unknown>()
    for (const [key, value] of data) values.set(key, read(key, value))
    return { values, missing: keys.filter((key) => !values.has(key)) }
  }

  private async gatherThrough(keys: readonly Key[]): Promise<Map<Key, Serialized>> {
    let left = keys
    while (left.length > 0) {
      const answer = (await this.scheduler.call('gather', { keys: left })) as Message
      if (answer['status'] === 'OK') return new Map(Object.entries(answer['data'] as Record<string, Serialized>))
      // One missing value keeps the others back: they are asked for without it.
      const failed = new Set(answer['keys'] as Key[])
      const rest = left.filter((key) => !failed.has(key))
      if (rest.length === left.length) break
      left = rest
    }
    return new Map()
  }

  private async gatherDirect(keys: readonly Key[]): Promise<Map<Key, Serialized>> {
    const found = new Map<Key, Serialized>()
    const whoHas = await this.scheduler.whoHas(keys)
    const holders = new Map([...whoHas].map(([key, workers]) => [key, new Set(workers)]))
    let left = keys.filter((key) => (holders.get(key)?.size ?? 0) > 0)
    while (left.length > 0) {
      const shares = new Map<string, Key[]>()
      for (const key of left) {
        const workers = [...holders.get(key)!]
        const worker = workers[Math.floor(Math.random() * workers.length)]!
        shares.set(worker, [...(shares.get(worker) ?? []), key])
      }
      await Promise.all([...shares].map(([worker, share]) => this.fetch(worker, share, holders, found)))
      left = left.filter((key) => !found.has(key) && holders.get(key)!.size > 0)
    }
    return found
  }

  /** What one worker has; of what it has not, and when it is gone, it is a holder no longer. */
  private async fetch(
    worker: string,
    keys: readonly Key[],
    holders: ReadonlyMap<Key, Set<string>>,
    found: Map<Key, Serialized>,
  ): Promise<void> {
    try {
      const request = { op: 'get_data', keys, who: this.client() }
      const answer = (await this.scheduler.pool.call(worker, request, { acknowledge: true })) as Message
      if (answer['status'] === 'busy') {
        await new Promise((resolve) => setTimeout(resolve, BUSY))
        return
      }
      const data = (answer['data'] ?? {}) as Record<string, Serialized>
      for (const key of keys) {
        if (data[key] !== undefined) found.set(key, data[key])
        else holders.get(key)!.delete(worker)
      }
    } catch (error) {
      const gone = error instanceof CommClosedError || (error instanceof TsumbaError && error.code === 'unreachable')
      if (!gone) throw error
      for (const key of keys) holders.get(key)!.delete(worker)
    }
  }
}

/** One value among many may be what only Python has: the error says which. */
function read(key: Key, value: Serialized): unknown {
  try {
    return fromWire(value)
  } catch (error) {
    if (!(error instanceof TsumbaError)) throw error
    throw new TsumbaError(`"${key}": ${error.message}`, error.code, { cause: error })
  }
}
