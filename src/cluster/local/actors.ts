/**
 * The actors of a LocalCluster: on which worker each of them is, and what is asked of it. They are in no queue of tasks,
 * and no task waits for one: each has a thread of its own.
 *
 * Laws: an actor is never made twice; who asks one that is gone hears of it at once; values that it was given stay until
 * it has answered.
 */

import { TsumbaError } from '../../errors.ts'
import type { BackendEvent } from '../backend.ts'
import { errorOf } from '../client/errors.ts'
import { ARGUMENTS, encodeOrder, type Order } from '../executor/order.ts'
import type { Failure, Key, Task } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import type { Held } from './store.ts'
import type { LocalJob, LocalOutcome } from './worker.ts'

/** What it needs of a worker. */
export interface ActorPlace {
  readonly state: { readonly address: string; readonly name: string; readonly up: boolean }
}

export interface ActorHost<P extends ActorPlace> {
  readonly places: readonly P[]
  nextId(): number
  order(place: P, job: LocalJob): Promise<LocalOutcome['result']>
  /** Ends the actor, and settles these jobs of it that have no outcome yet. */
  end(place: P, actor: number, jobs: Iterable<number>, reason: string): void
  keep(args: Encoded): Held
  /** Drops what was kept. */
  discard(held: Held): void
  /** The value of a key in memory. */
  value(key: Key): Held | undefined
  fetch(held: Held): Promise<unknown>
  tell(client: number, event: BackendEvent): void
}

interface LocalActor<P> {
  readonly key: Key
  readonly client: number
  readonly fn: TravellingFunction
  readonly task: Task
  readonly args: Held
  /** Undefined while there is no worker to have it. */
  place: P | undefined
  id: number
  /** Jobs without an outcome. */
  readonly open: Set<number>
}

export class LocalActors<P extends ActorPlace> {
  private readonly host: ActorHost<P>
  private readonly actors = new Map<Key, LocalActor<P>>()
  /** Values that orders need, and how many orders; those that are not needed otherwise go with the last of them. */
  private readonly used = new Map<Held, { orders: number; dropped: boolean }>()

  constructor(host: ActorHost<P>) {
    this.host = host
  }

  create(client: number, task: Task): void {
    const { key, fn } = task
    if (this.actors.has(key)) {
      throw new TsumbaError(`There is an actor ${key} already. Remedy: release it, or give another key.`, 'key')
    }
    const args = this.host.keep(task.args)
    const actor: LocalActor<P> = { key, client, fn, task, args, place: undefined, id: 0, open: new Set() }
    this.actors.set(key, actor)
    this.make(actor)
  }

  /** Makes it on the worker with the fewest actors; where there is none, it waits for one. */
  private make(actor: LocalActor<P>): void {
    const { workers = [], allowOtherWorkers = false } = actor.task.options
    const named = ({ state }: P) => workers.includes(state.name) || workers.includes(state.address)
    const stranger = workers.find((w) => this.host.places.every(({ state }) => state.name !== w && state.address !== w))
    if (stranger !== undefined) {
      this.fail(actor, lost(`There is no worker ${stranger}. Remedy: client.schedulerInfo() lists them.`, 'no-worker'))
      return
    }
    const up = this.host.places.filter(({ state }) => state.up)
    const allowed = workers.length === 0 ? up : up.filter(named)
    const place = this.emptiest(allowed.length === 0 && allowOtherWorkers ? up : allowed)
    if (place === undefined) return
    actor.place = place
    actor.id = this.host.nextId()
    const order: Order = { actor: actor.id, op: 'make', name: '' }
    void this.ask(actor, actor.id, order, actor.args, actor.task.dependencies).then(
      () => this.tell(actor, { type: 'memory', key: actor.key, typename: actor.fn.name }),
      (failure: Failure) => this.fail(actor, failure),
    )
  }

  private emptiest(places: readonly P[]): P | undefined {
    const counts = new Map(places.map((place) => [place, 0]))
    for (const { place } of this.actors.values()) {
      const count = place && counts.get(place)
      if (count !== undefined) counts.set(place!, count + 1)
    }
    return [...counts].sort(([, a], [, b]) => a - b)[0]?.[0]
  }

  async call(key: Key, method: string, args: Encoded, dependencies: readonly Key[]): Promise<unknown> {
    return this.request(key, 'call', method, args, dependencies)
  }

  async get(key: Key, property: string): Promise<unknown> {
    return this.request(key, 'get', property, undefined, [])
  }

