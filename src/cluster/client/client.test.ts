import { afterEach, describe, expect, it } from 'vitest'
import { FakeBackend, type FakeOptions } from '../../../test/cluster/support/fake.ts'
import { Client } from './client.ts'
import { CancelledError, TimeoutError } from './errors.ts'
import { Future } from './future.ts'
import { wait } from './wait.ts'

const clients: Client[] = []
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))

function start(options: FakeOptions = {}) {
  const backend = new FakeBackend(options)
  const client = Client.over(backend)
  clients.push(client)
  return { backend, client }
}

const add = (a: number, b: number) => a + b
const square = (x: number) => x * x
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('submit', () => {
  it('gives a future that awaits to the value', async () => {
    const { client } = start()
    const future = client.submit(add, 1, 2)
    expect(future).toBeInstanceOf(Future)
    expect(future.status).toBe('pending')
    expect(await future).toBe(3)
    expect(future.status).toBe('finished')
    expect(String(future)).toBe(`Future(finished, ${future.key})`)
  })

  it('sends the tasks of a turn together, each after what it needs', async () => {
    const { client, backend } = start()
    const a = client.submit(square, 3)
    const b = client.submit(add, a, client.submit(square, 4))
    expect(backend.calls).toEqual([])
    expect(await b).toBe(25)
    expect(backend.calls.filter(({ name }) => name === 'submit')).toHaveLength(1)
    expect(backend.tasks[2]!.dependencies).toEqual([a.key, backend.tasks[1]!.key])
  })

  it('finds futures in lists and objects', async () => {
    const { client } = start()
    const x = client.submit(square, 3)
    const f = (a: { list: number[]; more: { n: number } }) => a.list[0]! + a.list[1]! + a.more.n
    expect(await client.submit(f, { list: [x, 1], more: { n: x } })).toBe(19)
  })

  it('names keys after the function', async () => {
    const { client } = start()
    const keys = [client.submit(square, 3), client.submit(square, 3), client.submit((x: number) => x, 1)].map(
      (f) => f.key,
    )
    expect(new Set(keys).size).toBe(3)
    expect(keys[0]).toMatch(/^square-0[0-9a-f]{8}-\d+$/)
    expect(keys[2]).toMatch(/^lambda-/)
  })

  it('takes arguments as they are at the call', async () => {
    const { client } = start()
    const small = new Float64Array(3)
    const large = new Float64Array(100_000)
    const first = (x: Float64Array) => x[0]!
    const futures = [client.submit(first, small), client.submit(first, large)]
    small[0] = 1
    large[0] = 1
    expect(await client.gather(futures)).toEqual([0, 0])
  })

  it('says what is no function, and what is no argument', () => {
    const { client } = start()
    const submit = client.submit.bind(client) as unknown as (f: unknown) => void
    expect(() => submit(5)).toThrow(/submit needs a function; it got number/)
    expect(() => client.submit((x: unknown) => x, Symbol('s'))).toThrow(/argument of lambda.* is a symbol/)
  })

  it('refuses futures of other clients, and those that are gone', async () => {
    const { client } = start()
    const other = start().client.submit(square, 2)
    expect(() => client.submit(square, other)).toThrow(/does not hold/)
    const mine = client.submit(square, 2)
    mine.release()
    expect(() => client.submit(square, mine)).toThrow(/was released/)
    await expect(mine.result()).rejects.toThrow(/was released/)
  })
})

describe('pure tasks', () => {
  it('have the hash of function and arguments as their key', async () => {
    const { client, backend } = start()
    const pure = client.with({ pure: true })
    const [a, b, c] = [pure.submit(add, 1, 2), pure.submit(add, 1, 2), pure.submit(add, 2, 1)]
    expect(a.key).toBe(b.key)
    expect(a.key).not.toBe(c.key)
    expect(await client.gather([a, b, c])).toEqual([3, 3, 3])
    expect(backend.tasks).toHaveLength(2)
    expect(pure.submit(square, a).key).not.toBe(pure.submit(square, c).key)
  })

  it('tell -0 from 0, and arrays by their contents', () => {
    const { client } = start()
    const pure = client.with({ pure: true })
    const f = (x: unknown) => x
    const keys = [0, -0, [0], new Float64Array([1]), new Float64Array([2]), new Float32Array([1])].map(
      (x) => pure.submit(f, x).key,
    )
    expect(new Set(keys).size).toBe(keys.length)
    expect(pure.submit(f, new Float64Array([1])).key).toBe(keys[3])
  })
})

