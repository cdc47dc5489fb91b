/** Against plain JavaScript, in the order that the chunks give; bits are compared. */

import { afterAll, describe, expect, it } from 'vitest'
import { FakeBackend } from '../../../test/cluster/support/fake.ts'
import type { NumberArray } from '../../types.ts'
import { Client } from '../client/client.ts'
import { LocalCluster } from '../local/cluster.ts'
import { type ArrayValue, type ChunkedArray, fromArray, type ReductionOptions } from './array.ts'

const client = Client.over(new FakeBackend())
afterAll(() => client.close())

/** Numbers of all sizes, so that another order of a sum shows. */
function numbers(n: number, seed = 1): Float64Array {
  let state = seed
  return Float64Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 32 - 0.5) * 10 ** (state % 7)
  })
}

const value = (x: ChunkedArray): Promise<ArrayValue> => x.compute(client)
const list = async (x: ChunkedArray) => Array.from((await value(x)).data)

const M = 7
const N = 10
const data = numbers(M * N)
const chunked = (chunks: readonly [number, number]) => fromArray(data, { shape: [M, N], chunks: [...chunks] })
const CHUNKS: readonly (readonly [number, number])[] = [
  [7, 10],
  [3, 4],
  [1, 10],
  [2, 3],
]

/** Neighbours in pairs, level by level. */
function pairs<T>(items: readonly T[], pair: (a: T, b: T) => T): T {
  let level = [...items]
  while (level.length > 1) {
    const next: T[] = []
    for (let k = 0; k < level.length; k += 2) {
      next.push(k + 1 < level.length ? pair(level[k]!, level[k + 1]!) : level[k]!)
    }
    level = next
  }
  return level[0]!
}

/** The elements of each chunk that are reduced to one element of the result, in order; `axis` is the one that goes. */
function groups([cm, cn]: readonly [number, number], axis: number | undefined): number[][][] {
  const rows = Array.from({ length: M }, (_, i) => i)
  const cols = Array.from({ length: N }, (_, j) => j)
  const split = (items: number[], size: number) =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, (k + 1) * size))
  const at = (i: number, j: number) => data[i * N + j]!
  if (axis === 0) return cols.map((j) => split(rows, cm).map((part) => part.map((i) => at(i, j))))
  if (axis === 1) return rows.map((i) => split(cols, cn).map((part) => part.map((j) => at(i, j))))
  return [split(rows, cm).flatMap((is) => split(cols, cn).map((js) => is.flatMap((i) => js.map((j) => at(i, j)))))]
}

const add = (a: number, b: number) => a + b
const sum = (x: readonly number[]) => x.reduce(add, 0)

describe.each(CHUNKS)('reductions of chunks of %i × %i', (cm, cn) => {
  const x = chunked([cm, cn])

  it.each([undefined, 0, 1])('along axis %s are those of plain JavaScript, chunk by chunk', async (axis) => {
    const options: ReductionOptions = { axis }
    const all = groups([cm, cn], axis)
    const count = all[0]!.flat().length
    const sums = all.map((chunks) => pairs(chunks.map(sum), add))
    expect(await list(x.sum(options))).toEqual(sums)
    expect(await list(x.mean(options))).toEqual(sums.map((s) => s / count))
    expect(await list(x.prod(options))).toEqual(
      all.map((chunks) =>
        pairs(
          chunks.map((c) => c.reduce((a, b) => a * b, 1)),
          (a, b) => a * b,
        ),
      ),
    )
    expect(await list(x.min(options))).toEqual(all.map((chunks) => Math.min(...chunks.flat())))
    expect(await list(x.max(options))).toEqual(all.map((chunks) => Math.max(...chunks.flat())))
    const variances = all.map((chunks) => {
      const parts = chunks.map((c) => {
        const mean = sum(c) / c.length
        return { n: c.length, mean, m2: sum(c.map((v) => (v - mean) * (v - mean))) }
      })
      const whole = pairs(parts, (a, b) => {
        const n = a.n + b.n
        const d = b.mean - a.mean
        return { n, mean: a.mean + (d * b.n) / n, m2: a.m2 + b.m2 + (d * d * a.n * b.n) / n }
      })
      return whole.m2 / (count - 1)
    })
    expect(await list(x.var({ ...options, correction: 1 }))).toEqual(variances)
    expect(await list(x.std({ ...options, correction: 1 }))).toEqual(variances.map(Math.sqrt))
  })

  it('find the first of the smallest and the largest', async () => {
    const flat = Array.from(data)
    expect(await list(x.argmin())).toEqual([flat.indexOf(Math.min(...flat))])
    expect(await list(x.argmax())).toEqual([flat.indexOf(Math.max(...flat))])
    const row = (i: number) => flat.slice(i * N, (i + 1) * N)
    expect(await list(x.argmax({ axis: 1 }))).toEqual(
      Array.from({ length: M }, (_, i) => row(i).indexOf(Math.max(...row(i)))),
    )
    const ties = fromArray(new Float64Array(M * N).fill(2), { shape: [M, N], chunks: [cm, cn] })
    expect(await list(ties.argmin())).toEqual([0])
    const odd = Float64Array.from(data)
    odd[33] = odd[57] = NaN
    const withNaN = fromArray(odd, { shape: [M, N], chunks: [cm, cn] })
    expect(await list(withNaN.argmin())).toEqual([33])
    expect(await list(withNaN.argmax())).toEqual([33])
    expect(await list(withNaN.min())).toEqual([NaN])
  })
})

