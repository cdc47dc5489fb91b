/** What a worker of ours does not do, or not always: wrong certificates, Python's tasks, full memory, no scheduler. */

import { readdirSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Client } from '../../src/cluster/client/client.ts'
import { connectDask } from '../../src/cluster/dask/client/index.ts'
import { failureOf } from '../../src/cluster/dask/failures.ts'
import { registerClient, updateGraph } from '../../src/cluster/dask/protocol.ts'
import { connect as open } from '../../src/cluster/dask/wire/connect.ts'
import type { Message } from '../../src/cluster/dask/wire/message.ts'
import { Pool } from '../../src/cluster/dask/wire/pool.ts'
import { travelling } from '../../src/cluster/travel/functions.ts'
import { encode } from '../../src/cluster/travel/values.ts'
import { cli } from '../cli/cli.ts'
import { type Certificates, makeCertificates, noOpenssl } from './support/certificates.ts'
import {
  type Environment,
  environment,
  python,
  type Scheduler,
  startPythonWorker,
  startScheduler,
} from './support/python.ts'
import {
  childrenOf,
  isAlive,
  launchWorker,
  type NodeWorker,
  type NodeWorkerOptions,
  noChildren,
  startWorker,
} from './support/worker.ts'

// Real schedulers on a machine that does other things too.
vi.setConfig({ testTimeout: 90_000 })

let missing: string | undefined
let dask: Environment
const workers: NodeWorker[] = []
const after: (() => unknown)[] = []

beforeAll(async () => {
  const found = await environment('newest')
  if ('missing' in found) missing = found.missing
  else dask = found.environment
}, 600_000)
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  for (const undo of after.splice(0).reverse()) await undo()
})

async function scheduler(options?: Parameters<typeof startScheduler>[1]): Promise<Scheduler> {
  const started = await startScheduler(dask, options)
  after.push(() => started.stop())
  return started
}

async function start(address: string, options?: NodeWorkerOptions): Promise<NodeWorker> {
  const worker = await startWorker(address, options)
  workers.push(worker)
  return worker
}

async function connect(address: string, options?: Parameters<typeof connectDask>[1]): Promise<Client> {
  const client = Client.over(await connectDask(address, options))
  after.push(() => client.close())
  return client
}

describe('TLS', () => {
  let own: Certificates
  let strange: Certificates
  const noTls = noOpenssl()
  beforeAll(() => {
    if (noTls) return
    own = makeCertificates()
    strange = makeCertificates()
  })
  afterAll(() => {
    own?.remove()
    strange?.remove()
  })

  it('lets in workers with certificates of the authority, and none without', async (ctx) => {
    if (missing ?? noTls) return ctx.skip((missing ?? noTls)!)
    const { address } = await scheduler({ tls: own.tls })
    const joined = await start(address, { tls: own.tls, nanny: true })
    expect(joined.address).toMatch(/^tls:/)
    const client = await connect(address, { tls: own.tls })
    expect(await client.submit((x: number) => x * 2, 21).result({ timeout: 20 })).toBe(42)

    const files = (of: Certificates) => ['--tls-ca-file', of.tls.ca, '--tls-cert', of.tls.cert, '--tls-key', of.tls.key]
    const wrong = cli('worker', address, ...files(strange), '--no-nanny')
    expect(wrong.status).toBe(1)
    expect(wrong.err).toMatch(/do not accept each other's certificates.*Remedy: all of ca, cert and key/s)
    const none = cli('worker', address)
    expect(none.status).toBe(2)
    expect(none.err).toMatch(/needs certificates.*--tls-ca-file/)
    const plain = cli('worker', address.replace('tls', 'tcp'), '--no-nanny')
    expect(plain.status).toBe(1)
    expect(plain.err).toMatch(/or wants TLS.*Remedy: is it another port, or tls:/s)
  })
})

describe('the dashboard', () => {
  it('shows a worker, its threads and its tasks', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const { address, dashboard } = await scheduler({ dashboard: true })
    const worker = await start(address, { name: 'alice', nthreads: 3, memoryLimit: '1GiB' })
    const client = await connect(address)
    const [held] = await client.scatter([Float64Array.of(1, 2, 3)])
    await held!.result()
    const page = async (path: string) => (await fetch(`${dashboard}${path}`)).text()
    const list = await page('/info/main/workers.html')
    for (const text of ['alice', worker.address, '1.00 GiB']) expect(list).toContain(text)
    expect(JSON.parse(await page('/json/counts.json'))).toMatchObject({ workers: 1, cores: 3, tasks: 1 })
    expect(await page(`/info/worker/${encodeURIComponent(worker.address)}.html`)).toContain(held!.key)
  })
})

