import { describe, expect, test } from 'vitest'
import {
  type Atom,
  add,
  atom,
  atomsOf,
  constant,
  constantOf,
  equal,
  mul,
  type Poly,
  product,
  remainder,
  scale,
  show,
  split,
  sub,
  substitute,
} from './poly.ts'

const [i, j, n, m]: Atom[] = ['i', 'j', 'n', 'm'].map((name, id) => ({ id: id + 1, name })) as [Atom, Atom, Atom, Atom]
const [I, J, N, M] = [i, j, n, m].map((a) => atom(a!)) as [Poly, Poly, Poly, Poly]
const VALUES = new Map([i, j, n, m].map((a, k) => [a!, [3, -2, 7, 5][k]!]))

const evaluated = (p: Poly): number =>
  p.reduce((sum, t) => sum + t.atoms.reduce((x, a) => x * VALUES.get(a)!, t.coef), 0)

describe('polynomials', () => {
  test('compute as their values do', () => {
    const place = add(mul(add(mul(I, N), J), M), constant(4))
    expect(evaluated(place)).toBe((3 * 7 - 2) * 5 + 4)
    expect(evaluated(sub(place, scale(J, 3)))).toBe(evaluated(place) + 6)
    expect(evaluated(substitute(place, i!, add(N, constant(1))))).toBe((8 * 7 - 2) * 5 + 4)
  })

  test('are equal in whatever order they were made', () => {
    expect(equal(mul(add(I, J), N), add(mul(N, J), mul(N, I)))).toBe(true)
    expect(sub(mul(I, N), mul(N, I))).toEqual([])
    expect(constantOf(sub(add(I, constant(5)), I))).toBe(5)
    expect(constantOf(I)).toBeUndefined()
    expect([...atomsOf(mul(I, N))]).toEqual([i, n])
  })

  test('split by an unknown, unless it is squared', () => {
    const parts = split(add(mul(add(mul(I, N), J), M), constant(4)), i!)!
    expect(equal(parts.coefficient, mul(N, M))).toBe(true)
    expect(equal(parts.rest, add(mul(J, M), constant(4)))).toBe(true)
    expect(split(mul(I, I), i!)).toBeUndefined()
  })

  test('leave a remainder by one term', () => {
    const place = add(add(mul(J, scale(N, 6)), mul(I, M)), add(scale(N, 3), constant(8)))
    const by = (p: Poly) => p[0]!
    expect(show(remainder(place, by(N)))).toBe(show(add(mul(I, M), constant(8))))
    expect(equal(remainder(place, by(scale(N, 6))), add(mul(I, M), add(scale(N, 3), constant(8))))).toBe(true)
    expect(equal(remainder(place, by(constant(4))), sub(place, constant(8)))).toBe(true)
    expect(equal(product(by(scale(N, 6))), scale(N, 6))).toBe(true)
  })

  test('prove nothing past 2⁵³', () => {
    const huge = scale(I, 2 ** 52)
    expect(equal(add(add(huge, huge), I), add(huge, huge))).toBe(false)
    expect(equal(add(huge, huge), add(huge, huge))).toBe(false)
  })
})
