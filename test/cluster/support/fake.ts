/**
 * A back end in memory, for the client's unit tests: runs tasks in this process, notes every call, and can be told to
 * say things that real ones say rarely. Values go through their encoded form.
 */

import type {
  ActorBackend,
  Backend,
  BackendEvent,
  Capability,
  ScatterOptions,
  WorkerInfo,
} from '../../../src/cluster/backend.ts'
import type { Failure, Key, Task } from '../../../src/cluster/task.ts'
import type { Encoded } from '../../../src/cluster/travel/encoded.ts'
import { loadFunction, type TravellingFunction } from '../../../src/cluster/travel/functions.ts'
import { decode, encode, typenameOf } from '../../../src/cluster/travel/values.ts'

interface Entry {
  readonly task: Task | undefined
  wanted: boolean
  outcome: { readonly value: Encoded } | { readonly failure: Failure } | undefined
  running: boolean
}

export interface FakeOptions {
  readonly capabilities?: readonly Capability[]
  /** Tasks wait until `resume`. */
  readonly paused?: boolean
}

const WORKER = 'fake://worker-0'

export class FakeBackend implements Backend {
  readonly kind = 'threads'
  readonly address = 'fake://cluster'
  readonly capabilities: ReadonlySet<Capability>
  readonly actors: ActorBackend | undefined
  /** What was called, and with which keys. */
  readonly calls: { readonly name: string; readonly keys: readonly Key[] }[] = []
  readonly tasks: Task[] = []
  readonly entries = new Map<Key, Entry>()
  closed = false
  /** Keys that `gather` does not find, each so many times. */
  readonly vanish = new Map<Key, number>()
  private paused: boolean
  private listener: (events: readonly BackendEvent[]) => void = () => {}
  private readonly objects = new Map<Key, object>()

  constructor(options: FakeOptions = {}) {
    this.capabilities = new Set(options.capabilities ?? [])
    this.paused = options.paused ?? false
    this.actors = this.capabilities.has('actors') ? this.actorBackend() : undefined
  }

  listen(listener: (events: readonly BackendEvent[]) => void): void {
    this.listener = listener
  }

  emit(...events: BackendEvent[]): void {
    this.listener(events)
  }

  resume(): void {
    this.paused = false
    this.soon()
  }

  private note(name: string, keys: Iterable<Key>): void {
    if (this.closed) throw new Error(`${name} after close`)
    this.calls.push({ name, keys: [...keys] })
  }

  /** The keys of all calls of this name. */
  keysOf(name: string): Key[] {
    return this.calls.filter((call) => call.name === name).flatMap(({ keys }) => keys)
  }

  submit(tasks: readonly Task[], wanted: readonly Key[]): void {
    this.note(
      'submit',
      tasks.map(({ key }) => key),
    )
    for (const task of tasks) {
      if (this.entries.has(task.key)) continue
      for (const key of task.dependencies)
        if (!this.entries.has(key)) throw new Error(`${task.key} comes before ${key}`)
      this.tasks.push(task)
      const args = { ...task.args, frames: task.args.frames.map((frame) => frame.slice()) }
      this.entries.set(task.key, { task: { ...task, args }, wanted: false, outcome: undefined, running: false })
    }
    this.wantAll(wanted)
    this.soon()
  }

  want(keys: readonly Key[]): void {
    this.note('want', keys)
    this.wantAll(keys)
  }

  private wantAll(keys: readonly Key[]): void {
    const events: BackendEvent[] = []
    for (const key of keys) {
      const entry = this.entries.get(key)
      if (entry === undefined) {
        events.push({ type: 'cancelled', keys: [key], reason: 'no such key' })
        continue
      }
      entry.wanted = true
      if (entry.outcome !== undefined) events.push(this.outcomeEvent(key, entry.outcome))
    }
    if (events.length > 0) setImmediate(() => this.listener(events))
  }

  private outcomeEvent(key: Key, outcome: NonNullable<Entry['outcome']>): BackendEvent {
    return 'failure' in outcome
      ? { type: 'erred', key, failure: outcome.failure }
      : { type: 'memory', key, typename: outcome.value.typename }
  }

  private soon(): void {
    setImmediate(() => this.runReady())
  }

