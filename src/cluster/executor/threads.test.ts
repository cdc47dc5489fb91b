import { afterEach, describe, expect, it } from 'vitest'
import { allocate, jit, prange } from '../../index.ts'
import type { Encoded } from '../travel/encoded.ts'
import { KEY } from '../travel/encoded.ts'
import { travelling } from '../travel/functions.ts'
import { decode, encode } from '../travel/values.ts'
import type { Executor, ExecutorOptions, Job, Outcome } from './executor.ts'
import { startExecutor } from './threads.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function, whatever its parameters
type Fn = (...args: any[]) => any

const open: Executor[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((executor) => executor.close()))
})

let nextId = 1

/** An executor whose jobs are promises of their outcomes. */
async function start(options: ExecutorOptions) {
  const executor = await startExecutor(options)
  open.push(executor)
  const waiting = new Map<number, (outcome: Outcome) => void>()
  const all: Outcome[] = []
  executor.listen((outcomes) => {
    for (const outcome of outcomes) {
      all.push(outcome)
      waiting.get(outcome.id)!(outcome)
      waiting.delete(outcome.id)
    }
  })
  const job = (fn: Fn, args: unknown[], inputs: Record<string, Encoded> = {}): Job => {
    const id = nextId++
    return { id, key: `k${id}`, fn: travelling(fn), args: encode(args), inputs: new Map(Object.entries(inputs)) }
  }
  const outcomeOf = (one: Job) => new Promise<Outcome>((resolve) => waiting.set(one.id, resolve))
  const submit = (jobs: readonly Job[]) => {
    const outcomes = Promise.all(jobs.map(outcomeOf))
    executor.run(jobs)
    return outcomes
  }
  const call = async (fn: Fn, args: unknown[], inputs: Record<string, Encoded> = {}) => {
    const [outcome] = await submit([job(fn, args, inputs)])
    return outcome!
  }
  const value = async (fn: Fn, args: unknown[], inputs: Record<string, Encoded> = {}) => {
    const { result } = await call(fn, args, inputs)
    if (result.status !== 'ok') throw new Error(JSON.stringify(result))
    return decode(result.value)
  }
  return { executor, job, submit, call, value, all }
}

const input = (key: string) => ({ [KEY]: key })
const shared = (values: number[]): Float64Array => {
  const array = new Float64Array(new SharedArrayBuffer(values.length * 8))
  array.set(values)
  return array
}
/** More bytes than go within a message. */
const MANY = 10_000

