/**
 * What the machine knows of a key. distributed's worker keeps one state for each task and needs `cancelled` and
 * `resumed` for a key that is wanted again while something old of it is under way. Here a task says only what is wanted
 * and what is held; jobs and transfers under way are records of their own, and one that nobody waits for any more is
 * `stale`: its result is thrown away, whoever wants the key meanwhile. A key may have been defined anew in between, so a
 * result of before would be a wrong number.
 *
 *     held                                       memory
 *     run, inputs missing                        waiting
 *     run, inputs held                           ready, or constrained where it needs resources
 *     run, on a thread                           executing
 *     no run, but a run waits or a copy is wanted flight, fetch (somebody holds it) or missing (nobody known does)
 *     none of these                              forgotten; cancelled while a stale job of it occupies a thread
 */

import type { Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import type { Spec, StealState } from './events.ts'

/** One request of the scheduler to compute a key. A new request makes a new run. */
export interface Run {
  readonly task: Task
  readonly id: number
  readonly spec: Spec
  readonly priority: readonly number[]
  /** Order of arrival: of equal priorities the earlier request is served first. */
  readonly serial: number
  readonly resources: Readonly<Record<string, number>>
  readonly inputs: readonly Task[]
  /** The inputs that are not held here; each has this run among its waiters. */
  readonly waitingFor: Set<Task>
  phase: 'waiting' | 'ready' | 'executing' | 'over'
  job: Job | undefined
  /** How many threads ended while running it. */
  deaths: number
}

/** A run on a thread. It keeps its thread until the thread is done, wanted or not. */
export interface Job {
  readonly id: number
  readonly run: Run
  /** Nobody wants the result any more. */
  stale: boolean
}

/** One request to another worker. */
export interface Transfer {
  readonly worker: string
  readonly keys: ReadonlySet<Key>
  readonly nbytes: number
}

/** How a value is held. */
export interface Held {
  readonly nbytes: number
  readonly typename: string
  place: 'memory' | 'spilling' | 'disk'
}

export interface Task {
  readonly key: Key
  run: Run | undefined
  held: Held | undefined
  /** The transfer that brings it. One that names the key but is not this one is stale: what it brings may be old. */
  transfer: Transfer | undefined
  /** The scheduler wants a copy here, whether or not a run reads it. */
  replica: boolean
  /** The scheduler wants the copy gone; it goes when the last reader is done. */
  unwanted: boolean
  /** Runs that read it and are not over. */
  readonly readers: Set<Run>
  /** Those of them that cannot start without it. */
  readonly waiters: Set<Run>
  /** Other workers that hold it. */
  readonly whoHas: Set<string>
  /** Bytes, as the scheduler says; used for what is not held yet. */
  nbytes: number
}

/** Bytes that Dask takes for a value of unknown size. */
const UNKNOWN_SIZE = 1000

export function newTask(key: Key): Task {
  return {
    key,
    run: undefined,
    held: undefined,
    transfer: undefined,
    replica: false,
    unwanted: false,
    readers: new Set(),
    waiters: new Set(),
    whoHas: new Set(),
    nbytes: UNKNOWN_SIZE,
  }
}

/** Its value is to come from another worker. */
export const isWanted = (task: Task): boolean =>
  task.held === undefined && task.run === undefined && (task.replica || task.waiters.size > 0)

/** Its value is to come from another worker, and no transfer is under way. */
export const isToFetch = (task: Task): boolean => task.transfer === undefined && isWanted(task)

export const isOver = (task: Task): boolean =>
  task.held === undefined && task.run === undefined && !task.replica && task.readers.size === 0

export const needsResources = (run: Run): boolean => {
  for (const _ in run.resources) return true
  return false
}

export type TaskState =
  | 'memory'
  | 'waiting'
  | 'ready'
  | 'constrained'
  | 'executing'
  | 'flight'
  | 'fetch'
  | 'missing'
  | 'forgotten'

/** Dask's name for where a task stands. */
export function stateOf(task: Task): TaskState {
  if (task.held) return 'memory'
  const run = task.run
  if (run) {
    if (run.phase === 'ready') return needsResources(run) ? 'constrained' : 'ready'
    return run.phase === 'executing' ? 'executing' : 'waiting'
  }
  if (!isWanted(task)) return 'forgotten'
  if (task.transfer) return 'flight'
  return task.whoHas.size > 0 ? 'fetch' : 'missing'
}

/**
 * Confirming states give the task away, others keep it. What this worker was never asked to compute it does not know:
 * the scheduler then assigns it anew.
 */
export function stealState(task: Task | undefined): StealState {
  const state = task ? stateOf(task) : 'forgotten'
  switch (state) {
    case 'memory':
    case 'waiting':
    case 'ready':
    case 'constrained':
    case 'executing':
      return state
    case 'flight':
    case 'fetch':
    case 'missing':
    case 'forgotten':
      return null
    default:
      return state satisfies never
  }
}

export const heldOf = (value: Encoded): Held => ({ nbytes: value.nbytes, typename: value.typename, place: 'memory' })
