import { beforeAll, describe, expect, it } from 'vitest'
import { BoundsError, TsumbaError } from '../errors.ts'
import type { Type } from '../ir/ir.ts'
import type { JsArtifact } from '../targets/target.ts'
import { allocate, isShared } from './arrays.ts'
import { loadJs } from './js.ts'
import { heap } from './memory.ts'
import { getNumThreads, setNumThreads } from './threads.ts'

const F64S: Type = { kind: 'array', dtype: 'float64', rank: 1, space: 'global' }
const F64: Type = { kind: 'scalar', name: 'f64' }
const I32: Type = { kind: 'scalar', name: 'i32' }
const UPDATES = { reads: true, writes: true, overwritten: false }
const source = { name: 'f', text: 'x => x[12]', line: 1 }

function load(text: string, params: Type[], results: Type[], launchParams: Type[][] = []) {
  const artifact: JsArtifact = {
    kind: 'js',
    text,
    entry: { params, results },
    launches: launchParams.map((_, k) => `part${k}`),
    launchParams,
  }
  const place = { subject: 'x', span: { source: 0, start: 5, end: 10 } }
  return loadJs(artifact, {
    name: 'f',
    use: params.map(() => UPDATES),
    canFail: true,
    sites: [
      { code: 'bounds', ...place },
      { code: 'memory', ...place },
    ],
    sources: [source],
  })
}

function errorOf(run: () => unknown): TsumbaError {
  try {
    run()
  } catch (error) {
    if (error instanceof TsumbaError || error instanceof BoundsError) return error as TsumbaError
    throw error
  }
  throw new Error('nothing was thrown')
}

const used = () => heap()!.allocator.stats().used

/** r[i] = x[i] + c, by a launch; fails at site 0 where x[i] is negative. */
const PARALLEL = `
  const part = (lo, hi, x, r, c) => {
    for (let i = lo; i < hi; i++) {
      if (x[i] < 0) throw rt.fail(0, i, 3)
      r[i] = x[i] + c
    }
  }
  return {
    entry(x, c) {
      const unused = rt.alloc(0, 1000, 1)
      const r = rt.alloc(0, x.length, 1)
      rt.launch(0, 0, x.length, [x, r, c], false)
      return r
    },
    launches: [part],
  }`
const parallel = () => load(PARALLEL, [F64S, F64], [F64S], [[F64S, F64S, F64]])

describe('serial programs', () => {
  it("run on the caller's arrays in place", () => {
    const f = load('return { entry: (x) => { x[0] = 5; return x }, launches: [] }', [F64S], [F64S])
    const x = new Float64Array(2)
    expect(f.call([x])).toBe(x)
    expect(x[0]).toBe(5)
  })

  it('allocate ordinary arrays', () => {
    const f = load('return { entry: (n) => rt.alloc(1, n, 1), launches: [] }', [F64], [F64S])
    const r = f.call([4]) as Float32Array
    expect(r).toEqual(new Float32Array(4))
    expect(isShared(r)).toBe(false)
  })

  it('turn failures into errors that point at the source', () => {
    const f = load('return { entry: (x) => { x[0] = 5; throw rt.fail(0, 12, x.length) }, launches: [] }', [F64S], [])
    const x = new Float64Array(10)
    const error = errorOf(() => f.call([x]))
    expect(error).toBeInstanceOf(BoundsError)
    expect(error.message).toContain('index 12 is out of range for `x` (length 10: 0 to 9) (`f`, line 1:6)')
    expect(error.message).toContain('^^^^^')
    expect(x[0]).toBe(5)
  })

  it('say what is wrong with a length', () => {
    const f = load('return { entry: (n) => rt.alloc(0, n, 1), launches: [] }', [F64], [F64S])
    for (const n of [-1, 2.5, NaN]) {
      const error = errorOf(() => f.call([n]))
      expect(error.code).toBe('length')
      expect(error.message).toContain(`the length ${n} asked for`)
    }
    expect(errorOf(() => f.call([2 ** 32])).code).toBe('out-of-memory')
    expect(errorOf(() => f.call([1e300])).code).toBe('length')
  })

  it('name endless recursion', () => {
    const f = load('const entry = (n) => 1 + entry(n + 1); return { entry, launches: [] }', [F64], [F64])
    expect(errorOf(() => f.call([0])).code).toBe('depth')
  })

  it('refuse freed arrays', () => {
    const f = load('return { entry: (x) => x[0], launches: [] }', [F64S], [F64])
    const x = allocate(Float64Array, 3)
    x[Symbol.dispose]()
    expect(errorOf(() => f.call([x])).code).toBe('freed')
  })

  it('know overlapping arrays', () => {
    const f = load('return { entry: (a, b) => rt.overlap(a, b), launches: [] }', [F64S, F64S], [F64])
    const x = new Float64Array(10)
    expect(f.call([x, x])).toBe(true)
    expect(f.call([x.subarray(0, 5), x.subarray(4)])).toBe(true)
    expect(f.call([x.subarray(0, 5), x.subarray(5)])).toBe(false)
    expect(f.call([x, new Float64Array(10)])).toBe(false)
    expect(f.call([x, x.subarray(3, 3)])).toBe(false)
  })
})

