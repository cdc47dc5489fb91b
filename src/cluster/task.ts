/** What every part of the cluster calls a task, whoever runs it. */

import type { Encoded } from './travel/encoded.ts'
import type { TravellingFunction } from './travel/functions.ts'

export type Key = string

/** Dask's annotations; what a back end cannot do it refuses (backend.ts, capabilities). */
export interface TaskOptions {
  /** How often a task that throws, or whose worker dies, is tried again before it counts as failed. */
  readonly retries?: number
  /** Larger runs earlier; 0 unless told. */
  readonly priority?: number
  /** Names or addresses of the workers that may run it. */
  readonly workers?: readonly string[]
  /** `workers` is a preference only. */
  readonly allowOtherWorkers?: boolean
  /** Amounts that the worker must have free: `{ GPU: 1 }`. */
  readonly resources?: Readonly<Record<string, number>>
  /** The same function of the same arguments is the same task: its key is their hash. */
  readonly pure?: boolean
}

export interface Task {
  readonly key: Key
  readonly fn: TravellingFunction
  /** The list of arguments; where a future stood there is a reference to its key (travel/encoded.ts). */
  readonly args: Encoded
  /** The keys that `args` refers to, each once. */
  readonly dependencies: readonly Key[]
  readonly options: TaskOptions
}

/** A task's error as it travels: what the user threw, where, and on which worker. */
export interface Failure {
  /** The class of the error: `RangeError`. */
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** tsumba's word for it, such as `killed-worker`; undefined for what a task threw. */
  readonly code?: string | undefined
  readonly worker?: string | undefined
  readonly cause?: Failure | undefined
}