it('reductions keep axes when told, and take several', async () => {
  const x = fromArray(numbers(24), { shape: [2, 3, 4], chunks: [1, 2, 3] })
  expect((await value(x.sum({ axis: [0, -1] }))).shape).toEqual([3])
  expect((await value(x.sum({ axis: 1, keepdims: true }))).shape).toEqual([2, 1, 4])
  expect((await value(x.max())).shape).toEqual([])
  expect(() => x.sum({ axis: 3 })).toThrow(/3 axes, and none is 3/)
})

describe('elements', () => {
  const rows = (x: ArrayValue) =>
    Array.from({ length: x.shape[0]! }, (_, i) => Array.from(x.data.slice(i * x.shape[1]!, (i + 1) * x.shape[1]!)))

  it.each(CHUNKS)('come back from chunks of %i × %i as they went', async (cm, cn) => {
    const back = await value(chunked([cm, cn]))
    expect(back).toEqual({ data, shape: [M, N], dtype: 'float64' })
    expect((await value(chunked([cm, cn]).rechunk([2, 7]))).data).toEqual(data)
    expect(chunked([cm, cn]).rechunk([2, 7]).chunks).toEqual([
      [2, 2, 2, 1],
      [7, 3],
    ])
  })

  it.each(CHUNKS)('are sliced and transposed in chunks of %i × %i', async (cm, cn) => {
    const x = chunked([cm, cn])
    const at = (i: number, j: number) => data[i * N + j]!
    const part = await value(x.slice([1, -1, 2], [2, 9, 3]))
    expect(rows(part)).toEqual([1, 3, 5].map((i) => [2, 5, 8].map((j) => at(i, j))))
    expect(await list(x.slice(-2))).toEqual(Array.from({ length: N }, (_, j) => at(M - 2, j)))
    expect(await list(x.slice(undefined, 3))).toEqual(Array.from({ length: M }, (_, i) => at(i, 3)))
    const turned = await value(x.transpose())
    expect(turned.shape).toEqual([N, M])
    expect(rows(turned)).toEqual(Array.from({ length: N }, (_, j) => Array.from({ length: M }, (_, i) => at(i, j))))
  })

  it('are combined with others, broadcast, and with numbers', async () => {
    const x = chunked([3, 4])
    const row = fromArray(numbers(N, 5), { chunks: 3 })
    const r = Array.from(numbers(N, 5))
    const column = fromArray(numbers(M, 7), { shape: [M, 1], chunks: 2 })
    const c = Array.from(numbers(M, 7))
    const flat = Array.from(data)
    expect(await list(x.add(row))).toEqual(flat.map((v, k) => v + r[k % N]!))
    expect(await list(row.subtract(x))).toEqual(flat.map((v, k) => r[k % N]! - v))
    expect(await list(x.multiply(column))).toEqual(flat.map((v, k) => v * c[Math.floor(k / N)]!))
    expect(await list(row.add(column))).toEqual(flat.map((_, k) => r[k % N]! + c[Math.floor(k / N)]!))
    expect(await list(x.divide(4).pow(2).negative())).toEqual(flat.map((v) => -((v / 4) ** 2)))
    const bigger = await value(x.greater(row))
    expect(bigger).toMatchObject({ dtype: 'uint8', shape: [M, N] })
    expect(Array.from(bigger.data)).toEqual(flat.map((v, k) => (v > r[k % N]! ? 1 : 0)))
    expect(await list(x.lessEqual(0).add(x.greater(0)))).toEqual(flat.map(() => 1))
    expect(() => x.add(fromArray(new Float64Array(3)))).toThrow(/shapes \[7,10\] and \[3\] do not go together/)
  })

  it('have types by the Array API', async () => {
    const of = (a: NumberArray) => fromArray(a)
    const [i8, u8, i32, u32] = [new Int8Array(1), new Uint8Array(1), new Int32Array(1), new Uint32Array(1)].map(of)
    const [f32, f64] = [new Float32Array(1), new Float64Array(1)].map(of)
    expect(i8!.add(u8!).dtype).toBe('int16')
    expect(i32!.add(u32!).dtype).toBe('float64')
    expect(i32!.divide(i32!).dtype).toBe('float64')
    expect(f32!.add(i8!).dtype).toBe('float32')
    expect(f32!.add(i32!).dtype).toBe('float64')
    expect(f32!.add(0.1).dtype).toBe('float32')
    expect(u8!.add(1).dtype).toBe('uint8')
    expect(u8!.add(-1).dtype).toBe('float64')
    expect(f64!.add(f32!).dtype).toBe('float64')
    expect(await list(of(Uint8Array.of(250, 3)).add(10))).toEqual([4, 13])
  })
})