describe('threads', () => {
  it('run plain, async and jitted functions', async () => {
    const { value } = await start({ nthreads: 2 })
    expect(await value((a: number, b: number) => a + b, [1, 2])).toBe(3)
    expect(await value(async (a: string) => `${a}!`, ['x'])).toBe('x!')
    const roots = jit(
      (x: Float64Array) => {
        const r = new Float64Array(x.length)
        for (const i of prange(x.length)) r[i] = Math.sqrt(x[i]!)
        return r
      },
      { parallel: true },
    )
    expect(await value(roots, [new Float64Array([4, 9])])).toEqual(new Float64Array([2, 3]))
    expect(
      await value((fn: Fn) => fn(3), [input('f')], { f: encode((x: number) => x + 1, { function: travelling }) }),
    ).toBe(4)
  })

  it('run many small jobs, each with its own outcome', async () => {
    const { job, submit, executor } = await start({ nthreads: 2 })
    const double = (x: number) => x * 2
    const jobs = Array.from({ length: 3000 }, (_, i) => job(double, [i]))
    const outcomes = await submit(jobs)
    expect(outcomes.map(({ result }) => result.status === 'ok' && decode(result.value))).toEqual(
      jobs.map((_, i) => i * 2),
    )
    expect(outcomes.every((o) => o.stop >= o.start && o.start > 1e9)).toBe(true)
    await expect.poll(() => executor.idle).toBe(2)
  })

  it('share the work', async () => {
    const { job, submit } = await start({ nthreads: 2 })
    const busy = (ms: number) => {
      const end = Date.now() + ms
      while (Date.now() < end);
    }
    const used = new Set<number>()
    // One of them may be there long before the other.
    for (let round = 0; round < 50 && used.size < 2; round++) {
      for (const { thread } of await submit(Array.from({ length: 20 }, () => job(busy, [5])))) used.add(thread)
    }
    expect([...used].sort()).toEqual([0, 1])
  })

  it('tell what a task threw, with its stack and causes', async () => {
    const { call } = await start({ nthreads: 1 })
    const fails = () => {
      throw new RangeError('too far', { cause: new TypeError('inner') })
    }
    const { result } = await call(fails, [])
    expect(result).toMatchObject({
      status: 'error',
      failure: { name: 'RangeError', message: 'too far', code: undefined, cause: { name: 'TypeError' } },
    })
    const stack = result.status === 'error' ? result.failure.stack! : ''
    expect(stack).toMatch(/RangeError: too far\n +at fails .*threads\.test\.ts/)
    expect(stack).not.toMatch(/runsTheTask|thread\.(ts|mjs)/)
    const asynchronous = await call(async () => Promise.reject(new Error('later')), [])
    expect(asynchronous.result).toMatchObject({ status: 'error', failure: { message: 'later' } })
    const odd = await call(() => {
      throw 'text'
    }, [])
    expect(odd.result).toMatchObject({ failure: { message: 'the task threw "text", which is no Error' } })
    const sends = await call(() => Symbol('s'), [])
    expect(sends.result).toMatchObject({ failure: { code: 'value', message: expect.stringMatching(/is a symbol/) } })
  })

  it('get inputs in shared memory as they are, and a copy where they may write', async () => {
    const { value } = await start({ nthreads: 1 })
    const array = shared(Array.from({ length: MANY }, (_, i) => i))
    const inputs = { x: encode(array) }
    const isShared = (x: Float64Array) => Object.prototype.toString.call(x.buffer)
    const reads = (x: Float64Array, y: Float64Array) => (x === y ? x[MANY - 1] : -1)
    expect(await value(reads, [input('x'), input('x')], inputs)).toBe(9999)
    expect(await value(isShared, [input('x')], inputs)).toBe('[object ArrayBuffer]')
    const writes = (x: Float64Array) => {
      x[0] = 7
      return x[0]
    }
    expect(await value(writes, [input('x')], inputs)).toBe(7)
    expect(array[0]).toBe(0)
    // A task that waits sees what others write: proof that it reads the very memory.
    const sees = async (x: Float64Array) => {
      const before = x[1]
      await new Promise((resolve) => setTimeout(resolve, 300))
      return [before, x[1]]
    }
    const seen = value(sees, [input('x')], inputs)
    await new Promise((resolve) => setTimeout(resolve, 100))
    array[1] = 5
    expect(((await seen) as number[])[1]).toBe(5)
  })

  it('read `allocate`d arrays without a copy', async () => {
    const { value } = await start({ nthreads: 1 })
    const array = allocate(Float64Array, MANY).fill(2)
    expect(await value((x: Float64Array) => x.reduce((a, b) => a + b, 0), [array])).toBe(2 * MANY)
  })

  it('give results of any size back', async () => {
    const { value, call } = await start({ nthreads: 1 })
    const make = (n: number) => ({ x: new Float64Array(n).fill(3), y: new Uint8Array(3) })
    const back = (await value(make, [MANY])) as { x: Float64Array; y: Uint8Array }
    expect(back.x).toEqual(new Float64Array(MANY).fill(3))
    const { result } = await call(make, [MANY])
    expect(result.status === 'ok' && result.value.frames[0]!.buffer).toBeInstanceOf(SharedArrayBuffer)
    const same = (x: Float64Array) => x
    const array = shared(new Array(MANY).fill(1))
    const { result: again } = await call(same, [input('x')], { x: encode(array) })
    const copy = again.status === 'ok' && (decode(again.value) as Float64Array)
    expect(copy).toEqual(array)
    array[0] = 5
    expect((copy as Float64Array)[0]).toBe(1)
  })

  it('loops within tasks share the cores', async () => {
    const { value } = await start({ nthreads: 2, loopThreads: 3 })
    const { getNumThreads } = await import('../../index.ts')
    expect(await value(() => getNumThreads(), [])).toBe(3)
  })
})

