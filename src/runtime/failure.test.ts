import { describe, expect, it } from 'vitest'
import { BoundsError, TsumbaError } from '../errors.ts'
import type { FailureCode, Site } from '../ir/ir.ts'
import { bytesText, failureError } from './failure.ts'

const source = { name: 'blur', text: '(x, n) => {\n  return x[n + 1]\n}', line: 30, file: 'src/blur.ts' }
const site = (code: FailureCode, subject = 'x'): Site => ({ code, subject, span: { source: 0, start: 21, end: 29 } })

describe('failureError', () => {
  it('shows the index, the array, the line and the remedy', () => {
    expect(failureError(site('bounds'), [source], -1, 3).message).toBe(
      [
        'index -1 is out of range for `x` (length 3: 0 to 2) (src/blur.ts:31:10)',
        '',
        '31 |   return x[n + 1]',
        '   |          ^^^^^^^^',
        '',
        'Remedy: an index counts from 0; check the arithmetic, or guard the access with an `if`.',
      ].join('\n'),
    )
  })

  it.each([
    ['bounds', 1.5, 3, 'index 1.5 of `x` is not a whole number'],
    ['bounds', NaN, 3, 'index NaN of `x` is not a whole number'],
    ['bounds', 0, 0, 'index 0 is out of range for `x` (which is empty)'],
    ['length', -4, 0, 'the length -4 asked for by `x` is negative'],
    ['length', 2.5, 0, 'the length 2.5 asked for by `x` is not a whole number'],
    ['memory', -4, 0, 'the length -4 asked for by `x` is negative'],
    ['memory', 1e9, 0, '`x` asks for 1000000000 elements: there is no room'],
    ['length', 1e9, 0, '`x` asks for 1000000000 elements: there is no room'],
    ['length', 1e300, 0, 'is more than an array can have'],
    ['integer', 2.5, 0, '`x` must be a whole number; it is 2.5'],
    ['freed', 0, 0, '`x` was freed'],
    ['depth', 0, 0, '`x` calls itself too deeply'],
    ['worker', 0, 0, 'a worker of the thread pool died'],
    ['call', 0, 0, 'the call of `x` failed'],
  ] as const)('%s %d %d: %s', (code, value0, value1, text) => {
    const error = failureError(site(code), [source], value0, value1)
    expect(error.message).toContain(text)
    expect(error.message).toContain('src/blur.ts:31:10')
    expect(error).toBeInstanceOf(code === 'bounds' ? BoundsError : TsumbaError)
    if (code !== 'call') expect(error.message).toContain('Remedy: ')
  })

  it('does without a source', () => {
    expect(failureError(site('freed'), [], 0, 0).message).not.toContain('undefined')
  })
})

it('bytesText', () => {
  expect([12, 1234, 40e6, 8e12].map(bytesText)).toEqual(['12 bytes', '1.23 kB', '40 MB', '8 TB'])
})
