import { expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
import { meaningOf, numbers } from './numbers.ts'
/** Rows of x, y, xʸ rounded to nearest from 400 bits (GNU MPFR). */
import reference from './power.reference.json' with { type: 'json' }
import { pow } from './power.ts'

const f = meaningOf(pow)

/** 2ᵏ, subnormal ones too. */
const power2 = (k: number): number => 2 ** Math.trunc(k / 2) * 2 ** (k - Math.trunc(k / 2))

test('is within 1 ulp of the true value: at most one float from the one nearest to it, and seldom that', () => {
  const off = reference.filter((row) => f(row[0]!, row[1]!) !== row[2])
  expect(off.filter((row) => floatsApart(f(row[0]!, row[1]!), row[2]!) > 1)).toEqual([])
  expect(off.length).toBeLessThan(0.03 * reference.length)
})

test('is what ECMAScript says of zeros, ones, infinities, NaN and signs', () => {
  const integers = [1, 2, 3, 4, 1023, 2 ** 50 + 1, 2 ** 51 + 1, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53, 2 ** 60, 1e300]
  const others = [0, 5e-324, 2.2250738585072014e-308, 0.25, 0.5, 1.5, 2.5, 2 ** 51 + 0.5, Number.MAX_VALUE, Infinity]
  const sizes = [...integers, ...others, 1 - 2 ** -53, 1 + 2 ** -52]
  const values = [...sizes, ...sizes.map((x) => -x), NaN]
  for (const x of values) {
    for (const y of values) {
      // The engine is within a few ulp; where there are no ulps, and in signs, it is right.
      const [ours, engine] = [f(x, y), x ** y]
      const same = floatsApart(ours, engine) <= 3 && Object.is(Math.sign(ours), Math.sign(engine))
      if (!same) expect.fail(`pow(${x}, ${y}) = ${ours}, ${engine} for the engine`)
    }
  }
  expect(f(NaN, 0)).toBe(1)
  expect(f(1, Infinity)).toBeNaN()
  expect(f(-1, -Infinity)).toBeNaN()
  expect(f(-8, 1 / 3)).toBeNaN()
  expect(f(-0, 3)).toBe(-0)
  expect(f(-0, 3.4)).toBe(0)
  expect(f(-0, -3)).toBe(-Infinity)
  expect(f(-2, 3)).toBe(-8)
})

test('is exact where the power is a float', () => {
  for (let base = 3; base < 2 ** 14; base += 2) {
    let power = BigInt(base)
    for (let y = 2; ; y++) {
      power *= BigInt(base)
      if (power >= 2n ** 53n) break
      for (const shift of [0, 5, -9]) {
        const expected = Number(power) * power2(shift * y)
        const x = base * 2 ** shift
        if (f(x, y) !== expected || f(-x, y) !== (y % 2 === 1 ? -expected : expected)) expect.fail(`${x} ** ${y}`)
      }
    }
  }
  for (let k = 0; k <= 22; k++) expect(f(10, k)).toBe(Number(`1e${k}`))
  for (let k = -1074; k <= 1023; k++) {
    expect(f(2, k)).toBe(power2(k))
    expect(f(0.5, -k)).toBe(power2(k))
    expect(f(4, k / 2)).toBe(power2(k))
  }
})

test('squares and square roots are those of arithmetic, whatever they come from', () => {
  const random = randoms(1)
  const edges = [0, -0, NaN, Infinity, 5e-324, 1e-310, 1e308]
  for (let k = 0; k < 10_000; k++) {
    const x = edges[k] ?? (random() - 0.5) * 2 ** Math.floor(random() * 2000 - 1000)
    expect(f(x, 2)).toBe(x * x)
    expect(f(-x, 2)).toBe(x * x)
    expect(f(x, 0.5)).toBe(Math.sqrt(x + 0))
  }
  expect(f(-Infinity, 0.5)).toBe(Infinity)
})

test('overflows and underflows where the true power does', () => {
  expect(f(2, 1024)).toBe(Infinity)
  expect(f(2, next(1023.9999999999999))).toBe(Infinity)
  expect(f(2, 1023.9999999999999)).toBe(1.7976931348621742e308)
  expect(f(-2, 1025)).toBe(-Infinity)
  expect(f(2, -1075)).toBe(0)
  expect(f(2, -1074.9999999999998)).toBe(5e-324)
  expect(f(-2, -1075)).toBe(-0)
  expect(f(10, 308)).toBe(1e308)
  expect(f(10, 309)).toBe(Infinity)
  expect(f(10, -323)).toBe(1e-323)
  expect(f(1.0000001, 1e300)).toBe(Infinity)
  expect(f(0.9999999, 1e300)).toBe(0)
})

test('agrees with the engine, which is within 2 ulp', () => {
  const random = randoms(2)
  for (let k = 0; k < 100_000; k++) {
    const x = random() * 2 ** Math.floor(random() * 60 - 30)
    const y = ((random() * 2 - 1) * 1000) / Math.log2(x)
    const apart = floatsApart(f(x, y), x ** y)
    if (apart > 3) expect.fail(`pow(${x}, ${y}) = ${f(x, y)}, ${x ** y} for the engine`)
  }
})

test('the short and the long way say the same of what both serve', () => {
  const random = randoms(3)
  let served = 0
  for (let k = 0; k < 20_000; k++) {
    const x = (random() - 0.3) * 2 ** Math.floor(random() * 40 - 20)
    const y = k % 3 === 0 ? Math.floor(random() * 20 - 10) : random() * 20 - 10
    if (!pow.usual!(numbers, x, y)) continue
    served++
    expect(pow.rare!(numbers, x, y)).toBe(pow.fast(numbers, x, y))
  }
  expect(served).toBeGreaterThan(12_000)
})
