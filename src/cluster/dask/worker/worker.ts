/**
 * A worker of a stock Dask scheduler: carries out what its machine says (machine.ts) and tells it what came of it. Tasks
 * run on threads of their own (executor/), so that this thread always answers.
 */

import { randomUUID } from 'node:crypto'
import type { Executor, Job, Outcome } from '../../executor/executor.ts'
import { startExecutor } from '../../executor/threads.ts'
import type { Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import { checkVersion, RESOURCE, RESOURCE_OFFERED, type Work } from '../protocol.ts'
import { eventOf, heartbeat, messageOf, registration, stimulus } from '../protocol-worker.ts'
import { parseAddress } from '../wire/address.ts'
import { Batch } from '../wire/batch.ts'
import type { Comm } from '../wire/comm.ts'
import { connect } from '../wire/connect.ts'
import type { Message } from '../wire/message.ts'
import { Pool } from '../wire/pool.ts'
import { Server } from '../wire/server.ts'
import { Aside } from './aside.ts'
import type { Instruction, WorkerEvent } from './events.ts'
import { Figures } from './figures.ts'
import { Garbage } from './garbage.ts'
import { WorkerMachine } from './machine.ts'
import type { DaskWorkerOptions } from './options.ts'
import { Peers } from './peers.ts'
import { refusedBy, specOf } from './refuse.ts'
import { handlersOf } from './serve.ts'
import { Store } from './store.ts'

export type { DaskWorkerOptions }

/** How a worker ended. */
export interface Ending {
  readonly reason: string
  /** It should be started again. */
  readonly restart: boolean
}

/** Milliseconds. */
const WAIT_FOR_SCHEDULER = 60_000
const CALL = 30_000
const TICK = 1000
const MEMORY_CHECK = 200
/** Dask's pause after which a busy worker is asked again. */
const BUSY = 150
/** How long a transfer may take: this, and more for each byte. */
const TRANSFER = 60_000
const TRANSFER_BYTES_PER_MS = 1000
/** While no heartbeat gets through for so long, the scheduler counts as lost: Dask's worker-ttl. */
const SILENCE = 300_000
/** A name stays taken for a moment after the worker that had it died; a nanny's next one has to wait for it. */
const NAME_TAKEN = 10_000
/** Part of the memory limit at which a process ends itself before the system ends it: Dask's terminate. */
const TERMINATE = 0.95
/** Looks in a row that find it near its limit before it ends for that. */
const NEAR_CHECKS = 5
/** New values, as a share of the limit, after which memory is looked at once more. */
const GROWTH = 0.04
/** Part of the memory limit past which garbage is looked for: Dask's spill. */
const COLLECT = 0.7

/** Memory that threads see without a copy. */
const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes)

export class DaskWorker {
  readonly options: DaskWorkerOptions
  readonly id = `Worker-${randomUUID()}`
  readonly machine: WorkerMachine
  readonly store: Store
  readonly pool: Pool
  readonly figures = new Figures()
  readonly aside: Aside
  readonly peers: Peers
  /** The last lines of the log, newest last. */
  readonly logged: string[] = []
  /** What the scheduler says of its versions. */
  readonly versions: unknown
  readonly address: string
  /** Resolves when nothing of the worker is left. */
  readonly closed: Promise<Ending>
  /** Bytes of new values since memory was looked at. */
  private grown = 0
  private nearLimit = 0
  private readonly executor: Executor
  private readonly garbage: Garbage
  private readonly server: Server
  private readonly comm: Comm
  private readonly stream: Batch
  private readonly timers = new Set<NodeJS.Timeout>()
  /** Events that came while others were handled. */
  private readonly waiting: WorkerEvent[] = []
  private handling = false
  private ending: Ending | undefined
  private end!: (ending: Ending) => void
  /** When each job began, in milliseconds. */
  private readonly began = new Map<number, { key: Key; at: number }>()
  private clockDelay = 0
  private lastHeard = performance.now()

