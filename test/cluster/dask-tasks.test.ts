/** Clients and workers of ours on real schedulers, beside Python's; and schedulers that go away. */

import { createServer } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import type { Backend } from '../../src/cluster/backend.ts'
import { Client } from '../../src/cluster/client/client.ts'
import { DaskBackend } from '../../src/cluster/dask/client/backend.ts'
import { connectDask } from '../../src/cluster/dask/client/index.ts'
import { TESTED } from '../../src/cluster/dask/protocol.ts'
import { Server } from '../../src/cluster/dask/wire/server.ts'
import type { Task, TaskOptions } from '../../src/cluster/task.ts'
import { KEY } from '../../src/cluster/travel/encoded.ts'
import { travelling } from '../../src/cluster/travel/functions.ts'
import { encode } from '../../src/cluster/travel/values.ts'
import { makeCertificates, noOpenssl } from './support/certificates.ts'
import { Events } from './support/events.ts'
import {
  type Environment,
  environment,
  python,
  type Scheduler,
  startPythonWorker,
  startScheduler,
  VERSIONS,
  type Version,
} from './support/python.ts'
import { type NodeWorker, startWorker } from './support/worker.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A task that calls `fn` with the arguments; `{ [KEY]: key }` among them stands for a key's value. */
function task(key: string, fn: (...args: never[]) => unknown, args: unknown[] = [], options: TaskOptions = {}): Task {
  const dependencies = new Set<string>()
  const encoded = encode(args, { dependencies })
  return { key, fn: travelling(fn), args: encoded, dependencies: [...dependencies], options }
}

const ref = (key: string) => ({ [KEY]: key })
const one = () => 1
const sum = (...all: number[]) => all.reduce((a, b) => a + b, 0)

