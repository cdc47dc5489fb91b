/** Doubles as whole numbers, without the saturating conversions, which are many instructions in V8. */

import type { Code } from './code.ts'

/**
 * Turns the double on the stack, a whole number below 2⁵¹, into the i32 of its low bits: from 2⁵² to 2⁵³ the bits of
 * doubles count by 1, so those of a sum with 1.5 · 2⁵² end in it.
 */
export function emitLowBits(code: Code): void {
  code.f64(1.5 * 2 ** 52)
  code.op('f64.add')
  code.op('i64.reinterpret_f64')
  code.op('i32.wrap_i64')
}
