import { afterEach, describe, expect, it } from 'vitest'
import { BoundsError, TsumbaError } from '../errors.ts'
import type { ScalarName, Type } from '../ir/ir.ts'
import type { WasmArtifact } from '../targets/target.ts'
import type { DType } from '../types.ts'
import { allocate, isShared } from './arrays.ts'
import type { ParamUse } from './arrays-lend.ts'
import { heap } from './memory.ts'
import { loadWasm } from './wasm.ts'

// ── modules by hand ──

const I32 = 0x7f
const F64 = 0x7c
const I64 = 0x7e

const leb = (value: number): number[] => {
  const low = value & 0x7f
  const rest = value >> 7
  return (rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40) ? [low] : [low | 0x80, ...leb(rest)]
}
const uleb = (n: number): number[] => (n < 128 ? [n] : [(n & 0x7f) | 0x80, ...uleb(n >>> 7)])
const vector = (items: readonly number[][]): number[] => [...uleb(items.length), ...items.flat()]
const section = (id: number, content: number[]): number[] => [id, ...uleb(content.length), ...content]
const text = (s: string): number[] => [...uleb(s.length), ...new TextEncoder().encode(s)]
const double = (x: number): number[] => [...new Uint8Array(new Float64Array([x]).buffer)]

const get = (local: number): number[] => [0x20, local]
const i32 = (n: number): number[] => [0x41, ...leb(n)]
const f64 = (x: number): number[] => [0x44, ...double(x)]
const TLS_BASE = [0x23, 0]
const loadF64 = (offset = 0): number[] => [0x2b, 3, ...uleb(offset)]
const storeF64 = (offset = 0): number[] => [0x39, 3, ...uleb(offset)]
const storeI32 = (offset = 0): number[] => [0x36, 2, ...uleb(offset)]
const loadI32 = (offset = 0): number[] => [0x28, 2, ...uleb(offset)]
const call = (fn: number): number[] => [0x10, fn]
const ALLOC = 0
const FREE = 1
const LAUNCH = 2
const LOG = 3
const ENTRY = 4

interface Fn {
  readonly params: readonly number[]
  readonly results: readonly number[]
  readonly locals?: number
  readonly body: readonly number[]
}

/** A module with every import of target.ts; function 4 is the entry, function 5 `launch0`. */
function build(entry: Fn, launched?: Fn): Uint8Array<ArrayBuffer> {
  const type = (params: readonly number[], results: readonly number[]) => [
    0x60,
    ...uleb(params.length),
    ...params,
    ...uleb(results.length),
    ...results,
  ]
  const own = launched ? [entry, launched] : [entry]
  const types = [
    type([I32, F64], [I32]),
    type([I32], []),
    type([I32, I32, I32, I32, I32], [I32]),
    type([F64], [F64]),
    ...own.map((f) => type(f.params, f.results)),
  ]
  const imports = [
    [...text('env'), ...text('memory'), 2, 3, 0, ...uleb(65536)],
    [...text('env'), ...text('tls'), 3, I32, 0],
    ...['alloc', 'free', 'launch'].map((name, k) => [...text('env'), ...text(name), 0, k]),
    [...text('math'), ...text('log'), 0, 3],
  ]
  const exported = own.map((_, k) => [...text(k === 0 ? 'entry' : 'launch0'), 0, ENTRY + k])
  const code = own.map((f) => {
    const body = [...(f.locals ? [1, f.locals, I32] : [0]), ...f.body, 0x0b]
    return [...uleb(body.length), ...body]
  })
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector(imports)),
    ...section(3, vector(own.map((_, k) => [4 + k]))),
    ...section(7, vector(exported)),
    ...section(10, vector(code)),
  ])
}

const array = (dtype: DType = 'float64'): Type => ({ kind: 'array', dtype, rank: 1, space: 'global' })
const scalar = (name: ScalarName): Type => ({ kind: 'scalar', name })