  /** Joins the scheduler. */
  static async start(options: DaskWorkerOptions): Promise<DaskWorker> {
    const { scheduler, security } = options
    const timeout = options.timeout ?? WAIT_FOR_SCHEDULER
    const comm = await connect(scheduler, { ...security, timeout, retry: true, allocate: shared })
    const started: (() => unknown)[] = [() => comm.abort()]
    try {
      comm.write({ op: 'versions', reply: true })
      const versions = await comm.read()
      checkVersion(scheduler, versions)
      const executor = await (options.startExecutor ?? startExecutor)({
        nthreads: options.nthreads,
        heapLimit: options.memoryLimit,
      })
      started.push(() => executor.close())
      const { scheme } = parseAddress(scheduler)
      const host = options.host ?? comm.localHost.replace(/^::ffff:/, '')
      let worker: DaskWorker | undefined
      const server = await Server.listen({
        ...security,
        scheme,
        host,
        port: options.port,
        handlers: handlersOf(() => worker),
        allocate: shared,
        onerror: (error) => worker?.log(`a connection ended badly: ${error.message}`),
      })
      started.push(() => server.close())
      worker = new DaskWorker(options, { comm, versions, executor, server })
      await worker.register()
      return worker
    } catch (error) {
      for (const undo of started.reverse()) await undo()
      throw error
    }
  }

  private constructor(
    options: DaskWorkerOptions,
    parts: { comm: Comm; versions: unknown; executor: Executor; server: Server },
  ) {
    this.options = options
    this.versions = parts.versions
    this.comm = parts.comm
    this.executor = parts.executor
    this.garbage = new Garbage(parts.executor)
    this.aside = new Aside(options.startExecutor ?? startExecutor)
    this.server = parts.server
    this.stream = new Batch(parts.comm)
    this.address = options.contactAddress ?? parts.server.address
    this.pool = new Pool({ ...options.security, timeout: CALL, allocate: shared })
    this.peers = new Peers(this.pool, this.address)
    this.store = new Store(options.localDirectory)
    const resources = { [RESOURCE]: RESOURCE_OFFERED, ...options.resources }
    const { nthreads, memoryLimit } = options
    this.machine = new WorkerMachine({ address: this.address, nthreads, resources, memoryLimit })
    this.closed = new Promise((resolve) => {
      this.end = resolve
    })
  }

  get name(): string {
    return this.options.name ?? this.address
  }

  log(line: string): void {
    this.logged.push(line)
    if (this.logged.length > 1000) this.logged.shift()
    this.options.log?.(line)
  }

  // ── Joining

