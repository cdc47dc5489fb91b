/** Locks, events, queues and variables: the extensions that every stock scheduler has. Timeouts in seconds. */

import { randomBytes } from 'node:crypto'
import { TsumbaError } from '../../../errors.ts'
import type { CoordinationBackend } from '../../backend.ts'
import { TimeoutError } from '../../client/errors.ts'
import type { Encoded } from '../../travel/encoded.ts'
import { keyOf } from '../keys.ts'
import { fromWire, wireOf } from '../values.ts'
import { type Message, Serialized } from '../wire/message.ts'
import type { SchedulerCalls } from './scheduler.ts'

/** The scheduler takes a lease back that nobody has renewed for this time. Dask's own value. */
const LEASE = 30
/** Leases are renewed so often; in ms. */
const RENEW = 5000

export class Coordination implements CoordinationBackend {
  private readonly scheduler: SchedulerCalls
  private readonly send: (message: Message) => void
  private readonly client: () => string
  /** Resolves when the scheduler has dealt with what was sent. */
  private readonly heard: () => Promise<void>
  /** Ids of the leases that we hold, by name. */
  private readonly leases = new Map<string, Set<string>>()
  private readonly queues = new Map<string, Promise<unknown>>()
  private readonly timer: NodeJS.Timeout

  constructor(
    scheduler: SchedulerCalls,
    client: () => string,
    send: (message: Message) => void,
    heard: () => Promise<void>,
  ) {
    this.heard = heard
    this.scheduler = scheduler
    this.client = client
    this.send = send
    this.timer = setInterval(() => void this.renew(), RENEW).unref()
  }

  async acquire(name: string, leases: number, timeout: number | undefined): Promise<string | undefined> {
    await this.scheduler.call('semaphore_register', { name, max_leases: leases, lease_timeout: LEASE })
    const id = randomBytes(16).toString('hex')
    const got = await this.scheduler.call('semaphore_acquire', { name, timeout: timeout ?? null, lease_id: id })
    if (got !== true) return undefined
    if (!this.leases.has(name)) this.leases.set(name, new Set())
    this.leases.get(name)!.add(id)
    return id
  }

  async releaseLease(name: string, id: string): Promise<void> {
    this.leases.get(name)?.delete(id)
    await this.scheduler.call('semaphore_release', { name, lease_id: id })
  }

  async eventSet(name: string): Promise<void> {
    await this.scheduler.call('event_set', { name })
  }

  async eventClear(name: string): Promise<void> {
    await this.scheduler.call('event_clear', { name })
  }

  async eventWait(name: string, timeout: number | undefined): Promise<boolean> {
    if (timeout === 0) return (await this.scheduler.call('event_is_set', { name })) === true
    return (await this.scheduler.call('event_wait', { name, timeout: timeout ?? null })) === true
  }

  async queuePut(name: string, value: Encoded, timeout: number | undefined): Promise<boolean> {
    await this.queue(name)
    const put = () => this.scheduler.call('queue_put', { name, data: wireOf(value), timeout: timeout ?? null })
    return (await this.inTime(put)) !== LATE
  }

  async queueGet(name: string, timeout: number | undefined): Promise<unknown> {
    await this.queue(name)
    const record = await this.inTime(() => this.scheduler.call('queue_get', { name, timeout: timeout ?? null }))
    if (record === LATE) throw new TimeoutError(`Taking from the queue "${name}"`, timeout ?? 0)
    return this.valueOf(record as Message, `the queue "${name}"`, (key) => {
      this.send({ op: 'queue-future-release', name, key })
      this.send({ op: 'client-releases-keys', keys: [key] })
    })
  }

  async queueSize(name: string): Promise<number> {
    await this.queue(name)
    return Number(await this.scheduler.call('queue_qsize', { name }))
  }

  async variableSet(name: string, value: Encoded, timeout: number | undefined): Promise<void> {
    await this.scheduler.call('variable_set', { name, data: wireOf(value), timeout: timeout ?? null })
  }

  async variableGet(name: string, timeout: number | undefined): Promise<unknown> {
    const get = () => this.scheduler.call('variable_get', { name, timeout: timeout ?? null, client: this.client() })
    const record = await this.inTime(get)
    if (record === LATE) throw new TimeoutError(`Reading the variable "${name}"`, timeout ?? 0)
    const { token } = record as Message
    return this.valueOf(record as Message, `the variable "${name}"`, (key) => {
      this.send({ op: 'variable-future-received-confirm', name, key, token })
      this.send({ op: 'client-releases-keys', keys: [key] })
    })
  }

  /** Goes by the stream, which is no call: it has no answer of its own. */
  async variableDelete(name: string): Promise<void> {
    this.send({ op: 'variable_delete', name })
    await this.heard()
  }

  /** Gives up leases and queues. */
  close(): void {
    clearInterval(this.timer)
    for (const name of this.queues.keys()) this.send({ op: 'queue_release', name })
    this.queues.clear()
  }

  /** After the scheduler went away: what was held there is gone with it. */
  forget(): void {
    this.leases.clear()
    this.queues.clear()
  }

  /** A queue is made by the first who uses it, and counted for every client. */
  private queue(name: string): Promise<unknown> {
    let made = this.queues.get(name)
    if (made === undefined) {
      made = this.scheduler.call('queue_create', { name, maxsize: 0, client: this.client() })
      this.queues.set(name, made)
      made.catch(() => this.queues.delete(name))
    }
    return made
  }

  private async renew(): Promise<void> {
    for (const [name, ids] of this.leases) {
      if (ids.size === 0) continue
      // A scheduler that does not answer has its own ways to be noticed.
      await this.scheduler.call('semaphore_refresh_leases', { name, lease_ids: [...ids] }).catch(() => {})
    }
  }

  private async inTime(call: () => Promise<unknown>): Promise<unknown> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof TsumbaError && error.code === 'remote-error' && /TimeoutError/.test(error.message))
        return LATE
      throw error
    }
  }

  private valueOf(record: Message, where: string, release: (key: unknown) => void): unknown {
    const { type, value } = record
    if (type !== 'Future') return value instanceof Serialized ? fromWire(value) : value
    release(value)
    throw new TsumbaError(
      `${where} holds a future of Python's, "${keyOf(value)}". Remedy: client.future() with this key`,
      'python-future',
    )
  }
}

const LATE = Symbol('late')
