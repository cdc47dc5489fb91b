import { describe, expect, it } from 'vitest'
import { jit } from '../index.ts'
import { Dispatcher } from './dispatch.ts'
import { settingsOf } from './options.ts'
import { Trial, Trials } from './trial.ts'

/** Records calls that take so long on each target until the trial is over; how many there were on the other one. */
function run(trial: Trial, ms: { js: number; wasm: number }, most = 1000): number {
  let others = 0
  const first = trial.target
  for (let k = 0; k < most && !trial.isOver; k++) {
    const { target } = trial
    if (target !== first) others++
    trial.record(ms[target])
  }
  return others
}

describe('a trial', () => {
  it('changes to the other target where that is faster', () => {
    const trial = new Trial('wasm')
    expect(run(trial, { js: 3, wasm: 5 })).toBeLessThan(20)
    expect(trial.isOver).toBe(true)
    expect(trial.target).toBe('js')
    expect(trial.verdict).toEqual({ target: 'js', preferredMs: 5, otherMs: 3 })
  })

  it('stays where the other is slower, or hardly faster', () => {
    for (const js of [9, 4.9]) {
      const trial = new Trial('wasm')
      run(trial, { js, wasm: 5 })
      expect(trial.isOver).toBe(true)
      expect(trial.target).toBe('wasm')
    }
  })

  it('begins only after some time, in calls that are worth it and no adventure', () => {
    const long = new Trial('js')
    for (let k = 0; k < 5; k++) {
      expect(long.target).toBe('js')
      long.record(10)
    }
    expect(run(new Trial('js'), { js: 0.01, wasm: 0.001 })).toBe(0)
    expect(run(new Trial('wasm'), { js: 5000, wasm: 1000 })).toBe(0)
  })

  it('is over where the other target cannot run it', () => {
    const trial = new Trial('js')
    run(trial, { js: 20, wasm: 1 }, 6)
    expect(trial.target).toBe('wasm')
    trial.end()
    expect(trial.target).toBe('js')
    expect(trial.verdict).toBeUndefined()
  })

  it('ends after two calls that take far too long', () => {
    const trial = new Trial('js')
    expect(run(trial, { js: 15, wasm: 90 })).toBe(2)
    expect(trial.target).toBe('js')
  })

  it('is one for each size and place of arrays', () => {
    const trials = new Trials()
    expect(trials.find('js', 1000, 0)).toBe(trials.find('js', 1001, 0))
    expect(trials.find('js', 1000, 0)).not.toBe(trials.find('js', 100_000, 0))
    expect(trials.find('js', 1000, 0)).not.toBe(trials.find('js', 1000, 1))
    expect(trials.find('js', 1000, 0)).not.toBe(trials.find('wasm', 1000, 0))
  })
})

/** Takes a while, in a chain of operations that nobody can shorten. */
function chain(n: number): number {
  let s = 1
  for (let i = 0; i < n; i++) {
    s = Math.imul(s ^ (s >>> 7), 16777619)
    if ((s & 1023) === 5) s += i
  }
  return s
}

describe('calls', () => {
  it('give the same while both targets are tried, and explain() says what was found', () => {
    const kernel = jit(chain)
    const wanted = chain(400_000)
    for (let k = 0; k < 60; k++) expect(kernel(400_000)).toBe(wanted)
    expect(kernel.explain(400_000).reason).toMatch(/its arrays can be used in place|it took .* ms so, and .* ms as/)
  })

  it('a failing call ends the trial', () => {
    const dispatcher = new Dispatcher(
      ((x: Float64Array, n: number) => {
        for (let i = 0; i < n; i++) x[i % 1000]! += i
      }) as never,
      settingsOf({}),
    )
    const x = new Float64Array(1000)
    for (let k = 0; k < 3; k++) dispatcher.call([x, 200_000])
    expect(() => dispatcher.call([new Float64Array(999), 200_000])).toThrow('out of range')
    dispatcher.call([x, 200_000])
  })
})
