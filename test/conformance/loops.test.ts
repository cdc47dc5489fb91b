/** Loops and helpers that passes take apart: every target against the plain function, failing calls included. */

import { describe, expect, test } from 'vitest'
import { jit } from '../../src/index.ts'
import { FAILING, LOOPS } from '../support/loops.ts'
import { copyArgs, expectAgreement } from './agree.ts'

describe('loops', () => {
  test.each(LOOPS)('$name', ({ kernel, calls }) => {
    expectAgreement(kernel, calls())
  })

  test.each(FAILING)('a failure $name', ({ kernel, calls }) => {
    const [js, wasm] = (['js', 'wasm'] as const).map((target) => jit(kernel, { target }))
    for (const args of calls()) {
      const [ofJs, ofWasm] = [copyArgs(args, 'allocated'), copyArgs(args, 'allocated')]
      const message = (run: () => unknown): string => {
        try {
          run()
        } catch (error) {
          return String(error)
        }
        return 'no failure'
      }
      expect(message(() => wasm!(...ofWasm))).toBe(message(() => js!(...ofJs)))
      expect(ofWasm).toEqual(ofJs)
    }
  })
})
