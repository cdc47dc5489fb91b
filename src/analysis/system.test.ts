import { expect, test } from 'vitest'
import { numbersFrom } from '../../test/ir/nests.ts'
import { add, atom, constant, type Poly, scale } from './poly.ts'
import { atMost, below, isEmpty } from './system.ts'

const UNKNOWNS = ['x', 'y', 'z'].map((name, k) => ({ id: k + 1, name }))
const N = { id: 9, name: 'n' }
const LEAST = -4
const MOST = 4

const linear = (factors: readonly number[], number: number): Poly =>
  factors.reduce((sum, f, k) => add(sum, scale(atom(UNKNOWNS[k]!), f)), constant(number))
const valueAt = (factors: readonly number[], number: number, at: readonly number[]) =>
  factors.reduce((sum, f, k) => sum + f * at[k]!, number)

test('a system is found empty only where no whole numbers satisfy it', () => {
  let empty = 0
  for (let seed = 1; seed <= 2000; seed++) {
    const random = numbersFrom(seed * 7919)
    const line = () => ({ factors: UNKNOWNS.map(() => random(5) - 2), number: random(9) - 4 })
    const zero = Array.from({ length: random(3) }, line)
    const rest = Array.from({ length: 1 + random(4) }, line)
    const box = UNKNOWNS.flatMap((x) => [atMost(constant(LEAST), atom(x)), atMost(atom(x), constant(MOST))])
    const poly = (l: { factors: number[]; number: number }) => linear(l.factors, l.number)
    if (!isEmpty(zero.map(poly), rest.map(poly), box, UNKNOWNS, () => false)) continue
    empty++
    let solution: number[] | undefined
    for (let x = LEAST; x <= MOST; x++) {
      for (let y = LEAST; y <= MOST; y++) {
        for (let z = LEAST; z <= MOST; z++) {
          const holds =
            zero.every((l) => valueAt(l.factors, l.number, [x, y, z]) === 0) &&
            rest.every((l) => valueAt(l.factors, l.number, [x, y, z]) >= 0)
          if (holds) solution = [x, y, z]
        }
      }
    }
    expect(solution, `seed ${seed}`).toBeUndefined()
  }
  expect(empty).toBeGreaterThan(200)
})

test('what is known of sizes decides in the end', () => {
  const [x, y] = UNKNOWNS.map(atom) as [Poly, Poly]
  const n = atom(N)
  // 0 ≤ x, y < n and x ≥ y + n.
  const given = [atMost(constant(0), x), below(x, n), atMost(constant(0), y), below(y, n)]
  const asked: Poly[] = []
  const isNegative = (p: Poly) => {
    asked.push(p)
    return p.every((t) => t.coef < 0)
  }
  expect(isEmpty([], [atMost(add(y, n), x)], given, UNKNOWNS, isNegative)).toBe(true)
  expect(isEmpty([], [atMost(y, x)], given, UNKNOWNS, isNegative)).toBe(false)
  // What is not linear is left out: it can only rule something out.
  const product: Poly = [{ atoms: [UNKNOWNS[0]!, UNKNOWNS[1]!], coef: -1 }]
  expect(isEmpty([product], [], given, UNKNOWNS, isNegative)).toBe(false)
})

test('numbers that are too large prove nothing', () => {
  const x = atom(UNKNOWNS[0]!)
  const huge = 2 ** 53 - 1
  // huge·x ≥ 1 and −(huge − 1)·x ≥ 1: empty, by a sum of products past 2⁵³.
  const lines = [add(scale(x, huge), constant(-1)), add(scale(x, 1 - huge), constant(-1))]
  expect(isEmpty([], lines, [], UNKNOWNS, () => false)).toBe(false)
})
