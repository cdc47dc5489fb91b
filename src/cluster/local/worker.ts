/** A worker of a LocalCluster as the cluster sees it: threads of this process, or another process with threads. */

import type { Outcome } from '../executor/executor.ts'
import type { Frame } from '../executor/files.ts'
import type { Key } from '../task.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import type { Held } from './store.ts'

export interface LocalJob {
  readonly id: number
  readonly key: Key
  readonly fn: TravellingFunction
  readonly args: Held
  readonly inputs: ReadonlyMap<Key, Held>
}

export type LocalOutcome = Outcome<Frame>

export interface WorkerListener {
  /** It can run jobs, for the first time or again. */
  up(): void
  outcomes(outcomes: readonly LocalOutcome[]): void
  /** Jobs that it has not begun and does not have any more. */
  returned(ids: readonly number[]): void
  /** The worker is gone with all its jobs; another takes its place. */
  down(reason: string): void
  /** No worker can be had. */
  broken(reason: string): void
}

export interface LocalWorker {
  readonly pid: number
  run(jobs: readonly LocalJob[]): void
  kill(id: number): void
  /** An order to an actor (executor/actors.ts): its outcome is one among others. */
  order(job: LocalJob): void
  endActor(actor: number): void
  /** Answered by `returned`. */
  recall(): void
  /** Values that the worker may forget. */
  drop(held: Held): void
  /** Ends it at once and begins again; its jobs are gone without an outcome. */
  restart(): Promise<void>
  close(): Promise<void>
}
