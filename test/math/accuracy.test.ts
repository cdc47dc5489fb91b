/** Math functions against the truth; bench/math/accuracy.ts does the same with as many points as one likes. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { accuracyOf, complaints } from '../../bench/math/measure.ts'
import { FUNCTIONS } from '../../bench/math/points.ts'
import { buildReference } from '../../bench/math/reference.ts'
import { subjects } from '../../bench/math/subjects.ts'
import { floatsApart } from '../support/ulps.ts'

const POINTS = 10_000
/** Rows of arguments and the correctly rounded value (bench/math/values.ts). */
const VALUES = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8')) as Record<string, number[][]>

describe('the values that are kept', () => {
  it('are of every function', () => {
    expect(Object.keys(VALUES)).toEqual(Object.keys(FUNCTIONS))
    for (const rows of Object.values(VALUES)) expect(rows.length).toBe(64)
  })

  it.each(Object.entries(FUNCTIONS))('of %s are near what the engine says', (name, { called }) => {
    const engine = Math[called as 'hypot']
    for (const row of VALUES[name]!) {
      const [args, value] = [row.slice(0, -1), row.at(-1)!]
      expect(floatsApart(engine(...args), value), `${called}(${args.join(', ')})`).toBeLessThanOrEqual(3)
    }
  })
})

const reference = buildReference()

describe.each(subjects)('$name', (subject) => {
  it('is at most one float from the correctly rounded value', () => {
    const far = VALUES[subject.name]!.filter((row) => {
      return floatsApart(subject.ours(...row.slice(0, -1)), row.at(-1)!) > 1
    })
    expect(far).toEqual([])
  })

  it(`is within 1 ulp of the true value at special points and ${POINTS} random ones`, async (context) => {
    if ('reason' in reference) return context.skip(reference.reason)
    const accuracy = await accuracyOf(reference.path, subject, POINTS, 7)
    expect(complaints(accuracy)).toEqual([])
    expect(accuracy.ours.points).toBeGreaterThan(POINTS)
  })
})