describe('map', () => {
  it('calls for each element', async () => {
    const { client } = start()
    expect(await client.gather(client.map(square, [1, 2, 3]))).toEqual([1, 4, 9])
    expect(await client.gather(client.map(square, new Float64Array([1.5, 2])))).toEqual([2.25, 4])
    expect(client.map(square, [])).toEqual([])
  })

  it('ends with the shortest of several iterables', async () => {
    const { client } = start()
    let ended = false
    function* endless() {
      try {
        for (let k = 10; ; k += 10) yield k
      } finally {
        ended = true
      }
    }
    expect(await client.gather(client.map(add, endless(), [1, 2]))).toEqual([11, 22])
    expect(ended).toBe(true)
  })

  it('hands over batches', async () => {
    const { client, backend } = start()
    const futures = client.with({ batchSize: 4, key: 'square' }).map(square, Array(10).keys())
    await client.gather(futures)
    const sizes = backend.calls.filter(({ name }) => name === 'submit').map(({ keys }) => keys.length)
    expect(sizes).toEqual([4, 4, 2])
    expect(futures[9]!.key).toBe('square-9')
  })

  it('needs iterables', () => {
    const { client } = start()
    const map = client.map.bind(client) as unknown as (f: unknown) => void
    expect(() => map(square)).toThrow(/needs an iterable/)
    expect(() => client.map(square, 5 as never)).toThrow(/argument 2 is none: 5/)
  })
})

describe('with', () => {
  it('gives tasks their options, and adds to those before', async () => {
    const { client, backend } = start({ capabilities: ['resources'] })
    const view = client.with({ retries: 2, priority: 5 }).with({ priority: 7, resources: { GPU: 1 } })
    await view.with({ key: 'named' }).submit(square, 2)
    expect(backend.tasks[0]).toMatchObject({
      key: 'named',
      options: { retries: 2, priority: 7, resources: { GPU: 1 } },
    })
    expect(backend.tasks[0]!.options).not.toHaveProperty('key')
  })

  it('does not run a key twice', async () => {
    const { client, backend } = start()
    const named = client.with({ key: 'once' })
    expect(await named.submit(square, 2)).toBe(4)
    expect(await named.submit(square, 3)).toBe(4)
    expect(backend.tasks).toHaveLength(1)
  })

  it.each([
    [{ retries: -1 }, /retries is a whole number of times/],
    [{ priority: Number.NaN }, /priority is a number/],
    [{ workers: 'a' as never }, /workers is a list/],
    [{ pure: 1 as never }, /pure is true or false/],
    [{ batchSize: 0 }, /batchSize is a whole number of tasks/],
    [{ key: '' }, /key is a text/],
    [{ colour: 1 } as never, /knows no option colour. It knows retries/],
    [{ resources: { GPU: 1 } }, /resources: not to be had from threads at fake:/],
  ])('refuses %j', (options, message) => {
    expect(() => start().client.with(options)).toThrow(message)
  })
})

describe('scatter', () => {
  it('gives an array of futures, whose values tasks get', async () => {
    const { client } = start()
    const parts = await client.scatter([new Float64Array([1, 2]), new Float64Array([3])])
    expect(parts.map(({ status }) => status)).toEqual(['finished', 'finished'])
    expect(parts[0]!.key).toMatch(/^Float64Array-/)
    const sum = (x: Float64Array) => x.reduce((a, b) => a + b)
    expect(await client.gather(client.map(sum, parts))).toEqual([3, 3])
    expect(await parts[1]).toEqual(new Float64Array([3]))
  })

  it('takes a typed array, and whatever is no list, as one value', async () => {
    const { client } = start()
    expect(await client.scatter(new Float64Array(5))).toHaveLength(1)
    expect(await client.scatter({ a: 1 })).toHaveLength(1)
    expect(await client.scatter([])).toEqual([])
  })

  it('sends equal values once when it hashes', async () => {
    const { client, backend } = start()
    const [a] = await client.scatter(new Float64Array([1, 2]), { hash: true })
    const [b, c] = await client.scatter([new Float64Array([1, 2]), new Float32Array([1, 2])], { hash: true })
    expect(a!.key).toBe(b!.key)
    expect(c!.key).not.toBe(a!.key)
    expect(backend.keysOf('scatter')).toHaveLength(2)
  })

  it('fails as a whole', async () => {
    const { client, backend } = start()
    backend.scatter = () => Promise.reject(new Error('no room'))
    await expect(client.scatter([1, 2])).rejects.toThrow('no room')
    await turn()
    expect(backend.keysOf('release')).toEqual([])
  })
})

