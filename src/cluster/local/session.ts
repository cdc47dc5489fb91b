/** One client's side of a LocalCluster: what it wants, and what it hears. */

import type { ActorBackend, Backend, BackendEvent, Capability, ScatterOptions, WorkerInfo } from '../backend.ts'
import type { Key, Task } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import type { ClusterCore } from './core.ts'

export class Session implements Backend {
  readonly kind: 'threads' | 'processes'
  readonly address: string
  readonly capabilities: ReadonlySet<Capability>
  /** The bit by which the machine knows the client. */
  readonly client: number
  private readonly core: ClusterCore
  private listener: (events: readonly BackendEvent[]) => void = () => {}
  private events: BackendEvent[] = []
  private closed = false
  readonly actors: ActorBackend

  constructor(core: ClusterCore, client: number) {
    this.core = core
    this.client = client
    this.kind = core.kind
    this.address = core.address
    this.capabilities = core.capabilities
    this.actors = {
      create: (task) => core.create(client, task),
      call: (key, method, args, dependencies) => core.actors.call(key, method, args, dependencies),
      get: (key, property) => core.actors.get(key, property),
    }
  }

  listen(listener: (events: readonly BackendEvent[]) => void): void {
    this.listener = listener
  }

  /** Events of one turn go together, never before the call that caused them returns. */
  tell(event: BackendEvent): void {
    if (this.closed) return
    if (this.events.push(event) > 1) return
    queueMicrotask(() => {
      const { events } = this
      this.events = []
      if (!this.closed) this.listener(events)
    })
  }

  submit(tasks: readonly Task[], wanted: readonly Key[]): void {
    this.core.submit(this.client, tasks, wanted)
  }

  want(keys: readonly Key[]): void {
    this.core.handle({ type: 'want', client: this.client, keys })
  }

  release(keys: readonly Key[]): void {
    if (this.closed) return
    this.core.actors.release(this.client, keys)
    this.core.handle({ type: 'release', client: this.client, keys })
  }

  async cancel(keys: readonly Key[], { reason }: { readonly reason: string }): Promise<void> {
    this.core.actors.cancel(keys, reason)
    this.core.handle({ type: 'cancel', keys, reason })
  }

  async retry(keys: readonly Key[]): Promise<void> {
    this.core.handle({ type: 'retry', keys })
  }

  async scatter(values: ReadonlyMap<Key, unknown>, options: ScatterOptions): Promise<void> {
    await this.core.scatter(this.client, values, options)
  }

  gather(keys: readonly Key[]): Promise<Map<Key, unknown>> {
    return this.core.gather(keys)
  }

  run(fn: TravellingFunction, args: Encoded, workers?: readonly string[]): Promise<Map<string, unknown>> {
    return this.core.run(fn, args, workers)
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    return this.core.workers()
  }

  async whoHas(keys?: readonly Key[]): Promise<Map<Key, readonly string[]>> {
    return this.core.whoHas(keys)
  }

  async retireWorkers(): Promise<readonly string[]> {
    return this.core.refuseRetirement()
  }

  restart(options: { readonly timeout: number }): Promise<void> {
    return this.core.restart(options.timeout)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.core.leave(this.client)
  }
}