describe('Python', () => {
  it('tasks are refused by name', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const dasks = await scheduler()
    await start(dasks.address)
    const program = `
try:
    client.submit(sum, [1, 2], key='of-python').result(timeout=20)
except Exception as error:
    print(type(error).__name__, error)`
    expect(await python(dasks, program)).toMatch(
      /RuntimeError TsumbaError: Task 'of-python' came to a tsumba worker, which cannot run it.*Remedy/,
    )
  })

  it('workers refuse our tasks loudly', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const dasks = await scheduler()
    await startPythonWorker(dasks).then((worker) => after.push(() => worker.stop()))
    const work = { key: 'of-ours', fn: travelling((x: number) => x), args: encode([1]), dependencies: [], options: {} }
    const erred = await ended(dasks.address, [updateGraph({ tasks: [work], wanted: ['of-ours'], mixed: false })])
    expect(erred).toMatchObject({ op: 'task-erred', key: 'of-ours' })
    expect(failureOf(erred as Message).code).toBe('python-worker')
  })

  it('holders of values that only Python reads may leave: we keep them and hand them on', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const dasks = await scheduler()
    const theirs = await startPythonWorker(dasks, { name: 'theirs' })
    after.push(() => theirs.stop())
    await start(dasks.address, { name: 'ours' })
    const program = `
import fractions
future = client.submit(fractions.Fraction, 1, 3, workers=['theirs'], key='third')
wait(future)
client.retire_workers(names=['theirs'])
print(client.who_has(future)['third'] == (sys.argv[2],), future.result() == fractions.Fraction(1, 3))`
    expect(await python(dasks, program, { args: [workers[0]!.address] })).toBe('True True')
  })
})

describe('memory', () => {
  const MB = 2 ** 20

  it('past the target goes to disk, and comes back', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const { address } = await scheduler()
    const worker = await start(address, { memoryLimit: '640MiB', nthreads: 1 })
    const client = await connect(address)
    const count = 16
    const numbers = Array.from({ length: count }, (_, i) => i)
    const values = client.map((i: number) => new Float64Array(4 * 2 ** 20).fill(i), numbers)
    const ends = client.map((x: Float64Array) => [x[0]!, x.at(-1)!, x.length], values)
    expect(await client.gather(ends)).toEqual(numbers.map((i) => [i, i, 4 * MB]))
    const [folder] = readdirSync(worker.folder)
    expect(readdirSync(`${worker.folder}/${folder}`).length).toBeGreaterThan(2)
    await expect.poll(() => spilledOn(address, worker.address), { timeout: 10_000 }).toBeGreaterThan(64 * MB)
    // From disk to a client, and to a task with another input.
    expect((await values[0]!).length).toBe(4 * MB)
    const both = client.submit((a: Float64Array, b: Float64Array) => a[5]! + b[5]!, values[1]!, values[2]!)
    expect(await both.result({ timeout: 30 })).toBe(3)
    // It was never started again for its memory.
    expect(worker.output().match(/joined/g)).toHaveLength(1)
    worker.signal('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(readdirSync(worker.folder)).toEqual([])
  })
})

interface Identity {
  readonly workers: Record<string, { readonly metrics: { readonly spilled_bytes: { readonly disk: number } } }>
}

/** Bytes on disk, as the scheduler knows. */
async function spilledOn(scheduler: string, worker: string): Promise<number> {
  const pool = new Pool({})
  try {
    const answer = (await pool.call(scheduler, { op: 'identity', n_workers: -1 })) as Identity
    return answer.workers[worker]!.metrics.spilled_bytes.disk
  } finally {
    pool.close()
  }
}

describe('a nanny', () => {
  it('that is killed takes its worker along, in order', async (ctx) => {
    if (missing ?? noChildren) return ctx.skip((missing ?? noChildren)!)
    const { address } = await scheduler()
    const [first, second] = await Promise.all([start(address, { nanny: true }), start(address)])
    const client = await connect(address)
    const [held] = await client.scatter([[1, 2, 3]], { workers: [first.address] })
    const [child] = childrenOf(first.process.pid!)
    first.signal('SIGKILL')
    await expect.poll(() => isAlive(child!), { timeout: 20_000 }).toBe(false)
    expect([...(await client.whoHas([held!])).values()]).toEqual([[second.address]])
    expect(await held!.result()).toEqual([1, 2, 3])
  })
})

describe('a scheduler', () => {
  it.each([['--no-nanny'], []])('that is not there is said to be so in bounded time %j', (...argv) => {
    const started = performance.now()
    const done = cli('worker', 'tcp://127.0.0.1:1', '--death-timeout', '2', ...argv)
    expect(done.status).toBe(1)
    expect(done.err).toMatch(/tcp:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/)
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  it('does not take two workers of one name', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const { address } = await scheduler()
    await start(address, { name: 'taken' })
    const refused = launchWorker(address, { name: 'taken' })
    workers.push(refused)
    expect(await refused.exited).toBe(1)
    expect(refused.output()).toMatch(/refuses this worker: name taken, taken. Remedy: another --name/)
  })

  it('that goes away and comes back finds the workers of nannies again', async (ctx) => {
    if (missing) return ctx.skip(missing)
    const first = await scheduler()
    const worker = await start(first.address, { nanny: true })
    await first.stop()
    await scheduler({ port: Number(first.address.split(':').at(-1)) })
    await worker.joined(2)
    const client = await connect(first.address)
    expect(await client.submit((x: number) => x + 1, 1).result({ timeout: 20 })).toBe(2)
  })
})

/** Sends what a client sends, and returns the first message that says how a task ended. */
async function ended(address: string, messages: readonly unknown[]): Promise<unknown> {
  const comm = await open(address)
  after.push(() => comm.abort())
  comm.write({ op: 'versions', reply: true })
  comm.write(registerClient('a-client', await comm.read()))
  comm.write(messages)
  for (;;) {
    const list = (await comm.read()) as unknown as { op: string }[]
    const end = list.find(({ op }) => op === 'task-erred' || op === 'key-in-memory')
    if (end) return end
  }
}
