/** Carries out what the dispatcher (machine.ts) says: jobs to workers, values into the store, events to clients. */

import { TsumbaError } from '../../errors.ts'
import type { Capability, ScatterOptions, WorkerInfo } from '../backend.ts'
import type { Failure, Key, Task } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import { type TravellingFunction, travelling } from '../travel/functions.ts'
import { encode, typenameOf } from '../travel/values.ts'
import { LocalActors } from './actors.ts'
import { fetchValue, plainValue } from './fetch.ts'
import { Machine } from './machine.ts'
import { Session } from './session.ts'
import {
  type Instruction,
  type LocalEvent,
  newWorker,
  type TaskOutcome,
  type TaskState,
  type WorkerState,
} from './state.ts'
import type { Held, Store } from './store.ts'
import type { LocalJob, LocalOutcome, LocalWorker, WorkerListener } from './worker.ts'

export interface CoreOptions {
  readonly kind: 'threads' | 'processes'
  readonly address: string
  readonly workers: number
  readonly nthreads: number
  readonly memoryLimit: number | undefined
  readonly allowedFailures: number
  readonly store: Store
  readonly start: (name: string, listener: WorkerListener) => Promise<LocalWorker>
}

interface Slot {
  readonly state: WorkerState<Held>
  worker: LocalWorker | undefined
  readonly jobs: Map<number, TaskState<Held>>
}

/** A call of `run`, which is in no machine. */
interface Call {
  readonly slot: Slot
  readonly settle: (outcome: LocalOutcome['result']) => void
}

/** Milliseconds between ticks, while time matters. */
const TICK = 10
/** Clients at a time: each has a bit. */
const CLIENTS = 30

export class ClusterCore {
  readonly kind: 'threads' | 'processes'
  readonly address: string
  readonly capabilities: ReadonlySet<Capability>
  private readonly options: CoreOptions
  private readonly machine: Machine<Held>
  private readonly slots: Slot[]
  private readonly slotOf = new Map<WorkerState<Held>, Slot>()
  private readonly sessions = new Map<number, Session>()
  private readonly calls = new Map<number, Call>()
  readonly actors: LocalActors<Slot>
  private nextId = 1
  private ticking: NodeJS.Timeout | undefined
  private closing: Promise<void> | undefined
  private readonly pending: Instruction<Held>[] = []
  private busy = false

  constructor(options: CoreOptions) {
    this.options = options
    this.kind = options.kind
    this.address = options.address
    this.capabilities = new Set<Capability>(
      options.kind === 'processes' ? ['actors', 'restart', 'processes'] : ['actors', 'restart'],
    )
    this.slots = Array.from({ length: options.workers }, (_, k) => {
      const state = newWorker<Held>(`${options.address}/${k}`, `${k}`, options.nthreads)
      return { state, worker: undefined, jobs: new Map() }
    })
    for (const slot of this.slots) this.slotOf.set(slot.state, slot)
    this.machine = new Machine(
      this.slots.map(({ state }) => state),
      { allowedFailures: options.allowedFailures },
    )
    this.actors = new LocalActors({
      places: this.slots,
      nextId: () => this.nextId++,
      order: (slot, job) => this.ask(slot, job.id, () => slot.worker!.order(job)),
      end: (slot, actor, jobs, reason) => {
        for (const id of [...jobs]) this.settle(id, { status: 'died', reason })
        slot.worker?.endActor(actor)
      },
      keep: (args) => options.store.keep(args),
      discard: (held) => this.discard(held),
      value: (key) => this.machine.tasks.get(key)?.value,
      fetch: (held) => fetchValue(options.store, held),
      tell: (client, event) => this.sessions.get(client)?.tell(event),
    })
  }

  /** @throws TsumbaError `no-worker` where none can be started. */
  async start(): Promise<void> {
    // All have come up or been given up before anybody closes them.
    const all = await Promise.allSettled(
      this.slots.map(async (slot) => {
        slot.worker = await this.options.start(slot.state.name, this.listenerOf(slot))
      }),
    )
    for (const one of all) if (one.status === 'rejected') throw one.reason
  }

