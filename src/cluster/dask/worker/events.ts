/**
 * What the worker's machine hears and says: events in, instructions out (machine.ts). Values and specifications pass
 * through as they are; the machine never looks inside, so that tests need neither sockets nor threads.
 */

import type { Failure, Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'

/** What Dask calls a worker's status; only `running` takes new work. */
export type Status = 'running' | 'paused' | 'closing_gracefully'

/** What a task is, as far as the machine cares: it runs, or this worker cannot run it and says why. */
export type Spec<Work = unknown> =
  | { readonly kind: 'work'; readonly work: Work }
  | { readonly kind: 'refused'; readonly failure: Failure }

/** Addresses of the workers that hold a key, as the scheduler last knew. */
export type WhoHas = ReadonlyMap<Key, readonly string[]>
/** Bytes of each value. */
export type Sizes = ReadonlyMap<Key, number>

export type WorkerEvent =
  // From the scheduler's stream.
  | {
      readonly type: 'compute-task'
      readonly key: Key
      /** Names this attempt; the answer carries the same, or the scheduler takes it for an old one. */
      readonly runId: number
      /** Compared from the left; smaller runs earlier. */
      readonly priority: readonly number[]
      /** Of every key the task reads. */
      readonly whoHas: WhoHas
      readonly nbytes: Sizes
      readonly resources: Readonly<Record<string, number>>
      readonly spec: Spec
    }
  | { readonly type: 'free-keys'; readonly keys: readonly Key[] }
  | { readonly type: 'remove-replicas'; readonly keys: readonly Key[] }
  | { readonly type: 'acquire-replicas'; readonly whoHas: WhoHas; readonly nbytes: Sizes }
  | { readonly type: 'steal-request'; readonly key: Key; readonly stimulus: string }
  | { readonly type: 'cancel-compute'; readonly key: Key }
  | { readonly type: 'refresh-who-has'; readonly whoHas: WhoHas }
  | { readonly type: 'worker-status-change'; readonly status: Status }
  | { readonly type: 'remove-worker'; readonly worker: string }
  | { readonly type: 'close'; readonly reason: string; readonly restart: boolean }
  // From clients and the scheduler's calls.
  /** Values that a client sent here. */
  | { readonly type: 'scattered'; readonly values: ReadonlyMap<Key, Encoded> }
  // From the threads.
  | { readonly type: 'job-done'; readonly job: number; readonly value: Encoded; readonly times: Times }
  | { readonly type: 'job-failed'; readonly job: number; readonly failure: Failure; readonly times: Times }
  /** The thread that ran it is gone. */
  | { readonly type: 'job-died'; readonly job: number; readonly reason: string; readonly times: Times }
  /** It did not start: these inputs could not be read back from disk. */
  | { readonly type: 'job-unfed'; readonly job: number; readonly missing: readonly Key[] }
  // From other workers.
  | { readonly type: 'data-arrived'; readonly worker: string; readonly values: ReadonlyMap<Key, Encoded> }
  | { readonly type: 'peer-busy'; readonly worker: string }
  | { readonly type: 'peer-free'; readonly worker: string }
  | { readonly type: 'peer-lost'; readonly worker: string }
  /** It answered, but with nothing that can be read; asking again would not help. */
  | { readonly type: 'peer-unreadable'; readonly worker: string; readonly reason: string }
  // From the store of values and the clock.
  | { readonly type: 'spilled'; readonly key: Key }
  | { readonly type: 'spill-failed'; readonly key: Key }
  | { readonly type: 'loaded'; readonly key: Key }
  /** A value can no longer be read back. */
  | { readonly type: 'value-lost'; readonly key: Key }
  /** Bytes that the whole process occupies. */
  | { readonly type: 'memory'; readonly process: number }
  /** About once a second: ask again for what nobody seems to hold. */
  | { readonly type: 'tick' }

/** When a job ran, in seconds since 1970, and on which thread. */
export interface Times {
  readonly start: number
  readonly stop: number
  readonly thread: number
}

/** What a steal request is answered with; the scheduler knows no other words (it drops the task on any). */
export type StealState = 'ready' | 'waiting' | 'constrained' | 'executing' | 'memory' | null

/** To the scheduler, in this order; protocol.ts gives them their form on the wire. */
export type WorkerMessage =
  | {
      readonly op: 'task-finished'
      readonly key: Key
      readonly runId: number
      readonly nbytes: number
      readonly typename: string
      readonly times: Times | undefined
    }
  | {
      readonly op: 'task-erred'
      readonly key: Key
      readonly runId: number
      readonly failure: Failure
      readonly times: Times | undefined
    }
  | { readonly op: 'add-keys'; readonly keys: readonly Key[] }
  | { readonly op: 'release-worker-data'; readonly key: Key }
  | { readonly op: 'request-refresh-who-has'; readonly keys: readonly Key[] }
  | { readonly op: 'steal-response'; readonly key: Key; readonly state: StealState; readonly stimulus: string }
  | { readonly op: 'worker-status-change'; readonly status: Status }

export type Instruction =
  | { readonly do: 'send'; readonly message: WorkerMessage }
  /** Run it on a thread; its inputs are in the store, some of them perhaps on disk. */
  | {
      readonly do: 'run'
      readonly job: number
      readonly key: Key
      readonly work: unknown
      readonly inputs: readonly Key[]
    }
  /** Ask another worker for values; one request for each worker at a time. */
  | { readonly do: 'fetch'; readonly worker: string; readonly keys: readonly Key[] }
  /** Tell `peer-free` after a pause. */
  | { readonly do: 'retry-later'; readonly worker: string }
  | { readonly do: 'store'; readonly key: Key; readonly value: Encoded }
  | { readonly do: 'drop'; readonly key: Key }
  /** Write a value to disk, then let go of its memory. */
  | { readonly do: 'spill'; readonly key: Key }
  /** End; without `restart` the nanny, if there is one, ends too. */
  | { readonly do: 'close'; readonly reason: string; readonly restart: boolean }
