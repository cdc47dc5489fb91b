import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
import type { Expansion } from './lanes.ts'
import { log, log1p, log2, log10 } from './log.ts'
import { meaningOf, numbers } from './numbers.ts'

const SUBNORMAL = 2 ** -1074
const NORMAL = 2 ** -1022
const LARGEST = Number.MAX_VALUE

describe.each([log, log2, log10])('$name', (expansion) => {
  const f = meaningOf(expansion)

  test('is what ECMAScript says of zeros, infinities, negative numbers and NaN', () => {
    for (const x of [0, -0]) expect(f(x)).toBe(-Infinity)
    for (const x of [NaN, -Infinity, -1, -SUBNORMAL, -NORMAL, -LARGEST, -0.5]) expect(f(x)).toBeNaN()
    expect(f(Infinity)).toBe(Infinity)
    expect(f(1)).toBe(0)
  })

  test('gives by its rare part what the usual one gives', () => {
    const random = randoms(2)
    for (let k = 0; k < 20_000; k++) {
      const x = 2 ** (random() * 1900 - 950)
      expect(expansion.rare!(numbers, x), String(x)).toBe(expansion.fast(numbers, x))
    }
  })

  test('rises, near 1, where exponents change and where the rare part begins', () => {
    const edges = [1, Math.SQRT1_2, 0.7071065902709961, Math.SQRT2, 1.4142131805419922, NORMAL, 2 ** -1021, 2 ** 1021]
    for (const edge of [...edges, 2 ** 1022 * Math.SQRT2, 3, 1e10]) {
      let x = edge - 8 * (next(edge) - edge)
      for (let k = 0; k < 16; k++) {
        const after = next(x)
        const [low, high] = [f(x), f(after)]
        if (low > high && floatsApart(low, high) > 1) expect.fail(`${low} at ${x}, ${high} at ${after}`)
        x = after
      }
    }
  })
})

test('log2 of powers of 2 is exact', () => {
  const f = meaningOf(log2)
  for (let k = -1074; k < 1024; k++) expect(f(2 ** k)).toBe(k)
})

test('log10 of powers of 10 is exact', () => {
  const f = meaningOf(log10)
  // Below, 1e-312 and others are subnormal and no longer near a power of 10.
  for (let k = -311; k <= 308; k++) expect(f(Number(`1e${k}`)), `1e${k}`).toBe(k)
})

/** [argument, value]. */
const LOG1P: readonly (readonly [number, number])[] = [
  [NaN, NaN],
  [Infinity, Infinity],
  [-Infinity, NaN],
  [0, 0],
  [-0, -0],
  [-1, -Infinity],
  [-next(1), NaN],
  [-2, NaN],
  [-LARGEST, NaN],
  [SUBNORMAL, SUBNORMAL],
  [-SUBNORMAL, -SUBNORMAL],
  [NORMAL, NORMAL],
  [-NORMAL, -NORMAL],
  [1e-17, 1e-17],
  [LARGEST, 709.782712893384],
  [2 ** 1023, 709.0895657128241],
  [1, Math.LN2],
  [-0.5, -Math.LN2],
]

test.each(LOG1P)('log1p of %d', (x, value) => {
  expect(meaningOf(log1p)(x)).toBe(value)
})

test('log1p of the number next to −1', () => {
  expect(meaningOf(log1p)(-1 + 2 ** -53)).toBe(-36.7368005696771)
})

describe('the engine, which is within 2 ulp itself,', () => {
  const agrees = (expansion: Expansion, argument: (random: () => number, k: number) => number): void => {
    const f = meaningOf(expansion)
    const engine = Math[expansion.name as 'log']
    const random = randoms(1)
    for (let k = 0; k < 100_000; k++) {
      const x = argument(random, k)
      if (floatsApart(f(x), engine(x)) > 3) expect.fail(`${expansion.name}(${x}) = ${f(x)}, the engine: ${engine(x)}`)
    }
  }
  const positive = (random: () => number, k: number): number =>
    k % 2 === 0 ? 2 ** (random() * 2098 - 1074) : 0.25 + 2 * random()

  test.each([log, log2, log10])('agrees with $name', (expansion) => agrees(expansion, positive))

  test('agrees with log1p', () => {
    agrees(log1p, (random, k) => (k % 3 === 0 ? positive(random, 0) : (k % 3) * random() - 1 + 2 ** -60))
  })
})

test('numbers are split around 1', () => {
  const random = randoms(3)
  for (let k = 0; k < 10_000; k++) {
    const x = 2 ** (random() * 2040 - 1020)
    const [n, fraction] = [numbers.nearExponent(x), numbers.nearSignificand(x)]
    expect(fraction * 2 ** n).toBe(x)
    expect(Math.abs(fraction - (Math.SQRT1_2 + Math.SQRT2) / 2)).toBeLessThan((Math.SQRT2 - Math.SQRT1_2) / 2 + 1e-6)
  }
  for (const x of [0, -0, -1, -SUBNORMAL, -LARGEST, Infinity, -Infinity, NaN, SUBNORMAL]) {
    expect(Math.abs(numbers.nearExponent(x)), String(x)).toBeGreaterThan(1021)
  }
})