  private listenerOf(slot: Slot): WorkerListener {
    const worker = slot.state
    return {
      up: () => {
        this.handle({ type: 'worker-up', worker, now: performance.now() })
        this.actors.workerUp()
      },
      outcomes: (outcomes) => this.outcomes(slot, outcomes),
      returned: (ids) => {
        const outcomes = ids.flatMap((id): TaskOutcome<Held>[] => {
          const state = slot.jobs.get(id)
          slot.jobs.delete(id)
          return state ? [{ state, result: { status: 'returned' }, seconds: 0 }] : []
        })
        this.handle({ type: 'outcomes', worker, outcomes, now: performance.now() })
      },
      down: (reason) => {
        slot.jobs.clear()
        this.options.store.clean(`worker${worker.name}.`)
        this.actors.workerDown(slot, reason)
        this.endCalls(slot, reason)
        this.handle({ type: 'worker-down', worker, reason, now: performance.now() })
      },
      broken: (reason) => {
        this.endCalls(slot, reason)
        if (this.slots.every((s) => !s.state.up)) {
          this.handle({ type: 'cancel-all', reason: `no worker can be started: ${reason}` })
          this.actors.cancelAll(`no worker can be started: ${reason}`)
        }
      },
    }
  }

  private endCalls(slot: Slot, reason: string): void {
    for (const [id, call] of this.calls) if (call.slot === slot) this.settle(id, { status: 'died', reason })
  }

  /** The outcome of what is in no machine: of calls, and of orders to actors. */
  private ask(slot: Slot, id: number, send: () => void): Promise<LocalOutcome['result']> {
    return new Promise((settle) => {
      this.calls.set(id, { slot, settle })
      send()
    })
  }

  /** False where nobody waits for it. */
  private settle(id: number, result: LocalOutcome['result']): boolean {
    const call = this.calls.get(id)
    if (call === undefined) return false
    this.calls.delete(id)
    call.settle(result)
    return true
  }

  /** What nobody needs any more, here or on the workers. */
  private discard(held: Held): void {
    if (held.frames.length === 0) return
    for (const { worker } of this.slots) worker?.drop(held)
    this.options.store.drop(held)
  }

  private outcomes(slot: Slot, outcomes: readonly LocalOutcome[]): void {
    const known: TaskOutcome<Held>[] = []
    for (const outcome of outcomes) {
      const { id, result, start, stop } = outcome
      if (result.status === 'ok' && result.value.frames.length > 0) this.options.store.adopt(result.value)
      if (this.settle(id, result) || this.actors.died(slot, outcome)) continue
      const state = slot.jobs.get(id)
      if (state === undefined) {
        if (result.status === 'ok') this.options.store.drop(result.value)
        continue
      }
      slot.jobs.delete(id)
      const seconds = stop - start
      known.push(
        result.status === 'ok'
          ? { state, result: { status: 'ok', value: result.value, typename: result.value.typename }, seconds }
          : { state, result, seconds },
      )
    }
    this.handle({ type: 'outcomes', worker: slot.state, outcomes: known, now: performance.now() })
  }

  // ── the machine ──

  handle(event: LocalEvent<Held>): void {
    if (this.closing !== undefined) return
    for (const instruction of this.machine.handle(event)) this.pending.push(instruction)
    // What is carried out may have a next event at once: it waits its turn.
    if (this.busy) return
    this.busy = true
    try {
      for (let k = 0; k < this.pending.length; k++) this.carryOut(this.pending[k]!)
    } finally {
      this.pending.length = 0
      this.busy = false
    }
    this.tick()
  }

