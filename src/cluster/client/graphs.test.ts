import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import { FakeBackend, type FakeOptions } from '../../../test/cluster/support/fake.ts'
import { Client } from './client.ts'
import { Lock } from './coordination.ts'
import { type Delayed, delayed } from './delayed.ts'
import { Future } from './future.ts'

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
const sum = (list: number[]) => list.reduce((a, b) => a + b, 0)

describe('delayed graphs', () => {
  it('run when they are computed', async () => {
    const { client, backend } = start()
    const total = delayed(sum)([delayed(square)(2), delayed(add)(delayed(square)(3), 1)])
    expect(backend.tasks).toEqual([])
    const future = client.compute(total)
    expect(future).toBeInstanceOf(Future)
    expect(await future).toBe(14)
    expect(backend.tasks.map(({ fn }) => fn.name)).toEqual(['square', 'square', 'add', 'sum'])
  })

  it('run shared nodes once', async () => {
    const { client, backend } = start()
    const x = delayed(square)(3)
    const futures = client.compute({ a: delayed(add)(x, 1), b: [delayed(add)(x, 2), x] })
    expect(await client.gather(futures)).toEqual({ a: 10, b: [11, 9] })
    expect(backend.tasks).toHaveLength(3)
    // What is held is not computed again.
    expect(await client.compute(delayed(square)(x))).toBe(81)
    expect(backend.tasks).toHaveLength(4)
  })

  it('take futures, and options of each node and of the client', async () => {
    const { client, backend } = start()
    const four = client.submit(square, 2)
    const node = delayed(square, { retries: 3, key: 'mine' })(delayed(add)(four, 1))
    expect(await client.with({ priority: 4 }).compute(node)).toBe(25)
    expect(backend.tasks.map(({ options }) => options)).toEqual([{}, { priority: 4 }, { priority: 4, retries: 3 }])
    expect(backend.tasks[2]!.key).toBe('mine')
    expect(backend.keysOf('submit').slice(-1)).toEqual(['mine'])
  })

  it('give pure nodes the key of their meaning', () => {
    const { client } = start()
    const pure = client.with({ pure: true })
    const graph = () => delayed(add)(delayed(square)(2), 1)
    expect(pure.compute(graph()).key).toBe(pure.compute(graph()).key)
    expect(client.compute(graph()).key).not.toBe(client.compute(graph()).key)
  })

  it('may be long chains', async () => {
    const { client, backend } = start({ paused: true })
    const one = delayed((x: number) => x + 1)
    let node: Delayed<number> = one(0)
    for (let k = 0; k < 20_000; k++) node = one(node)
    client.compute(node)
    await null
    expect(backend.tasks).toHaveLength(20_001)
  })

  it('are no arguments of calls that are made at once', () => {
    const { client } = start()
    expect(() => client.submit(square, delayed(square)(2) as never)).toThrow(/node of a delayed graph/)
    expect(() => client.compute(5)).toThrow(/compute needs nodes/)
    expect(() => delayed(5 as never)).toThrow(/delayed needs a function/)
  })
})

class Counter {
  n: number
  constructor(n: number) {
    this.n = n
  }
  add(by: number) {
    this.n += by
    return this.n
  }
}

describe('actors', () => {
  it('are called from afar', async () => {
    const { client, backend } = start({ capabilities: ['actors'] })
    const counter = await client.actor(Counter, 5)
    expect(await counter.add(2)).toBe(7)
    expect(await counter.n).toBe(7)
    expect(() => {
      ;(counter as unknown as Counter).n = 3
    }).toThrow(/cannot be set from here/)
    counter[Symbol.dispose]()
    await new Promise((resolve) => setImmediate(resolve))
    expect(backend.keysOf('release')).toEqual([counter.actorKey])
  })

  it('are refused where there are none', async () => {
    await expect(start().client.actor(Counter, 5)).rejects.toThrow(/actors: not to be had/)
  })
})

describe('locks', () => {
  it('are refused where there are none', () => {
    expect(() => new Lock(start().client, 'a')).toThrow(/Lock: not to be had.*Dask scheduler/)
  })
})

describe('the types', () => {
  it('let futures stand for values', async () => {
    const { client } = start()
    const x = client.submit(square, 2)
    expectTypeOf(x).toEqualTypeOf<Future<number>>()
    expectTypeOf(client.submit(async (s: string) => s.length, 'a')).toEqualTypeOf<Future<number>>()
    expectTypeOf(client.map(add, [1, 2], [x, 3])).toEqualTypeOf<Future<number>[]>()
    client.submit(add, x, 1)
    client.submit((o: { a: number; b: Float64Array[] }) => o.a, { a: x, b: [new Float64Array(1)] })
    client.submit((a: number, b?: string) => b ?? a, 1)
    client.submit((...all: number[]) => all.length, 1, x, 3)
    // @ts-expect-error a text is no number
    client.submit(add, x, 'a')
    // @ts-expect-error too few
    client.submit(add, x)
    const text = client.submit(() => 'a')
    // @ts-expect-error a future of a text is no number
    client.submit(add, x, text)
    expectTypeOf(await client.gather([x, x])).toEqualTypeOf<number[]>()
    expectTypeOf(await client.gather({ a: x, b: 'b' as string })).toEqualTypeOf<{ a: number; b: string }>()
    expectTypeOf(await client.scatter([new Float64Array(1)])).toEqualTypeOf<Future<Float64Array<ArrayBuffer>>[]>()
    expectTypeOf(client.compute([delayed(square)(delayed(square)(1))])).toEqualTypeOf<Future<number>[]>()
  })
})
