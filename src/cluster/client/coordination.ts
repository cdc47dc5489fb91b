/**
 * Names that clients share: locks, events, queues, variables. They live on the scheduler, as Dask's do; a name means
 * the same thing to all who are connected to it. Timeouts in seconds.
 */

import { randomBytes } from 'node:crypto'
import { TsumbaError } from '../../errors.ts'
import type { Backend, CoordinationBackend } from '../backend.ts'
import { encode } from '../travel/values.ts'
import type { Client } from './client.ts'
import { TimeoutError } from './errors.ts'
import { unsupported } from './options.ts'
import { checkTimeout, type TimeoutOption } from './settle.ts'

function coordinationOf(backend: Backend, what: string): CoordinationBackend {
  if (backend.coordination !== undefined) return backend.coordination
  throw unsupported(backend, what, 'Remedy: connect to a Dask scheduler.')
}

abstract class Named {
  readonly name: string
  protected readonly backend: CoordinationBackend

  constructor(client: Client, name: string | undefined) {
    const kind = new.target.name
    if (name !== undefined && (typeof name !== 'string' || name === '')) {
      throw new TsumbaError(`The name of a ${kind} is a text; it got ${String(name)}.`, 'argument-type')
    }
    this.name = name ?? `${kind.toLowerCase()}-${randomBytes(8).toString('hex')}`
    this.backend = coordinationOf(client.backend, kind)
  }
}

/** At most `leases` holders at a time, among all clients. */
export class Semaphore extends Named {
  readonly maxLeases: number
  readonly #held: string[] = []

  constructor(client: Client, name?: string, maxLeases = 1) {
    super(client, name)
    if (!Number.isInteger(maxLeases) || maxLeases < 1) {
      throw new TsumbaError(`A semaphore has 1 lease or more; it got ${maxLeases}.`, 'argument-type')
    }
    this.maxLeases = maxLeases
  }

  /** Waits for a lease; false where there was none within the timeout. */
  async acquire(options: TimeoutOption = {}): Promise<boolean> {
    checkTimeout(options.timeout)
    const id = await this.backend.acquire(this.name, this.maxLeases, options.timeout)
    if (id === undefined) return false
    this.#held.push(id)
    return true
  }

  /** @throws where this object holds none. */
  async release(): Promise<void> {
    const id = this.#held.pop()
    if (id === undefined) {
      throw new TsumbaError(`"${this.name}" is not held through this object. Remedy: acquire it first.`, 'not-held')
    }
    await this.backend.releaseLease(this.name, id)
  }

  /** `work` while holding a lease. */
  async with<T>(work: () => Promise<T> | T): Promise<T> {
    await this.acquire()
    try {
      return await work()
    } finally {
      await this.release()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#held.length > 0) await this.release()
  }
}

/** One holder at a time, among all clients. */
export class Lock extends Semaphore {
  constructor(client: Client, name?: string) {
    super(client, name, 1)
  }
}

/** Something that happens once, until it is cleared. */
export class Event extends Named {
  set(): Promise<void> {
    return this.backend.eventSet(this.name)
  }

  clear(): Promise<void> {
    return this.backend.eventClear(this.name)
  }

  isSet(): Promise<boolean> {
    return this.backend.eventWait(this.name, 0)
  }

  /** Whether it was set within the timeout. */
  wait(options: TimeoutOption = {}): Promise<boolean> {
    checkTimeout(options.timeout)
    return this.backend.eventWait(this.name, options.timeout)
  }

  constructor(client: Client, name?: string) {
    super(client, name)
  }
}

/** First in, first out, among all clients. Values travel through the scheduler: small ones. */
export class Queue<T> extends Named {
  constructor(client: Client, name?: string) {
    super(client, name)
  }

  /** @throws TimeoutError where it was full all the time. */
  async put(value: T, options: TimeoutOption = {}): Promise<void> {
    checkTimeout(options.timeout)
    const done = await this.backend.queuePut(this.name, encodeAlone(value, 'Queue'), options.timeout)
    if (!done) throw new TimeoutError(`Putting into the queue "${this.name}"`, options.timeout ?? 0)
  }

  /** @throws TimeoutError where it was empty all the time. */
  async get(options: TimeoutOption = {}): Promise<T> {
    checkTimeout(options.timeout)
    return (await this.backend.queueGet(this.name, options.timeout)) as T
  }

  size(): Promise<number> {
    return this.backend.queueSize(this.name)
  }
}

/** One value under a name, among all clients. */
export class Variable<T> extends Named {
  constructor(client: Client, name?: string) {
    super(client, name)
  }

  async set(value: T, options: TimeoutOption = {}): Promise<void> {
    checkTimeout(options.timeout)
    await this.backend.variableSet(this.name, encodeAlone(value, 'Variable'), options.timeout)
  }

  /** Waits until it is set. @throws TimeoutError */
  async get(options: TimeoutOption = {}): Promise<T> {
    checkTimeout(options.timeout)
    return (await this.backend.variableGet(this.name, options.timeout)) as T
  }

  delete(): Promise<void> {
    return this.backend.variableDelete(this.name)
  }
}

function encodeAlone(value: unknown, what: string) {
  const dependencies = new Set<string>()
  const encoded = encode(value, { dependencies, what: `the value for the ${what}` })
  if (dependencies.size === 0) return encoded
  throw new TsumbaError(
    `A ${what} takes values, and there is a future in this one. Remedy: its key, and client.future(key) where it is taken out.`,
    'argument-type',
  )
}
