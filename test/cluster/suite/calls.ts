/** Submitting, mapping, gathering and waiting, on a real back end. */

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { asCompleted, delayed, Future, type Progress, progress, wait } from '../../../src/cluster/index.ts'
import { jit } from '../../../src/index.ts'
import { Bench, eventually, type Subject } from './subject.ts'

const add = (a: number, b: number) => a + b
const square = (x: number) => x * x
const SCALE = 3
const scaled = (x: number) => square(x) * SCALE
const sumOf = (x: Float64Array) => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]!
  return sum
}

class Point {
  x: number
  constructor(x: number) {
    this.x = x
  }
  twice() {
    return this.x * 2
  }
}

export function calls(subject: Subject): void {
  describe(`${subject.name}: calls`, () => {
    const bench = new Bench(subject, { workers: 2, threads: 1 })

    it('submits functions with what they capture', async (ctx) => {
      const client = await bench.client(ctx)
      expect(await client.submit(add, 1, 2)).toBe(3)
      expect(await client.submit(scaled, 2)).toBe(12)
      expect(await client.submit(async (x: number) => x + 1, 1)).toBe(2)
      expect(await client.submit((x: number) => new Point(x).twice(), 4)).toBe(8)
      const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8)
      expect(await client.submit(digest, 'a')).toBe('ca978112')
      const separator = async () => (await import('node:path')).posix.sep
      expect(await client.submit(separator)).toBe('/')
    })

    it('submits compiled functions', async (ctx) => {
      const client = await bench.client(ctx)
      const compiled = jit((x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += Math.sqrt(x[i]!)
        return s
      })
      const x = Float64Array.from({ length: 1000 }, (_, i) => i)
      expect(await client.submit(compiled, x)).toBe(compiled.plain(x))
    })

    it('maps over several iterables, in order', async (ctx) => {
      const client = await bench.client(ctx)
      const n = 500
      const values = await client.gather(client.map(add, Array(n).keys(), new Float64Array(n).fill(0.5)))
      expect(values).toEqual(Array.from({ length: n }, (_, i) => i + 0.5))
      expect(await client.gather(client.with({ batchSize: 7 }).map(square, [1, 2, 3, 4, 5, 6, 7, 8, 9]))).toHaveLength(
        9,
      )
    })

    it('passes futures on, wherever they stand', async (ctx) => {
      const client = await bench.client(ctx)
      const [a, b] = client.map(square, [3, 4])
      expect(await client.submit(add, a!, b!)).toBe(25)
      const nested = (o: { list: number[]; deep: { b: number } }) => o.list[0]! * 100 + o.deep.b
      expect(await client.submit(nested, { list: [a!], deep: { b: b! } })).toBe(916)
      let chain = client.submit(square, 1)
      for (let k = 0; k < 50; k++) chain = client.submit(add, chain, 1)
      expect(await chain).toBe(51)
    })

    it('runs random graphs as plain JavaScript does', async (ctx) => {
      const client = await bench.client(ctx)
      let seed = 12345
      const random = (n: number) => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
        return (seed >>> 8) % n
      }
      const mix = (own: number, ...inputs: number[]) => inputs.reduce((a, b) => (a * 31 + b) % 1_000_003, own)
      const futures: Future<number>[] = []
      const plain: number[] = []
      for (let k = 0; k < 300; k++) {
        const picks = Array.from({ length: random(Math.min(k, 4) + 1) }, () => random(k))
        futures.push(client.submit(mix, k, ...picks.map((p) => futures[p]!)))
        plain.push(mix(k, ...picks.map((p) => plain[p]!)))
      }
      expect(await client.gather(futures)).toEqual(plain)
    })

    it('scatters values, which tasks take', async (ctx) => {
      const client = await bench.client(ctx)
      const chunks = [1, 2, 3].map((k) => new Float64Array(1000).fill(k))
      const parts = await client.scatter(chunks)
      expect(parts.map(({ status }) => status)).toEqual(['finished', 'finished', 'finished'])
      expect(await client.gather(client.map(sumOf, parts))).toEqual([1000, 2000, 3000])
      expect(await client.scatter(chunks[0]!)).toHaveLength(1)
      const [everywhere] = await client.scatter([chunks[2]!], { broadcast: true })
      expect(await client.submit(sumOf, everywhere!)).toBe(3000)
      const [h1] = await client.scatter([chunks[1]!], { hash: true })
      const [h2] = await client.scatter([chunks[1]!], { hash: true })
      expect(h1!.key).toBe(h2!.key)
      expect(await client.gather([h1, h2])).toEqual([chunks[1], chunks[1]])
    })

    it('runs a pure task once', async (ctx) => {
      const client = (await bench.client(ctx)).with({ pure: true })
      const chance = (_: number) => Math.random()
      const [a, b, c] = [client.submit(chance, 1), client.submit(chance, 1), client.submit(chance, 2)]
      expect(a.key).toBe(b.key)
      const [x, y, z] = await client.gather([a, b, c])
      expect(x).toBe(y)
      expect(x).not.toBe(z)
      expect(await client.submit(chance, 1)).toBe(x)
    })

    it('computes delayed graphs', async (ctx) => {
      const client = await bench.client(ctx)
      const parts = [1, 2, 3, 4].map((x) => delayed(square)(x))
      const total = delayed((list: number[]) => list.reduce((a, b) => a + b, 0))(parts)
      const { sum, first } = client.compute({ sum: total, first: parts[0]! })
      expect(await client.gather([sum, first])).toEqual([30, 1])
    })

    it('yields futures as they end', async (ctx) => {
      const client = await bench.client(ctx)
      const futures = client.map(square, [1, 2, 3])
      const seen: Future<number>[] = []
      for await (const future of asCompleted(futures)) seen.push(future)
      expect(new Set(seen)).toEqual(new Set(futures))
      expect(seen[0]).toBeInstanceOf(Future)
      const slow = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms))
      const pair = [client.submit(slow, 400), client.submit(slow, 1)]
      const { done } = await wait(pair, { returnWhen: 'FIRST_COMPLETED' })
      expect(done).toEqual([pair[1]])
      await expect(pair[0]!.result({ timeout: 0.01 })).rejects.toMatchObject({ name: 'TimeoutError' })
      expect(await pair[0]).toBe(400)
    })

    it('reports progress', async (ctx) => {
      const client = await bench.client(ctx)
      const seen: Progress[] = []
      await progress(client.map(square, [1, 2, 3]), { callback: (p) => seen.push(p) })
      expect(seen.at(-1)).toMatchObject({ done: 3, total: 3, failed: 0 })
    })

    it('knows its workers, and calls each of them', async (ctx) => {
      const client = await bench.client(ctx)
      const { workers } = await client.schedulerInfo()
      expect(workers).toHaveLength(2)
      expect([...(await client.nthreads()).values()]).toEqual([1, 1])
      const answers = await client.run((x: number) => x + 1, 41)
      expect([...answers.keys()].sort()).toEqual(workers.map(({ address }) => address).sort())
      expect([...answers.values()]).toEqual([42, 42])
      const one = workers[0]!.address
      expect([...(await client.with({ workers: [one] }).run(add, 1, 1)).keys()]).toEqual([one])
    })

    it('keeps a value until its last future is released', async (ctx) => {
      const client = await bench.client(ctx)
      const make = (n: number) => new Float64Array(n)
      const future = client.submit(make, 100_000)
      await wait(future)
      expect((await client.whoHas(future)).get(future.key)!.length).toBeGreaterThan(0)
      const same = client.future<Float64Array>(future.key)
      future.release()
      expect(await same).toHaveLength(100_000)
      same.release()
      const gone = async () => ((await client.whoHas()).get(future.key) ?? []).length === 0
      expect(await eventually(gone)).toBe(true)
    })

    it('shares keys with other clients', async (ctx) => {
      const [one, two] = [await bench.client(ctx), await bench.client(ctx)]
      const key = `shared-${Date.now()}`
      const mine = one.with({ key }).submit(square, 12)
      await wait(mine)
      expect(await two.future<number>(key)).toBe(144)
    })

    it('runs on the workers that are named', async (ctx) => {
      const client = await bench.client(ctx)
      const [worker] = (await client.schedulerInfo()).workers
      const futures = client.with({ workers: [worker!.address] }).map((x: number) => new Float64Array([x]), [1, 2, 3])
      await wait(futures)
      // Values of a cluster on this machine belong to the process that started it.
      if ((await client.schedulerInfo()).kind !== 'dask') return expect(await client.gather(futures)).toHaveLength(3)
      expect(new Set([...(await client.whoHas(futures)).values()].flat())).toEqual(new Set([worker!.address]))
    })

    it('retires a worker and keeps what it holds, last of all', async (ctx) => {
      const client = await bench.client(ctx, 'retire-workers')
      const [worker, other] = (await client.schedulerInfo()).workers
      const future = client
        .with({ workers: [worker!.address] })
        .submit((n: number) => new Float64Array(n).fill(2), 1000)
      await wait(future)
      expect(await client.retireWorkers([worker!.address])).toEqual([worker!.address])
      expect((await client.whoHas(future)).get(future.key)).toEqual([other!.address])
      expect(await client.submit(sumOf, future)).toBe(2000)
      expect((await client.schedulerInfo()).workers.map(({ address }) => address)).toEqual([other!.address])
    })
  })
}
