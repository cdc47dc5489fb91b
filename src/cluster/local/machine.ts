/**
 * The dispatcher of one machine: which task runs where, which values are kept. Pure: event in, instructions out.
 *
 * Laws
 * 1. Values belong to whoever carries instructions out, not to workers: a worker that dies loses none.
 * 2. A value is kept as long as a client wants it or a task that has not ended needs it.
 * 3. A task that fails, or whose worker dies, is tried again as often as its retries say; deaths are forgiven
 *    `allowedFailures` times more, since any of the tasks that a dead worker had may be the one that killed it. From
 *    then on each of these runs alone, so that only the guilty one is counted on.
 * 4. Workers get work for a few milliseconds, so that what is urgent comes soon; what they have not begun goes to others
 *    that have nothing to do.
 */

import { Pace } from '../executor/pace.ts'
import type { Failure, Key } from '../task.ts'
import { Heap } from './heap.ts'
import {
  comesBefore,
  type Instruction,
  isCalled,
  isUnused,
  type LocalEvent,
  type MachineOptions,
  type NewTask,
  NOBODY,
  newTaskState,
  refusal,
  strangerOf,
  type TaskOutcome,
  type TaskState,
  type WorkerState,
} from './state.ts'

/** Dask's default. */
export const ALLOWED_FAILURES = 3
/** Seconds of work, and the most tasks, that each thread of a worker has before it: what hides the way there and back. */
const AHEAD_SECONDS = 0.01
const AHEAD_TASKS = 512
/** Milliseconds of silence after which a worker gives back what it has not begun, where others are idle. */
const STALL = 30

export class Machine<V> {
  readonly tasks = new Map<Key, TaskState<V>>()
  readonly workers: WorkerState<V>[]
  private readonly options: MachineOptions
  private readonly ready = new Heap<TaskState<V>>(comesBefore)
  /** Ready tasks that have seen a worker die: they run alone. */
  private suspects: TaskState<V>[] = []
  private readonly pace = new Pace()
  private order = 0
  private out: Instruction<V>[] = []

  constructor(workers: readonly WorkerState<V>[], options: MachineOptions) {
    this.workers = [...workers]
    this.options = options
  }

  handle(event: LocalEvent<V>): readonly Instruction<V>[] {
    this.out = []
    switch (event.type) {
      case 'submit':
        for (const task of event.tasks) this.add(task)
        this.want(event.client, event.wanted)
        for (const { key } of event.tasks) this.forgetIfUnused(this.tasks.get(key))
        break
      case 'want':
        this.want(event.client, event.keys)
        break
      case 'release':
        for (const key of event.keys) {
          const state = this.tasks.get(key)
          if (state === undefined) continue
          state.wanted &= ~event.client
          this.forgetIfUnused(state)
        }
        break
      case 'scatter':
        for (const { key, value, typename } of event.values) this.keep(event.client, key, value, typename)
        break
      case 'cancel':
        for (const key of event.keys) this.cancel(this.tasks.get(key), event.reason)
        break
      case 'cancel-all':
        for (const state of [...this.tasks.values()]) this.cancel(state, event.reason)
        break
      case 'retry':
        for (const key of event.keys) this.retry(this.tasks.get(key))
        break
      case 'outcomes':
        // To give something back is no sign of getting on.
        if (event.outcomes.some(({ result }) => result.status !== 'returned')) this.heard(event.worker, event.now)
        for (const outcome of event.outcomes) this.finish(event.worker, outcome)
        break
      case 'worker-up':
        event.worker.up = true
        this.heard(event.worker, event.now)
        break
      case 'worker-down':
        this.lose(event.worker, event.reason)
        break
      case 'client-gone':
        for (const state of [...this.tasks.values()]) {
          state.wanted &= ~event.client
          this.forgetIfUnused(state)
        }
        break
      case 'tick':
        this.recallStalled(event.now)
        break
      default:
        event satisfies never
    }
    this.assign()
    return this.out
  }

  /** Whether time matters: some worker may have to give back what it has not begun. */
  get needsTicks(): boolean {
    return (
      this.ready.size === 0 &&
      this.workers.some((w) => w.up && w.running.size === 0) &&
      this.workers.some((w) => w.up && !w.recalled && w.running.size > w.nthreads)
    )
  }

  // ── keys ──

