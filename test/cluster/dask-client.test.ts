/** The client's back end on real schedulers with stock Python workers and clients: all but running tasks of ours. */

import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import type { Backend } from '../../src/cluster/backend.ts'
import { connectDask } from '../../src/cluster/dask/client/index.ts'
import { columnMajor } from '../../src/cluster/dask/numpy.ts'
import type { Task } from '../../src/cluster/task.ts'
import { encode } from '../../src/cluster/travel/values.ts'
import { Events } from './support/events.ts'
import {
  environment,
  type PythonWorker,
  python,
  type Scheduler,
  startPythonWorker,
  startScheduler,
  VERSIONS,
  type Version,
} from './support/python.ts'

const task = (key: string, dependencies: readonly string[] = [], options: Task['options'] = {}): Task => ({
  key,
  fn: { id: 'f', name: 'f', bytes: Buffer.from('() => 1') },
  args: encode([]),
  dependencies,
  options,
})

describe.each(Object.keys(VERSIONS) as Version[])('a client of Dask %s', (version) => {
  let missing: string | undefined
  let scheduler: Scheduler
  let workers: PythonWorker[] = []
  const opened: Backend[] = []

  beforeAll(async () => {
    const found = await environment(version)
    if ('missing' in found) {
      missing = found.missing
      return
    }
    scheduler = await startScheduler(found.environment)
    workers = await Promise.all(['a', 'b'].map((name) => startPythonWorker(scheduler, { name })))
  }, 600_000)

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((backend) => backend.close()))
  })

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    await scheduler?.stop()
  })

  async function client(ctx: TestContext): Promise<{ backend: Backend; events: Events }> {
    if (missing) ctx.skip(missing)
    const backend = await connectDask(scheduler.address, { timeout: 10, name: 'test' })
    opened.push(backend)
    return { backend, events: new Events(backend) }
  }

  it('knows the workers and their language', async (ctx) => {
    const { backend } = await client(ctx)
    const infos = await backend.workers()
    expect(
      infos
        .map(({ name, language, nthreads }) => ({ name, language, nthreads }))
        .sort((x, y) => (x.name < y.name ? -1 : 1)),
    ).toEqual([
      { name: 'a', language: 'python', nthreads: 1 },
      { name: 'b', language: 'python', nthreads: 1 },
    ])
  })

  it.for([false, true])('scatters and gathers values of all kinds, direct: %s', async (direct, ctx) => {
    const values = new Map<string, unknown>([
      ['large', Float64Array.from({ length: 300_000 }, (_, i) => i / 7)],
      ['shared', new Float32Array(new SharedArrayBuffer(400)).fill(2.5)],
      ['bytes', Uint8Array.of(1, 255)],
      ['big', BigInt64Array.of(-(2n ** 62n), 5n)],
      ['fortran', { data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], strides: columnMajor([2, 3]) }],
      ['tree', { a: [1, -0, 2.5, Number.NaN, 'ü\ud800'], b: null, c: { d: true, e: 2n ** 70n } }],
      ['mixed', { x: Float64Array.of(1, 2), list: [[Int8Array.of(3)], 'y'] }],
      ['other', new Map([[1, new Date(5)]])],
    ])
    const { backend, events } = await client(ctx)
    const named = new Map([...values].map(([key, value]) => [`${key}-${direct}`, value]))
    await backend.scatter(named, { direct })
    for (const key of named.keys()) expect(events.of(key)).toMatchObject({ type: 'memory' })
    expect(events.of(`large-${direct}`)).toMatchObject({ typename: 'numpy.ndarray' })
    for (const way of [true, false])
      expect(isDeepStrictEqual(await backend.gather([...named.keys()], { direct: way }), named)).toBe(true)
    const holders = await backend.whoHas([...named.keys()])
    expect([...holders.values()].every((each) => each.length === 1)).toBe(true)
    expect(new Set([...holders.values()].flat()).size).toBe(2)
    backend.release([...named.keys()])
    await expect.poll(async () => (await backend.whoHas([`large-${direct}`])).get(`large-${direct}`) ?? []).toEqual([])
  })

  it('scatters to chosen workers, and to all', async (ctx) => {
    const { backend } = await client(ctx)
    for (const direct of [false, true]) {
      const key = `all-${direct}`
      await backend.scatter(new Map([[key, [1]]]), { broadcast: true, direct })
      expect((await backend.whoHas([key])).get(key)).toHaveLength(2)
      const one = `one-${direct}`
      await backend.scatter(new Map([[one, [1]]]), { workers: ['b'], direct })
      expect((await backend.whoHas([one])).get(one)).toEqual([workers[1]!.address])
    }
    await expect(backend.scatter(new Map([['x', 1]]), { workers: ['nobody'] })).rejects.toThrow(
      /no worker 'nobody'.*a, b/,
    )
  })

  it('gives values that Python reads as what they are', { timeout: 60_000 }, async (ctx) => {
    const { backend } = await client(ctx)
    const values = {
      'py-f8': Float64Array.of(1, 2.5),
      'py-i8': BigInt64Array.of(3n),
      'py-u1': Uint8ClampedArray.of(7),
      'py-2d': { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], strides: columnMajor([2, 3]) },
      'py-row': { data: Float64Array.of(1, 2), shape: [3, 2], strides: [0, 1] },
      'py-tree': { i: 3, f: 0.5, z: -0, s: 'é', l: [1, [null, true]], big: 2n ** 64n },
      'py-mixed': { x: Float64Array.of(4), n: [1] },
      'py-none': undefined,
      'py-float': 2 ** 53,
    }
    await backend.scatter(new Map(Object.entries(values)), {})
    const shown = await python(
      scheduler,
      `
def show(v):
    if isinstance(v, np.ndarray): return ['array', v.dtype.str, v.tolist(), bool(v.flags.f_contiguous), bool(v.flags.writeable)]
    if isinstance(v, dict): return {k: show(x) for k, x in v.items()}
    return [type(v).__name__, repr(v)]
print(json.dumps({k: show(future(k).result()) for k in ${JSON.stringify(Object.keys(values))}}))`,
    )
    expect(JSON.parse(shown)).toEqual({
      'py-f8': ['array', '<f8', [1, 2.5], true, true],
      'py-i8': ['array', '<i8', [3], true, true],
      'py-u1': ['array', '|u1', [7], true, true],
      'py-2d': [
        'array',
        '<f4',
        [
          [1, 3, 5],
          [2, 4, 6],
        ],
        true,
        true,
      ],
      'py-row': [
        'array',
        '<f8',
        [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
        false,
        true,
      ],
      'py-tree': {
        i: ['int', '3'],
        f: ['float', '0.5'],
        z: ['float', '-0.0'],
        s: ['str', "'é'"],
        l: ['list', '[1, [None, True]]'],
        big: ['int', '18446744073709551616'],
      },
      'py-mixed': { x: ['array', '<f8', [4], true, true], n: ['list', '[1]'] },
      'py-none': ['NoneType', 'None'],
      'py-float': ['float', '9007199254740992.0'],
    })
  })

  it('reads what Python makes, by names and by tuples, and refuses what it cannot', {
    timeout: 60_000,
  }, async (ctx) => {
    const { backend, events } = await client(ctx)
    const tuple = '\u2060["part",3]'
    const keys = ['made-f', 'made-c', 'made-row', 'made-tree', 'made-scalars', 'made-odd', 'made-error', tuple]
    backend.want(keys)
    const done = python(
      scheduler,
      `
def odd():
    class Odd: pass
    return Odd()
def fail():
    raise KeyError('no such thing')
fs = [
  client.submit(lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)), key='made-f'),
  client.submit(lambda: np.arange(12, dtype='>i4').reshape(3, 4)[:, ::2], key='made-c'),
  client.submit(lambda: np.broadcast_to(np.array([1.0, 2.0]), (3, 2)), key='made-row'),
  client.submit(lambda: {'a': (1, 2.0, None), 'b': {1: 'x'}, 'c': {3}, 'd': b'xy', 'e': 2**60, 'f': [np.arange(2)]}, key='made-tree'),
  client.submit(lambda: [np.float64(0.5), np.int64(7), np.bool_(True), np.arange(3.0)], key='made-scalars'),
  client.submit(odd, key='made-odd'),
  client.submit(fail, key='made-error'),
  client.submit(lambda: 'tuple', key=('part', 3)),
]
wait(fs)
from distributed import Event
print(Event('seen-all').wait(20))`,
    )
    done.catch(() => {})
    for (const key of keys) if (key !== 'made-error') await events.memory(key)
    const { failure } = await events.erred('made-error')
    expect(failure).toMatchObject({ name: 'KeyError', message: 'no such thing' })
    const good = keys.filter((key) => key !== 'made-odd' && key !== 'made-error')
    for (const direct of [true, false]) {
      expect(Object.fromEntries(await backend.gather(good, { direct }))).toEqual({
        'made-f': { data: Float64Array.of(0, 3, 1, 4, 2, 5), shape: [2, 3], strides: [1, 2] },
        'made-c': { data: Int32Array.of(0, 2, 4, 6, 8, 10), shape: [3, 2], strides: [2, 1] },
        'made-row': { data: Float64Array.of(1, 2), shape: [3, 2], strides: [0, 1] },
        'made-tree': {
          a: [1, 2, null],
          b: new Map([[1, 'x']]),
          c: new Set([3]),
          d: Uint8Array.of(120, 121),
          e: 2n ** 60n,
          f: [BigInt64Array.of(0n, 1n)],
        },
        'made-scalars': [0.5, 7, true, Float64Array.of(0, 1, 2)],
        [tuple]: 'tuple',
      })
      await expect(backend.gather(['made-odd'], { direct })).rejects.toMatchObject({
        code: 'python-value',
        message: expect.stringMatching(/^"made-odd": .*Remedy/),
      })
    }
    await backend.coordination!.eventSet('seen-all')
    expect(await done).toBe('True')
  })

  it('never has its tasks run by Python: they wait for a worker of ours', async (ctx) => {
    const { backend, events } = await client(ctx)
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    backend.submit([task('ours')], ['ours'])
    expect((await warned).message).toMatch(/all workers of this scheduler are Python workers/)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(events.of('ours')).toBeUndefined()
    await backend.cancel(['ours'], { force: false, reason: 'enough' })
    expect(await events.cancelled('ours')).toMatchObject({ reason: 'enough' })
  })

  it('cancels tasks whose dependents nobody holds, and stays connected', async (ctx) => {
    const { backend, events } = await client(ctx)
    backend.submit([task('c-a'), task('c-b', ['c-a'], { retries: 1 }), task('c-d', ['c-b'])], ['c-a', 'c-d'])
    await backend.cancel(['c-a'], { force: false, reason: 'enough' })
    await events.cancelled('c-a')
    await events.cancelled('c-d')
    await backend.scatter(new Map([['still', 1]]), {})
    expect(events.all.some((event) => event.type === 'disconnected')).toBe(false)
  })

  it('hears that a scattered value is lost for good', { timeout: 60_000 }, async (ctx) => {
    const { backend, events } = await client(ctx)
    const third = await startPythonWorker(scheduler, { name: 'c' })
    await backend.scatter(new Map([['fragile', [1]]]), { workers: ['c'] })
    third.process.kill('SIGKILL')
    await third.stop()
    await events.until((event) => event.type === 'lost' || event.type === 'cancelled', 'the loss')
    expect((await backend.gather(['fragile'], { direct: true })).size).toBe(0)
    expect((await backend.gather(['fragile', 'still'], {})).has('fragile')).toBe(false)
  })

  it('retires a worker without losing its data', { timeout: 60_000 }, async (ctx) => {
    const { backend } = await client(ctx)
    const third = await startPythonWorker(scheduler, { name: 'c' })
    await backend.scatter(new Map([['safe', Float64Array.of(1)]]), { workers: ['c'] })
    expect(await backend.retireWorkers(['c'])).toEqual([third.address])
    expect((await backend.gather(['safe'], {})).get('safe')).toEqual(Float64Array.of(1))
    await third.stop()
  })

  it('refuses to call functions on Python workers', async (ctx) => {
    const { backend } = await client(ctx)
    const fn = { id: 'f', name: 'f', bytes: Buffer.from('() => 1') }
    expect(await backend.run(fn, encode([]))).toEqual(new Map())
    await expect(backend.run(fn, encode([]), ['a'])).rejects.toMatchObject({ code: 'python-worker' })
  })

  it('shares locks, events, queues and variables with Python', { timeout: 60_000 }, async (ctx) => {
    const { backend } = await client(ctx)
    const names = backend.coordination!
    const lease = await names.acquire('lock', 1, undefined)
    expect(lease).toBeDefined()
    expect(await names.acquire('lock', 1, 0.1)).toBeUndefined()
    const other = python(
      scheduler,
      `
from distributed import Lock, Event, Queue, Variable
q = Queue('q'); v = Variable('v')
print(json.dumps([Lock('lock').acquire(timeout=0.1), q.get(timeout=10), v.get(timeout=10)['x'].tolist()]))
q.put([1, {'a': b'x'}]); v.set('from Python')
Event('go').wait(10)
print(Lock('lock').acquire(timeout=5), Event('go').is_set())`,
    )
    other.catch(() => {})
    expect(await names.queuePut('q', encode({ n: [1, 'two'] }), undefined)).toBe(true)
    await names.variableSet('v', encode({ x: Float64Array.of(1, 2) }), undefined)
    await expect.poll(() => names.variableGet('v', 1), { timeout: 15_000 }).toBe('from Python')
    expect(await names.queueSize('q')).toBe(1)
    expect(await names.queueGet('q', 5)).toEqual([1, { a: Uint8Array.of(120) }])
    await names.releaseLease('lock', lease!)
    expect([await names.eventWait('go', 0), await names.eventWait('go', 0.05)]).toEqual([false, false])
    const waiting = names.eventWait('go', 10)
    await names.eventSet('go')
    expect(await waiting).toBe(true)
    const [lines, last] = (await other).split('\n')
    expect(JSON.parse(lines!)).toEqual([false, { n: [1, 'two'] }, [1, 2]])
    expect(last).toBe('True True')
    await names.eventClear('go')
    expect(await names.eventWait('go', 0)).toBe(false)
  })

  it('waits for names no longer than told', async (ctx) => {
    const { backend } = await client(ctx)
    const names = backend.coordination!
    await expect(names.queueGet('empty', 0.1)).rejects.toMatchObject({ code: 'timeout' })
    await expect(names.variableGet('never set', 0.1)).rejects.toMatchObject({ code: 'timeout' })
    await names.variableSet('gone', encode(new Map([[1, 2]])), undefined)
    expect(await names.variableGet('gone', 1)).toEqual(new Map([[1, 2]]))
    await names.variableDelete('gone')
    await expect(names.variableGet('gone', 0.1)).rejects.toMatchObject({ code: 'timeout' })
    const two = await Promise.all([names.acquire('two', 2, 1), names.acquire('two', 2, 1)])
    expect(two.every((id) => id !== undefined)).toBe(true)
    expect(await names.acquire('two', 2, 0.05)).toBeUndefined()
    await expect(names.acquire('two', 3, 0.05)).rejects.toThrow(/Inconsistent max leases/)
    await names.releaseLease('two', two[0]!)
    expect(await names.acquire('two', 2, 1)).toBeDefined()
  })
})
