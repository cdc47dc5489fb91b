import { describe, expect, it } from 'vitest'
import { allocate, getNumThreads, jit, setNumThreads } from '../../index.ts'
import { Clusters } from './cluster.ts'
import { aboutTransfer } from './explain.ts'
import { logProduct } from './programs/logProduct.ts'
import { calculateScores } from './programs/plain.ts'
import type { Case } from './programs/program.ts'
import { ends, scoresOf } from './programs/spread.ts'
import { seeded } from './random.ts'
import { rowsOf } from './rows.ts'
import type { Library } from './variants.ts'

const library = { jit, allocate, setNumThreads, getNumThreads } as unknown as Library
const budget = { seconds: 0.01, minRounds: 2 }

describe('programs on clusters', () => {
  it('are cut into stretches of rows', () => {
    expect(ends(10, 4)).toEqual([
      [0, 2],
      [2, 5],
      [5, 7],
      [7, 10],
    ])
    expect(ends(2, 4)).toEqual([
      [0, 1],
      [1, 2],
    ])
    const random = seeded(9)
    const data = Float64Array.from({ length: 50 * 5 }, random)
    const parts = ends(50, 7).map(([from, to]) => scoresOf(data, 50, 5, from, to))
    expect(parts.flatMap((part) => [...part])).toEqual([...calculateScores(data, 50, 5)])
  })

  it('give plain answers, with transfer and computing apart', async () => {
    const [case0] = logProduct.cases('quick')
    const n = 1000
    const xyz = Float64Array.from({ length: 3 * n }, seeded(3))
    const small: Case = {
      ...case0!,
      n,
      spread: {
        ...case0!.spread!,
        tasks: ([x], parts) => ends(n, parts).map(([from, to]) => [(x as Float64Array).slice(3 * from, 3 * to)]),
      },
    }
    await using clusters = new Clusters(library, undefined)
    const plain = (case0!.plain as (x: Float64Array) => Float64Array)(xyz)
    const found = await clusters.measure(small, [xyz], plain, budget, () => {})
    expect(found.map(({ variant, ok, problem }) => [variant.name, ok, problem])).toEqual([
      ['cluster-threads', true, undefined],
      ['cluster-processes', true, undefined],
    ])
    for (const { transferMs, computeMs, rounds } of found) {
      expect(transferMs! > 0 && computeMs! > 0).toBe(true)
      expect(rounds).toBeGreaterThanOrEqual(2)
    }
    const rows = rowsOf(small, found, [], 2, { oneThread: 1e9, allThreads: 1e9 })
    expect(aboutTransfer(rows)[0]).toMatch(/^cluster-threads: .* of transfer, .* of computing$/)
    const wrong = await clusters.measure(
      small,
      [xyz],
      plain.map((v) => v + 1),
      budget,
      () => {},
    )
    expect(wrong.map(({ ok }) => ok)).toEqual([false, false])
    expect(await clusters.measure({ ...small, spread: undefined } as never, [xyz], plain, budget, () => {})).toEqual([])
  })

  it('say which scheduler is not there', async () => {
    const [case0] = logProduct.cases('quick')
    await using clusters = new Clusters(library, 'tcp://not an address')
    const found = await clusters.measure(case0!, [new Float64Array(3)], new Float64Array(1), budget, () => {})
    expect(found.at(-1)!.problem).toMatch(/no address of a scheduler/)
  })
})