  private add(task: NewTask<V>): void {
    if (this.tasks.has(task.key)) {
      this.out.push({ do: 'drop', value: task.args })
      return
    }
    const dependencies: TaskState<V>[] = []
    let lost: Key | undefined
    for (const key of task.dependencies) {
      const dependency = this.tasks.get(key)
      if (dependency === undefined) lost ??= key
      else dependencies.push(dependency)
    }
    const { retries = 0, priority = 0 } = task.options
    const state = this.newState(task.key, task, dependencies, retries, priority)
    if (lost !== undefined) {
      this.fail(
        state,
        refusal(`its input ${lost} is not there any more`, 'Submit what makes it again.', 'missing-input'),
      )
      return
    }
    const stranger = strangerOf(task, this.workers)
    if (stranger !== undefined) {
      this.fail(state, refusal(`there is no worker ${stranger}`, 'client.schedulerInfo() lists them.', 'no-worker'))
      return
    }
    for (const dependency of dependencies) (dependency.dependents ??= new Set()).add(state)
    this.start(state)
  }

  private newState(
    key: Key,
    task: NewTask<V> | undefined,
    dependencies: readonly TaskState<V>[],
    retries: number,
    priority: number,
  ): TaskState<V> {
    const state = newTaskState(key, task, dependencies, { retries, priority, order: this.order++ })
    this.tasks.set(key, state)
    return state
  }

  /** From the beginning: counts the inputs that are missing. */
  private start(state: TaskState<V>): void {
    state.missing = 0
    for (const dependency of state.dependencies) {
      if (dependency.status === 'erred') {
        this.fail(state, dependency.failure!)
        return
      }
      if (dependency.status !== 'memory') state.missing++
    }
    state.status = 'waiting'
    if (state.missing === 0) this.makeReady(state)
  }

  private makeReady(state: TaskState<V>): void {
    state.status = 'ready'
    const { workers, allowOtherWorkers } = state.task!.options
    if (state.deaths > 0) this.suspects.push(state)
    else if (workers !== undefined && workers.length > 0 && !allowOtherWorkers) {
      for (const w of this.workers) if (workers.some((name) => isCalled(w, name))) w.own.push(state)
    } else this.ready.push(state)
  }

  private want(client: number, keys: readonly Key[]): void {
    for (const key of keys) {
      const state = this.tasks.get(key)
      if (state === undefined) {
        this.tell(client, { type: 'cancelled', keys: [key], reason: 'there is no such key' })
        continue
      }
      state.wanted |= client
      if (state.status === 'memory') this.tell(client, { type: 'memory', key, typename: state.typename })
      else if (state.status === 'erred') this.tell(client, { type: 'erred', key, failure: state.failure! })
    }
  }

  private keep(client: number, key: Key, value: V, typename: string): void {
    const before = this.tasks.get(key)
    if (before !== undefined) {
      // Equal keys are equal values; one that a task is to make is there now.
      before.wanted |= client
      if (before.status === 'memory') this.out.push({ do: 'drop', value })
      else this.store(before, value, typename, '')
      return
    }
    const state = this.newState(key, undefined, [], 0, 0)
    state.wanted = client
    this.store(state, value, typename, '')
  }

  private forgetIfUnused(state: TaskState<V> | undefined): void {
    if (state === undefined || !isUnused(state)) return
    // Chains may be longer than the stack is deep.
    const unused = [state]
    for (let next = unused.pop(); next !== undefined; next = unused.pop()) this.forget(next, unused)
  }

  /** Forgets one; those that only it had needed are added to `unused`. */
  private forget(state: TaskState<V>, unused: TaskState<V>[]): void {
    const { status } = state
    state.status = 'forgotten'
    this.tasks.delete(state.key)
    if (state.value !== undefined) this.out.push({ do: 'drop', value: state.value })
    state.value = undefined
    // Nobody hears of a task that still runs, but it does what it does with arguments and inputs that are its own.
    if (status === 'running' || status === 'memory') return
    if (state.task) this.out.push({ do: 'drop', value: state.task.args })
    this.letGo(state, unused)
  }

  /** The inputs of a task that has its value, or never will. */
  private letGo(state: TaskState<V>, unused: TaskState<V>[]): void {
    for (const dependency of state.dependencies) {
      if (dependency.dependents?.delete(state) && isUnused(dependency)) unused.push(dependency)
    }
  }

  // ── ends ──

  private store(state: TaskState<V>, value: V, typename: string, madeBy: string): void {
    state.status = 'memory'
    state.value = value
    state.typename = typename
    state.madeBy = madeBy
    if (state.wanted !== 0) this.tellAll(state, { type: 'memory', key: state.key, typename })
    const unused: TaskState<V>[] = []
    this.letGo(state, unused)
    if (state.task) this.out.push({ do: 'drop', value: state.task.args })
    for (const dependent of state.dependents ?? NOBODY) {
      if (dependent.status === 'waiting' && --dependent.missing === 0) this.makeReady(dependent)
    }
    for (const dependency of unused) this.forgetIfUnused(dependency)
    this.forgetIfUnused(state)
  }

