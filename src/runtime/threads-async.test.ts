import { beforeEach, describe, expect, it } from 'vitest'
import { busy, FLOAT64, INT32, loop, ON_WORKER, shared, startPool, WASM_COUNT } from '../../test/house/pool.ts'
import { HEADER } from './layout.ts'
import { heap } from './memory.ts'
import { registerProgram, setNumThreads, unregisterProgram } from './threads.ts'
import { runAsync } from './threads-async.ts'

const n = 2000
const out = shared(n)
/** A mark a thread: 1 here, 2 the coordinator, 3 the pool. */
const who = `(!${ON_WORKER} ? 1 : globalThis.coordinator ? 2 : 3)`
const params = { out: INT32, fault: FLOAT64 } as const
const body = `for (let i = lo; i < hi; i++) {
  ${busy(10)}
  if (i === fault) throw rt.fail(4, i, 8)
  if (fault === -2 && globalThis.coordinator) process.exit(6)
  if (fault === -3 && ${ON_WORKER} && !globalThis.coordinator) process.exit(7)
  out[i] = ${who}
}`
const entry = `(out, fault) => {
  globalThis.coordinator = true
  if (fault === -4) process.exit(8)
  if (fault === -5) for (const all = []; ; ) all.push(new Array(5000).fill(1))
  if (fault === -6) throw new Error('odd')
  if (fault === -7) return rt.alloc(7, 3, 0).fill(5)
  if (fault === -8) return out
  rt.launch(0, 0, out.length, [out, fault])
  return out.length / 4
}`
const program = loop(body, params, entry)
const call = (fault: number) => runAsync(program.id, [{ handle: out.handle }, fault])
const died = (cause: RegExp) => expect.objectContaining({ code: 'worker-died', message: expect.stringMatching(cause) })

beforeEach(() => {
  setNumThreads(2)
  startPool()
  out.view.fill(0)
})

describe('a call off the main thread', () => {
  it('returns its result, and its loops run on the pool', async () => {
    const marks = new Set<number>()
    for (let k = 0; k < 20 && marks.size < 2; k++) {
      expect(await call(-1)).toEqual({ status: 0, result: n / 4 })
      for (const mark of out.view) marks.add(mark)
    }
    expect([...marks].sort()).toEqual([2, 3])
  })

  it('leaves this thread free, which may launch meanwhile', async () => {
    const mine = shared(n)
    for (let k = 0; k < 3; k++) {
      const others = [call(-1), call(-1)]
      mine.view.fill(0)
      expect(program.run(0, n, mine, -1)).toBe(0)
      expect(mine.view.every((x) => x === 1 || x === 3)).toBe(true)
      expect(await Promise.all(others)).toHaveLength(2)
      expect(out.view.every((x) => x >= 2)).toBe(true)
    }
  })

  it.each([0, 700, n - 1])('reports the failure at %i', async (fault) => {
    const outcome = await call(fault)
    expect(outcome.status).not.toBe(0)
    expect(outcome.record).toEqual({ site: 4, value0: fault, value1: 8 })
    expect(out.view.subarray(0, fault).every((x) => x >= 2)).toBe(true)
  })

  it('passes arrays back by handle, with a reference', async () => {
    const refs = (handle: number) => new Int32Array(heap()!.memory.buffer, handle + HEADER.refs, 1)[0]
    const made = (await call(-7)).result as number
    const base = new Uint32Array(heap()!.memory.buffer, made + HEADER.base, 1)[0]!
    expect([...new Int32Array(heap()!.memory.buffer, base, 3)]).toEqual([5, 5, 5])
    expect(refs(made)).toBe(1)
    const before = refs(out.handle)!
    expect((await call(-8)).result).toBe(out.handle)
    expect(refs(out.handle)).toBe(before + 1)
  })

  it('runs WebAssembly', async () => {
    const id = registerProgram({ kind: 'wasm', module: new WebAssembly.Module(WASM_COUNT), host: ['cos'] })
    const big = shared(1_000_000)
    for (let k = 1; k <= 5; k++) {
      expect(await runAsync(id, [{ handle: big.handle }, -1])).toEqual({ status: 0, result: big.handle })
      expect(big.view.every((x) => x === k)).toBe(true)
    }
    const outcome = await runAsync(id, [{ handle: big.handle }, 654_321])
    expect(outcome).toMatchObject({ status: 1, record: { site: 6, value0: 654_321 } })
    unregisterProgram(id)
    await expect(runAsync(id, [])).rejects.toThrow(/released/)
  })
})

describe('off the main thread, what goes wrong', () => {
  const works = async () => {
    expect(await call(-1)).toEqual({ status: 0, result: n / 4 })
    expect(program.run(0, n, out, -1)).toBe(0)
  }

  it('in the code is an error', async () => {
    await expect(call(-6)).rejects.toThrow(expect.objectContaining({ message: expect.stringMatching(/odd/) }))
    await works()
  })

  it.each([
    ['ending itself', -4, /exit code 8/],
    ['a full heap', -5, /heap of 512 MB/],
  ])('with the thread, %s, rejects what was under way', async (_, fault, cause) => {
    const both = [call(fault), call(-1)]
    for (const outcome of both) await expect(outcome).rejects.toThrow(died(cause))
    await works()
  })

  it('with the thread inside a parallel loop leaves the pool usable', async () => {
    await expect(call(-2)).rejects.toThrow(died(/exit code 6/))
    await works()
    startPool()
  })

  it('with a worker of the pool rejects within 2 s', async () => {
    const began = performance.now()
    await expect(
      (async () => {
        for (let k = 0; k < 50; k++) await call(-3)
      })(),
    ).rejects.toThrow(died(/exit code 7/))
    expect(performance.now() - began).toBeLessThan(2000)
    await works()
    startPool()
  })
})