  private async register(): Promise<void> {
    const { options, machine } = this
    try {
      const deadline = performance.now() + (options.nanny ? NAME_TAKEN : 0)
      for (;;) {
        this.comm.write(
          registration({
            address: this.address,
            name: this.name,
            serverId: this.id,
            nthreads: options.nthreads,
            resources: machine.options.resources!,
            memoryLimit: options.memoryLimit,
            localDirectory: this.store.folder,
            nanny: options.nanny,
            versions: this.versions,
            metrics: this.figures.take(machine),
            now: Date.now() / 1000,
          }),
        )
        const answer = await this.comm.read()
        if (answer['status'] === 'OK') {
          this.begin(answer)
          return
        }
        const text = String(answer['message'] ?? answer['exception_text'] ?? JSON.stringify(answer))
        if (!/name taken/.test(text) || performance.now() > deadline) throw refusedBy(options, text)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    } catch (error) {
      this.figures.close()
      this.pool.close()
      this.store.close()
      throw error
    }
  }

  private begin(answer: Message): void {
    this.clockDelay = Number(answer['time']) - Date.now() / 1000 || 0
    // Every scheduler has the one of its shuffles.
    const plugins = Object.keys((answer['worker-plugins'] ?? {}) as object).filter((name) => name !== 'shuffle')
    if (plugins.length > 0) this.log(`Plugins of Python workers do nothing here: ${plugins.join(', ')}`)
    this.executor.listen((outcomes) => {
      this.watchGrowth(outcomes)
      this.handle(this.garbage.without(outcomes).map((outcome) => this.outcomeEvent(outcome)))
    })
    this.comm.onclose = (error) => void this.close({ reason: `the scheduler is gone: ${error.message}`, restart: true })
    this.comm.listen((message) => this.hear(message))
    this.every(TICK, () => this.handle([{ type: 'tick' }]))
    if (this.options.memoryLimit !== undefined) this.every(MEMORY_CHECK, () => this.checkMemory())
    this.later(Number(answer['heartbeat-interval'] ?? 1) * 1000, () => this.beat())
    this.log(`Worker ${this.address} joined ${this.options.scheduler}`)
  }

  private async beat(): Promise<void> {
    let pause = 1
    const now = performance.now()
    try {
      const sent = Date.now() / 1000
      const executing = Object.fromEntries([...this.began.values()].map(({ key, at }) => [key, (now - at) / 1000]))
      const figures = this.figures.take(this.machine)
      const message = heartbeat({ address: this.address, now: sent, metrics: figures, executing })
      const answer = (await this.pool.call(this.options.scheduler, message, { timeout: CALL })) as Message
      this.lastHeard = performance.now()
      if (answer['status'] === 'missing') {
        void this.close({ reason: 'the scheduler does not know this worker any more', restart: true })
        return
      }
      this.clockDelay = Number(answer['time']) - (sent + Date.now() / 1000) / 2 || 0
      pause = Number(answer['heartbeat-interval'] ?? 1)
    } catch (error) {
      if (this.ending) return
      this.log(`No heartbeat: ${(error as Error).message}`)
      if (performance.now() - this.lastHeard > SILENCE) {
        void this.close({ reason: 'the scheduler has not answered for five minutes', restart: true })
        return
      }
    }
    this.later(pause * 1000, () => this.beat())
  }

  // ── What comes in

  /** Messages of the scheduler's stream: lists. */
  private hear(message: unknown): void {
    const events: WorkerEvent[] = []
    for (const one of Array.isArray(message) ? (message as Message[]) : [message as Message]) {
      const event = eventOf(one, specOf)
      if (event) events.push(event)
      else if (one['op'] !== 'keep-alive')
        this.log(`The scheduler said '${String(one['op'])}', which means nothing here`)
    }
    this.handle(events)
    // Calls to a worker that is gone would never end.
    for (const event of events) if (event.type === 'remove-worker') this.peers.removed(event.worker)
  }

  handle(events: readonly WorkerEvent[]): void {
    this.waiting.push(...events)
    if (this.handling) return
    this.handling = true
    try {
      while (this.waiting.length > 0) this.carryOut(this.machine.handle(this.waiting.splice(0)))
    } catch (error) {
      // A state that cannot be is left as soon as possible: the scheduler gives the tasks to others.
      this.log(`Internal error: ${(error as Error).stack}`)
      void this.close({ reason: `an internal error: ${(error as Error).message}`, restart: true })
    } finally {
      this.handling = false
    }
  }

  private outcomeEvent({ id, result, start, stop, thread }: Outcome): WorkerEvent {
    this.began.delete(id)
    const times = { start, stop, thread }
    switch (result.status) {
      case 'ok':
        return { type: 'job-done', job: id, value: result.value, times }
      case 'error': {
        const failure = { ...result.failure, worker: result.failure.worker ?? this.address }
        return { type: 'job-failed', job: id, failure, times }
      }
      case 'died':
        return { type: 'job-died', job: id, reason: result.reason, times }
      default:
        return result satisfies never
    }
  }

  // ── What goes out

  private carryOut(instructions: readonly Instruction[]): void {
    const jobs: Job[] = []
    for (const instruction of instructions) {
      switch (instruction.do) {
        case 'send':
          this.stream.send(messageOf(instruction.message, this.clockDelay))
          break
        case 'run': {
          const job = this.jobOf(instruction)
          if (job) jobs.push(job)
          break
        }
        case 'fetch':
          void this.fetch(instruction.worker, instruction.keys)
          break
        case 'retry-later':
          this.later(BUSY, () => this.handle([{ type: 'peer-free', worker: instruction.worker }]))
          break
        case 'store':
          this.store.put(instruction.key, instruction.value)
          break
        case 'drop':
          this.store.drop(instruction.key)
          break
        case 'spill':
          void this.spill(instruction.key)
          break
        case 'close':
          void this.close(instruction)
          break
        default:
          instruction satisfies never
      }
    }
    if (jobs.length > 0) this.executor.run(jobs)
  }

  /** The job; undefined where inputs are on disk: it starts when they are read. */
  private jobOf({ job: id, key, work, inputs: keys }: Extract<Instruction, { do: 'run' }>): Job | undefined {
    const { fn, args } = work as Work
    const inputs = new Map<Key, Encoded>()
    const onDisk: Key[] = []
    for (const input of keys) {
      const value = this.store.inMemory(input)
      if (value) inputs.set(input, value)
      else onDisk.push(input)
    }
    this.began.set(id, { key, at: performance.now() })
    const job: Job = { id, key, fn, args, inputs }
    if (onDisk.length === 0) return job
    void this.load(onDisk).then(({ values, missing }) => {
      if (this.ending) return
      if (missing.length > 0) {
        this.began.delete(id)
        this.handle([{ type: 'job-unfed', job: id, missing }])
        return
      }
      for (const [input, value] of values) inputs.set(input, value)
      this.executor.run([job])
      this.handle([...values.keys()].map((input) => ({ type: 'loaded', key: input })))
    })
    return undefined
  }

  private async load(keys: readonly Key[]): Promise<{ values: Map<Key, Encoded>; missing: Key[] }> {
    const values = new Map<Key, Encoded>()
    const missing: Key[] = []
    for (const key of keys) {
      const value = await this.store.load(key)
      if (value) values.set(key, value)
      else missing.push(key)
    }
    return { values, missing }
  }

  private async spill(key: Key): Promise<void> {
    const done = await this.store.spill(key)
    if (done === undefined || this.ending) return
    if (!done) this.log(`'${key}' cannot be written to ${this.store.folder}: is the disk full?`)
    this.handle([{ type: done ? 'spilled' : 'spill-failed', key }])
  }

  private async fetch(worker: string, keys: readonly Key[]): Promise<void> {
    const started = performance.now()
    const expected = this.machine.transfers.underWay.get(worker)?.nbytes ?? 0
    const event = await this.peers.ask(worker, keys, TRANSFER + expected / TRANSFER_BYTES_PER_MS)
    if (this.ending) return
    if (event.type === 'data-arrived') {
      let bytes = 0
      for (const { nbytes } of event.values.values()) bytes += nbytes
      this.figures.received(worker, bytes, (performance.now() - started) / 1000)
    } else if (event.type !== 'peer-busy') this.log(`No data from ${worker}: ${event.reason}`)
    this.handle([event.type === 'failed' ? { type: 'peer-lost', worker } : event])
  }

  /** Tasks can make more in a moment than is seen between two looks: what is too much pauses the next one. */
  private watchGrowth(outcomes: readonly Outcome[]): void {
    const { memoryLimit } = this.options
    if (memoryLimit === undefined) return
    for (const { result } of outcomes) if (result.status === 'ok') this.grown += result.value.nbytes
    if (this.grown > GROWTH * memoryLimit) this.checkMemory()
  }

  private checkMemory(): void {
    const bytes = process.memoryUsage.rss()
    this.grown = 0
    // What nobody holds any more is collected first, and values are on their way to disk.
    this.nearLimit = bytes > TERMINATE * this.options.memoryLimit! ? this.nearLimit + 1 : 0
    if (this.nearLimit > NEAR_CHECKS) {
      const reason = `its process has ${Math.round(bytes / 2 ** 20)} MiB, and its limit is near`
      void this.close({ reason, restart: true })
      return
    }
    // Memory that values on disk have left is the system's again only once it is collected.
    if (bytes > COLLECT * this.options.memoryLimit!) this.garbage.collectSoon()
    this.handle([{ type: 'memory', process: bytes }])
  }

  // ── Leaving

  /** Lets the scheduler move what only this worker holds, then ends. */
  async retire(timeout: number): Promise<Ending> {
    const message = {
      op: 'retire_workers',
      workers: [this.address],
      close_workers: false,
      remove: true,
      stimulus_id: stimulus('worker-retires'),
    }
    try {
      const retired = (await this.pool.call(this.options.scheduler, message, { timeout })) as object
      if (Object.keys(retired).length === 0 && !this.ending) {
        this.log('The scheduler found no other worker for the values that only this one holds: they are lost')
      }
    } catch (error) {
      this.log(`No orderly retirement: ${(error as Error).message}`)
    }
    await this.close({ reason: 'retired', restart: false })
    return this.closed
  }

  /** Ends everything that the worker started. */
  async close(ending: Ending): Promise<void> {
    if (this.ending) {
      await this.closed
      return
    }
    this.ending = ending
    this.machine.closed = true
    this.log(`Worker ${this.address} ends: ${ending.reason}`)
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.comm.onclose = undefined
    if (!ending.restart && this.options.nanny) {
      const message = { op: 'close_gracefully', reason: ending.reason }
      await this.pool.call(this.options.nanny, message, { timeout: 2000 }).catch(() => {})
    }
    if (!this.comm.closed) {
      this.stream.send({ op: 'close-stream' })
      await Promise.race([this.stream.finish(), new Promise((resolve) => setTimeout(resolve, 2000).unref())])
    }
    await this.comm.close()
    await this.server.close()
    await Promise.all([this.executor.close(), this.aside.close()])
    this.pool.close()
    this.figures.close()
    this.store.close()
    this.end(ending)
  }

  private every(milliseconds: number, then: () => void): void {
    this.timers.add(setInterval(then, milliseconds))
  }

  private later(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      if (!this.ending) then()
    }, milliseconds)
    this.timers.add(timer)
  }
}