  /** Inputs stay, for `retry`. */
  private fail(first: TaskState<V>, failure: Failure): void {
    const failed = [first]
    for (let state = failed.pop(); state !== undefined; state = failed.pop()) {
      state.status = 'erred'
      state.failure = failure
      this.tellAll(state, { type: 'erred', key: state.key, failure })
      for (const dependent of state.dependents ?? NOBODY) if (dependent.status === 'waiting') failed.push(dependent)
    }
  }

  private finish(worker: WorkerState<V>, { state, result, seconds }: TaskOutcome<V>): void {
    if (!worker.running.delete(state)) return
    worker.load -= state.expected
    if (worker.running.size === 0) worker.load = 0
    state.worker = undefined
    if (result.status === 'ok' || result.status === 'error') this.pace.note(state.task!.fn, seconds)
    if (state.status !== 'running') {
      if (result.status === 'ok') this.out.push({ do: 'drop', value: result.value })
      this.out.push({ do: 'drop', value: state.task!.args })
      const unused: TaskState<V>[] = []
      this.letGo(state, unused)
      for (const dependency of unused) this.forgetIfUnused(dependency)
      return
    }
    switch (result.status) {
      case 'ok':
        this.store(state, result.value, result.typename, worker.address)
        return
      case 'error':
        if (state.retries > 0) {
          state.retries--
          this.makeReady(state)
        } else {
          this.fail(state, { ...result.failure, worker: worker.address })
        }
        return
      case 'died':
        this.blame(state, worker, result.reason)
        return
      case 'returned':
        this.makeReady(state)
        return
      default:
        result satisfies never
    }
  }

  private blame(state: TaskState<V>, worker: WorkerState<V>, reason: string): void {
    state.deaths++
    if (state.deaths <= this.options.allowedFailures + state.retries) {
      this.makeReady(state)
      return
    }
    const times = state.deaths === 1 ? 'once' : `${state.deaths} times`
    this.fail(state, {
      name: 'KilledWorker',
      message: `The task "${state.key}" (${state.task!.fn.name}) was running when its worker died, ${times}; last: ${reason}`,
      stack: undefined,
      code: 'killed-worker',
      worker: worker.address,
    })
  }

  private lose(worker: WorkerState<V>, reason: string): void {
    worker.up = false
    worker.draining = false
    const had = [...worker.running]
    for (const state of had) this.finish(worker, { state, result: { status: 'died', reason }, seconds: 0 })
    worker.running.clear()
    worker.load = 0
  }

  /** With all that need it. */
  private cancel(first: TaskState<V> | undefined, reason: string): void {
    const all = first === undefined ? [] : [first]
    const seen = new Set(all)
    for (const state of seen) for (const dependent of state.dependents ?? NOBODY) seen.add(dependent)
    for (const state of [...seen].reverse()) {
      if (state.status === 'forgotten') continue
      if (state.worker !== undefined) this.out.push({ do: 'kill', worker: state.worker, task: state })
      this.tellAll(state, { type: 'cancelled', keys: [state.key], reason })
      state.wanted = 0
      for (const dependent of state.dependents ?? NOBODY) {
        if (dependent.worker === undefined) state.dependents!.delete(dependent)
      }
      this.forgetIfUnused(state)
    }
  }

  /** Runs again what has failed: the task, those inputs of it that had, and whoever failed because of one of these. */
  private retry(first: TaskState<V> | undefined): void {
    if (first?.status !== 'erred') return
    const again = new Set([first])
    for (const state of again) {
      for (const other of state.dependencies) if (other.status === 'erred') again.add(other)
      for (const other of state.dependents ?? NOBODY) if (other.status === 'erred') again.add(other)
    }
    const inOrder = [...again].sort((a, b) => a.order - b.order)
    for (const state of inOrder) {
      state.status = 'waiting'
      state.failure = undefined
      state.deaths = 0
      state.retries = state.task?.options.retries ?? 0
    }
    for (const state of inOrder) if (state.task) this.start(state)
  }

  // ── workers ──

  private heard(worker: WorkerState<V>, now: number): void {
    worker.active = now
    worker.recalled = false
  }