  private carryOut(instruction: Instruction<Held>): void {
    switch (instruction.do) {
      case 'run': {
        const slot = this.slotOf.get(instruction.worker)!
        slot.worker?.run(instruction.tasks.map((state) => this.jobOf(slot, state)))
        return
      }
      case 'kill': {
        const slot = this.slotOf.get(instruction.worker)!
        for (const [id, state] of slot.jobs) if (state === instruction.task) slot.worker?.kill(id)
        return
      }
      case 'recall':
        this.slotOf.get(instruction.worker)!.worker?.recall()
        return
      case 'tell':
        this.sessions.get(instruction.client)?.tell(instruction.event)
        return
      case 'drop':
        if (!this.actors.takesOver(instruction.value)) this.discard(instruction.value)
        return
      default:
        instruction satisfies never
    }
  }

  private jobOf(slot: Slot, state: TaskState<Held>): LocalJob {
    const id = this.nextId++
    slot.jobs.set(id, state)
    const { key, fn, args } = state.task!
    let inputs = NO_INPUTS
    if (state.dependencies.length > 0) inputs = new Map(state.dependencies.map((d) => [d.key, d.value!]))
    return { id, key, fn, args, inputs }
  }

  private tick(): void {
    if (!this.machine.needsTicks) {
      clearTimeout(this.ticking)
      this.ticking = undefined
      return
    }
    this.ticking ??= setTimeout(() => {
      this.ticking = undefined
      this.handle({ type: 'tick', now: performance.now() })
    }, TICK)
  }

  // ── for sessions ──

  session(): Session {
    this.open()
    for (let bit = 0; bit < CLIENTS; bit++) {
      const client = 1 << bit
      if (this.sessions.has(client)) continue
      const session = new Session(this, client)
      this.sessions.set(client, session)
      return session
    }
    throw new TsumbaError(
      `A LocalCluster serves ${CLIENTS} clients at a time. Remedy: close those that are done.`,
      'too-many-clients',
    )
  }

  leave(client: number): void {
    this.sessions.delete(client)
    this.actors.clientGone(client)
    this.handle({ type: 'client-gone', client })
  }

  private open(): void {
    if (this.closing !== undefined) {
      throw new TsumbaError('This LocalCluster is closed. Remedy: start another one.', 'cluster-closed')
    }
  }

  submit(client: number, tasks: readonly Task[], wanted: readonly Key[]): void {
    this.open()
    for (const { options } of tasks) {
      if (options.resources !== undefined && Object.keys(options.resources).length > 0) throw noResources()
    }
    const { store } = this.options
    const kept = tasks.map((task) => (task.args.frames.length === 0 ? task : { ...task, args: store.keep(task.args) }))
    this.handle({ type: 'submit', client, tasks: kept, wanted })
  }

  async scatter(client: number, values: ReadonlyMap<Key, unknown>, { workers }: ScatterOptions): Promise<void> {
    this.open()
    for (const name of workers ?? []) this.named(name)
    const kept = [...values].map(([key, value]) => {
      const encoded = encode(value, { function: travelling, what: 'a scattered value' })
      return { key, value: this.options.store.keep(encoded), typename: typenameOf(value) }
    })
    this.handle({ type: 'scatter', client, values: kept })
  }

  async gather(keys: readonly Key[]): Promise<Map<Key, unknown>> {
    this.open()
    const found = new Map<Key, unknown>()
    for (const key of keys) {
      if (this.actors.whereIs(key) !== undefined) {
        throw new TsumbaError(`${key} is an actor, which stays on its worker. Remedy: call its methods.`, 'actor')
      }
      const state = this.machine.tasks.get(key)
      if (state?.status !== 'memory') continue
      const held = state.value!
      found.set(key, held.frames.length === 0 ? plainValue(held) : await fetchValue(this.options.store, held))
    }
    return found
  }

  async run(fn: TravellingFunction, args: Encoded, workers?: readonly string[]): Promise<Map<string, unknown>> {
    this.open()
    const slots = workers === undefined ? this.slots : workers.map((name) => this.named(name))
    const { store } = this.options
    const held = store.keep(args)
    try {
      const answers = await Promise.all(
        slots.map(async (slot) => {
          const id = this.nextId++
          const job = { id, key: `run-${id}`, fn, args: held, inputs: NO_INPUTS }
          const result = await this.ask(slot, id, () => slot.worker!.run([job]))
          if (result.status !== 'ok') throw callError(result, slot.state.address)
          const value = await fetchValue(store, result.value)
          store.drop(result.value)
          return [slot.state.address, value] as const
        }),
      )
      return new Map(answers)
    } finally {
      store.drop(held)
    }
  }

