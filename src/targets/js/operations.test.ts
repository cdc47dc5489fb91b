import { describe, expect, it } from 'vitest'
import { define, module, run } from '../../../test/house/js.ts'
import { local, op, ref, ret } from '../../ir/build.ts'
import type { Type } from '../../ir/ir.ts'
import { OPS } from '../../ir/ops/index.ts'
import type { Slot } from '../../ir/ops/op.ts'
import { F32, I32, I64, INDEX, scalar } from '../../ir/types.ts'

describe('operations', () => {
  const floats = [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.7,
    254.5,
    255.5,
    300,
    NaN,
    Infinity,
    -Infinity,
    1e-320,
    1e300,
    -1e300,
    2 ** 31,
    2 ** 32 + 5,
    -(2 ** 31) - 1,
    2 ** 53,
    1.1,
    0.1,
  ]
  const ints = [0, 1, -1, 2, 3, -7, 31, 32, 255, 65536, 2 ** 31 - 1, -(2 ** 31), 0x12345678, -559038737]
  const wide = [0, 1, -1, 5, -7, 12345, 2 ** 26, -(2 ** 26), 67108859]
  const values: Readonly<Record<string, readonly (number | boolean)[]>> = {
    f64: floats,
    f32: floats.map(Math.fround),
    i32: ints,
    i64: wide,
    index: wide.filter((v) => Math.abs(v) < 2 ** 15),
    bool: [false, true],
  }
  const typed = (slot: Slot, type: string) => scalar((slot === 'T' ? type : slot) as never)
  /** A meaning's result brought into its type, and integers without −0. */
  const into = (type: Type, value: unknown): unknown => {
    if (type === F32) return Math.fround(value as number)
    if (type === I32) return (value as number) | 0
    return type === I64 || type === INDEX ? (value as number) + 0 : value
  }
  const cases = OPS.filter((record) => record.kind !== 'atomic').flatMap((record) =>
    Object.entries(record.at)
      .filter(([, lowering]) => lowering.js !== undefined)
      .map(([type, lowering]) => ({ name: `${record.name} at ${type}`, record, type, lowering })),
  )

  it.each(cases)('$name has its meaning', ({ record, type, lowering }) => {
    const params = record.args.map((slot, k) => local(`a${k}`, typed(slot, type)))
    const e = op(record.name, ...params.map(ref))
    const entry = run(module(define('f', params, [], [ret(e)], e.type)))
    const meaning = (lowering.meaning ?? record.meaning) as (...args: unknown[]) => unknown
    const lists = params.map((p) => values[(p.type as { name: string }).name]!)
    const short = lists.length > 2 ? lists.map((list) => list.slice(0, 8)) : lists
    const all = short.reduce<(number | boolean)[][]>(
      (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
      [[]],
    )
    for (const args of all) {
      if (record.name === 'rem' && type !== 'f64' && args[1] === 0) continue
      const result = entry(...args)
      const expected = into(e.type, meaning(...args))
      expect(Object.is(result, expected), `${args} → ${result}, not ${expected}`).toBe(true)
    }
  })

  it('leaves no lowering to JavaScript out but those of vectors and masks', () => {
    expect(cases.length).toBeGreaterThan(90)
    const missing = OPS.filter((record) => record.kind !== 'atomic').flatMap((record) =>
      Object.entries(record.kind === 'expanded' ? {} : record.at)
        .filter(([type, lowering]) => lowering.js === undefined && !/x\d|mask/.test(type))
        .map(([type]) => `${record.name} of ${type}`),
    )
    expect(missing).toEqual([])
  })
})