  private assign(): void {
    this.assignSuspects()
    const given = new Map<WorkerState<V>, TaskState<V>[]>()
    for (let worker = this.freest(); worker !== undefined; worker = this.freest()) {
      const tasks = given.get(worker) ?? []
      given.set(worker, tasks)
      if (!this.take(worker, tasks)) break
    }
    for (const [worker, tasks] of given) if (tasks.length > 0) this.out.push({ do: 'run', worker, tasks })
  }

  /** The worker with the least to do that may have more, and for which there is something. */
  private freest(): WorkerState<V> | undefined {
    let best: WorkerState<V> | undefined
    let least = Number.POSITIVE_INFINITY
    for (const worker of this.workers) {
      if (!worker.up || worker.draining) continue
      const { nthreads, running, load } = worker
      if (worker.recalled && running.size >= nthreads) continue
      if (running.size >= nthreads && (load >= AHEAD_SECONDS * nthreads || running.size >= AHEAD_TASKS * nthreads)) {
        continue
      }
      if (this.ready.size === 0 && (worker.own.size === 0 || this.head(worker.own) === undefined)) continue
      const share = load / nthreads
      if (share < least) {
        best = worker
        least = share
      }
    }
    return best !== undefined && (this.head(this.ready) ?? this.head(best.own)) !== undefined ? best : undefined
  }

  /** The first that is still ready: others have been taken elsewhere, or are no longer needed. */
  private head(heap: Heap<TaskState<V>>): TaskState<V> | undefined {
    for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
      if (first.status === 'ready' && first.deaths === 0) return first
      heap.pop()
    }
    return undefined
  }

  /** Adds to `tasks` the worker's share of what is ready; whether there was any. */
  private take(worker: WorkerState<V>, tasks: TaskState<V>[]): boolean {
    const { nthreads } = worker
    const up = this.workers.reduce((n, w) => n + (w.up && !w.draining ? 1 : 0), 0)
    const before = tasks.length
    const most = before + Math.max(nthreads, Math.ceil(this.ready.size / up)) + worker.own.size
    while (tasks.length < most && worker.running.size < AHEAD_TASKS * nthreads) {
      if (worker.load >= AHEAD_SECONDS * nthreads && worker.running.size >= nthreads) break
      const own = this.head(worker.own)
      const common = this.head(this.ready)
      const heap = own && (!common || comesBefore(own, common)) ? worker.own : this.ready
      const state = heap.pop()
      if (state === undefined) break
      this.give(worker, state)
      tasks.push(state)
    }
    return tasks.length > before
  }

  private give(worker: WorkerState<V>, state: TaskState<V>): void {
    state.status = 'running'
    state.worker = worker
    // Nobody knows how long a function takes that nobody has run: it counts as all that a thread may have.
    state.expected = this.pace.of(state.task!.fn) ?? AHEAD_SECONDS
    worker.running.add(state)
    worker.load += state.expected
  }

  private assignSuspects(): void {
    for (const worker of this.workers) if (worker.running.size === 0) worker.draining = false
    if (this.suspects.length === 0) return
    const left: TaskState<V>[] = []
    for (const state of this.suspects) {
      if (state.status !== 'ready') continue
      const worker = this.quietest(state)
      if (worker === undefined || worker.running.size > 0) left.push(state)
      else {
        this.give(worker, state)
        this.out.push({ do: 'run', worker, tasks: [state] })
      }
      // Nobody else comes along, or before.
      if (worker) worker.draining = true
    }
    this.suspects = left
  }

  private quietest(state: TaskState<V>): WorkerState<V> | undefined {
    const { workers, allowOtherWorkers } = state.task!.options
    const restricted = workers !== undefined && workers.length > 0 && !allowOtherWorkers
    let best: WorkerState<V> | undefined
    for (const worker of this.workers) {
      if (!worker.up || (worker.draining && worker.running.size > 0)) continue
      if (restricted && !workers.some((name) => isCalled(worker, name))) continue
      if (best === undefined || worker.running.size < best.running.size) best = worker
    }
    return best
  }

  private recallStalled(now: number): void {
    if (!this.needsTicks) return
    for (const worker of this.workers) {
      if (!worker.up || worker.recalled || worker.running.size <= worker.nthreads) continue
      if (now - worker.active < STALL) continue
      worker.recalled = true
      this.out.push({ do: 'recall', worker })
    }
  }

  // ── clients ──

  private tell(client: number, event: Extract<Instruction<V>, { do: 'tell' }>['event']): void {
    this.out.push({ do: 'tell', client, event })
  }

  private tellAll(state: TaskState<V>, event: Extract<Instruction<V>, { do: 'tell' }>['event']): void {
    for (let bits = state.wanted; bits !== 0; bits &= bits - 1) this.tell(bits & -bits, event)
  }
}
