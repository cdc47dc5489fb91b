import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
import { meaningOf, numbers } from './numbers.ts'
import { reduceHuge } from './payne-hanek.ts'
/** Rows of x, sin x, cos x, tan x, rounded to nearest from 2400 bits (mpmath 1.4.1). */
import reference from './trig.reference.json' with { type: 'json' }
import { cos, sin, tan } from './trig.ts'

const FUNCTIONS = [
  { expansion: sin, column: 1, engine: Math.sin },
  { expansion: cos, column: 2, engine: Math.cos },
  { expansion: tan, column: 3, engine: Math.tan },
]

describe.each(FUNCTIONS)('$expansion.name', ({ expansion, column, engine }) => {
  const f = meaningOf(expansion)
  const even = column === 2

  test('is within 1 ulp of the true value: at most one float from the one nearest to it', () => {
    expect(reference.filter((row) => floatsApart(f(row[0]!), row[column]!) > 1)).toEqual([])
  })

  test('is even or odd, exactly', () => {
    const random = randoms(1)
    for (let k = 0; k < 10_000; k++) {
      const x = (random() - 0.5) * 2 ** Math.floor(random() * 60 - 20)
      expect(Object.is(f(-x), even ? f(x) : -f(x)), String(x)).toBe(true)
    }
  })

  test('is what ECMAScript says of zeros, infinities and NaN', () => {
    expect(f(0)).toBe(even ? 1 : 0)
    expect(f(-0)).toBe(even ? 1 : -0)
    for (const x of [NaN, Infinity, -Infinity]) expect(f(x)).toBeNaN()
  })

  test('is x, or 1, for tiny x', () => {
    for (const x of [5e-324, 2.2250738585072014e-308, 1e-300, 1e-20, 1e-9]) {
      expect(f(x)).toBe(even ? 1 : x)
      expect(f(-x)).toBe(even ? 1 : -x)
    }
  })

  test('agrees with the engine, which is within 1 ulp itself', () => {
    const random = randoms(2)
    const spans = [1, 10, 1000, 411_774, 1e9, 1e22]
    for (let k = 0; k < 100_000; k++) {
      const x = (random() * 2 - 1) * spans[k % spans.length]!
      const apart = floatsApart(f(x), engine(x))
      if (apart > 3) expect.fail(`${expansion.name}(${x}) = ${f(x)}, ${engine(x)} for the engine`)
    }
  })

  test('does not jump where the two reductions meet, nor where the quadrant changes', () => {
    for (const edge of [411_774, 0.25 * Math.PI, 0.75 * Math.PI, 1000.25 * Math.PI]) {
      const [below, above] = [f(-next(-edge)), f(edge)]
      expect(Math.abs(above - below)).toBeLessThan(3 * (next(edge) - edge) + 2 * Number.EPSILON)
    }
  })
})

test('both reductions say the same of where both may be used', () => {
  const random = randoms(3)
  for (let k = 0; k < 2000; k++) {
    const x = random() * 411_000 + 1
    for (const { expansion } of FUNCTIONS) {
      const [near, huge] = [expansion.fast(numbers, x), expansion.rare!(numbers, x)]
      expect(floatsApart(near, huge)).toBeLessThanOrEqual(1)
    }
  }
})

test('the double closest to a multiple of π/2 keeps all its bits', () => {
  // Muller, Elementary Functions: 6381956970095103 · 2⁷⁹⁷ is 4.68…e−19 off.
  const { n, hi, excess } = reduceHuge(numbers, 6381956970095103 * 2 ** 797)
  expect(Math.abs(n) % 2).toBe(1)
  expect(hi).toBe(4.687165924254628e-19)
  expect(Math.abs(excess)).toBeLessThan(2 ** -53 * hi)
})

test('the doubles nearest to multiples of π/2 keep what is left of them, every one where three parts of π/2 are used', () => {
  const [sine, cosine] = [meaningOf(sin), meaningOf(cos)]
  const halfPi = 0x1921fb54442d18469898cc51701b839a252049c1114cf98e804177d4c76273644n // · 2⁻²⁵⁶
  const scaled = (x: number): bigint => BigInt(x * 2 ** 52) << 204n
  const wrong: number[] = []
  for (let n = 1; n < 2 ** 18; n++) {
    const multiple = BigInt(n) * halfPi
    const x = Number(multiple >> 192n) * 2 ** -64
    // So near to 0, the sine is its argument.
    const left = Number(scaled(x) - multiple) * 2 ** -256
    const found = n % 2 === 0 ? sine(x) : cosine(x)
    if (floatsApart(Math.abs(found), Math.abs(left)) > 1) wrong.push(x)
  }
  expect(wrong).toEqual([])
})