  private named(name: string): Slot {
    const slot = this.slots.find(({ state }) => state.name === name || state.address === name)
    if (slot) return slot
    throw new TsumbaError(
      `There is no worker ${name}. Remedy: client.schedulerInfo() lists those that are there.`,
      'no-worker',
    )
  }

  create(client: number, task: Task): void {
    this.open()
    const { resources } = task.options
    if (resources !== undefined && Object.keys(resources).length > 0) throw noResources()
    this.actors.create(client, task)
  }

  workers(): WorkerInfo[] {
    return this.slots.map(({ state, worker }) => ({
      address: state.address,
      name: state.name,
      nthreads: state.nthreads,
      memoryLimit: this.options.memoryLimit,
      pid: worker?.pid ?? 0,
      resources: {},
      language: 'node',
    }))
  }

  /** Every value is the parent's; it is said which worker made it. */
  whoHas(keys: readonly Key[] = [...this.machine.tasks.keys()]): Map<Key, readonly string[]> {
    return new Map(
      keys.map((key) => {
        const state = this.machine.tasks.get(key)
        const actor = this.actors.whereIs(key)
        if (actor !== undefined) return [key, [actor]]
        return [key, state?.status === 'memory' ? [state.madeBy || this.address] : []]
      }),
    )
  }

  refuseRetirement(): never {
    throw new TsumbaError(
      'Workers of a LocalCluster cannot be retired one by one. Remedy: close the cluster, and start one with fewer.',
      'capability',
    )
  }

  async restart(timeout: number): Promise<void> {
    this.open()
    this.handle({ type: 'cancel-all', reason: 'the cluster was restarted' })
    this.actors.cancelAll('the cluster was restarted')
    for (const slot of this.slots) {
      slot.jobs.clear()
      this.endCalls(slot, 'the cluster was restarted')
      this.handle({ type: 'worker-down', worker: slot.state, reason: 'restart', now: performance.now() })
    }
    const all = Promise.all(this.slots.map(({ worker }) => worker?.restart()))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new TsumbaError(`The workers did not come back within ${timeout} s.`, 'timeout')),
        timeout * 1e3,
      )
    })
    try {
      await Promise.race([all, late])
    } finally {
      clearTimeout(timer)
    }
  }

  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  private async end(): Promise<void> {
    clearTimeout(this.ticking)
    const keys = [...this.machine.tasks.keys()]
    for (const session of this.sessions.values()) {
      session.tell({ type: 'cancelled', keys, reason: 'the cluster is closed' })
    }
    this.actors.cancelAll('the cluster is closed')
    for (const slot of this.slots) this.endCalls(slot, 'the cluster is closed')
    await Promise.all(this.slots.map(({ worker }) => worker?.close()))
    for (const state of this.machine.tasks.values()) {
      if (state.value) this.options.store.drop(state.value)
      if (state.task) this.options.store.drop(state.task.args)
    }
    this.options.store.close()
  }
}

const NO_INPUTS: ReadonlyMap<Key, Held> = new Map()

function noResources(): TsumbaError {
  return new TsumbaError(
    'A LocalCluster has no resources to give out. Remedy: leave `resources` out, or use `workers`.',
    'capability',
  )
}

function callError(result: Exclude<LocalOutcome['result'], { status: 'ok' }>, worker: string): Error {
  if (result.status === 'died') {
    return new TsumbaError(`The worker ${worker} died while it ran the function: ${result.reason}.`, 'worker-died')
  }
  const { name, message, stack }: Failure = result.failure
  return Object.assign(new Error(message), { name, stack, worker })
}