describe('gather', () => {
  it('rebuilds trees', async () => {
    const { client } = start()
    const [a, b] = client.map(square, [2, 3])
    const tree = { list: [a, [b, 5]], map: new Map([['x', a]]), set: new Set([b]), text: 'as it is', date: new Date(0) }
    expect(await client.gather(tree)).toEqual({
      list: [4, [9, 5]],
      map: new Map([['x', 4]]),
      set: new Set([9]),
      text: 'as it is',
      date: new Date(0),
    })
    expect(await client.gather(a)).toBe(4)
  })

  it('asks for each key once', async () => {
    const { client, backend } = start()
    const [a, b] = client.map(square, [2, 3])
    expect(await client.gather([a, b, a, a])).toEqual([4, 9, 4, 4])
    expect(backend.calls.filter(({ name }) => name === 'gather')).toEqual([{ name: 'gather', keys: [a!.key, b!.key] }])
  })

  it('asks once for futures that are awaited one by one', async () => {
    const { client, backend } = start()
    expect(await Promise.all(client.map(square, [1, 2, 3]))).toEqual([1, 4, 9])
    await Promise.all(client.map(square, [1, 2, 3]))
    expect(backend.calls.filter(({ name }) => name === 'gather').length).toBeLessThanOrEqual(6)
  })

  it('throws the first failure, or leaves failures out', async () => {
    const { client } = start()
    const odd = (x: number) => {
      if (x % 2 === 0) throw new RangeError(`${x} is even`)
      return x
    }
    const futures = client.map(odd, [1, 2, 3])
    await expect(client.gather(futures)).rejects.toMatchObject({ name: 'RangeError', message: '2 is even' })
    expect(await client.gather(futures, { errors: 'skip' })).toEqual([1, 3])
    expect(await client.gather({ a: futures[0], b: futures[1] }, { errors: 'skip' })).toEqual({ a: 1 })
    expect(await client.gather(futures[1], { errors: 'skip' })).toBeUndefined()
  })

  it('asks again for a value that vanished on the way', async () => {
    const { client, backend } = start()
    const future = client.submit(square, 3)
    backend.vanish.set(future.key, 2)
    expect(await future).toBe(9)
    expect(backend.keysOf('gather')).toHaveLength(3)
  })

  it('waits for a lost value to come again', async () => {
    const { client, backend } = start()
    const future = client.submit(square, 3)
    await wait(future)
    backend.emit({ type: 'lost', key: future.key })
    expect(future.status).toBe('lost')
    setTimeout(() => backend.emit({ type: 'memory', key: future.key, typename: 'number' }), 10)
    expect(await client.gather([future])).toEqual([9])
  })
})

describe('a failed task', () => {
  it('gives its error, and runs again when told', async () => {
    const { client } = start()
    const flaky = () => {
      const global = globalThis as { flakyRuns?: number }
      global.flakyRuns = (global.flakyRuns ?? 0) + 1
      if (global.flakyRuns === 1) throw new TypeError('first')
      return global.flakyRuns
    }
    const future = client.submit(flaky)
    expect(await future.exception()).toBeInstanceOf(TypeError)
    expect(future.status).toBe('error')
    await expect(client.submit(square, future as never)).rejects.toThrow('first')
    await future.retry()
    expect(await future).toBe(2)
    expect(await future.exception()).toBeUndefined()
  })
})

describe('time-outs', () => {
  it('are in seconds, and leave the task running', async () => {
    const { client, backend } = start({ paused: true })
    const future = client.submit(square, 3)
    await expect(future.result({ timeout: 0.01 })).rejects.toThrow(TimeoutError)
    await expect(future.result({ timeout: 0.01 })).rejects.toThrow(
      /Waiting for "square-.*" took longer than the 0.01 s/,
    )
    await expect(future.exception({ timeout: 0.01 })).rejects.toThrow(TimeoutError)
    await expect(client.gather([future], { timeout: 0.01 })).rejects.toThrow(TimeoutError)
    await expect(future.result({ timeout: -1 })).rejects.toThrow(/number of seconds/)
    backend.resume()
    expect(await future.result({ timeout: 10 })).toBe(9)
  })
})

