/** Random integer-heavy kernels: compiled for each target they give what they give uncompiled, bit for bit. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CompileError } from '../../src/index.ts'
import { disagreement, SPECIAL } from './agree.ts'
import { ELEMENTS, HELPERS, kernelOf, kernelText } from './random-expressions.ts'

/** Milliseconds: hours by hand, seconds in the suite. */
const BUDGET = Number(process.env['TSUMBA_EXPRESSION_MS'] ?? 4000)

const elements = (seed: number) => Array.from({ length: ELEMENTS }, (_, k) => SPECIAL[(seed + k * 5) % SPECIAL.length]!)

const arrays = (seed: number) => [
  Int8Array.from(elements(seed)),
  Uint8Array.from(elements(seed + 1)),
  Uint8ClampedArray.from(elements(seed + 2)),
  Uint16Array.from(elements(seed + 3)),
  Int32Array.from(elements(seed + 4)),
  Uint32Array.from(elements(seed + 5)),
  Float32Array.from(elements(seed + 6)),
  Float64Array.from(elements(seed + 7)),
]

/** The types of numbers change from call to call: whole ones first, then such that a specialisation must widen. */
const INPUTS: readonly (readonly unknown[])[] = [
  [...arrays(0), 3, 5, 2, true],
  [...arrays(11), -7, 0, -1, false],
  [...arrays(20), 2 ** 26, -(2 ** 26), 2 ** 26, true],
  [...arrays(23), 2 ** 31, 2.5, -0, false],
  [...arrays(31), Number.NaN, 2 ** 53, Number.NEGATIVE_INFINITY, true],
]

it('random expressions are what JavaScript says', { timeout: BUDGET + 20_000 }, () => {
  let accepted = 0
  const property = fc.property(kernelText, (text) => {
    const kernel = kernelOf(text)
    try {
      const found = disagreement(kernel, INPUTS, { targets: ['js', 'wasm'], captures: () => HELPERS })
      if (found)
        throw new Error(`${found.where}\nwanted ${JSON.stringify(found.wanted)}\ngot    ${JSON.stringify(found.got)}`)
      accepted++
    } catch (error) {
      if (error instanceof CompileError) throw new Error(`refused: ${error.message}`)
      throw error
    }
  })
  fc.assert(property, {
    interruptAfterTimeLimit: BUDGET,
    markInterruptAsFailure: false,
    numRuns: Number.POSITIVE_INFINITY,
    ...(process.env['TSUMBA_SEED'] ? { seed: Number(process.env['TSUMBA_SEED']) } : {}),
  })
  // Few on a machine that is busy: compiling one for two targets and three combinations of types takes a while.
  expect(accepted).toBeGreaterThan(3)
})
