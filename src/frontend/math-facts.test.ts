/** What is said of Math functions' results holds for what the compiler computes. */

import { describe, expect, test } from 'vitest'
import { expansions } from '../ir/ops/math/index.ts'
import { meaningOf } from '../ir/ops/math/numbers.ts'
import { ANY_NUMBER, constantFact, covers, type NumberFact } from './facts.ts'
import { mathFact } from './math-facts.ts'

const EDGES = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-300,
  -5e-324,
  5e-324,
  20,
  -20,
  400,
  709.78,
  710,
  -745.2,
  1e8,
  -1e22,
  Number.MAX_VALUE,
]
const MORE = [-Number.MAX_VALUE, Infinity, -Infinity, NaN, 1 - 2 ** -53, 1 + 2 ** -52]
/** Multiples of π/2 and what is next to them: where sines are largest. */
const PEAKS = Array.from({ length: 400 }, (_, k) => ((k - 200) * Math.PI) / 2).flatMap((x) => [
  x * (1 - 2 ** -53),
  x,
  x * (1 + 2 ** -52),
])
const SPREAD = Array.from({ length: 4000 }, (_, k) => (k % 2 ? 1 : -1) * 1.37 ** ((k - 2000) / 8))
const all = [...EDGES, ...MORE, ...PEAKS, ...SPREAD]

describe.each(Object.entries(expansions))('%s', (name, expansion) => {
  const arity = Number(/^hypot(\d)$/.exec(name)?.[1] ?? (['atan2', 'pow', 'hypot'].includes(name) ? 2 : 1))
  const called = `Math.${name.replace(/^(hypot)\d$/, '$1')}`
  const fact = (...args: NumberFact[]) => mathFact(called, args)!
  const meaning = meaningOf(expansion)
  const rows = all.map((x, k) =>
    [x, all[(k * 31 + 7) % all.length]!, all[(k * 17 + 3) % all.length]!, 1].slice(0, arity),
  )

  test('of any number', () => {
    const said = fact(...rows[0]!.map(() => ANY_NUMBER))
    const wrong = rows.filter((row) => !covers(said, constantFact(meaning(...row))))
    expect(wrong).toEqual([])
  })

  test('of numbers that are known', () => {
    const wrong = rows.filter((row) => !covers(fact(...row.map(constantFact)), constantFact(meaning(...row))))
    expect(wrong).toEqual([])
  })
})
