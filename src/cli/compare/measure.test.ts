import { describe, expect, it } from 'vitest'
import { measure } from './measure.ts'
import type { Case, Kernel } from './programs/program.ts'
import type { Variant } from './variants.ts'

const half: Kernel = (x: Float64Array) => x.map((v) => v / 2)
const program: Case = {
  program: 'half',
  about: '',
  n: 3,
  plain: half,
  withPrange: half,
  inputs: () => [],
  bytes: 48,
  allowed: (plain, i) => 2 * Math.abs(plain[i]!) * Number.EPSILON,
}
const variant = (name: Variant['name'], kernel: Kernel): Variant => ({
  name,
  kernel,
  compiled: !name.startsWith('plain'),
  parallel: name.startsWith('parallel'),
  relaxed: name.endsWith('fastmath'),
})
const run = async (variants: Variant[], minRounds = 3) => {
  const { measurements, plain } = await measure(
    program,
    variants,
    () => [Float64Array.of(1, 2, 3)],
    { seconds: 0, minRounds },
    () => {},
  )
  expect(plain).toEqual(Float64Array.of(0.5, 1, 1.5))
  return measurements
}

describe('measure', () => {
  it('takes turns, another first each round, and times the first call apart', async () => {
    const calls: string[] = []
    const noting = (name: Variant['name']) => {
      let last = 0
      return variant(name, (x: Float64Array) => {
        // Longer than a sample has to be, so that one call is one sample.
        for (const start = performance.now(); performance.now() - start < 20; );
        if (++last > 0) calls.push(name)
        return half(x as never)
      })
    }
    const result = await run([noting('plain'), noting('plain-prange'), noting('jit')])
    expect(calls.slice(0, 3)).toEqual(['plain', 'plain-prange', 'jit'])
    expect(calls.slice(-9)).toEqual([
      ...['plain', 'plain-prange', 'jit'],
      ...['plain-prange', 'jit', 'plain'],
      ...['jit', 'plain', 'plain-prange'],
    ])
    for (const row of result) {
      expect(row).toMatchObject({ ok: true, ulps: 0, rounds: 3 })
      expect(row.medianMs).toBeGreaterThanOrEqual(20)
      expect(row.firstCallMs).toBeGreaterThanOrEqual(20)
    }
  })

  it('calls a short function many times a sample', async () => {
    let calls = 0
    const counting: Kernel = (x: Float64Array) => {
      calls++
      return half(x as never)
    }
    const [row] = await run([variant('plain', counting)], 1)
    expect(calls).toBeGreaterThan(50)
    expect(row!.medianMs).toBeLessThan(2)
  })

  it('says which element of which answer is wrong, even when only a later call gives it', async () => {
    let calls = 0
    const laterWrong: Kernel = (x: Float64Array) => {
      const result = half(x as never)
      if (++calls > 5) result[2] = 7
      return result
    }
    const [plain, jit] = await run([variant('plain', half), variant('jit', laterWrong)])
    expect(plain!.ok).toBe(true)
    expect(jit).toMatchObject({ ok: false, problem: "element 2 is 7, plain's 1.5" })
  })

  it('allows rounding to fastmath variants alone', async () => {
    const near: Kernel = (x: Float64Array) => half(x as never).map((v) => v * (1 + Number.EPSILON))
    const rows = await run([variant('plain', half), variant('jit', near), variant('jit-fastmath', near)])
    expect(rows.map((row) => row.ok)).toEqual([true, false, true])
    expect(rows[2]!.ulps).toBe(2)
  })

  it('allows compiled variants other Math functions where the program has some', async () => {
    const near: Kernel = (x: Float64Array) => half(x as never).map((v) => v * (1 + Number.EPSILON))
    const { measurements } = await measure(
      { ...program, mathError: (plain, i) => 2 * Math.abs(plain[i]!) * Number.EPSILON },
      [variant('plain', half), variant('plain-prange', near), variant('jit', near)],
      () => [Float64Array.of(1, 2, 3)],
      { seconds: 0, minRounds: 1 },
      () => {},
    )
    expect(measurements.map((row) => row.ok)).toEqual([true, false, true])
  })

  it('goes on when a variant throws', async () => {
    const throwing: Kernel = () => {
      throw new Error('no such luck')
    }
    const rows = await run([variant('plain', half), variant('jit', throwing)])
    expect(rows[0]).toMatchObject({ ok: true, rounds: 3 })
    expect(rows[1]).toMatchObject({ ok: false, problem: 'Error: no such luck', rounds: 0, medianMs: NaN })
  })
})