describe('matmul', () => {
  it.each([
    [2, 3, 4],
    [5, 6, 7],
    [1, 2, 1],
  ])('in chunks of %i, %i, %i adds in the order of the chunks', async (cm, ck, cn) => {
    const [m, k, n] = [5, 6, 7]
    const [x, y] = [numbers(m * k, 2), numbers(k * n, 3)]
    const a = fromArray(x, { shape: [m, k], chunks: [cm, ck] })
    const b = fromArray(y, { shape: [k, n], chunks: [4, cn] })
    const cuts = [...new Set([...Array(k).keys()].filter((i) => i % Math.min(ck, k) === 0 || i % 4 === 0)), k]
    const expected: number[] = []
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const parts = cuts.slice(1).map((end, c) => {
          let s = 0
          for (let p = cuts[c]!; p < end; p++) s += x[i * k + p]! * y[p * n + j]!
          return s
        })
        expected.push(pairs(parts, add))
      }
    }
    expect(await list(a.matmul(b))).toEqual(expected)
  })

  it('needs shapes that go together', () => {
    expect(() => chunked([3, 4]).matmul(chunked([3, 4]))).toThrow(/\[7,10\] and \[7,10\]/)
  })
})

describe('chunked arrays', () => {
  it('say what they cannot be', () => {
    expect(() => fromArray([1, 2] as never)).toThrow(/takes a typed array/)
    expect(() => fromArray(new BigInt64Array(2) as never)).toThrow(/takes a typed array of numbers/)
    expect(() => fromArray(data, { shape: [3, 3] })).toThrow(/70 elements has not the shape \[3,3\]/)
    expect(() => fromArray(data, { chunks: [[30, 30]] })).toThrow(/do not add up to 70/)
    expect(() => fromArray(data, { chunks: 0 })).toThrow(/whole number from 1 on/)
    expect(() => chunked([3, 4]).slice([5, 5])).toThrow(/is empty/)
    expect(() => chunked([3, 4]).slice(7)).toThrow(/7 is no index of it/)
    expect(() => chunked([3, 4]).slice([0, 5, -1])).toThrow(/step below 1/)
    expect(() => chunked([3, 4]).transpose([0, 0])).toThrow(/each of the 2 axes once/)
  })

  it('cut large arrays into rows of some megabytes', () => {
    const x = fromArray(new Float32Array(6_000_000), { shape: [6000, 1000] })
    expect(x.chunks).toEqual([[2097, 2097, 1806], [1000]])
  })

  it('run on workers, from what was persisted, with functions of the user', async () => {
    const cluster = await LocalCluster.start({ workers: 2 })
    const own = await cluster.connect()
    try {
      const x = chunked([3, 4]).persist(own)
      const offset = 3
      const y = x.mapBlocks((d, { index }) => d.map((v) => v * 2 + offset + index[0]!))
      const expected = Array.from(data, (v, k) => v * 2 + offset + Math.floor(Math.floor(k / N) / 3))
      expect(Array.from((await y.compute(own)).data)).toEqual(expected)
      expect(await x.sum({ axis: 0 }).compute(own)).toEqual(await value(chunked([3, 4]).sum({ axis: 0 })))
      expect(await x.matmul(x.transpose()).compute(own)).toEqual(
        await value(chunked([3, 4]).matmul(chunked([3, 4]).transpose())),
      )
      expect(await x.compute(own)).toEqual({ data, shape: [M, N], dtype: 'float64' })
      const short = x.mapBlocks((d) => d.slice(1))
      await expect(short.compute(own)).rejects.toThrow(/gave 11 for a block of 12 elements/)
    } finally {
      await own.close()
      await cluster.close()
    }
  })
})
