import { describe, expect, it } from 'vitest'
import { instrument, runPlain } from './oracle.ts'

const run = (body: string, ...args: unknown[]) => runPlain([`function f(a, b) { ${body} }`], 'f', args, 1000).outcome
const value = (v: unknown) => ({ kind: 'value', value: v })
const bounds = (index: number) => ({ kind: 'failure', code: 'bounds', index })

describe('plain JavaScript with checked accesses', () => {
  it.each([
    ['return a[2]', bounds(2)],
    ['a[-1] = 0', bounds(-1)],
    ['a[0.5] += 1', bounds(0.5)],
    ['a[NaN]++', bounds(NaN)],
    ['return a[-0]', value(1)],
    ['return a[1] = 7', value(7)],
    ['a[0] **= a[1] + 1; return a[0]', value(1)],
    ['return a[0]++ + a[0]', value(3)],
    ['return --a[1]', value(1)],
    ['a[a[0]] = a[a[1] - 2] = 9; return a[0] + a[1]', value(18)],
    ['return new Int8Array(3).length', value(3)],
    ['return new Int8Array(1.5)', { kind: 'failure', code: 'length', index: 1.5 }],
    ['for (;;) a[0]++', { kind: 'endless' }],
    ['let s = 0; for (const i of prange(4)) s += i; return s', value(6)],
    ['for (const i of prange(1.5)) a[0] = i', { kind: 'failure', code: 'integer', index: undefined }],
    ['l: for (let i = 0; i < 2; i++) { for (;;) { a[0] += 4; continue l } } return a[0]', value(9)],
    ['atomic.add(a, 1, 5); return a[1]', value(7)],
    ['atomic.add(a, 2, 5)', bounds(2)],
  ])('%s', (body, expected) => {
    expect(run(body, Float64Array.of(1, 2))).toEqual(expected)
  })

  it('evaluates as JavaScript does: the old element before the right side, the store last', () => {
    const a = Float64Array.of(1, 2)
    expect(run('a[0] += (a[0] = 10); return a[0]', a)).toEqual(value(11))
    expect(run('a[5] = (a[0] = 3)', a)).toEqual(bounds(5))
    expect(a[0]).toBe(3)
    expect(run('a[5] += (a[0] = 4)', a)).toEqual(bounds(5))
    expect(a[0]).toBe(3)
  })

  it('measures the sums of pranges', () => {
    const { sums } = runPlain(
      ['function f(a) { let s = 0; for (const i of prange(3)) s -= a[i]; return s }'],
      'f',
      [Float64Array.of(1, -2, 4)],
      100,
    )
    expect(sums).toEqual({ count: 3, magnitude: 7 })
  })

  it('leaves everything else as it was written', () => {
    const text = 'function f(a, n = 2) {\n  // kept\n  return a.length * n\n}'
    expect(instrument(text)).toBe(text)
  })
})
