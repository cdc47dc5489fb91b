import { describe, expect, it } from 'vitest'
import { BoundsError, type TsumbaError } from '../errors.ts'
import type { Type } from '../ir/ir.ts'
import { allocate, isShared } from './arrays.ts'
import { loadJs } from './js.ts'
import { heap } from './memory.ts'

const F64S: Type = { kind: 'array', dtype: 'float64', rank: 1, space: 'global' }
const F64: Type = { kind: 'scalar', name: 'f64' }

function load(text: string, params: Type[], results: Type[]) {
  return loadJs(
    { kind: 'js', text, entry: { params, results }, launches: [], launchParams: [] },
    {
      name: 'f',
      use: params.map(() => ({ reads: true, writes: true, overwritten: false })),
      canFail: true,
      sites: [{ code: 'bounds', subject: 'x', span: { source: 0, start: 5, end: 10 } }],
      sources: [{ name: 'f', text: 'x => x[12]', line: 1 }],
    },
  )
}

const used = () => heap()!.allocator.stats().used
const settled = (p: Promise<unknown>): Promise<TsumbaError> =>
  p.then(
    () => Promise.reject('it worked'),
    (e) => e,
  )

describe('async calls', () => {
  it('copy ordinary arrays in and out and return the very array, or a fresh one', async () => {
    const f = load('return { entry: (x, k) => { x[1] = x[0] + k; return x }, launches: [] }', [F64S, F64], [F64S])
    const x = new Float64Array([3, 0])
    expect(await f.async([x, 4])).toBe(x)
    expect([...x]).toEqual([3, 7])
    const shared = allocate(Float64Array, 4)
    expect(await f.async([shared.subarray(2), 4])).toHaveLength(2)
    expect([...shared]).toEqual([0, 0, 0, 4])
    const g = load('return { entry: (n) => rt.alloc(0, n, 0), launches: [] }', [F64], [F64S])
    const before = used()
    const fresh = (await g.async([5])) as Float64Array & Disposable
    expect(fresh).toEqual(new Float64Array(5))
    expect(isShared(fresh)).toBe(true)
    fresh[Symbol.dispose]()
    expect(used()).toBe(before)
  })

  it('reject with the failure; effects before it are seen, and nothing stays', async () => {
    const f = load('return { entry: (x) => { x[0] = 5; throw rt.fail(0, 12, x.length) }, launches: [] }', [F64S], [])
    const x = new Float64Array(10)
    const before = used()
    const error = await settled(f.async([x]))
    expect(error).toBeInstanceOf(BoundsError)
    expect(error.message).toContain('index 12 is out of range for `x`')
    expect(x[0]).toBe(5)
    expect(used()).toBe(before)
  })

  it('keep a block that its scope frees meanwhile', async () => {
    const f = load(
      'return { entry: (x) => { for (let k = 0; k < 2e7; k++) x[k % x.length] += 1; return x[0] }, launches: [] }',
      [F64S],
      [F64],
    )
    const before = used()
    let pending: Promise<unknown>
    {
      using x = allocate(Float64Array, 1000)
      pending = f.async([x])
    }
    using other = allocate(Float64Array, 1000)
    expect(await pending).toBe(20000)
    expect(other.every((v) => v === 0)).toBe(true)
    expect(used()).toBe(before + 8064)
  })

  it('reject freed arrays', async () => {
    const f = load('return { entry: (x) => x[0], launches: [] }', [F64S], [F64])
    const x = allocate(Float64Array, 3)
    x[Symbol.dispose]()
    expect((await settled(f.async([x]))).code).toBe('freed')
  })
})
