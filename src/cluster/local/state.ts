/** What the dispatcher (machine.ts) knows, hears and says. `V` is a value as its owner keeps it: opaque here. */

import type { BackendEvent } from '../backend.ts'
import type { Failure, Key, TaskOptions } from '../task.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { Heap } from './heap.ts'

export interface NewTask<V> {
  readonly key: Key
  readonly fn: TravellingFunction
  readonly args: V
  readonly dependencies: readonly Key[]
  readonly options: TaskOptions
}

/**
 * `waiting`: for its inputs; `ready`: for a worker; `running`: given to one, begun or not; then one of the ends. A
 * `forgotten` task may still run: nobody hears of it.
 */
export type Status = 'waiting' | 'ready' | 'running' | 'memory' | 'erred' | 'forgotten'

export interface TaskState<V> {
  readonly key: Key
  /** Undefined for what was scattered. */
  readonly task: NewTask<V> | undefined
  status: Status
  readonly dependencies: readonly TaskState<V>[]
  /** Those that need its value and have none themselves. */
  dependents: Set<TaskState<V>> | undefined
  /** Inputs that are not there yet. */
  missing: number
  /** Bits of the clients that want it. */
  wanted: number
  value: V | undefined
  typename: string
  failure: Failure | undefined
  worker: WorkerState<V> | undefined
  /** Where its value was made, for people. */
  madeBy: string
  /** Workers that died while they had it. */
  deaths: number
  retries: number
  readonly priority: number
  readonly order: number
  /** Seconds that it is expected to take, while it counts against a worker. */
  expected: number
}

export interface WorkerState<V> {
  readonly address: string
  readonly name: string
  readonly nthreads: number
  up: boolean
  readonly running: Set<TaskState<V>>
  /** Seconds of work that it has been given. */
  load: number
  /** Ready tasks that only some workers may run. */
  readonly own: Heap<TaskState<V>>
  /** It gets nothing more until it is idle, for a task that must run alone. */
  draining: boolean
  /** Milliseconds: when it was last given something or gave something back. */
  active: number
  recalled: boolean
}

export type TaskResult<V> =
  | { readonly status: 'ok'; readonly value: V; readonly typename: string }
  | { readonly status: 'error'; readonly failure: Failure }
  | { readonly status: 'died'; readonly reason: string }
  /** Not begun: somebody else may have it. */
  | { readonly status: 'returned' }

export interface TaskOutcome<V> {
  readonly state: TaskState<V>
  readonly result: TaskResult<V>
  /** Seconds of the run alone. */
  readonly seconds: number
}

export type LocalEvent<V> =
  | {
      readonly type: 'submit'
      readonly client: number
      readonly tasks: readonly NewTask<V>[]
      readonly wanted: readonly Key[]
    }
  | { readonly type: 'want'; readonly client: number; readonly keys: readonly Key[] }
  | { readonly type: 'release'; readonly client: number; readonly keys: readonly Key[] }
  | {
      readonly type: 'scatter'
      readonly client: number
      readonly values: readonly { readonly key: Key; readonly value: V; readonly typename: string }[]
    }
  | { readonly type: 'cancel'; readonly keys: readonly Key[]; readonly reason: string }
  | { readonly type: 'retry'; readonly keys: readonly Key[] }
  | {
      readonly type: 'outcomes'
      readonly worker: WorkerState<V>
      readonly outcomes: readonly TaskOutcome<V>[]
      readonly now: number
    }
  | { readonly type: 'worker-up'; readonly worker: WorkerState<V>; readonly now: number }
  /** The whole worker is gone, and all it had. */
  | { readonly type: 'worker-down'; readonly worker: WorkerState<V>; readonly reason: string; readonly now: number }
  | { readonly type: 'client-gone'; readonly client: number }
  | { readonly type: 'cancel-all'; readonly reason: string }
  /** Time goes by; `now` in milliseconds. */
  | { readonly type: 'tick'; readonly now: number }

export type Instruction<V> =
  | { readonly do: 'run'; readonly worker: WorkerState<V>; readonly tasks: readonly TaskState<V>[] }
  | { readonly do: 'kill'; readonly worker: WorkerState<V>; readonly task: TaskState<V> }
  | { readonly do: 'recall'; readonly worker: WorkerState<V> }
  | { readonly do: 'tell'; readonly client: number; readonly event: BackendEvent }
  /** Nobody needs the value of the task any more. */
  | { readonly do: 'drop'; readonly value: V }

export interface MachineOptions {
  readonly allowedFailures: number
}

export function newWorker<V>(address: string, name: string, nthreads: number): WorkerState<V> {
  return {
    address,
    name,
    nthreads,
    up: false,
    running: new Set(),
    load: 0,
    own: new Heap<TaskState<V>>(comesBefore),
    draining: false,
    active: 0,
    recalled: false,
  }
}

/** Larger priorities first, then in the order of submission. */
export const comesBefore = <V>(a: TaskState<V>, b: TaskState<V>): boolean =>
  a.priority === b.priority ? a.order < b.order : a.priority > b.priority

export function newTaskState<V>(
  key: Key,
  task: NewTask<V> | undefined,
  dependencies: readonly TaskState<V>[],
  { retries, priority, order }: { readonly retries: number; readonly priority: number; readonly order: number },
): TaskState<V> {
  return {
    key,
    task,
    status: 'waiting',
    dependencies,
    dependents: undefined,
    missing: 0,
    wanted: 0,
    value: undefined,
    typename: '',
    failure: undefined,
    worker: undefined,
    madeBy: '',
    deaths: 0,
    retries,
    priority,
    order,
    expected: 0,
  }
}

export const NOBODY: readonly never[] = []

export const isUnused = <V>(state: TaskState<V>): boolean =>
  state.wanted === 0 && state.status !== 'forgotten' && (state.dependents === undefined || state.dependents.size === 0)

export const isCalled = (worker: { readonly name: string; readonly address: string }, name: string): boolean =>
  worker.name === name || worker.address === name

/** Why a task cannot run here at all. */
export function refusal(why: string, remedy: string, code: string): Failure {
  return { name: 'TsumbaError', message: `The task cannot run: ${why}. Remedy: ${remedy}`, stack: undefined, code }
}

/** The workers that a task is kept to, where none of them is there. */
export function strangerOf<V>(
  { options: { workers, allowOtherWorkers } }: NewTask<V>,
  all: readonly WorkerState<V>[],
): string | undefined {
  if (workers === undefined || workers.length === 0 || allowOtherWorkers) return undefined
  return workers.some((name) => all.some((worker) => isCalled(worker, name))) ? undefined : workers.join(', ')
}
