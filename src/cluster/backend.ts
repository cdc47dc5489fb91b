/**
 * What a Client talks to: this machine's threads or processes (local/), or a Dask scheduler (dask/). A back end runs
 * tasks and keeps values; futures, their counts and everything that users hold are the client's (client/).
 *
 * Laws: calls return at once, outcomes come as events, never before the call that asks for them returns; events of one
 * key come in order; after `release` of a key there are no more events of it; every promise settles in bounded time once
 * the back end is closed or lost. A task whose key is known already is not run again: who wants the key hears how it
 * ended. What arguments' frames hold counts as it is when `submit` is called: who sends later copies first.
 */

import type { Failure, Key, Task } from './task.ts'
import type { Encoded } from './travel/encoded.ts'
import type { TravellingFunction } from './travel/functions.ts'

/** What not every back end has. The common tests skip by these, with the reason. */
export type Capability =
  | 'resources'
  | 'actors'
  | 'coordination'
  | 'several-machines'
  | 'retire-workers'
  | 'restart'
  | 'python'
  | 'processes'

export type BackendEvent =
  | { readonly type: 'memory'; readonly key: Key; readonly typename: string }
  | { readonly type: 'erred'; readonly key: Key; readonly failure: Failure }
  /** The value is gone; the back end computes it again where it knows how. */
  | { readonly type: 'lost'; readonly key: Key }
  | { readonly type: 'cancelled'; readonly keys: readonly Key[]; readonly reason: string }
  | { readonly type: 'disconnected' }
  | { readonly type: 'reconnected' }

export interface TlsOptions {
  /** Files in PEM form, or their contents: the authority that both sides trust, and this side's certificate and key. */
  readonly ca: string | Uint8Array
  readonly cert: string | Uint8Array
  readonly key: string | Uint8Array
}

/** For `Client.connect`; dask/client/index.ts has `connectDask(address, options): Promise<Backend>`. */
export interface ConnectOptions {
  /** Needed for `tls://`, which every address that is not this machine's own has to be. */
  readonly tls?: TlsOptions | undefined
  /** Allows `tcp://` to other machines: whoever reaches the port can run code there. */
  readonly insecure?: boolean | undefined
  /** How the scheduler shows this client. */
  readonly name?: string | undefined
  /** Seconds to wait for the scheduler, now and after it went away; 30 unless told. */
  readonly timeout?: number | undefined
}

export interface ScatterOptions {
  readonly workers?: readonly string[] | undefined
  readonly broadcast?: boolean | undefined
  readonly direct?: boolean | undefined
}

export interface WorkerInfo {
  readonly address: string
  readonly name: string
  readonly nthreads: number
  /** Bytes; undefined: none set. */
  readonly memoryLimit: number | undefined
  readonly pid: number
  readonly resources: Readonly<Record<string, number>>
  /** `node` or `python`. */
  readonly language: string
}

export interface Backend {
  readonly kind: 'threads' | 'processes' | 'dask'
  readonly address: string
  readonly capabilities: ReadonlySet<Capability>
  /** One listener, set before the first call; it gets all events of a turn at once. */
  listen(listener: (events: readonly BackendEvent[]) => void): void

  /** Tasks in an order in which none comes before what it depends on; `wanted` are the keys that futures hold. */
  submit(tasks: readonly Task[], wanted: readonly Key[]): void
  /** Says that a future holds a key which somebody else may have made. */
  want(keys: readonly Key[]): void
  release(keys: readonly Key[]): void
  cancel(keys: readonly Key[], options: { readonly force: boolean; readonly reason: string }): Promise<void>
  retry(keys: readonly Key[]): Promise<void>

  /** Stores values under keys. A typed array is one value, copied once at most; the caller's is never detached. */
  scatter(values: ReadonlyMap<Key, unknown>, options: ScatterOptions): Promise<void>
  /** The values of keys in memory; keys whose value is not to be had are missing in the answer. */
  gather(keys: readonly Key[], options: { readonly direct?: boolean | undefined }): Promise<Map<Key, unknown>>

  /** Calls a function once on each of the workers, outside the order of tasks; by worker address. */
  run(fn: TravellingFunction, args: Encoded, workers?: readonly string[]): Promise<Map<string, unknown>>
  workers(): Promise<readonly WorkerInfo[]>
  whoHas(keys?: readonly Key[]): Promise<Map<Key, readonly string[]>>
  retireWorkers(workers: readonly string[]): Promise<readonly string[]>
  restart(options: { readonly timeout: number }): Promise<void>
  /** The rest of what the user may ask: actors, locks, queues: undefined where the capability is missing. */
  readonly actors?: ActorBackend | undefined
  readonly coordination?: CoordinationBackend | undefined
  /** Ends what it started; waits until no process, socket or file of it is left. */
  close(): Promise<void>
}

export interface ActorBackend {
  /** An object of a class that lives on one worker; `key` names it. */
  create(task: Task): void
  /** `dependencies`: the keys that `args` refers to. All of these are in memory, here as at `create`. */
  call(key: Key, method: string, args: Encoded, dependencies: readonly Key[]): Promise<unknown>
  get(key: Key, property: string): Promise<unknown>
}

/** Named things that clients share, as far as Dask's stock scheduler serves them. Timeouts in seconds. */
export interface CoordinationBackend {
  acquire(name: string, leases: number, timeout: number | undefined): Promise<string | undefined>
  releaseLease(name: string, id: string): Promise<void>
  eventSet(name: string): Promise<void>
  eventClear(name: string): Promise<void>
  eventWait(name: string, timeout: number | undefined): Promise<boolean>
  queuePut(name: string, value: Encoded, timeout: number | undefined): Promise<boolean>
  queueGet(name: string, timeout: number | undefined): Promise<unknown>
  queueSize(name: string): Promise<number>
  variableSet(name: string, value: Encoded, timeout: number | undefined): Promise<void>
  variableGet(name: string, timeout: number | undefined): Promise<unknown>
  variableDelete(name: string): Promise<void>
}