describe('programs with parallel parts', () => {
  beforeAll(() => setNumThreads(2))

  it('run on arrays of either kind, give results in shared memory, and keep nothing else', () => {
    const f = parallel()
    const ordinary = new Float64Array(300_000).map((_, i) => i)
    const shared = allocate(Float64Array, 300_000)
    shared.set(ordinary)
    for (const x of [ordinary, shared]) {
      // The first call starts the pool, which keeps its areas.
      ;(f.call([x, 1]) as Float64Array & Disposable)[Symbol.dispose]()
      const before = used()
      const r = f.call([x, 0.5]) as Float64Array & Disposable
      expect(isShared(r)).toBe(true)
      expect(r.every((v, i) => v === i + 0.5)).toBe(true)
      r[Symbol.dispose]()
      expect(used()).toBe(before)
    }
  })

  it('run in ordinary memory on one thread, and where no copy has room', () => {
    const f = parallel()
    const x = new Float64Array(50_000)
    const threads = getNumThreads()
    setNumThreads(1)
    expect(isShared(f.call([x, 2]) as Float64Array)).toBe(false)
    setNumThreads(threads)

    const { allocator } = heap()!
    const hogs: number[] = []
    for (let size = 2 ** 28; size >= 2 ** 16; size /= 2) {
      for (let h = 0; (h = allocator.alloc(0, size / 8, false)) !== 0; ) hogs.push(h)
    }
    const r = f.call([x, 2]) as Float64Array
    for (const h of hogs) allocator.free(h)
    expect(r.every((v) => v === 2)).toBe(true)
    expect(isShared(r)).toBe(false)
  })

  it('report the lowest failing iteration, and give everything back', () => {
    const f = parallel()
    const x = new Float64Array(300_000)
    x[200_000] = -1
    x[250_000] = -1
    ;(f.call([new Float64Array(300_000), 1]) as Float64Array & Disposable)[Symbol.dispose]()
    const before = used()
    const error = errorOf(() => f.call([x, 1]))
    expect(error.message).toContain('index 200000 is out of range')
    expect(used()).toBe(before)
  })

  it('give the very array back that they were passed, copied out', () => {
    const text = `return {
      entry(x, n) { rt.launch(0, 0, n, [x, n], false); return x },
      launches: [(lo, hi, x, n) => { for (let i = lo; i < hi; i++) x[i] = n }],
    }`
    const f = load(text, [F64S, I32], [F64S], [[F64S, I32]])
    const x = new Float64Array(10)
    expect(f.call([x, 7])).toBe(x)
    expect([...x]).toEqual([7, 7, 7, 7, 7, 7, 7, 0, 0, 0])
    expect(f.call([new Float64Array(0), 0])).toEqual(new Float64Array(0))
  })

  it('run launches inside launched parts where they are met', () => {
    const text = `return {
      entry(x) { rt.launch(0, 0, x.length / 100, [x], false); return x },
      launches: [
        (lo, hi, x) => { for (let i = lo; i < hi; i++) rt.launch(1, i * 100, i * 100 + 100, [x], false) },
        (lo, hi, x) => { const t = rt.alloc(0, 1, 1); for (let i = lo; i < hi; i++) x[i] += i + t[0] },
      ],
    }`
    const f = load(text, [F64S], [F64S], [[F64S], [F64S]])
    const x = new Float64Array(100_000)
    f.call([x])
    expect(x.every((v, i) => v === i)).toBe(true)
  })
})