function load(
  fn: Fn,
  params: Type[],
  results: Type[],
  use: ParamUse[],
  { canFail = false, launched }: { canFail?: boolean; launched?: Fn } = {},
) {
  const artifact: WasmArtifact = {
    kind: 'wasm',
    bytes: build(fn, launched),
    entry: { params, results },
    launches: launched ? ['part'] : [],
    host: ['log'],
  }
  const source = { name: 'f', text: '(x) => {\n  x[0] = 1\n  return x[12]\n}', line: 7, file: 'kernel.ts' }
  const site = { code: 'bounds', subject: 'x', span: { source: 0, start: 29, end: 34 } } as const
  return loadWasm(artifact, { name: 'f', use, canFail, sites: [site], sources: [source] })
}

const READS = { reads: true, writes: false, overwritten: false }
const WRITES = { reads: false, writes: true, overwritten: false }
const OVERWRITES = { reads: false, writes: true, overwritten: true }
const UPDATES = { reads: true, writes: true, overwritten: false }

/** x[0] = 5; return x[1] */
const touch: Fn = {
  params: [I32, I32, I32],
  results: [I32, F64],
  body: [...get(1), ...f64(5), ...storeF64(), ...i32(0), ...get(1), ...loadF64(8)],
}
/** x[0] = 5, then a failure at site 0 with index 12, length 10 */
const failing: Fn = {
  params: [I32, I32, I32],
  results: [I32],
  body: [
    ...[...get(1), ...f64(5), ...storeF64()],
    ...[...TLS_BASE, ...i32(0), ...storeI32()],
    ...[...TLS_BASE, ...f64(12), ...storeF64(8)],
    ...[...TLS_BASE, ...f64(10), ...storeF64(16)],
    ...i32(1),
  ],
}

