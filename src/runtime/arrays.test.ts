import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { TsumbaError } from '../errors.ts'
import { DTYPES, dtypeCode } from '../types.ts'
import { adopt, allocate, isShared, locate, pressure } from './arrays.ts'
import { heap } from './memory.ts'

const used = () => heap()!.allocator.stats().used

/** Runs a script in a Node of its own that can collect garbage; what it prints is its answer, as JSON. */
function child(script: string): unknown {
  const here = new URL('.', import.meta.url).href
  const text = `
    const { allocate, isShared, pressure } = await import('${here}arrays.ts')
    const { heap, heapReason } = await import('${here}memory.ts')
    const used = () => heap().allocator.stats().used
    const turn = () => new Promise((r) => setImmediate(r))
    // Finalizers run in a task of their own after the collection.
    const collect = async () => { for (let k = 0; k < 4; k++) { gc(); await turn(); await new Promise((r) => setTimeout(r, 5)) } }
    ${script}`
  const flags = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', text]
  const run = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
  return JSON.parse(run.stdout)
}

function errorOf(run: () => unknown): TsumbaError {
  try {
    run()
  } catch (error) {
    if (error instanceof TsumbaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('allocate', () => {
  it('gives ordinary typed arrays of every kind, in shared memory, zeroed', () => {
    for (const { ctor, size } of DTYPES) {
      const a = allocate(ctor, 10)
      expect(a).toBeInstanceOf(ctor)
      expect(Object.getPrototypeOf(a)).toBe(ctor.prototype)
      expect(a).toEqual(new ctor(10))
      expect(a.byteLength).toBe(10 * size)
      expect(isShared(a)).toBe(true)
      expect(Object.keys(a)).toHaveLength(10)
    }
  })

  it('zeroes what was used before', () => {
    for (let k = 0; k < 3; k++) {
      using a = allocate(Float64Array, 5000)
      expect(a.every((x) => Object.is(x, 0))).toBe(true)
      a.fill(7)
    }
  })

  it('says what is wrong with a length, and what to do', () => {
    for (const n of [-1, 2.5, NaN, Infinity, '5' as never, undefined as never]) {
      const error = errorOf(() => allocate(Float64Array, n))
      expect(error.code).toBe('length')
      expect(error.message).toContain(String(n))
      expect(error.message).toContain('Remedy')
    }
    expect(errorOf(() => allocate(Array as never, 3)).code).toBe('argument')
    const error = errorOf(() => allocate(Float64Array, 1e12))
    expect(error.code).toBe('out-of-memory')
    expect(error.message).toContain('8 TB')
  })

  it('says how much is in use when there is no room', () => {
    const text = child(`
      const kept = []
      let text = ''
      try {
        for (;;) { kept.push(allocate(Uint8Array, 2 ** 29)); await turn() }
      } catch (error) { text = error.code + ' ' + kept.length + ' ' + error.message }
      console.log(JSON.stringify(text))`)
    expect(text).toMatch(/^out-of-memory 7 .*3\.76 GB of 4\.29 GB of shared memory are in use/)
    expect(text).toContain('Remedy')
  })

  it('falls back to ordinary memory, with a reason, where there is no shared one', () => {
    const answer = child(`
      WebAssembly.Memory = class { constructor() { throw new RangeError('could not allocate memory') } }
      const a = allocate(Float64Array, 4)
      a[Symbol.dispose]()
      let code = ''
      try { isShared(a) } catch (error) { code = error.code }
      const b = allocate(Int8Array, 3)
      console.log(JSON.stringify([heapReason(), b instanceof Int8Array, isShared(b), code, pressure(0)]))`)
    expect(answer).toEqual([expect.stringContaining('could not allocate memory'), true, false, 'freed', true])
  })
})

describe('lifetime', () => {
  it('gives blocks back when their views are unreachable', () => {
    const [before, during, after] = child(`
      allocate(Float64Array, 1)
      const before = used()
      let a = [1, 2, 3].map(() => allocate(Float64Array, 1000))
      await collect()
      const during = used()
      a = undefined
      await collect()
      console.log(JSON.stringify([before, during, used()]))`) as number[]
    expect(during! - before!).toBeGreaterThanOrEqual(24000)
    expect(after).toBeLessThanOrEqual(before!)
  })

  it('keeps a block while a subarray of a subarray lives, and no longer', () => {
    const answer = child(`
      let a = allocate(Float64Array, 100000).fill(3)
      let part = a.subarray(10, 50).subarray(5)
      a = undefined
      await collect()
      const other = allocate(Float64Array, 100000).fill(9)
      const alive = [part.length, part.every((x) => x === 3), used() > 1600000]
      part = undefined
      await collect()
      console.log(JSON.stringify([...alive, used() < 1600000, other[0]]))`)
    expect(answer).toEqual([35, true, true, true, 9])
  })

  it('never frees a block whose buffer was read', () => {
    const answer = child(`
      let a = allocate(Float64Array, 100000).fill(3)
      const other = new Float32Array(a.buffer, a.byteOffset, 4)
      a = undefined
      await collect()
      const b = allocate(Float64Array, 100000).fill(9)
      console.log(JSON.stringify([new Float64Array(other.buffer, other.byteOffset, 100000).every((x) => x === 3), isShared(other)]))`)
    expect(answer).toEqual([true, true])
  })

  it('frees at the end of a using scope; passing the array or a part of it later is an error', () => {
    allocate(Float64Array, 1)
    const before = used()
    let escaped: Float64Array
    let part: Float64Array
    {
      using a = allocate(Float64Array, 1000)
      escaped = a
      part = a.subarray(0, 10)
      expect(used()).toBeGreaterThan(before)
    }
    expect(used()).toBe(before)
    for (const view of [escaped, part]) {
      const error = errorOf(() => locate(view))
      expect(error.code).toBe('freed')
      expect(error.message).toContain(`length ${view.length}`)
      expect(error.message).toContain('Remedy')
    }
    ;(escaped as Float64Array & Disposable)[Symbol.dispose]()
    expect(used()).toBe(before)
  })

  it('does not free a pinned block at the end of its scope', () => {
    const before = used()
    const a = allocate(Float64Array, 1000)
    const whole = a.buffer
    a[Symbol.dispose]()
    expect(used()).toBeGreaterThan(before)
    expect(isShared(new Float64Array(whole, a.byteOffset, 10))).toBe(true)
  })

  it('leaves the resident size within 5 % over 10⁴ allocate-and-swap iterations', () => {
    const ratio = child(`
      let u = allocate(Float64Array, 20000), v = allocate(Float64Array, 20000)
      let start = 0
      for (let k = 0; k < 13000; k++) {
        const next = allocate(Float64Array, 20000)
        next.fill(k)
        ;[u, v] = [v, next]
        if (k % 250 === 0) { gc(); await turn() }
        if (k === 3000) start = process.memoryUsage.rss()
      }
      console.log(process.memoryUsage.rss() / start)`)
    expect(ratio).toBeLessThan(1.05)
  })

  it('makes the collector run by itself: gigabytes pass through, megabytes stay', () => {
    const [before, after, ordinary] = child(`
      const before = process.memoryUsage.rss()
      let ordinary = 0
      for (let k = 0; k < 1200; k++) {
        const a = allocate(Float64Array, 524288)
        for (let j = 0; j < a.length; j += 512) a[j] = 1
        if (!isShared(a)) ordinary++
        if (k % 4 === 0) await turn()
      }
      console.log(JSON.stringify([before, process.memoryUsage.rss(), ordinary]))`) as number[]
    expect(ordinary).toBe(0)
    expect(after! - before!).toBeLessThan(700e6)
  })
})

describe('pressure', () => {
  it('comes up within one task, makes results ordinary arrays, and goes away with the arrays', async () => {
    expect(pressure(2 ** 30 + 1)).toBe(true)
    await new Promise((done) => setImmediate(done))
    expect(pressure(1e6)).toBe(false)
    // Never touched: address space alone.
    const hog = allocate(Uint8Array, 2 ** 30 - 1e5)
    expect(pressure(1e6)).toBe(true)

    const { allocator, memory } = heap()!
    const before = used()
    const handle = allocator.alloc(dtypeCode('int32'), 100_000, true)
    new Int32Array(memory.buffer, allocator.reach(handle + 16)[handle >>> 2]!, 3).set([4, 5, 6])
    const result = adopt(handle)
    expect(isShared(result)).toBe(false)
    expect([...result.subarray(0, 4)]).toEqual([4, 5, 6, 0])
    expect(result.length).toBe(100_000)
    expect(used()).toBe(before)

    hog[Symbol.dispose]()
    expect(pressure(1e6)).toBe(false)
  })
})

describe('locate', () => {
  it('knows arrays of the shared memory, parts of them, and others', () => {
    const a = allocate(Float64Array, 10)
    const located = locate(a)!
    expect(located.base).toBe(a.byteOffset)
    expect(locate(a.subarray(2))).toEqual({ handle: located.handle, base: a.byteOffset + 16 })
    expect(locate(new Float64Array(3))).toBeUndefined()
    expect(locate(new Float64Array(new SharedArrayBuffer(8)))).toBeUndefined()
    expect(locate(a.slice())).toBeUndefined()
    expect(locate(a.map((x) => x))).toBeUndefined()
  })

  it('refuses detached arrays, and takes empty ones', () => {
    expect(locate(new Float64Array(0))).toBeUndefined()
    const gone = new Float64Array(4)
    structuredClone(gone, { transfer: [gone.buffer] })
    const error = errorOf(() => locate(gone))
    expect(error.code).toBe('detached')
    expect(error.message).toContain('Remedy')
  })
})
