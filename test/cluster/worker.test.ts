/** Our workers on stock schedulers, as users start them. */

import { readdirSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Client } from '../../src/cluster/client/client.ts'
import { connectDask } from '../../src/cluster/dask/client/index.ts'
import { environment, type Scheduler, startScheduler, VERSIONS, type Version } from './support/python.ts'
import {
  childrenOf,
  isAlive,
  type NodeWorker,
  type NodeWorkerOptions,
  noChildren,
  startWorker,
} from './support/worker.ts'

// Real schedulers on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000 })

const ONE_VERSION = 'versions do not differ in it: tested with the newest'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(Object.keys(VERSIONS) as Version[])('a worker on Dask %s', (version) => {
  let missing: string | undefined
  let scheduler: Scheduler
  let client: Client
  const workers: NodeWorker[] = []

  beforeAll(async () => {
    const found = await environment(version)
    if ('missing' in found) missing = found.missing
    else scheduler = await startScheduler(found.environment, { config: { 'distributed.scheduler.validate': true } })
  }, 600_000)
  afterAll(async () => {
    await scheduler?.stop()
  })
  afterEach(async () => {
    await client?.close()
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  })

  const start = async (options?: NodeWorkerOptions) => {
    const worker = await startWorker(scheduler.address, options)
    workers.push(worker)
    return worker
  }
  const connect = async () => {
    client = Client.over(await connectDask(scheduler.address))
    return client
  }

  it('shows with its name, threads, memory and resources', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const worker = await start({ name: 'alice', nthreads: 2, memoryLimit: '1GiB', resources: 'GPU=1' })
    await connect()
    const { workers: shown } = await client.schedulerInfo()
    expect(shown).toMatchObject([
      {
        address: worker.address,
        name: 'alice',
        nthreads: 2,
        memoryLimit: 2 ** 30,
        language: 'node',
        pid: worker.process.pid,
      },
    ])
    expect(shown[0]!.resources).toMatchObject({ GPU: 1 })
  })

  it('runs what depends on each other, with arrays', async (ctx) => {
    if (missing) return ctx.skip(missing)
    await Promise.all([start({ nthreads: 2 }), start({ nthreads: 2 })])
    await connect()
    const make = (n: number) => Float64Array.from({ length: n }, (_, i) => i)
    const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0)
    const parts = client.map(make, [10, 100, 1000, 100_000])
    const sums = client.map(sum, parts)
    expect(await client.gather(sums)).toEqual([45, 4950, 499_500, 4_999_950_000])
    expect(await client.submit((...all: number[]) => all.length, ...sums)).toBe(4)
  })

  it('that dies in a task leaves it to another', async (ctx) => {
    if (missing) return ctx.skip(missing)
    if (version !== 'newest') return ctx.skip(ONE_VERSION)
    const [first, second] = await Promise.all([start(), start()])
    await connect()
    const slow = async (ms: number) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return process.pid
    }
    const future = client.with({ workers: [first.address, second.address] }).submit(slow, 1500)
    await sleep(700)
    const processing = await processingOn(scheduler, future.key)
    const victim = [first, second].find(({ address }) => address === processing)!
    victim.signal('SIGKILL')
    const survivor = victim === first ? second : first
    expect(await future.result({ timeout: 40 })).toBe(survivor.process.pid)
  })

  it('that dies with values has them computed anew', async (ctx) => {
    if (missing) return ctx.skip(missing)
    if (version !== 'newest') return ctx.skip(ONE_VERSION)
    const [first, second] = await Promise.all([start(), start()])
    await connect()
    const held = client
      .with({ workers: [first.address], allowOtherWorkers: true })
      .submit((n: number) => new Float64Array(n).fill(process.pid), 1000)
    await held.result()
    first.signal('SIGKILL')
    await first.exited
    const [pid, length] = await client.submit((x: Float64Array) => [x[0]!, x.length], held).result({ timeout: 40 })
    expect([pid, length]).toEqual([second.process.pid, 1000])
  })

  it('leaves in order on SIGTERM: its values move first', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const [first, second] = await Promise.all([start(), start()])
    await connect()
    const [held] = await client.scatter([Float64Array.of(1, 2, 3)], { workers: [first.address] })
    first.signal('SIGTERM')
    expect(await first.exited).toBe(0)
    expect(readdirSync(first.folder)).toEqual([])
    expect([...(await client.whoHas([held!])).values()]).toEqual([[second.address]])
    expect(await held!.result()).toEqual(Float64Array.of(1, 2, 3))
  })

  it('whose thread is ended by a task goes on, and its values with it', async (ctx) => {
    if (missing) return ctx.skip(missing)
    if (version !== 'newest') return ctx.skip(ONE_VERSION)
    const worker = await start({ nthreads: 2 })
    await connect()
    const [held] = await client.scatter([[1, 2, 3]])
    const ended = client.submit(() => process.exit(3))
    await expect(ended.result({ timeout: 40 })).rejects.toMatchObject({
      code: 'killed-worker',
      message: expect.stringMatching(/ended its thread 4 times.*exit/s),
    })
    expect(await client.submit((x: number[]) => [x.length, process.pid], held!)).toEqual([3, worker.process.pid])
  })

  it('under a nanny is started again when it dies, and a task that kills it is given up by name', async (ctx) => {
    if (missing ?? noChildren) return ctx.skip((missing ?? noChildren)!)
    const worker = await start({ nanny: true })
    await connect()
    const poison = client.with({ key: 'poison' }).submit(() => process.kill(process.pid, 'SIGKILL'))
    await expect(poison.result({ timeout: 40 })).rejects.toMatchObject({
      code: 'killed-worker',
      message: expect.stringContaining('poison'),
    })
    expect(await client.submit((a: number, b: number) => a + b, 1, 2).result({ timeout: 40 })).toBe(3)
    const [child] = childrenOf(worker.process.pid!)
    worker.signal('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(isAlive(child!)).toBe(false)
    expect(readdirSync(worker.folder)).toEqual([])
  })

  it('under a nanny is restarted by a client', async (ctx) => {
    if (missing ?? noChildren) return ctx.skip((missing ?? noChildren)!)
    const worker = await start({ nanny: true })
    const [before] = childrenOf(worker.process.pid!)
    await connect()
    await client.restart({ timeout: 40 })
    await worker.joined(2)
    const [after] = childrenOf(worker.process.pid!)
    expect(isAlive(before!)).toBe(false)
    expect(after).not.toBe(before)
    expect(await client.submit(() => process.pid).result({ timeout: 40 })).toBe(after)
  })
})

async function processingOn(scheduler: Scheduler, key: string): Promise<string | undefined> {
  const { Pool } = await import('../../src/cluster/dask/wire/pool.ts')
  const pool = new Pool({})
  try {
    const answer = (await pool.call(scheduler.address, { op: 'processing' })) as Record<string, string[]>
    return Object.entries(answer).find(([, keys]) => keys.includes(key))?.[0]
  } finally {
    pool.close()
  }
}
