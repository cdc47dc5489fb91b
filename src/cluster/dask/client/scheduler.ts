/** Calls to the scheduler, with their answers in our types. */

import { TsumbaError } from '../../../errors.ts'
import { PACKAGE } from '../../../types.ts'
import type { WorkerInfo } from '../../backend.ts'
import type { Key } from '../../task.ts'
import { keyOf } from '../keys.ts'
import { isOurs } from '../protocol.ts'
import type { Message } from '../wire/message.ts'
import type { CallOptions, Pool } from '../wire/pool.ts'

export class SchedulerCalls {
  readonly address: string
  readonly pool: Pool
  constructor(address: string, pool: Pool) {
    this.address = address
    this.pool = pool
  }

  async call(op: string, fields: Message = {}, options: CallOptions = {}): Promise<unknown> {
    return this.pool.call(this.address, { ...fields, op }, options)
  }

  async workers(options?: CallOptions): Promise<WorkerInfo[]> {
    const identity = (await this.call('identity', { n_workers: -1 }, options)) as { workers: Record<string, Message> }
    return Object.entries(identity.workers).map(([address, worker]) => infoOf(address, worker))
  }

  /** Where the values of keys are; of all keys where none are given. */
  async whoHas(keys?: readonly Key[]): Promise<Map<Key, readonly string[]>> {
    const answer = (await this.call('who_has', { keys: keys ?? null })) as Record<string, string[]>
    return new Map(Object.entries(answer))
  }

  /** Addresses of workers that take data. @throws where none does. */
  async running(wanted: readonly string[] | undefined): Promise<string[]> {
    const workers = wanted === undefined ? undefined : await this.addresses(wanted)
    const running = Object.keys((await this.call('ncores_running', { workers: workers ?? null })) as object)
    if (running.length === 0)
      throw new TsumbaError(
        `no worker is there to take the values. Remedy: start one with \`${PACKAGE} worker ADDRESS\``,
        'no-workers',
      )
    return running.sort()
  }

  /** Addresses of workers that are named by address or name. @throws for a name that no worker has. */
  async addresses(names: readonly string[]): Promise<string[]> {
    const workers = await this.workers()
    return names.map((name) => {
      const worker = workers.find((each) => each.address === name || each.name === name)
      if (worker === undefined)
        throw new TsumbaError(
          `there is no worker '${name}'. There are: ${
            workers
              .map((each) => each.name)
              .sort()
              .join(', ') || 'none'
          }`,
          'no-such-worker',
        )
      return worker.address
    })
  }

  /** Which of the keys of failed tasks are run again. */
  async retry(keys: readonly Key[], client: string): Promise<Key[]> {
    const answer = await this.call('retry', { keys, client })
    return Array.isArray(answer) ? answer.map(keyOf) : []
  }

  async retire(workers: readonly string[]): Promise<string[]> {
    const addresses = await this.addresses(workers)
    const answer = await this.call('retire_workers', { workers: addresses, close_workers: true, remove: true })
    return Object.keys((answer ?? {}) as object)
  }
}

function infoOf(address: string, worker: Message): WorkerInfo {
  const limit = worker['memory_limit']
  return {
    address,
    name: String(worker['name'] ?? address),
    nthreads: Number(worker['nthreads']),
    memoryLimit: typeof limit === 'number' && limit > 0 ? limit : undefined,
    pid: Number(worker['pid'] ?? 0),
    resources: (worker['resources'] as Record<string, number> | null) ?? {},
    language: isOurs(worker) ? 'node' : 'python',
  }
}
