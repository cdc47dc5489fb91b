import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ALLOCATOR_LAYOUT, createAllocator } from './allocator.ts'
import { BORROWED, HEADER, HEAP_STATE } from './layout.ts'

const U8 = 3
const F64 = 0

function make(maximum = 1024, initial = 2) {
  const memory = new WebAssembly.Memory({ initial, maximum, shared: true })
  return { memory, allocator: createAllocator(memory, ALLOCATOR_LAYOUT, maximum) }
}

function header(allocator: ReturnType<typeof createAllocator>, handle: number) {
  const words = allocator.reach(handle + HEADER.bytes)
  const at = (field: number) => words[(handle + field) >>> 2]!
  return { base: at(HEADER.base), length: at(HEADER.length), refs: at(HEADER.refs), dtype: at(HEADER.dtype) }
}

/** mulberry32: the same sequence for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('allocator', () => {
  it('hands out zeroed, aligned blocks with a header of one reference', () => {
    const { allocator } = make()
    const handle = allocator.alloc(F64, 10, true)
    const { base, length, refs, dtype } = header(allocator, handle)
    expect({ length, refs, dtype }).toEqual({ length: 10, refs: 1, dtype: F64 })
    expect(base % 64).toBe(0)
    expect(handle % 16).toBe(0)
    expect(base).toBeGreaterThanOrEqual(handle + HEADER.bytes)
  })

  it('gives a real handle for an empty array and 0 for lengths that are none', () => {
    const { allocator } = make()
    expect(allocator.alloc(F64, 0, true)).not.toBe(0)
    for (const length of [-1, 1.5, NaN, Infinity, 2 ** 31, 1e300]) expect(allocator.alloc(F64, length, true)).toBe(0)
  })

  it('agrees with a model over random sequences: no overlap, zeroes where asked, nothing lost', () => {
    for (const seed of [1, 2]) {
      const next = random(seed)
      const { memory, allocator } = make(2048)
      const live = new Map<number, { base: number; bytes: number; mark: number }>()
      for (let step = 0; step < 1500; step++) {
        if (next() < 0.55) {
          const bytes = next() < 0.05 ? Math.floor(next() * 2_000_000) : Math.floor(next() ** 3 * 9000)
          const zero = next() < 0.5
          const handle = allocator.alloc(U8, bytes, zero)
          expect(handle, `seed ${seed}, step ${step}`).not.toBe(0)
          const { base } = header(allocator, handle)
          const view = new Uint8Array(memory.buffer, base, bytes)
          if (zero && view.some((x) => x !== 0)) throw new Error(`seed ${seed}, step ${step}: not zero`)
          const mark = 1 + (step % 255)
          view.fill(mark)
          live.set(handle, { base, bytes, mark })
        } else if (live.size > 0) {
          const handle = [...live.keys()][Math.floor(next() * live.size)]!
          const { base, bytes, mark } = live.get(handle)!
          const view = new Uint8Array(memory.buffer, base, bytes)
          if (view.some((x) => x !== mark)) throw new Error(`seed ${seed}, step ${step}: someone wrote into a block`)
          live.delete(handle)
          allocator.free(handle)
        }
      }
      expect(allocator.stats().blocks).toBe(live.size)
      for (const handle of live.keys()) allocator.free(handle)
      expect(allocator.stats()).toMatchObject({ used: 0, blocks: 0 })
      // All has coalesced into one block again: nearly the whole memory is one array.
      const size = memory.buffer.byteLength
      expect(allocator.alloc(U8, size - 65536 - 192, false)).not.toBe(0)
      expect(memory.buffer.byteLength).toBe(size)
    }
  })

  it('reuses what it gave back instead of growing', () => {
    const { memory, allocator } = make()
    let held = allocator.alloc(F64, 50_000, true)
    for (let k = 0; k < 1000; k++) {
      const next = allocator.alloc(F64, 50_000 + (k % 7), true)
      allocator.free(held)
      held = next
    }
    expect(memory.buffer.byteLength).toBeLessThan(2.5e6)
  })

  it('returns 0 when there is no room, and serves again after a free', () => {
    const { allocator } = make(32)
    const big = allocator.alloc(U8, 1_500_000, true)
    expect(big).not.toBe(0)
    expect(allocator.alloc(U8, 1_500_000, true)).toBe(0)
    allocator.free(big)
    expect(allocator.alloc(U8, 1_500_000, true)).not.toBe(0)
  })

  it('reaches the end of 4 GiB', () => {
    const { memory, allocator } = make(65536)
    const handles = [0, 1, 2, 3].map(() => allocator.alloc(U8, 2 ** 30 - 2 ** 15, true))
    expect(handles.every((h) => h !== 0)).toBe(true)
    expect(memory.buffer.byteLength).toBe(2 ** 32)
    const { base } = header(allocator, handles[3]!)
    new Uint8Array(memory.buffer, base + 2 ** 30 - 2 ** 15 - 1, 1)[0] = 9
    for (const handle of handles) allocator.free(handle | 0)
    expect(allocator.stats().used).toBe(0)
  })

  it('refuses to free twice and leaves borrowed headers alone', () => {
    const { allocator } = make()
    const a = allocator.alloc(F64, 4, true)
    allocator.free(0)
    const words = allocator.reach(a + HEADER.bytes)
    words[(a + HEADER.refs) >>> 2] = BORROWED + 3
    allocator.free(a)
    expect(allocator.stats().blocks).toBe(1)
    words[(a + HEADER.refs) >>> 2] = 0
    allocator.free(a)
    expect(() => allocator.free(a)).toThrow('not a block in use')
  })

  it('serves threads at once, its source put into a worker', async () => {
    const { memory, allocator } = make(4096)
    const text = `
      const __name = (f) => f
      const { parentPort, workerData: { memory, layout, seed } } = require('node:worker_threads')
      const createAllocator = ${createAllocator.toString()}
      const allocator = createAllocator(memory, layout)
      const live = []
      let bad = 0
      for (let step = 0; step < 6000; step++) {
        const bytes = (step * 7919 * seed) % 3000
        const handle = allocator.alloc(3, bytes, true)
        const base = allocator.reach(handle + 16)[handle >>> 2]
        allocator.reach(base + bytes)
        const view = new Uint8Array(memory.buffer, base, bytes)
        if (view.some((x) => x !== 0)) bad++
        view.fill(seed)
        live.push([handle, view])
        if (live.length > 40) {
          const [old, was] = live.splice(step % 40, 1)[0]
          if (was.some((x) => x !== seed)) bad++
          allocator.free(old)
        }
      }
      for (const [old] of live) allocator.free(old)
      parentPort.postMessage(bad)`
    const workers = [1, 2, 3].map(
      (seed) => new Worker(text, { eval: true, workerData: { memory, layout: ALLOCATOR_LAYOUT, seed } }),
    )
    const bad = await Promise.all(
      workers.map((w) => new Promise((done, fail) => w.once('message', done).once('error', fail))),
    )
    expect(bad).toEqual([0, 0, 0])
    expect(allocator.stats()).toMatchObject({ used: 0, blocks: 0 })
  })

  it('takes the lock over from a thread that ended while it held it', () => {
    const { memory, allocator } = make()
    const kept = allocator.alloc(F64, 100, true)
    const freed = allocator.alloc(F64, 300, true)
    allocator.alloc(F64, 5, true)
    allocator.free(freed)
    const state = new Int32Array(memory.buffer, HEAP_STATE, 64)
    state[0] = 1
    state[19] = 12345
    const start = performance.now()
    const handle = allocator.alloc(F64, 300, true)
    expect(performance.now() - start).toBeLessThan(4000)
    expect(handle).toBe(freed)
    expect(allocator.stats().blocks).toBe(3)
    allocator.free(kept)
  })
})