  private async request(
    key: Key,
    op: 'call' | 'get',
    name: string,
    args: Encoded | undefined,
    dependencies: readonly Key[],
  ): Promise<unknown> {
    const actor = this.actors.get(key)
    if (actor?.place === undefined) throw errorOf(lost(`The actor ${key} is gone: it was released or lost.`), key)
    const order: Order = { actor: actor.id, op, name }
    const kept = args && this.host.keep(args)
    const answer = await this.ask(actor, this.host.nextId(), order, kept, dependencies).catch((failure: Failure) => {
      throw errorOf(failure, key)
    })
    try {
      return await this.host.fetch(answer)
    } finally {
      this.host.discard(answer)
    }
  }

  /** The answer; rejects with a Failure. */
  private async ask(
    actor: LocalActor<P>,
    id: number,
    order: Order,
    args: Held | undefined,
    dependencies: readonly Key[],
  ): Promise<Held> {
    const { key, fn } = actor
    const place = actor.place!
    const inputs = new Map<Key, Held>()
    try {
      if (args) inputs.set(ARGUMENTS, args)
      for (const dependency of dependencies) {
        const value = this.host.value(dependency)
        if (value === undefined) throw lost(`The value of ${dependency}, an argument for ${key}, is gone.`, 'lost')
        inputs.set(dependency, value)
      }
      for (const held of inputs.values()) this.use(held)
      actor.open.add(id)
      const result = await this.host.order(place, { id, key, fn, args: encodeOrder(order), inputs })
      actor.open.delete(id)
      for (const [name, held] of inputs) if (name !== ARGUMENTS) this.unuse(held)
      if (result.status === 'ok') return result.value
      if (result.status === 'error') throw { ...result.failure, worker: place.state.address }
      throw lostActor(key, result.reason, place.state.address)
    } finally {
      if (args) {
        this.used.delete(args)
        this.host.discard(args)
      }
    }
  }

  private use(held: Held): void {
    const use = this.used.get(held)
    if (use) use.orders++
    else this.used.set(held, { orders: 1, dropped: false })
  }

  private unuse(held: Held): void {
    const use = this.used.get(held)!
    if (--use.orders > 0) return
    this.used.delete(held)
    if (use.dropped) this.host.discard(held)
  }

  /** Whether the value is still needed; it is then discarded from here. */
  takesOver(held: Held): boolean {
    const use = this.used.get(held)
    if (use) use.dropped = true
    return use !== undefined
  }

  // ── how they end ──

  private tell(actor: LocalActor<P>, event: BackendEvent): void {
    if (this.actors.get(actor.key) === actor) this.host.tell(actor.client, event)
  }

  private fail(actor: LocalActor<P>, failure: Failure, reason = failure.message): void {
    this.tell(actor, { type: 'erred', key: actor.key, failure })
    this.end(actor, reason)
  }

  private end(actor: LocalActor<P>, reason: string): void {
    if (this.actors.get(actor.key) !== actor) return
    this.actors.delete(actor.key)
    const { place, id, open } = actor
    if (place) this.host.end(place, id, open, reason)
    else this.host.discard(actor.args)
  }

  release(client: number, keys: Iterable<Key>): void {
    for (const key of keys) {
      const actor = this.actors.get(key)
      if (actor?.client === client) this.end(actor, 'it was released')
    }
  }

  cancel(keys: Iterable<Key>, reason: string): void {
    for (const key of keys) {
      const actor = this.actors.get(key)
      if (actor === undefined) continue
      this.tell(actor, { type: 'cancelled', keys: [key], reason })
      this.end(actor, reason)
    }
  }

  cancelAll(reason: string): void {
    this.cancel([...this.actors.keys()], reason)
  }

  clientGone(client: number): void {
    this.release(client, [...this.actors.keys()])
  }

  /** The thread of an actor has ended by itself; false where the outcome is no such news. */
  died(place: P, { id, result }: LocalOutcome): boolean {
    if (result.status !== 'died') return false
    const actor = [...this.actors.values()].find((a) => a.id === id && a.place === place)
    if (actor === undefined) return false
    this.fail(actor, lostActor(actor.key, result.reason, place.state.address), result.reason)
    return true
  }

  workerUp(): void {
    for (const actor of [...this.actors.values()]) if (actor.place === undefined) this.make(actor)
  }

  workerDown(place: P, reason: string): void {
    for (const actor of [...this.actors.values()]) {
      if (actor.place === place) this.fail(actor, lostActor(actor.key, reason, place.state.address), reason)
    }
  }

  whereIs(key: Key): string | undefined {
    return this.actors.get(key)?.place?.state.address
  }
}

function lost(message: string, code = 'actor-lost', worker?: string): Failure {
  return { name: 'TsumbaError', message, stack: undefined, code, worker }
}

const lostActor = (key: Key, reason: string, worker: string): Failure =>
  lost(`The actor ${key} is lost: ${reason}. What it held is gone. Remedy: make another one.`, 'actor-lost', worker)
