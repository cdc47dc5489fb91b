/**
 * Workers on this machine, with nothing to install. It runs tasks, no more: what Dask's scheduler does for many machines
 * (replicas, stealing, being reached by other programs) is not here.
 */

import { availableParallelism } from 'node:os'
import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'
import { Client } from '../client/client.ts'
import { ClusterCore } from './core.ts'
import { ALLOWED_FAILURES } from './machine.ts'
import { ProcessWorker } from './processes.ts'
import { FileStore, SharedStore, type Store } from './store.ts'
import { ThreadsWorker } from './threads.ts'
import type { LocalWorker, WorkerListener } from './worker.ts'

export interface LocalClusterOptions {
  /** Workers; as many as there are cores, divided by the threads of each, unless told. */
  readonly workers?: number | undefined
  /** Tasks that a worker runs at a time; 1 unless told. */
  readonly threadsPerWorker?: number | undefined
  /** Workers are processes of their own, which may die without harm to this one. Default: threads of this process. */
  readonly processes?: boolean | undefined
  /** Bytes for each worker: `2e9`, `'2GB'`, `'512MiB'`. A worker that needs more is ended, and its task tried again. */
  readonly memoryLimit?: number | string | undefined
  /** How often a task's worker may die before the task is given up; 3 unless told. */
  readonly allowedFailures?: number | undefined
}

let made = 0

export class LocalCluster implements AsyncDisposable {
  readonly #core: ClusterCore

  private constructor(core: ClusterCore) {
    this.#core = core
  }

  /** @throws TsumbaError `option`, `no-worker` */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const { processes = false } = options
    const nthreads = count(options.threadsPerWorker ?? 1, 'threadsPerWorker')
    const cores = availableParallelism()
    const workers = count(options.workers ?? Math.max(1, Math.floor(cores / nthreads)), 'workers')
    const memoryLimit = options.memoryLimit === undefined ? undefined : bytesOf(options.memoryLimit)
    const name = `${PACKAGE}-${process.pid}-${Date.now().toString(36)}-${made++}`
    const loopThreads = Math.max(1, Math.floor(cores / (workers * nthreads)))
    const executor = { nthreads, loopThreads, heapLimit: memoryLimit && memoryLimit / nthreads }
    const store: Store = processes ? new FileStore(name) : new SharedStore()
    const start = (worker: string, listener: WorkerListener): Promise<LocalWorker> =>
      processes
        ? ProcessWorker.start(`worker${worker}`, { ...executor, memoryLimit, folders: store.folders }, listener)
        : ThreadsWorker.start(executor, listener)
    const core = new ClusterCore({
      kind: processes ? 'processes' : 'threads',
      address: `local://${name}`,
      workers,
      nthreads,
      memoryLimit,
      allowedFailures: options.allowedFailures ?? ALLOWED_FAILURES,
      store,
      start,
    })
    try {
      await core.start()
    } catch (error) {
      await core.close()
      throw error
    }
    return new LocalCluster(core)
  }

  get address(): string {
    return this.#core.address
  }

  /** A client of this cluster. Closing it leaves the cluster as it is. */
  async connect(options: { readonly name?: string | undefined } = {}): Promise<Client> {
    return Client.over(this.#core.session(), options)
  }

  /** Ends all workers; their tasks are cancelled. Nothing of it is left on the machine. */
  close(): Promise<void> {
    return this.#core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function count(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1024) return value
  throw new TsumbaError(
    `LocalCluster's option \`${name}\` is ${String(value)}. Remedy: a whole number from 1 on.`,
    'option',
  )
}

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30 }

/** `2e9`, `'2GB'`, `'512 MiB'` → bytes. */
export function bytesOf(size: unknown): number {
  const [, digits, unit] = /^\s*([\d.]+)\s*([kmgt]?i?)b?\s*$/i.exec(String(size)) ?? []
  const bytes = typeof size === 'number' ? size : Number(digits) * (UNITS[unit?.toLowerCase() ?? '?'] ?? NaN)
  if (bytes >= 1e6 && bytes < Infinity) return bytes
  throw new TsumbaError(
    `A memory limit is ${JSON.stringify(size)}. Remedy: bytes as a number, or a text such as '2GB' or '512MiB'.`,
    'option',
  )
}
