/**
 * Parts of an f64: what expansions of Math functions are made of besides arithmetic. What they give for NaN is not
 * defined: its sign is anybody's.
 */

import { exponent, head, nearExponent, nearSignificand, odd, pow2, significand } from './math/numbers.ts'
import type { Op } from './op.ts'

/** The fraction's bits, and the exponent of 1. */
const FRACTION = '0x000fffffffffffff'
const ONE = '0x3ff0000000000000'
/** The bits of √½, its low word cut off, and how many more 1 has. */
const ROOT = '0x3fe6a09e00000000'
const UP = '0x00095f6200000000'
/** A sum with it leaves an integer of up to 51 bits at the bottom of the bits. */
const SHIFTER = 6755399441055744
/** The bits of 2⁵², below which the low bits are an integer's; and what the exponent is then too large by. */
const TWO52 = '0x4330000000000000'
const BIASED = 2 ** 52 + 1023
const BIAS = 1023
/** All but the low 27 bits. */
const HEAD = -(2 ** 27)

export const bits: readonly Op[] = [
  {
    name: 'exponent',
    doc: 'The top twelve bits less 1023: ⌊log₂ a⌋ of a positive normal number.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: exponent,
    at: {
      f64: {
        js: 'exponent($0)',
        wasm: `$0 i64.reinterpret_f64 i64.const:52 i64.shr_u f64.convert_i64_s f64.const:${BIAS} f64.sub`,
      },
      f64x2: {
        wasm: `$0 i32.const:52 i64x2.shr_u i64x2.const:${TWO52} v128.or f64x2.const:${BIASED} f64x2.sub`,
      },
    },
  },
  {
    name: 'significand',
    doc: 'The bits of the fraction with the exponent of 1: a / 2^exponent(a) of a positive normal number.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: significand,
    at: {
      f64: {
        js: 'significand($0)',
        wasm: `$0 i64.reinterpret_f64 i64.const:${FRACTION} i64.and i64.const:${ONE} i64.or f64.reinterpret_i64`,
      },
      f64x2: { wasm: `$0 i64x2.const:${FRACTION} v128.and i64x2.const:${ONE} v128.or` },
    },
  },
  {
    name: 'nearExponent',
    doc: 'The integer n for which a / 2ⁿ of a positive normal number is in [√½, √2), about.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: nearExponent,
    at: {
      f64: {
        js: 'nearExponent($0)',
        wasm: `$0 i64.reinterpret_f64 i64.const:${UP} i64.add i64.const:52 i64.shr_u f64.convert_i64_s f64.const:${BIAS} f64.sub`,
      },
      f64x2: {
        wasm: `$0 i64x2.const:${UP} i64x2.add i32.const:52 i64x2.shr_u i64x2.const:${TWO52} v128.or f64x2.const:${BIASED} f64x2.sub`,
      },
    },
  },
  {
    name: 'nearSignificand',
    doc: 'a / 2^nearExponent(a) of a positive normal number: in [√½, √2), about.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: nearSignificand,
    at: {
      f64: {
        js: 'nearSignificand($0)',
        wasm: `$0 i64.reinterpret_f64 i64.const:${UP} i64.add i64.const:${FRACTION} i64.and i64.const:${ROOT} i64.add f64.reinterpret_i64`,
      },
      f64x2: {
        wasm: `$0 i64x2.const:${UP} i64x2.add i64x2.const:${FRACTION} v128.and i64x2.const:${ROOT} i64x2.add`,
      },
    },
  },
  {
    name: 'pow2',
    doc: '2ⁿ of a whole n in −1022…1023; 0 of −1023 and Infinity of 1024.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: pow2,
    at: {
      f64: {
        js: 'pow2($0)',
        wasm: `$0 f64.const:${SHIFTER + BIAS} f64.add i64.reinterpret_f64 i64.const:52 i64.shl f64.reinterpret_i64`,
      },
      f64x2: { wasm: `$0 f64x2.const:${SHIFTER + BIAS} f64x2.add i32.const:52 i64x2.shl` },
    },
  },
  {
    name: 'head',
    doc: 'The number without its low 27 bits.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: head,
    at: {
      f64: {
        js: 'head($0)',
        wasm: `$0 i64.reinterpret_f64 i64.const:${HEAD} i64.and f64.reinterpret_i64`,
      },
      f64x2: { wasm: `$0 i64x2.const:${HEAD} v128.and` },
    },
  },
  {
    name: 'odd',
    doc: 'Whether a whole n, |n| < 2⁵⁰, is odd.',
    args: ['T'],
    result: 'bool',
    kind: 'exact',
    meaning: odd,
    at: {
      f64: {
        js: 'odd($0)',
        wasm: `$0 f64.const:${SHIFTER} f64.add i64.reinterpret_f64 i32.wrap_i64 i32.const:1 i32.and`,
      },
      f64x2: {
        wasm: `$0 f64x2.const:${SHIFTER} f64x2.add i64x2.const:1 v128.and i64x2.const:1 i64x2.eq`,
      },
    },
  },
]
