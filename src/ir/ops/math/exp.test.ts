import { describe, expect, test } from 'vitest'
import { floatsApart, next, randoms } from '../../../../test/support/ulps.ts'
import { exp, expm1 } from './exp.ts'
import type { Expansion } from './lanes.ts'
import { meaningOf, numbers } from './numbers.ts'

const SUBNORMAL = 2 ** -1074
const NORMAL = 2 ** -1022
const LARGEST = Number.MAX_VALUE

/** [function, argument, value]: all that ECMAScript lays down, and what is exact. */
const SPECIAL: readonly (readonly [Expansion, number, number])[] = [
  [exp, NaN, NaN],
  [exp, Infinity, Infinity],
  [exp, -Infinity, 0],
  [exp, 0, 1],
  [exp, -0, 1],
  [exp, LARGEST, Infinity],
  [exp, -LARGEST, 0],
  [exp, SUBNORMAL, 1],
  [exp, -SUBNORMAL, 1],
  [exp, 2 ** -54, 1],
  // The last numbers before overflow and before 0, and their neighbours.
  [exp, 709.782712893384, 1.7976931348622732e308],
  [exp, next(709.782712893384), Infinity],
  [exp, -745.1332191019411, SUBNORMAL],
  [exp, -next(745.1332191019411), 0],
  [exp, 1, Math.E],
  [expm1, NaN, NaN],
  [expm1, Infinity, Infinity],
  [expm1, -Infinity, -1],
  [expm1, 0, 0],
  [expm1, -0, -0],
  [expm1, LARGEST, Infinity],
  [expm1, -LARGEST, -1],
  [expm1, SUBNORMAL, SUBNORMAL],
  [expm1, -SUBNORMAL, -SUBNORMAL],
  [expm1, NORMAL, NORMAL],
  [expm1, -NORMAL, -NORMAL],
  [expm1, 1e-17, 1e-17],
  [expm1, 709.782712893384, 1.7976931348622732e308],
  [expm1, next(709.782712893384), Infinity],
  [expm1, -38, -1],
  [expm1, -1000, -1],
]

test.each(SPECIAL.map(([expansion, x, value]) => [expansion.name, x, value, expansion] as const))(
  '%s of %d',
  (_, x, value, expansion) => {
    expect(meaningOf(expansion)(x)).toBe(value)
  },
)

const SPANS = [1e-300, 1e-9, 0.01, 0.4, 1, 2, 40, 700, 750]

describe.each([exp, expm1])('$name', (expansion) => {
  const f = meaningOf(expansion)
  const engine = Math[expansion.name as 'exp']

  test('agrees with the engine, which is within 1 ulp itself', () => {
    const random = randoms(1)
    for (let k = 0; k < 100_000; k++) {
      const x = (random() * 2 - 1) * SPANS[k % SPANS.length]!
      if (floatsApart(f(x), engine(x)) > 2) expect.fail(`${expansion.name}(${x}) = ${f(x)}, the engine: ${engine(x)}`)
    }
  })

  test('falls nowhere by more than its error, where multiples of ln 2 change and where the rare part begins', () => {
    const edges = Array.from({ length: 2200 }, (_, k) => ((k - 1100) / 2) * Math.LN2)
    const uneven = Array.from({ length: 200 }, (_, k) => (k - 100 + 0.585) * Math.LN2)
    for (const edge of [...edges, ...uneven, 37, -37, 708, -708, -708.3964185322641, 38, -38]) {
      if (Math.abs(edge) > 745) continue
      let x = edge - 8 * (next(Math.abs(edge)) - Math.abs(edge))
      for (let k = 0; k < 16; k++) {
        const after = next(x)
        const [low, high] = [f(x), f(after)]
        if (low > high && floatsApart(low, high) > 1) expect.fail(`${low} at ${x}, ${high} at ${after}`)
        x = after
      }
    }
  })
})

test('the rare part gives what the usual one gives', () => {
  const random = randoms(2)
  for (let k = 0; k < 20_000; k++) {
    const x = (random() * 2 - 1) * SPANS[k % 7]!
    expect(exp.rare!(numbers, x), String(x)).toBe(exp.fast(numbers, x))
  }
  // That of expm1 loses bits of small arguments: it serves large ones.
  for (let k = 0; k < 20_000; k++) {
    const x = (k % 2 === 0 ? 1 : -1) * (4 + random() * 33)
    expect(floatsApart(expm1.rare!(numbers, x), expm1.fast(numbers, x)), String(x)).toBeLessThanOrEqual(1)
  }
})

test('expm1 keeps the bits that exp less 1 loses', () => {
  for (const x of [1e-5, -1e-5, 1e-8, -1e-8, 1e-12]) {
    const series = x + (x * x) / 2 + (x * x * x) / 6 + (x * x * x * x) / 24
    expect(floatsApart(meaningOf(expm1)(x), series), String(x)).toBeLessThanOrEqual(1)
  }
})