describe('cancelled futures', () => {
  it('say so to all who wait', async () => {
    const { client, backend } = start({ paused: true })
    const future = client.submit(square, 3)
    const waiting = future.result()
    await future.cancel({ reason: 'not needed' })
    await expect(waiting).rejects.toThrow(CancelledError)
    await expect(future).rejects.toThrow(/not needed/)
    expect(future.status).toBe('cancelled')
    expect(backend.keysOf('cancel')).toEqual([future.key])
    expect(() => client.submit(square, future)).toThrow(/was cancelled/)
    future.release()
    await turn()
    expect(backend.keysOf('release')).toEqual([])
  })

  it('leave their key to others', async () => {
    const { client, backend } = start()
    const named = client.with({ key: 'k' })
    const first = named.submit(square, 3)
    await client.cancel([first])
    const second = named.submit(square, 4)
    expect(await second).toBe(16)
    expect(first.status).toBe('cancelled')
    first.release()
    await turn()
    expect(backend.keysOf('release')).toEqual([])
  })

  it('are all of them when the scheduler is gone', async () => {
    const { client, backend } = start({ paused: true })
    const future = client.submit(square, 3)
    await turn()
    backend.emit({ type: 'disconnected' })
    await expect(future).rejects.toThrow(/scheduler-connection-lost/)
    backend.emit({ type: 'reconnected' })
    backend.resume()
    expect(await client.submit(square, 5)).toBe(25)
  })
})

describe('release', () => {
  it('counts the futures of a key', async () => {
    const { client, backend } = start()
    const named = client.with({ key: 'k' })
    const [a, b] = [named.submit(square, 3), named.submit(square, 3)]
    await wait([a, b])
    a.release()
    a.release()
    await turn()
    expect(backend.keysOf('release')).toEqual([])
    b[Symbol.dispose]()
    await turn()
    expect(backend.keysOf('release')).toEqual(['k'])
  })

  it('is taken back where the key is wanted again in the same turn', async () => {
    const { client, backend } = start()
    const named = client.with({ key: 'k' })
    const first = named.submit(square, 3)
    await wait(first)
    first.release()
    const again = named.submit(square, 3)
    expect(again.status).toBe('finished')
    await turn()
    expect(backend.keysOf('release')).toEqual([])
    again.release()
    await turn()
    expect(backend.keysOf('release')).toEqual(['k'])
    const anew = named.submit(square, 3)
    expect(anew.status).toBe('pending')
    expect(await anew).toBe(9)
  })

  it('comes after the tasks that need the key', async () => {
    const { client, backend } = start()
    const a = client.submit(square, 3)
    const b = client.submit(square, a)
    a.release()
    await turn()
    expect(backend.calls.slice(0, 2).map(({ name }) => name)).toEqual(['submit', 'release'])
    b.release()
  })
})

describe('a client', () => {
  it('knows futures by key', async () => {
    const { client, backend } = start()
    await client.with({ key: 'shared' }).submit(square, 3)
    const other = client.future<number>('shared')
    expect(await other).toBe(9)
    const strange = client.future('elsewhere')
    await expect(strange).rejects.toThrow(/no such key/)
    expect(backend.keysOf('want')).toEqual(['elsewhere'])
    expect(() => client.future('')).toThrow(/A key is a text/)
  })

  it('runs functions on workers, and tells about them', async () => {
    const { client } = start()
    expect(await client.run(add, 1, 2)).toEqual(new Map([['fake://worker-0', 3]]))
    expect(await client.nthreads()).toEqual(new Map([['fake://worker-0', 2]]))
    expect((await client.schedulerInfo()).workers).toHaveLength(1)
    const future = client.submit(square, 2)
    await wait(future)
    expect(await client.whoHas(future)).toEqual(new Map([[future.key, ['fake://worker-0']]]))
    await expect(client.run(add, 1, future as never)).rejects.toThrow(/run takes values only/)
  })

  it('retires and restarts where that can be', async () => {
    const bare = start().client
    await expect(bare.restart()).rejects.toThrow(/restart: not to be had/)
    await expect(bare.retireWorkers(['a'])).rejects.toThrow(/retireWorkers: not to be had/)
    const { client } = start({ capabilities: ['restart', 'retire-workers'], paused: true })
    const future = client.submit(square, 3)
    expect(await client.retireWorkers(['a'])).toEqual(['a'])
    await client.restart()
    await expect(future).rejects.toThrow(/restarted/)
  })

  it('cancels what is open when it closes, and then says that it is closed', async () => {
    const { client, backend } = start({ paused: true })
    const future = client.submit(square, 3)
    const waiting = expect(future).rejects.toThrow(/client is closed/)
    await client.close()
    await waiting
    await client.close()
    expect(backend.closed).toBe(true)
    expect(() => client.submit(square, 1)).toThrow(/client is closed/)
    await expect(client.scatter([1])).rejects.toThrow(/client is closed/)
    future.release()
    await turn()
  })

  it('turns what the back end refuses into the failure of the futures', async () => {
    const { client, backend } = start()
    backend.submit = () => {
      throw new Error('queue full')
    }
    await expect(client.submit(square, 1)).rejects.toThrow('queue full')
  })
})
