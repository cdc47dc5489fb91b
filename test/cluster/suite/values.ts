/** Every kind of value there and back, to the bit; and nothing shared that must not be. */

import { describe, expect, it } from 'vitest'
import { allocate } from '../../../src/index.ts'
import { DTYPES } from '../../../src/types.ts'
import { Bench, type Subject } from './subject.ts'

const same = (x: unknown) => x
const bytesOf = (x: ArrayBufferView) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('hex')

export function values(subject: Subject): void {
  describe(`${subject.name}: values`, () => {
    const bench = new Bench(subject, { workers: 1, threads: 1 })

    it('carries every kind of typed array, views of larger ones too', async (ctx) => {
      const client = await bench.client(ctx)
      const arrays = DTYPES.flatMap(({ ctor, size }) => {
        const bytes = Uint8Array.from({ length: 9 * size }, (_, i) => (i * 37 + 11) & 255)
        return [new ctor(bytes.buffer), new ctor(bytes.buffer, size, 3), new ctor(0)]
      })
      const parts = await client.scatter(arrays)
      const back = await client.gather([client.map(same, arrays), client.map(same, parts), parts])
      for (const list of back as ArrayBufferView[][]) {
        expect(list.map((x) => x.constructor.name)).toEqual(arrays.map((x) => x.constructor.name))
        expect(list.map(bytesOf)).toEqual(arrays.map(bytesOf))
      }
    })

    it('carries numbers as they are', async (ctx) => {
      const client = await bench.client(ctx)
      const numbers = [0, -0, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 5e-324, 0.1, 2 ** 31, -1]
      for (const back of await client.gather([client.submit(same, numbers), ...(await client.scatter([numbers]))])) {
        expect(back).toEqual(numbers)
        expect(Object.is((back as number[])[1], -0)).toBe(true)
      }
      const single = await client.gather(client.map(same, numbers))
      expect(single).toEqual(numbers)
      expect(Object.is(single[1], -0)).toBe(true)
    })

    it('carries trees of everything else', async (ctx) => {
      const client = await bench.client(ctx)
      const shared = new Float64Array([1, 2])
      const tree = {
        text: 'naïve 🎈 text',
        big: 2n ** 100n,
        nothing: [null, undefined, true],
        nested: { list: [[], [[1]], { a: { b: {} } }], arrays: [shared, shared] },
        map: new Map<unknown, unknown>([['k', new Set([1, 'a'])]]),
        date: new Date(12345),
      }
      const back = (await client.submit(same, tree)) as typeof tree
      expect(back).toEqual(tree)
      expect(back.nested.arrays[0]).toBe(back.nested.arrays[1])
      expect(await client.submit(same, undefined)).toBeUndefined()
    })

    it('leaves the arrays of the caller alone', async (ctx) => {
      const client = await bench.client(ctx)
      const small = new Float64Array(4)
      const large = new Float64Array(200_000)
      const own = allocate(Float64Array, 1000)
      const spoil = (x: Float64Array) => {
        x.fill(7)
        return x[0]! + x.length
      }
      const [part] = await client.scatter(large)
      expect(await client.gather([small, large, own].map((x) => client.submit(spoil, x)))).toEqual([11, 200_007, 1007])
      expect([small[0], large[0], own[0], small.length]).toEqual([0, 0, 0, 4])
      // Nor is a value spoiled for the task that comes next.
      expect(await client.submit(spoil, part!)).toBe(200_007)
      expect(await client.submit((x: Float64Array) => x[0]!, part!)).toBe(0)
      expect((await part)![0]).toBe(0)
    })

    it('takes arguments as they are at the call', async (ctx) => {
      const client = await bench.client(ctx)
      const arrays = [new Float64Array(10), new Float64Array(500_000)]
      const futures = client.map((x: Float64Array) => x[0]!, arrays)
      for (const x of arrays) x[0] = 1
      expect(await client.gather(futures)).toEqual([0, 0])
    })

    it('carries what is large', async (ctx) => {
      const client = await bench.client(ctx)
      const n = 4_000_000
      const x = new Float64Array(n)
      for (let i = 0; i < n; i++) x[i] = i * 0.5
      const back = (await client.submit((a: Float64Array) => a.map((v) => v + 1), x)) as Float64Array
      let wrong = 0
      for (let i = 0; i < n; i++) if (back[i] !== i * 0.5 + 1) wrong++
      expect([back.length, wrong]).toEqual([n, 0])
    })
  })
}
