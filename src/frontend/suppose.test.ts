import { describe, expect, it } from 'vitest'
import { functionFrom } from '../../test/support/kernels.ts'
import type { KernelFn } from './ast.ts'
import { ANY_NUMBER, type Fact, integerFact, UNDEFINED } from './facts.ts'
import { infer } from './infer.ts'
import { readKernel } from './kernel.ts'
import { showKernel } from './show.ts'
import { Suppositions } from './suppose.ts'

const INT = integerFact(-(2 ** 26), 2 ** 26)
const ARRAY: Fact = { kind: 'array', dtype: 'float64' }
const infers = (kernel: KernelFn, args: readonly Fact[]) =>
  infer(kernel, args, { maxLength: 2 ** 30 - 1, call: () => UNDEFINED })

/** The kernel after all suppositions, its lines without what surrounds them; empty where there is none. */
function supposed(text: string, ...args: Fact[]): string[] {
  let kernel = readKernel(functionFrom(text, {}))
  const suppositions = new Suppositions()
  let made = 0
  for (;;) {
    const next = suppositions.next(kernel, infers(kernel, args))
    if (!next) break
    kernel = next
    expect(++made).toBeLessThan(10)
  }
  // What is made still means something to inference.
  infers(kernel, args)
  return made === 0
    ? []
    : showKernel(kernel)
        .split('\n')
        .slice(1)
        .map((line) => line.slice(2))
}

describe('suppositions', () => {
  it('a bound that may be a fraction', () => {
    expect(supposed('(a, d) => { const k = a.length / d; for (let i = 0; i < k; i++) a[i] = k }', ARRAY, INT)).toEqual([
      'const k = (a.length / d)',
      'const k = (k | 0)',
      'if ((((k === k) && (k <= 67108864)) && (k >= -67108864)) && ((k !== 0) || ((1 / k) > 0)))',
      '  for let i = 0; (i < k); (i++)',
      '    (a[i] = k)',
      'else',
      '  for let i = 0; (i < k); (i++)',
      '    (a[i] = k)',
    ])
  })

  it('of a number that fits, only whether it is whole, and not −0', () => {
    const lines = supposed('(a, w) => { const r = (w - 1) / 2; for (let i = r; i < w - r; i++) a[i] = r }', ARRAY, INT)
    expect(lines[2]).toBe('if ((r === r) && ((r !== 0) || ((1 / r) > 0)))')
  })

  it('a quotient inside of loops has its name before those that do not change it', () => {
    const lines = supposed(
      '(a, n) => { for (let l = 2; l < n; l += l) for (let i = 0; i < n; i++) for (let k = 0; k < l / 2; k++) a[i + k + l / 2] = 0 }',
      ARRAY,
      INT,
    )
    expect(lines.slice(1, 5)).toEqual([
      '  block',
      '    const quotient = (l / 2)',
      '    const quotient = (quotient | 0)',
      expect.stringMatching(/^ {4}if \(/),
    ])
    expect(lines.filter((line) => line.includes('l / 2'))).toHaveLength(1)
  })

  it.each([
    ['no loop', '(a, n) => { const h = n / 2; return a[h] }'],
    ['no index and no bound', '(a, n) => { const h = n / 2; for (let i = 0; i < n; i++) a[i] = h }'],
    [
      'an error that an iteration is to get below',
      '(a, n) => { let e = n / 3; const t = n / 7; while (e > t) e *= 0.5; return e }',
    ],
    ['whole anyway', '(a, n) => { const h = n >> 1; for (let i = 0; i < h; i++) a[i] = h }'],
    ['assigned again', '(a, n) => { let h = n / 2; for (let i = 0; i < n; i++) { a[i] = a[h]; h = i / 2 } }'],
  ])('none: %s', (_what, text) => {
    expect(supposed(text, ARRAY, INT)).toEqual([])
  })

  it('end: two numbers, each in the first copy of the other alone', () => {
    const text =
      '(a, b, d) => { const m = a.length / d; const n = b.length / d; for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) a[i] += b[j] }'
    const lines = supposed(text, ARRAY, ARRAY, INT)
    expect(lines.filter((line) => line.includes('a[i] += b[j]'))).toHaveLength(3)
    expect(supposed(text, ARRAY, ARRAY, ANY_NUMBER).filter((line) => line.includes('a[i] += b[j]'))).toHaveLength(3)
  })
})