describe.each(Object.keys(VERSIONS) as Version[])('tasks on Dask %s', (version) => {
  let missing: string | undefined
  let scheduler: Scheduler
  const workers: NodeWorker[] = []
  const opened: Backend[] = []

  beforeAll(async () => {
    const found = await environment(version)
    if ('missing' in found) {
      missing = found.missing
      return
    }
    scheduler = await startScheduler(found.environment, { config: { 'distributed.scheduler.validate': true } })
    workers.push(
      ...(await Promise.all(['n1', 'n2'].map((name) => startWorker(scheduler.address, { name, resources: 'GPU=1' })))),
    )
  }, 600_000)
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((backend) => backend.close()))
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await scheduler?.stop()
  })

  async function backend(ctx: TestContext): Promise<{ backend: Backend; events: Events }> {
    if (missing) ctx.skip(missing)
    const made = await connectDask(scheduler.address)
    opened.push(made)
    return { backend: made, events: new Events(made) }
  }

  it('run by their own options within one graph', async (ctx) => {
    const { backend: b, events } = await backend(ctx)
    const name = () => process.pid
    b.submit(
      [
        task('o-1', name, [], { workers: ['n1'] }),
        task('o-2', name, [], { workers: [workers[1]!.address], priority: 5 }),
        task('o-gpu', one, [], { resources: { GPU: 1 } }),
        task('o-any', name, [], { workers: ['nobody'], allowOtherWorkers: true }),
        task('o-none', one, [], { resources: { FPGA: 1 } }),
        task('o-sum', sum, [ref('o-gpu'), ref('o-gpu'), 3], {}),
      ],
      ['o-1', 'o-2', 'o-sum', 'o-any', 'o-none'],
    )
    for (const key of ['o-1', 'o-2', 'o-sum', 'o-any']) await events.memory(key)
    const values = await b.gather(['o-1', 'o-2', 'o-sum', 'o-gpu'], {})
    expect([values.get('o-1'), values.get('o-2'), values.get('o-sum')]).toEqual([
      workers[0]!.process.pid,
      workers[1]!.process.pid,
      5,
    ])
    await sleep(200)
    expect(events.of('o-none')).toBeUndefined()
  })

  it('that fail tell what, where and on which worker, and run again when asked', async (ctx) => {
    const { backend: b, events } = await backend(ctx)
    const fail = () => {
      const seen = globalThis as { attempts?: number }
      seen.attempts = (seen.attempts ?? 0) + 1
      if (seen.attempts % 3 !== 0) throw new RangeError(`attempt ${seen.attempts}`, { cause: new TypeError('deeper') })
      return seen.attempts
    }
    b.submit([task('f', fail, [], { workers: ['n1'] }), task('f-after', sum, [ref('f')])], ['f', 'f-after'])
    const { failure } = await events.erred('f')
    expect(failure).toMatchObject({
      name: 'RangeError',
      message: 'attempt 1',
      cause: { name: 'TypeError', message: 'deeper' },
    })
    expect(failure.stack).toMatch(/RangeError: attempt 1\n\s+at/)
    expect(await events.erred('f-after')).toMatchObject({ failure: { message: 'attempt 1' } })
    const text = await python(
      scheduler,
      `
try: future('f').result(timeout=10)
except Exception as e: print(type(e).__name__, str(e).splitlines()[0])`,
    )
    expect(text).toBe('RuntimeError RangeError: attempt 1')
    await b.retry(['f'])
    await expect.poll(() => (events.of('f') as { failure?: { message: string } }).failure?.message).toBe('attempt 2')
    await b.retry(['f'])
    await events.memory('f')
    expect((await b.gather(['f'], {})).get('f')).toBe(3)
    b.submit([task('f2', fail, [], { workers: ['n2'], retries: 2 })], ['f2'])
    await events.memory('f2')
  })

  it('give values that move between all ways', async (ctx) => {
    const { backend: b, events } = await backend(ctx)
    const make = () => ({
      x: new Float64Array(50_000).fill(0.5),
      m: new Map([[1, undefined]]),
      c: new Uint8ClampedArray([3]),
    })
    const twist = (a: { x: Float64Array; m: Map<number, unknown> }, list: unknown) => [a.x.length, a.m, list, undefined]
    b.submit([task('v-make', make, [], { workers: ['n1'] })], ['v-make'])
    await b.scatter(new Map([['v-list', [1, { y: -0 }]]]), { workers: ['n1'] })
    b.submit([task('v-twist', twist, [ref('v-make'), ref('v-list')], { workers: ['n2'] })], ['v-twist'])
    await events.memory('v-twist')
    expect(events.of('v-make')).toMatchObject({ type: 'memory' })
    for (const direct of [true, false]) {
      const values = await b.gather(['v-make', 'v-twist'], { direct })
      expect(isDeepStrictEqual(values.get('v-make'), make())).toBe(true)
      expect(
        isDeepStrictEqual(values.get('v-twist'), [50_000, new Map([[1, undefined]]), [1, { y: -0 }], undefined]),
      ).toBe(true)
    }
  })

  it('are called on every worker at once by run', async (ctx) => {
    const { backend: b } = await backend(ctx)
    const where = (x: number) => ({ pid: process.pid, x })
    const all = await b.run(travelling(where), encode([4]))
    const pids = new Map(workers.map((worker) => [worker.address, { pid: worker.process.pid, x: 4 }]))
    expect(all).toEqual(pids)
    expect((await b.run(travelling(where), encode([4]), ['n2'])).size).toBe(1)
    const fails = () => {
      throw new SyntaxError('not so')
    }
    await expect(b.run(travelling(fails), encode([]))).rejects.toMatchObject({ name: 'SyntaxError', message: 'not so' })
  })

  it('share a cluster with Python’s, each on its own workers', { timeout: 90_000 }, async (ctx) => {
    if (missing) return ctx.skip(missing)
    const worker = await startPythonWorker(scheduler, { name: 'p1' })
    try {
      // Connected after the Python worker came, so that it is known.
      const { backend: b, events } = await backend(ctx)
      const languages = (await b.workers()).map(({ name, language }) => `${name} ${language}`).sort()
      expect(languages).toEqual(['n1 node', 'n2 node', 'p1 python'])
      const keys = Array.from({ length: 60 }, (_, i) => `mix-${i}`)
      const scale = (i: number) => Float64Array.of(i, i * i)
      b.submit(
        keys.map((key, i) => task(key, scale, [i])),
        keys,
      )
      const theirs = python(
        scheduler,
        `
fs = [client.submit(np.sum, future(k), workers=['p1'], key='py-' + k) for k in ${JSON.stringify(keys.slice(0, 20))}]
print(json.dumps([float(x) for x in client.gather(fs)]))
big = client.submit(lambda: {'a': np.arange(4.0), 'n': 3}, workers=['p1'], key='py-made')
wait(big)
from distributed import Event
Event('used').wait(20)`,
        { timeout: 60_000 },
      ).then(
        (text) => JSON.parse(text),
        (error) => error,
      )
      b.want(['py-made'])
      await events.memory('py-made')
      const total = (v: { a: Float64Array; n: number }) => v.a[3]! + v.n
      b.submit([task('ours-of-py', total, [ref('py-made')])], ['ours-of-py'])
      await events.memory('ours-of-py')
      expect((await b.gather(['ours-of-py'], {})).get('ours-of-py')).toBe(6)
      for (const key of keys) await events.memory(key)
      const holders = new Set([...(await b.whoHas(keys)).values()].flat())
      await b.coordination!.eventSet('used')
      expect(await theirs).toEqual(Array.from({ length: 20 }, (_, i) => i + i * i))
      expect(holders.size).toBeGreaterThan(0)
    } finally {
      await worker.stop()
    }
  })
})