const used = () => heap()!.allocator.stats().used
let before = 0
afterEach(() => {
  if (before !== 0) expect(used()).toBe(before)
  before = 0
})
/** After the test, so much is in use as now. */
const nothingStays = () => {
  allocate(Float64Array, 1)
  load(touch, [array()], [scalar('f64')], [UPDATES]).call([new Float64Array(2)])
  before = used()
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

describe('arguments and results', () => {
  it('passes arrays of the shared memory without a copy', () => {
    const f = load(touch, [array()], [scalar('f64')], [UPDATES])
    nothingStays()
    const x = allocate(Float64Array, 10)
    x[1] = 8
    expect(f.call([x])).toBe(8)
    expect(x[0]).toBe(5)
    expect(f.call([x.subarray(4)])).toBe(0)
    expect(x[4]).toBe(5)
    x[Symbol.dispose]()
  })

  it('copies ordinary arrays in and out, offsets included', () => {
    const f = load(touch, [array()], [scalar('f64')], [UPDATES])
    nothingStays()
    const whole = new Float64Array(10).fill(3)
    expect(f.call([whole.subarray(2, 5)])).toBe(3)
    expect([...whole]).toEqual([3, 3, 5, 3, 3, 3, 3, 3, 3, 3])
  })

  it('does not copy out what is only read', () => {
    const f = load(touch, [array()], [scalar('f64')], [READS])
    nothingStays()
    const x = new Float64Array([1, 2])
    expect(f.call([x])).toBe(2)
    expect(x[0]).toBe(1)
  })

  it('does not copy in what is wholly overwritten, unless the call can fail after its first write', () => {
    // Reads x[1] all the same, to see what stands there.
    nothingStays()
    const dirty = allocate(Float64Array, 2)
    dirty.fill(77)
    dirty[Symbol.dispose]()
    const x = () => new Float64Array([1, 2])
    expect(load(touch, [array()], [scalar('f64')], [OVERWRITES]).call([x()])).toBe(77)
    expect(load(touch, [array()], [scalar('f64')], [OVERWRITES], { canFail: true }).call([x()])).toBe(2)
    expect(load(touch, [array()], [scalar('f64')], [WRITES]).call([x()])).toBe(2)
  })

  it('keeps aliases: the same array twice, overlapping parts, parts that only touch', () => {
    /** a[0] = 5; return b[0] */
    const fn: Fn = {
      params: [I32, I32, I32, I32, I32, I32],
      results: [I32, F64],
      body: [...get(1), ...f64(5), ...storeF64(), ...i32(0), ...get(4), ...loadF64()],
    }
    const f = load(fn, [array(), array()], [scalar('f64')], [UPDATES, READS])
    nothingStays()
    const x = new Float64Array([1, 2, 3, 4])
    expect(f.call([x, x])).toBe(5)
    expect(f.call([x.subarray(1), x.subarray(1, 2)])).toBe(5)
    expect([...x]).toEqual([5, 5, 3, 4])
    expect(f.call([x.subarray(2, 3), x.subarray(3)])).toBe(4)
    expect([...x]).toEqual([5, 5, 5, 4])
    const bytes = new Float64Array(x.buffer, 8, 2)
    expect(f.call([bytes, x])).toBe(5)
    expect([...x]).toEqual([5, 5, 5, 4])
    const mixed = allocate(Float64Array, 2)
    expect(f.call([x, mixed])).toBe(0)
    mixed[Symbol.dispose]()
  })

  it('returns the very array it was given, and fresh ones as owned arrays', () => {
    const same: Fn = {
      params: [I32, I32, I32, I32, I32, I32],
      results: [I32, I32],
      body: [...i32(0), ...get(3)],
    }
    const f = load(same, [array(), array('int8')], [array('int8')], [READS, READS])
    const a = new Float64Array(2)
    const b = new Int8Array(3)
    expect(f.call([a, b])).toBe(b)
    const shared = allocate(Int8Array, 3)
    expect(f.call([a, shared])).toBe(shared)

    const fresh: Fn = { params: [F64], results: [I32, I32], body: [...i32(0), ...i32(1), ...get(0), ...call(ALLOC)] }
    const made = load(fresh, [scalar('f64')], [array('float32')], []).call([7]) as Float32Array & Disposable
    expect(made).toBeInstanceOf(Float32Array)
    expect(made.length).toBe(7)
    expect(isShared(made)).toBe(true)
    const start = used()
    made[Symbol.dispose]()
    expect(used()).toBeLessThan(start)
  })

  it('returns an empty array for handle 0, and frees through `free`', () => {
    const none: Fn = {
      params: [],
      results: [I32, I32],
      body: [...i32(2), ...f64(4), ...call(ALLOC), ...call(FREE), ...i32(0), ...i32(0)],
    }
    nothingStays()
    const result = load(none, [], [array('int16')], []).call([])
    expect(result).toEqual(new Int16Array(0))
  })

  it('converts scalars both ways', () => {
    const identity = (type: number): Fn => ({ params: [type], results: [I32, type], body: [...i32(0), ...get(0)] })
    const through = (name: ScalarName, type: number, value: unknown) =>
      load(identity(type), [scalar(name)], [scalar(name)], []).call([value])
    expect(through('f64', F64, -0)).toBe(-0)
    expect(through('i32', I32, -7)).toBe(-7)
    expect(through('i64', I64, -(2 ** 40))).toBe(-(2 ** 40))
    expect(through('bool', I32, true)).toBe(true)
    expect(through('bool', I32, false)).toBe(false)
    const nothing: Fn = { params: [], results: [I32], body: i32(0) }
    expect(load(nothing, [], [], []).call([])).toBeUndefined()
  })

  it("imports the engine's own functions", () => {
    const log: Fn = { params: [F64], results: [I32, F64], body: [...i32(0), ...get(0), ...call(LOG)] }
    expect(load(log, [scalar('f64')], [scalar('f64')], []).call([3])).toBe(Math.log(3))
  })

  it('refuses arrays of 2³¹ elements', () => {
    const f = load(touch, [array('uint8')], [scalar('f64')], [UPDATES])
    nothingStays()
    expect(errorOf(() => f.call([new Uint8Array(2 ** 31)])).code).toBe('too-long')
  })

  it('refuses freed and detached arrays before anything happens', () => {
    const fn: Fn = { ...failing, params: [I32, I32, I32, I32, I32, I32] }
    const f = load(fn, [array(), array()], [], [UPDATES, UPDATES])
    nothingStays()
    const x = new Float64Array(3)
    const freed = allocate(Float64Array, 3)
    freed[Symbol.dispose]()
    expect(errorOf(() => f.call([x, freed])).code).toBe('freed')
    const detached = new Float64Array(3)
    structuredClone(detached, { transfer: [detached.buffer] })
    expect(errorOf(() => f.call([x, detached])).code).toBe('detached')
    expect([...x]).toEqual([0, 0, 0])
  })
})

describe('failing calls', () => {
  it('report the site, and the writes before the failure are seen', () => {
    nothingStays()
    const x = new Float64Array([1, 2])
    const f = load(failing, [array()], [], [WRITES], { canFail: true })
    const error = errorOf(() => f.call([x]))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toBe(
      [
        'index 12 is out of range for `x` (length 10: 0 to 9) (kernel.ts:9:10)',
        '',
        '9 |   return x[12]',
        '  |          ^^^^^',
        '',
        "Remedy: check the loop's end against the array's length, or guard the access with an `if`.",
      ].join('\n'),
    )
    expect([...x]).toEqual([5, 2])
    // Told that it fails only before its first write, nothing is copied either way.
    const y = new Float64Array([1, 2])
    errorOf(() => load(failing, [array()], [], [OVERWRITES]).call([y]))
    expect([...y]).toEqual([1, 2])
  })

  it('name endless recursion, and the next call works', () => {
    const fn: Fn = {
      params: [I32, I32, I32],
      results: [I32],
      body: [...get(1), ...f64(5), ...storeF64(), ...get(0), ...get(1), ...get(2), ...call(ENTRY)],
    }
    const f = load(fn, [array()], [], [UPDATES], { canFail: true })
    nothingStays()
    const x = new Float64Array(1)
    for (let k = 0; k < 2; k++) {
      const error = errorOf(() => f.call([x]))
      expect(error.code).toBe('depth')
      expect(error.message).toContain('Remedy')
    }
    expect(x[0]).toBe(5)
  })

  it('say that a trap is a fault of the compiler', () => {
    nothingStays()
    const f = load({ params: [], results: [I32], body: [0] }, [], [], [])
    const error = errorOf(() => f.call([]))
    expect(error.code).toBe('internal')
    expect(error.message).toContain('report')
  })

  it('say how much room is missing for a copy', () => {
    const f = load(touch, [array()], [scalar('f64')], [READS])
    nothingStays()
    const { allocator } = heap()!
    const hogs: number[] = []
    for (let size = 2 ** 28; size >= 2 ** 16; size /= 2) {
      for (let h = 0; (h = allocator.alloc(0, size / 8, false)) !== 0; ) hogs.push(h)
    }
    const error = errorOf(() => f.call([new Float64Array(50_000)]))
    for (const h of hogs) allocator.free(h)
    expect(error.code).toBe('out-of-memory')
    expect(error.message).toContain('in use')
    expect(f.call([new Float64Array(50_000)])).toBe(0)
  })
})

describe('launches', () => {
  /** for i of lo..hi: x[i] = i, the header of x in slot 0 */
  const part: Fn = {
    params: [I32, I32, I32],
    results: [I32],
    body: [
      ...[0x03, 0x40],
      ...[...get(2), ...loadI32(), ...loadI32(), ...get(0), ...i32(8), 0x6c, 0x6a],
      ...[...get(0), 0xb7, ...storeF64()],
      ...[...get(0), ...i32(1), 0x6a, 0x21, 0],
      ...[...get(0), ...get(1), 0x48, 0x0d, 0],
      0x0b,
      ...i32(0),
    ],
  }
  const launcher = (serial: number): Fn => ({
    params: [I32, I32, I32],
    results: [I32],
    body: [
      ...[...TLS_BASE, ...get(0), ...storeI32(64)],
      ...[...i32(0), ...i32(0), ...get(2), ...TLS_BASE, ...i32(64), 0x6a, ...i32(serial), ...call(LAUNCH)],
    ],
  })

  it('run in order here when serial, and by the pool otherwise', () => {
    nothingStays()
    before = 0
    for (const serial of [1, 0]) {
      const f = load(launcher(serial), [array()], [], [OVERWRITES], { launched: part })
      const x = new Float64Array(300_000)
      f.call([x])
      expect(x.every((v, k) => v === k)).toBe(true)
    }
  })
})
