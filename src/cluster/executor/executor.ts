/**
 * Runs tasks on threads of this process, away from the thread that talks to others. Shared by LocalCluster's workers and
 * the Dask worker; it knows nothing of either. Values that tasks share lie in shared memory and are handed over as they
 * are; a task that may write into an input (travel/readonly.ts) gets a copy.
 *
 * Laws: every job has exactly one outcome, unless it is recalled; a thread that dies (process.exit, out of memory) ends
 * its job with `died` and is replaced; after `close` no thread is left.
 *
 * `startExecutor` (threads.ts) makes one.
 */

import type { Failure, Key } from '../task.ts'
import type { Encoded, FrameLike } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'

export interface Job {
  readonly id: number
  readonly key: Key
  readonly fn: TravellingFunction
  readonly args: Encoded
  /** The values that `args` refers to. */
  readonly inputs: ReadonlyMap<Key, Encoded>
}

export interface Outcome<F extends FrameLike = Uint8Array> {
  readonly id: number
  readonly result:
    | { readonly status: 'ok'; readonly value: Encoded<F> }
    | { readonly status: 'error'; readonly failure: Failure }
    /** The thread is gone: nobody knows how far the task came. */
    | { readonly status: 'died'; readonly reason: string }
  /** Seconds since 1970, of the run alone. */
  readonly start: number
  readonly stop: number
  /** Which thread ran it, a small number. */
  readonly thread: number
}

export interface Executor {
  readonly nthreads: number
  /** Threads that have nothing to do. */
  readonly idle: number
  run(jobs: readonly Job[]): void
  listen(listener: (outcomes: readonly Outcome[]) => void): void
  /** Ends the thread that runs the job, or drops it where it has not begun: its outcome is `died`. */
  kill(id: number): void
  /** Takes back the jobs that have not begun: they have no outcome here. */
  recall(): readonly Job[]
  close(): Promise<void>
}

export interface ExecutorOptions {
  readonly nthreads: number
  /** Threads that each task may use for loops of its own (`parallel`): cores by task threads, where not told. */
  readonly loopThreads?: number | undefined
  /** Bytes of JavaScript heap for each thread; typed arrays do not count. */
  readonly heapLimit?: number | undefined
}
