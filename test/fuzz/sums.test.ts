import { describe, expect, it } from 'vitest'
import { runPlain } from './oracle.ts'
import { isNear } from './sums.ts'
import type { Case } from './verdict.ts'

const summing = (line: string, end = 's'): Case => ({
  functions: [
    `function kernel(x) {\n  let s = 0\n  for (let i = 0; i < x.length; i++) {\n    ${line}\n  }\n  return ${end}\n}`,
  ],
  inputs: [],
})
const x = Float64Array.from({ length: 100 }, (_, k) => (k % 2 === 0 ? 1 : -1) / (k + 3))
const judge = (program: Case, off: number): boolean => {
  const plain = runPlain(program.functions, 'kernel', [x], 1000)
  if (plain.outcome.kind !== 'value') throw new Error('the program has a value')
  const value = Number(plain.outcome.value) + off
  return isNear(program, plain, { outcome: { kind: 'value', value }, args: [x] })
}
const magnitude = x.reduce((sum, v) => sum + Math.abs(v), 0)

describe('a reordered sum', () => {
  it('may be off by n·ε·Σ|x|, whatever is left of it', () => {
    expect(judge(summing('s += x[i]'), 100 * 2 ** -52 * magnitude)).toBe(true)
    expect(judge(summing('s += x[i]'), 105 * 2 ** -52 * magnitude)).toBe(false)
    expect(judge(summing('s -= x[i]'), 1e-6)).toBe(false)
  })

  it('is judged only where it is nothing but a sum, and what is returned', () => {
    expect(judge(summing('s = (s + x[i])'), 1)).toBe(true)
    expect(judge(summing('s += x[i]', 's * 2'), 1)).toBe(true)
    expect(judge(summing('s += x[i]; s *= 2'), 1)).toBe(true)
  })
})
