import { expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
/** Rows of x and its cube root, rounded to nearest from 400 bits (GNU MPFR). */
import reference from './cbrt.reference.json' with { type: 'json' }
import { cbrt } from './cbrt.ts'
import { meaningOf, numbers } from './numbers.ts'

const f = meaningOf(cbrt)

test('is within 1 ulp of the true value: at most one float from the one nearest to it, and seldom that', () => {
  const off = reference.filter(([x, root]) => f(x!) !== root)
  expect(off.filter(([x, root]) => floatsApart(f(x!), root!) > 1)).toEqual([])
  expect(off.length).toBeLessThan(0.02 * reference.length)
})

test('is x for zeros, infinities and NaN', () => {
  for (const x of [0, -0, Infinity, -Infinity, NaN]) {
    expect(f(x)).toBe(x)
    expect(cbrt.rare!(numbers, x)).toBe(x)
  }
})

test('is exact where the root is a float', () => {
  for (let root = 1; root < 2 ** 17; root++) {
    const cube = root * root * root
    if (f(cube) !== root || f(-cube) !== -root) expect.fail(`cbrt(${cube})`)
  }
  for (let k = -358; k <= 341; k++) {
    expect(f(2 ** (3 * k))).toBe(2 ** k)
    if (k < 340) expect(f(-27 * 2 ** (3 * k))).toBe(-3 * 2 ** k)
  }
})

test('takes the largest and the smallest numbers', () => {
  expect(f(Number.MAX_VALUE)).toBe(5.643803094122362e102)
  expect(f(5e-324)).toBe(1.7031839360032603e-108)
  expect(f(-2.2250738585072014e-308)).toBe(-2.812644285236262e-103)
  expect(f(2.225073858507201e-308)).toBe(2.8126442852362615e-103)
})

test('is odd, grows with its argument, and agrees with the engine, which is within 1 ulp', () => {
  const random = randoms(1)
  for (let k = 0; k < 100_000; k++) {
    const x = random() * 2 ** Math.floor(random() * 2090 - 1070)
    const root = f(x)
    const right = f(-x) === -root && f(next(x)) >= root && floatsApart(root, Math.cbrt(x)) <= 2
    if (!right) expect.fail(`cbrt(${x}) = ${root}, ${Math.cbrt(x)} for the engine`)
  }
})

test('the short and the long way say the same of what both serve', () => {
  const random = randoms(2)
  for (let k = 0; k < 10_000; k++) {
    const x = (random() - 0.5) * 2 ** Math.floor(random() * 2000 - 1000)
    expect(cbrt.usual!(numbers, x)).toBe(true)
    expect(cbrt.rare!(numbers, x)).toBe(cbrt.fast(numbers, x))
  }
})
