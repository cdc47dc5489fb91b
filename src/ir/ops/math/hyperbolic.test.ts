import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
/** By function, rows of x and its value, rounded to nearest from 400 bits (GNU MPFR). */
import reference from './hyperbolic.reference.json' with { type: 'json' }
import { cosh, sinh, tanh } from './hyperbolic.ts'
import { meaningOf, numbers } from './numbers.ts'

const FUNCTIONS = [
  { expansion: sinh, rows: reference.sinh, engine: Math.sinh, even: false },
  { expansion: cosh, rows: reference.cosh, engine: Math.cosh, even: true },
  { expansion: tanh, rows: reference.tanh, engine: Math.tanh, even: false },
]

describe.each(FUNCTIONS)('$expansion.name', ({ expansion, rows, engine, even }) => {
  const f = meaningOf(expansion)

  test('is within 1 ulp of the true value: at most one float from the one nearest to it, and seldom that', () => {
    const off = rows.filter(([x, value]) => f(x!) !== value)
    expect(off.filter(([x, value]) => floatsApart(f(x!), value!) > 1)).toEqual([])
    expect(off.length).toBeLessThan(0.08 * rows.length)
  })

  test('is even or odd, exactly', () => {
    const random = randoms(1)
    for (let k = 0; k < 10_000; k++) {
      const x = (random() - 0.5) * 2 ** Math.floor(random() * 60 - 50)
      expect(f(-x)).toBe(even ? f(x) : -f(x))
    }
  })

  test('is x, or 1, for tiny x', () => {
    for (const x of [0, 5e-324, 2.2250738585072014e-308, 1e-310, 1e-300, 1e-20, 1e-9]) {
      expect(f(x)).toBe(even ? 1 : x)
      expect(f(-x)).toBe(even ? 1 : -x)
    }
  })

  test('agrees with the engine, which is within 2 ulp', () => {
    const random = randoms(2)
    const spans = [0.01, 0.5, 1, 4, 20, 40, 710]
    for (let k = 0; k < 100_000; k++) {
      const x = (random() * 2 - 1) * spans[k % spans.length]!
      if (floatsApart(f(x), engine(x)) > 3)
        expect.fail(`${expansion.name}(${x}) = ${f(x)}, ${engine(x)} for the engine`)
    }
  })

  test('does not fall where the ways of computing it meet', () => {
    const limits = Array.from({ length: 60 }, (_, n) => 0.4812 + n * Math.LN2)
    for (const limit of [...limits, ...limits.map((x) => x / 2), 18.71, 19.061547465398498, 700]) {
      let x = limit * (1 - 2 ** -50)
      for (let k = 0; k < 40; k++) {
        expect(f(next(x)), `after ${x}`).toBeGreaterThanOrEqual(f(x) * (1 - 2 ** -53))
        x = next(x)
      }
    }
  })
})

test('sinh and cosh of what is no number, and where they overflow', () => {
  const [ofSinh, ofCosh] = [meaningOf(sinh), meaningOf(cosh)]
  expect(ofSinh(NaN)).toBeNaN()
  expect(ofCosh(NaN)).toBeNaN()
  expect(ofSinh(Infinity)).toBe(Infinity)
  expect(ofSinh(-Infinity)).toBe(-Infinity)
  expect(ofCosh(Infinity)).toBe(Infinity)
  expect(ofCosh(-Infinity)).toBe(Infinity)
  // The last number before overflow: ½e^x is 2¹⁰²⁴ less little.
  const last = 710.4758600739439
  expect(ofSinh(last)).toBe(1.7976931348621744e308)
  expect(ofCosh(-last)).toBe(1.7976931348621744e308)
  expect(ofSinh(-next(last))).toBe(-Infinity)
  expect(ofCosh(next(last))).toBe(Infinity)
  for (const x of [711, 1000, 1e10, 1e300, Number.MAX_VALUE]) {
    expect(ofSinh(-x)).toBe(-Infinity)
    expect(ofCosh(x)).toBe(Infinity)
  }
})

test('sinh and cosh: the short and the long way meet', () => {
  const random = randoms(3)
  for (let k = 0; k < 10_000; k++) {
    const x = 600 + 100 * random()
    for (const expansion of [sinh, cosh]) {
      expect(expansion.usual!(numbers, x)).toBe(true)
      expect(floatsApart(expansion.rare!(numbers, x), expansion.fast(numbers, x))).toBeLessThanOrEqual(1)
    }
  }
})

test('tanh is 1 from where nothing else is nearer', () => {
  const f = meaningOf(tanh)
  const limit = 19.061547465398498
  expect(f(limit)).toBe(1 - 2 ** -53)
  for (const x of [next(limit), 19.1, 22, 400, 1e300, Number.MAX_VALUE, Infinity]) {
    expect(f(x)).toBe(1)
    expect(f(-x)).toBe(-1)
  }
  expect(f(NaN)).toBeNaN()
})