  private runReady(): void {
    if (this.paused || this.closed) return
    for (const [key, entry] of this.entries) {
      const { task } = entry
      if (task === undefined || entry.outcome !== undefined || entry.running) continue
      const inputs = task.dependencies.map((key) => this.entries.get(key)?.outcome)
      if (inputs.some((outcome) => outcome === undefined)) continue
      entry.running = true
      void this.execute(task).then((outcome) => {
        entry.outcome = outcome
        entry.running = false
        if (this.closed) return
        if (entry.wanted && this.entries.get(key) === entry) this.listener([this.outcomeEvent(key, outcome)])
        this.soon()
      })
    }
  }

  private async execute(task: Task): Promise<NonNullable<Entry['outcome']>> {
    const inputs = new Map<Key, unknown>()
    for (const key of task.dependencies) {
      const outcome = this.entries.get(key)!.outcome!
      if ('failure' in outcome) return outcome
      inputs.set(key, decode(outcome.value))
    }
    try {
      const args = decode(task.args, inputs) as unknown[]
      return { value: encode(await loadFunction(task.fn)(...args)) }
    } catch (error) {
      const { name, message, stack } = error as Error
      return { failure: { name, message, stack, worker: WORKER } }
    }
  }

  release(keys: readonly Key[]): void {
    this.note('release', keys)
    for (const key of keys) this.entries.delete(key)
  }

  async cancel(keys: readonly Key[]): Promise<void> {
    this.note('cancel', keys)
    for (const key of keys) this.entries.delete(key)
  }

  async retry(keys: readonly Key[]): Promise<void> {
    this.note('retry', keys)
    for (const key of keys) this.entries.get(key)!.outcome = undefined
    this.soon()
  }

  async scatter(values: ReadonlyMap<Key, unknown>, _options: ScatterOptions): Promise<void> {
    this.note('scatter', values.keys())
    for (const [key, value] of values) {
      this.entries.set(key, { task: undefined, wanted: true, outcome: { value: encode(value) }, running: false })
    }
  }

  async gather(keys: readonly Key[]): Promise<Map<Key, unknown>> {
    this.note('gather', keys)
    const values = new Map<Key, unknown>()
    for (const key of keys) {
      const times = this.vanish.get(key) ?? 0
      if (times > 0) this.vanish.set(key, times - 1)
      const outcome = times > 0 ? undefined : this.entries.get(key)?.outcome
      if (outcome !== undefined && 'value' in outcome) values.set(key, decode(outcome.value))
    }
    return values
  }

  async run(fn: TravellingFunction, args: Encoded): Promise<Map<string, unknown>> {
    this.note('run', [])
    return new Map([[WORKER, await loadFunction(fn)(...(decode(args) as unknown[]))]])
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    const worker = { address: WORKER, name: '0', nthreads: 2, memoryLimit: undefined, pid: process.pid }
    return [{ ...worker, resources: {}, language: 'node' }]
  }

  async whoHas(keys: readonly Key[] = [...this.entries.keys()]): Promise<Map<Key, readonly string[]>> {
    const here = (key: Key) => 'value' in (this.entries.get(key)?.outcome ?? {})
    return new Map(keys.map((key) => [key, here(key) ? [WORKER] : []]))
  }

  async retireWorkers(workers: readonly string[]): Promise<readonly string[]> {
    this.note('retireWorkers', workers)
    return workers
  }

  async restart(): Promise<void> {
    this.note('restart', [])
    this.entries.clear()
  }

  private inputs(keys: readonly Key[]): Map<Key, unknown> {
    return new Map(
      keys.map((key) => {
        const outcome = this.entries.get(key)?.outcome
        if (outcome === undefined || !('value' in outcome)) throw new Error(`${key} is not in memory`)
        return [key, decode(outcome.value)]
      }),
    )
  }

  private actorBackend(): ActorBackend {
    return {
      create: (task) => {
        const Class = loadFunction(task.fn) as unknown as new (...args: unknown[]) => object
        this.objects.set(task.key, new Class(...(decode(task.args, this.inputs(task.dependencies)) as unknown[])))
        this.entries.set(task.key, { task, wanted: true, outcome: { value: encode(null) }, running: false })
        setImmediate(() => this.emit({ type: 'memory', key: task.key, typename: typenameOf(null) }))
      },
      call: async (key, method, args, dependencies) => {
        const object = this.objects.get(key) as Record<string, (...args: unknown[]) => unknown>
        return object[method]!(...(decode(args, this.inputs(dependencies)) as unknown[]))
      },
      get: async (key, property) => (this.objects.get(key) as Record<string, unknown>)[property],
    }
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