describe('a scheduler that', () => {
  let found: { environment: Environment } | { missing: string }
  const opened: { stop(): Promise<void> }[] = []
  const backends: Backend[] = []

  beforeAll(async () => {
    found = await environment('newest')
  }, 600_000)
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()))
    await Promise.all(opened.splice(0).map((each) => each.stop()))
  })

  const python3 = (ctx: TestContext): Environment => {
    if ('missing' in found) return ctx.skip(found.missing)
    return found.environment
  }
  const schedule = async (ctx: TestContext, options: Parameters<typeof startScheduler>[1] = {}) => {
    const scheduler = await startScheduler(python3(ctx), options)
    opened.push(scheduler)
    return scheduler
  }
  const connect = async (address: string, options: Parameters<typeof connectDask>[1] = {}) => {
    const backend = await connectDask(address, { timeout: 10, ...options })
    backends.push(backend)
    return { backend, events: new Events(backend) }
  }

  it('goes away and comes back: futures are cancelled with the reason, new tasks run', {
    timeout: 60_000,
  }, async (ctx) => {
    const first = await schedule(ctx)
    const { backend, events } = await connect(first.address, { timeout: 30 })
    const client = Client.over(backend)
    const future = client.submit(one)
    // The client took the events over.
    await sleep(100)
    first.process.kill('SIGKILL')
    await expect(future.result({ timeout: 10 })).rejects.toThrow(/scheduler-connection-lost/)
    expect(events.all).toEqual([])
    const later = client.submit(one)
    await sleep(300)
    const port = Number(/\d+$/.exec(first.address)![0])
    const second = await schedule(ctx, { port })
    const worker = await startWorker(second.address)
    opened.push(worker)
    expect(await later.result({ timeout: 20 })).toBe(1)
    await client.close()
  })

  it('goes away for good is given up in time', { timeout: 60_000 }, async (ctx) => {
    const scheduler = await schedule(ctx)
    const { backend, events } = await connect(scheduler.address, { timeout: 1 })
    backend.submit([task('lost', one)], ['lost'])
    await scheduler.stop()
    await events.until((event) => event.type === 'disconnected', 'the loss')
    backend.submit([task('later', one)], ['later'])
    expect((await events.cancelled('later', 5000)).reason).toMatch(/did not come back/)
    expect(() => backend.submit([task('x', one)], ['x'])).toThrow(/is gone, and did not come back within 1 s/)
    await expect(backend.gather(['lost'], {})).rejects.toMatchObject({ code: 'scheduler-gone' })
  })

  it('goes away does not hold up the end of a client, which then calls no more', { timeout: 60_000 }, async (ctx) => {
    const scheduler = await schedule(ctx)
    const { backend, events } = await connect(scheduler.address, { timeout: 30 })
    await scheduler.stop()
    await events.until((event) => event.type === 'disconnected', 'the loss')
    const started = Date.now()
    await backend.close()
    expect(Date.now() - started).toBeLessThan(500)
    let calls = 0
    const server = createServer((socket) => {
      calls++
      socket.destroy()
    })
    await new Promise<void>((resolve) =>
      server.listen(Number(/\d+$/.exec(scheduler.address)![0]), '127.0.0.1', resolve),
    )
    await sleep(1500)
    server.close()
    expect(calls).toBe(0)
  })

  it('stops answering is taken for gone, and taken up again when it answers', { timeout: 60_000 }, async (ctx) => {
    const scheduler = await schedule(ctx)
    const backend = await DaskBackend.connect(scheduler.address, { timeout: 20 }, { heartbeat: 200, silence: 1000 })
    backends.push(backend)
    const events = new Events(backend)
    scheduler.process.kill('SIGSTOP')
    await events.until((event) => event.type === 'disconnected', 'the loss', 5000)
    scheduler.process.kill('SIGCONT')
    await events.until((event) => event.type === 'reconnected', 'the return', 15_000)
  })

  it('does not answer does not hold up the end of a client', { timeout: 60_000 }, async (ctx) => {
    const scheduler = await schedule(ctx)
    const { backend } = await connect(scheduler.address)
    scheduler.process.kill('SIGSTOP')
    const asked = backend.workers()
    const closed = backend.close()
    await expect(asked).rejects.toThrow(/ended/)
    await closed
    scheduler.process.kill('SIGCONT')
  })

  it('is too old, or something else, is told at once', async () => {
    const answer = (packages: object) => ({
      versions: () => ({ packages }),
      identity: () => ({ workers: {} }),
      ncores: () => ({}),
      'register-client': () => [{ op: 'stream-start' }],
    })
    for (const [packages, text] of [
      [{ distributed: '2024.12.1' }, /runs distributed 2024\.12\.1.*Remedy: pip install --upgrade/],
      [{}, /does not say which version/],
    ] as const) {
      const server = await Server.listen({ scheme: 'tcp', host: '127.0.0.1', handlers: answer(packages) })
      await expect(connectDask(server.address, { timeout: 5 })).rejects.toThrow(text)
      await expect(connectDask(server.address, { timeout: 5 })).rejects.toMatchObject({ code: 'scheduler-version' })
      await server.close()
    }
    const started = Date.now()
    await expect(connectDask('tcp://127.0.0.1:9', { timeout: 0.5 })).rejects.toMatchObject({ code: 'unreachable' })
    expect(Date.now() - started).toBeLessThan(5000)
    expect(TESTED.newest).toBe(VERSIONS.newest)
    expect(TESTED.oldest).toBe(VERSIONS.oldest)
  })

  it('speaks TLS is spoken to by certificates, workers and all', { timeout: 60_000 }, async (ctx) => {
    const missing = noOpenssl()
    if (missing) return ctx.skip(missing)
    const certificates = makeCertificates()
    const { tls } = certificates
    try {
      const scheduler = await schedule(ctx, { tls })
      const workers = await Promise.all([
        startWorker(scheduler.address, { tls }),
        startWorker(scheduler.address, { tls }),
      ])
      opened.push(...workers)
      const { backend, events } = await connect(scheduler.address, { tls })
      const fill = (n: number) => new Float64Array(n).fill(2)
      const last = (x: Float64Array) => x.at(-1)! + x.length
      backend.submit([task('t-a', fill, [300_000], { workers: [workers[0]!.address] })], ['t-a'])
      backend.submit([task('t-b', last, [ref('t-a')], { workers: [workers[1]!.address] })], ['t-b'])
      await events.memory('t-b')
      for (const direct of [true, false]) {
        const values = await backend.gather(['t-a', 't-b'], { direct })
        expect([values.get('t-b'), (values.get('t-a') as Float64Array).length]).toEqual([300_002, 300_000])
        const sent = new Float64Array(400_000).fill(7)
        await backend.scatter(new Map([[`t-${direct}`, sent]]), { direct })
        expect((await backend.gather([`t-${direct}`], { direct })).get(`t-${direct}`)).toEqual(sent)
      }
    } finally {
      await Promise.all(opened.splice(0).map((each) => each.stop()))
      certificates.remove()
    }
  })

  it('gives a task of ours to a worker of Python’s says so', { timeout: 60_000 }, async (ctx) => {
    const scheduler = await schedule(ctx)
    const { backend, events } = await connect(scheduler.address)
    // No worker is there yet, so nothing keeps the task from the one that comes.
    backend.submit([task('astray', one)], ['astray'])
    await sleep(200)
    opened.push(await startPythonWorker(scheduler))
    const { failure } = await events.erred('astray')
    expect(failure).toMatchObject({ code: 'python-worker', message: expect.stringMatching(/Remedy: submit it again/) })
  })

  it('gives a task up that kills its workers names it', { timeout: 90_000 }, async (ctx) => {
    const scheduler = await schedule(ctx, { config: { 'distributed.scheduler.allowed-failures': 1 } })
    opened.push(...(await Promise.all([startWorker(scheduler.address), startWorker(scheduler.address)])))
    const { backend, events } = await connect(scheduler.address)
    const poison = () => process.kill(process.pid, 'SIGKILL')
    backend.submit([task('poison-1', poison)], ['poison-1'])
    const { failure } = await events.erred('poison-1', 40_000)
    expect(failure).toMatchObject({
      name: 'KilledWorker',
      code: 'killed-worker',
      worker: expect.stringMatching(/^tcp:/),
      message: expect.stringMatching(/'poison-1' was given to 2 workers/),
    })
  })
})
