import { beforeEach, describe, expect, it } from 'vitest'
import { busy, INT32, loop, ON_WORKER, shared, startPool } from '../../test/house/pool.ts'
import { currentTeam, setNumThreads } from './threads.ts'

const out = shared(1000)
const fine = loop(`for (let i = lo; i < hi; i++) { ${busy(10)}; out[i] = 7 }`, { out: INT32 })

/** Launches until it throws; the error, and how long the launch that threw took, in ms. */
function deathOf(program: typeof fine) {
  for (let k = 0; k < 100; k++) {
    const began = performance.now()
    try {
      program.run(0, 1000, out)
    } catch (error) {
      return { error: error as Error & { code: string }, took: performance.now() - began }
    }
  }
  throw new Error('nobody died')
}

const works = () => {
  out.view.fill(0)
  expect(fine.run(0, 1000, out)).toBe(0)
  expect(out.view.every((x) => x === 7)).toBe(true)
}

beforeEach(() => {
  setNumThreads(2)
  startPool()
})

describe('a worker that dies', () => {
  it('by ending itself is an error within 2 s, and a new one takes its place', () => {
    const program = loop(`for (let i = lo; i < hi; i++) { ${busy(50)}; if (${ON_WORKER}) process.exit(3) }`, {
      out: INT32,
    })
    const { error, took } = deathOf(program)
    expect(error).toMatchObject({ name: 'TsumbaError', code: 'worker-died' })
    expect(error.message).toMatch(/exit code 3/)
    expect(error.message).toMatch(/Remedy: /)
    expect(took).toBeLessThan(2000)
    works()
    startPool()
    works()
  })

  it('of a full heap says so', () => {
    const program = loop(
      `for (let i = lo; i < hi; i++) { ${busy(50)}; if (${ON_WORKER}) for (const all = []; ; ) all.push(new Array(5000).fill(i)) }`,
      { out: INT32 },
    )
    const { error, took } = deathOf(program)
    expect(error.code).toBe('worker-died')
    expect(error.message).toMatch(/heap of 128 MB/)
    expect(took).toBeLessThan(2000)
    works()
  })

  it('is seen while this thread still has chunks of its own', () => {
    const program = loop(`for (let i = lo; i < hi; i++) { ${busy(5000)}; if (${ON_WORKER}) process.exit(4) }`, {
      out: INT32,
    })
    // All of it would take 5 s.
    const { error, took } = deathOf(program)
    expect(error.code).toBe('worker-died')
    expect(took).toBeLessThan(2000)
  })

  it('takes a survivor with it that does not come back: nobody writes after the error', () => {
    setNumThreads(3)
    startPool()
    const program = loop(
      `for (let i = lo; i < hi; i++) {
        ${busy(50)}
        if (${ON_WORKER}) {
          if (Atomics.add(out, 0, 1) === 0) for (;;) Atomics.add(out, 1, 1)
          process.exit(5)
        }
      }`,
      { out: INT32 },
    )
    for (let tries = 0; ; tries++) {
      out.view.fill(0)
      const { error, took } = deathOf(program)
      expect(error.code).toBe('worker-died')
      expect(took).toBeLessThan(2000)
      const after = out.view[1]!
      const until = performance.now() + 50
      while (performance.now() < until);
      expect(out.view[1]).toBe(after)
      // Until both workers took part: one looped, the other died.
      if (after > 0 || tries > 5) {
        expect(after).toBeGreaterThan(0)
        break
      }
      startPool()
    }
    works()
  })

  it('between launches is replaced without an error', async () => {
    const dead = currentTeam()!
    dead.ask('kill')
    await new Promise((resolve) => setTimeout(resolve, 200))
    works()
    expect(currentTeam()).not.toBe(dead)
    startPool()
    works()
  })
})
