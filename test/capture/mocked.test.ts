/** `vi.mock` makes vitest write a test file's imports in another way: `__vi_import_0__.TAU`. */

import { expect, it, vi } from 'vitest'
import { prange } from '../../src/prange.ts'
import { evaluate } from '../support/evaluate.ts'
import { clamp, TAU } from './fixtures/lib.ts'

vi.mock('./fixtures/lib.ts', async (original) => ({ ...(await original<object>()), TAU: 4 }))

it('a kernel that captures a mocked module uses the mock', () => {
  const kernel = (x: Float64Array): number => {
    let sum = 0
    for (const i of prange(x.length)) sum += clamp(x[i]!, 0) * TAU
    return sum
  }
  expect(kernel.toString()).toMatch(/__vi_import_\d__\.TAU/)
  const x = Float64Array.of(0.25, 3)
  expect(evaluate(kernel, [x])).toBe(5)
  expect(kernel(x)).toBe(5)
})