describe('threads that die', () => {
  it('end their job with `died`, and others run', async () => {
    const { submit, job, call, value } = await start({ nthreads: 1 })
    const { result } = await call(() => process.exit(3), [])
    expect(result).toEqual({ status: 'died', reason: 'it ended itself (exit code 3)' })
    expect(await value((x: number) => x, [1])).toBe(1)
    const quick = (x: number) => x
    const leaves = (x: number) => (x === 5 ? process.exit() : x)
    await submit(Array.from({ length: 20 }, (_, i) => job(quick, [i])))
    await submit(Array.from({ length: 5 }, (_, i) => job(leaves, [i])))
    const outcomes = await submit(Array.from({ length: 20 }, (_, i) => job(leaves, [i])))
    expect(outcomes[5]!.result.status).toBe('died')
    // Those before it may be lost with the thread; those behind it have not begun.
    expect(outcomes.slice(6).every((o) => o.result.status === 'ok')).toBe(true)
  })

  it('out of memory', async () => {
    const { call } = await start({ nthreads: 1, heapLimit: 32 * 2 ** 20 })
    const { result } = await call(() => {
      const all: unknown[] = []
      for (;;) all.push({ x: [all.length] })
    }, [])
    expect(result).toEqual({ status: 'died', reason: 'it ran out of its 32 MB of JavaScript heap' })
  })

  it('by an error outside of any task', async () => {
    const { call } = await start({ nthreads: 1 })
    const { result } = await call(async () => {
      setTimeout(() => {
        throw new Error('loose')
      }, 1)
      await new Promise((resolve) => setTimeout(resolve, 2000))
    }, [])
    expect(result).toMatchObject({ status: 'died', reason: 'it threw outside of any task: loose' })
  })

  it('killed', async () => {
    const { executor, job, submit } = await start({ nthreads: 1 })
    const endless = () => {
      for (;;);
    }
    const jobs = [job(endless, []), job((x: number) => x, [1]), job((x: number) => x, [2])]
    const outcomes = submit(jobs)
    await new Promise((resolve) => setTimeout(resolve, 300))
    executor.kill(jobs[1]!.id)
    executor.kill(jobs[0]!.id)
    const results = (await outcomes).map((o) => o.result.status)
    expect(results).toEqual(['died', 'died', 'ok'])
  })
})

describe('a slow job', () => {
  it('does not keep the jobs behind it from other threads', async () => {
    const { submit, job } = await start({ nthreads: 2 })
    const wait = (ms: number) => {
      const end = Date.now() + ms
      while (Date.now() < end);
    }
    await submit(Array.from({ length: 50 }, () => job(wait, [0])))
    const begun = Date.now()
    const outcomes = await submit([job(wait, [800]), ...Array.from({ length: 60 }, () => job(wait, [0]))])
    const slow = outcomes[0]!
    expect(Date.now() - begun).toBeGreaterThanOrEqual(800)
    for (const outcome of outcomes.slice(1)) expect(outcome.stop).toBeLessThan(slow.stop)
  })

  it('and jobs that have not begun can be recalled', async () => {
    const { executor, submit, job } = await start({ nthreads: 1 })
    const wait = async (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    await submit([job(wait, [1])])
    const jobs = [job(wait, [300]), job(wait, [1]), job(wait, [1])]
    void submit(jobs)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(executor.recall().map((j) => j.id)).toEqual([jobs[1]!.id, jobs[2]!.id])
  })
})
