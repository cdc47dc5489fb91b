import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
/** By function, rows of x and its value, rounded to nearest from 400 bits (GNU MPFR). */
import reference from './inverse-hyperbolic.reference.json' with { type: 'json' }
import { acosh, asinh, atanh } from './inverse-hyperbolic.ts'
import { meaningOf, numbers } from './numbers.ts'

const FUNCTIONS = [
  { expansion: asinh, rows: reference.asinh, engine: Math.asinh },
  { expansion: acosh, rows: reference.acosh, engine: Math.acosh },
  { expansion: atanh, rows: reference.atanh, engine: Math.atanh },
]

describe.each(FUNCTIONS)('$expansion.name', ({ expansion, rows, engine }) => {
  const f = meaningOf(expansion)

  test('is within 1 ulp of the true value: at most one float from the one nearest to it, and seldom that', () => {
    const off = rows.filter(([x, value]) => f(x!) !== value)
    expect(off.filter(([x, value]) => floatsApart(f(x!), value!) > 1)).toEqual([])
    expect(off.length).toBeLessThan(0.06 * rows.length)
  })

  test('is what ECMAScript says of special values', () => {
    const edges = [0, 1, 2, 1 - 2 ** -53, 1 + 2 ** -52, 5e-324, 1e-310, 2 ** -1022, 1e300, Number.MAX_VALUE, Infinity]
    for (const x of [...edges, ...edges.map((e) => -e), NaN]) {
      const [ours, theirs] = [f(x), engine(x)]
      const same = floatsApart(ours, theirs) <= 2 && Object.is(Math.sign(ours), Math.sign(theirs))
      if (!same) expect.fail(`${expansion.name}(${x}) = ${ours}, ${theirs} for the engine`)
    }
  })

  test('agrees with the engine, which is within 2 ulp', () => {
    const random = randoms(2)
    for (let k = 0; k < 100_000; k++) {
      const power = 2 ** Math.floor(random() * 60 - 50)
      const x = expansion === acosh ? 1 + random() * power : expansion === atanh ? random() : random() * power
      const size = expansion === atanh && k % 2 === 0 ? 1 - x * Math.min(1, power) : x
      const apart = floatsApart(f(size), engine(size))
      if (apart > 3) expect.fail(`${expansion.name}(${size}) = ${f(size)}, ${engine(size)} for the engine`)
    }
  })

  test('does not fall where the ways of computing it meet', () => {
    const steps = Array.from({ length: 30 }, (_, n) => (n + 0.5) * Math.LN2)
    const forward = { asinh: Math.sinh, acosh: Math.cosh, atanh: (y: number) => Math.tanh(y / 2) }
    const limits = steps.map(forward[expansion.name as 'asinh'])
    for (const limit of [...limits, ...(expansion === atanh ? [] : [2 ** 500])]) {
      let x = limit * (1 - 2 ** -50)
      for (let k = 0; k < 40 && x < limit * 2; k++) {
        if (f(next(x)) < f(x) * (1 - 2 ** -53)) expect.fail(`${expansion.name} falls after ${x}`)
        x = next(x)
      }
    }
  })
})

test('asinh and atanh are odd, exactly, and x for tiny x', () => {
  const random = randoms(1)
  for (const f of [meaningOf(asinh), meaningOf(atanh)]) {
    for (let k = 0; k < 10_000; k++) {
      const x = random() * 2 ** -Math.floor(random() * 50)
      expect(f(-x)).toBe(-f(x))
    }
    for (const x of [0, 5e-324, 2.2250738585072014e-308, 1e-310, 1e-20, 1e-9]) {
      expect(f(x)).toBe(x)
      expect(f(-x)).toBe(-x)
    }
  }
})

test('acosh of 1 is 0, below it is nothing, and next to it the root of twice the difference', () => {
  const f = meaningOf(acosh)
  expect(f(1)).toBe(0)
  for (const x of [1 - 2 ** -53, 0.5, 0, -0, -1, -2, -Infinity, NaN]) expect(f(x)).toBeNaN()
  expect(f(1 + 2 ** -52)).toBe(2.1073424255447014e-8)
  expect(f(Infinity)).toBe(Infinity)
})

test('atanh ends at 1', () => {
  const f = meaningOf(atanh)
  expect(f(1)).toBe(Infinity)
  expect(f(-1)).toBe(-Infinity)
  expect(f(1 - 2 ** -53)).toBe(18.714973875118524)
  for (const x of [1 + 2 ** -52, -2, Infinity, -Infinity, NaN]) expect(f(x)).toBeNaN()
})

test('asinh and acosh: the short and the long way meet', () => {
  const random = randoms(3)
  for (let k = 0; k < 10_000; k++) {
    const x = (1 + random()) * 2 ** Math.floor(100 + random() * 399)
    for (const expansion of [asinh, acosh]) {
      expect(expansion.usual!(numbers, x)).toBe(true)
      expect(floatsApart(expansion.rare!(numbers, x), expansion.fast(numbers, x))).toBeLessThanOrEqual(1)
    }
  }
})
