import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
/** Rows of arguments and result, rounded to nearest from 2400 bits (mpmath 1.4.1). */
import reference from './inverse-trig.reference.json' with { type: 'json' }
import { acos, asin, atan, atan2 } from './inverse-trig.ts'
import { meaningOf, numbers } from './numbers.ts'

const FUNCTIONS = [
  { expansion: asin, engine: Math.asin, rows: reference.asin, spans: [1, 1e-3] },
  { expansion: acos, engine: Math.acos, rows: reference.acos, spans: [1, 1e-3] },
  { expansion: atan, engine: Math.atan, rows: reference.atan, spans: [1, 3, 100, 1e10] },
]

describe.each(FUNCTIONS)('$expansion.name', ({ expansion, engine, rows, spans }) => {
  const f = meaningOf(expansion)

  test('is within 1 ulp of the true value: at most one float from the one nearest to it', () => {
    expect(rows.filter(([x, result]) => floatsApart(f(x!), result!) > 1)).toEqual([])
  })

  test('agrees with the engine, which is within 1 ulp itself', () => {
    const random = randoms(1)
    for (let k = 0; k < 100_000; k++) {
      const x = (random() * 2 - 1) * spans[k % spans.length]!
      if (floatsApart(f(x), engine(x)) > 3)
        expect.fail(`${expansion.name}(${x}) = ${f(x)}, ${engine(x)} for the engine`)
    }
  })

  test('does not jump where ranges meet', () => {
    const sign = expansion === acos ? -1 : 1
    for (const edge of expansion === atan ? [0.5464, 2, -0.5464, -2] : [0.5, -0.5]) {
      let x = edge - 1e-14
      for (let k = 0; k < 200; k++) {
        const rise = sign * (f(next(x)) - f(x))
        expect(rise).toBeGreaterThanOrEqual(-2 * Number.EPSILON)
        expect(rise).toBeLessThanOrEqual(4 * Number.EPSILON)
        x = next(x)
      }
    }
  })
})

test('asin is what ECMAScript says of zeros, 1, −1, and NaN beyond', () => {
  const f = meaningOf(asin)
  expect([0, -0, 1, -1].map((x) => f(x))).toEqual([0, -0, Math.PI / 2, -Math.PI / 2])
  for (const x of [next(1), -next(1), 2, -1e300, Infinity, -Infinity, NaN]) expect(f(x)).toBeNaN()
})

test('acos is what ECMAScript says of zeros, 1, −1, and NaN beyond', () => {
  const f = meaningOf(acos)
  expect([1, 0, -0, -1].map((x) => f(x))).toEqual([0, Math.PI / 2, Math.PI / 2, Math.PI])
  for (const x of [next(1), -next(1), 2, -1e300, Infinity, -Infinity, NaN]) expect(f(x)).toBeNaN()
})

test('atan is what ECMAScript says of zeros, infinities and NaN', () => {
  const f = meaningOf(atan)
  expect([0, -0, Infinity, -Infinity, NaN].map((x) => f(x))).toEqual([0, -0, Math.PI / 2, -Math.PI / 2, NaN])
  expect(f(1)).toBe(Math.PI / 4)
})

test('asin and atan are odd, exactly, and x itself for tiny x', () => {
  const random = randoms(2)
  for (const f of [meaningOf(asin), meaningOf(atan)]) {
    for (let k = 0; k < 10_000; k++) {
      const x = random() * 2 ** -Math.floor(random() * 30)
      expect(f(-x)).toBe(-f(x))
    }
    for (const x of [5e-324, 1e-310, 2.2250738585072014e-308, 1e-100, 1e-9]) expect(f(x)).toBe(x)
  }
})

describe('atan2', () => {
  const f = meaningOf(atan2)

  /** The table of ECMA-262, Math.atan2: rows by y, columns by x. */
  test('is what ECMAScript says of every pair of special values', () => {
    const quarter = Math.PI / 4
    const xs = [-Infinity, -3, -0, 0, 3, Infinity]
    const table: readonly (readonly [y: number, ...angles: number[]])[] = [
      [Infinity, 3 * quarter, 2 * quarter, 2 * quarter, 2 * quarter, 2 * quarter, quarter],
      [0, Math.PI, Math.PI, Math.PI, 0, 0, 0],
      [2, Math.PI, NaN, 2 * quarter, 2 * quarter, NaN, 0],
    ]
    for (const [y, ...angles] of table) {
      for (const [k, x] of xs.entries()) {
        // Two finite numbers that are not zero are no special case.
        const angle = y === 2 && Math.abs(x) === 3 ? Math.atan2(2, x) : angles[k]!
        expect(f(y, x), `atan2(${y}, ${x})`).toBe(angle)
        expect(f(-y, x), `atan2(${-y}, ${x})`).toBe(-angle)
      }
    }
    for (const other of [NaN, 0, -0, 1, Infinity, -Infinity]) {
      expect(f(NaN, other)).toBeNaN()
      expect(f(other, NaN)).toBeNaN()
    }
  })

  test('is within 1 ulp of the true value: at most one float from the one nearest to it', () => {
    expect(reference.atan2.filter(([y, x, angle]) => floatsApart(f(y!, x!), angle!) > 1)).toEqual([])
  })

  test('agrees with the engine, which is within 1 ulp or little more', () => {
    const random = randoms(3)
    const spread = [0, 3, 30, 700]
    for (let k = 0; k < 100_000; k++) {
      const size = () => (random() * 2 - 1) * 2 ** ((random() * 2 - 1) * spread[k % spread.length]!)
      const [y, x] = [size(), size()]
      if (floatsApart(f(y, x), Math.atan2(y, x)) > 3) {
        expect.fail(`atan2(${y}, ${x}) = ${f(y, x)}, ${Math.atan2(y, x)} for the engine`)
      }
    }
  })

  test('says the same of legs that both programs serve', () => {
    const random = randoms(4)
    for (let k = 0; k < 5000; k++) {
      const [y, x] = [random() * 2 - 1, (random() * 2 - 1) * 2 ** (random() * 100 - 50)]
      expect(floatsApart(atan2.fast(numbers, y, x), atan2.rare!(numbers, y, x))).toBeLessThanOrEqual(1)
    }
  })

  test('reaches subnormal angles, and the multiples of π/2, without a jump', () => {
    expect(f(5e-324, 1)).toBe(5e-324)
    expect(f(-3e-320, 0.5)).toBe(-6e-320)
    expect(f(1e-300, 1e200)).toBe(0)
    expect(f(-1e-300, 1e200)).toBe(-0)
    expect(f(5e-324, -1)).toBe(Math.PI)
    expect(f(1e-300, -1e200)).toBe(Math.PI)
    expect(f(1e300, 1e-300)).toBe(Math.PI / 2)
    expect(f(5e-324, 5e-324)).toBe(Math.PI / 4)
    expect(f(-1.7976931348623157e308, -1.7976931348623157e308)).toBe(-3 * (Math.PI / 4))
  })
})
