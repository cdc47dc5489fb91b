import { describe, expect, test } from 'vitest'
import { floatsApart, randoms } from '../../../../test/support/ulps.ts'
/** Rows of 2, 3 or 4 numbers and their length, rounded to nearest from 400 bits (GNU MPFR). */
import reference from './hypot.reference.json' with { type: 'json' }
import { hypot, hypot3, hypot4 } from './hypot.ts'
import { meaningOf, numbers } from './numbers.ts'

const FUNCTIONS = [
  { expansion: hypot, arity: 2 },
  { expansion: hypot3, arity: 3 },
  { expansion: hypot4, arity: 4 },
]

/** All rows of `arity` of the values. */
const product = (values: readonly number[], arity: number): number[][] =>
  arity === 0 ? [[]] : product(values, arity - 1).flatMap((row) => values.map((x) => [...row, x]))

describe.each(FUNCTIONS)('$expansion.name', ({ expansion, arity }) => {
  const f = meaningOf(expansion)
  const rows = reference.filter((row) => row.length === arity + 1)

  test('is within 1 ulp of the true value: at most one float from the one nearest to it', () => {
    expect(rows.length).toBeGreaterThan(90)
    expect(rows.filter((row) => floatsApart(f(...row.slice(0, arity)), row[arity]!) > 1)).toEqual([])
  })

  test('is what ECMAScript says of zeros, infinities and NaN, and of ±', () => {
    const values = [0, -0, NaN, Infinity, -Infinity, 1, -3, 5e-324, -1e300]
    for (const row of product(values, arity)) {
      const [ours, engine] = [f(...row), Math.hypot(...row)]
      if (floatsApart(ours, engine) > 2 || Object.is(ours, -0)) {
        expect.fail(`hypot(${row}) = ${ours}, ${engine} for the engine`)
      }
    }
    expect(f(...Array(arity - 1).fill(NaN), -Infinity)).toBe(Infinity)
  })

  test('overflows only where the length does, and keeps the digits of the smallest', () => {
    const zeros = Array(arity - 2).fill(0)
    for (const scale of [2 ** 1020, 2 ** 500, 1, 2 ** -500, 2 ** -1022, 2 ** -1070, 2 ** -1074]) {
      expect(f(3 * scale, -4 * scale, ...zeros)).toBe(5 * scale)
      expect(f(...zeros, -5 * scale, 12 * scale)).toBe(13 * scale)
      expect(f(...zeros, scale, 0)).toBe(scale)
    }
    expect(f(Number.MAX_VALUE, 1, ...zeros)).toBe(Number.MAX_VALUE)
    expect(f(Number.MAX_VALUE, 1e300, ...zeros)).toBe(Number.MAX_VALUE)
    expect(f(Number.MAX_VALUE, Number.MAX_VALUE, ...zeros)).toBe(Infinity)
    expect(f(1e154, 1e154, ...zeros)).toBe(1.414213562373095e154)
    expect(f(1e-200, 1e-200, ...zeros)).toBe(1.414213562373095e-200)
  })

  test('agrees with the engine, which is within 2 ulp', () => {
    const random = randoms(arity)
    for (let k = 0; k < 100_000; k++) {
      const scale = 2 ** Math.floor(random() * 2000 - 1000)
      const row = Array.from({ length: arity }, () => (random() - 0.5) * scale * 2 ** -Math.floor(random() * 40))
      const [ours, engine] = [f(...row), Math.hypot(...row)]
      if (floatsApart(ours, engine) > 3) expect.fail(`hypot(${row}) = ${ours}, ${engine} for the engine`)
    }
  })

  test('the short and the long way say the same of what both serve', () => {
    const random = randoms(10 + arity)
    for (let k = 0; k < 10_000; k++) {
      const scale = 2 ** Math.floor(random() * 800 - 400)
      const row = Array.from({ length: arity }, () => (random() - 0.5) * scale)
      expect(expansion.usual!(numbers, ...row)).toBe(true)
      expect(expansion.rare!(numbers, ...row)).toBe(expansion.fast(numbers, ...row))
    }
  })
})
