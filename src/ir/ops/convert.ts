/** Conversions that are not mere changes of representation (those are `cast`). */

import type { Op } from './op.ts'

const clamp8 = new Uint8ClampedArray(1)

export const convert: readonly Op[] = [
  {
    name: 'toint32',
    doc: 'ToInt32: truncated, modulo 2³²; NaN and infinities give 0.',
    args: ['T'],
    result: 'i32',
    kind: 'exact',
    meaning: (a: number) => a | 0,
    at: {
      f64: {
        js: '$0 | 0',
        wasm:
          '$0 f64.abs f64.const:9223372036854775808 f64.lt if:i32 $0 i64.trunc_sat_f64_s i32.wrap_i64 ' +
          'else $0 host:toInt32 end',
      },
      // t − ⌊t / 2³²⌋ · 2³² is exact: a multiple of t's last place below 2³². Of infinities it is NaN, which gives 0.
      f64x2: {
        wasm:
          '$0 f64x2.trunc $0 f64x2.trunc f64x2.const:2.3283064365386963e-10 f64x2.mul f64x2.floor ' +
          'f64x2.const:4294967296 f64x2.mul f64x2.sub i32x4.trunc_sat_f64x2_u_zero',
      },
    },
  },
  {
    name: 'uint32',
    doc: 'An i32 read as unsigned.',
    args: ['T'],
    result: 'i64',
    kind: 'exact',
    meaning: (a: number) => a >>> 0,
    at: { i32: { js: '$0 >>> 0', wasm: 'i64.extend_i32_u' }, i32x4: { wasm: 'i64x2.extend_low_i32x4_u' } },
  },
  {
    name: 'clamp8',
    doc: 'What a Uint8ClampedArray stores: 0…255, halves to even, NaN gives 0.',
    args: ['T'],
    result: 'i32',
    kind: 'exact',
    meaning: (a: number) => {
      clamp8[0] = a
      return clamp8[0]
    },
    at: {
      f64: {
        js: 'clamp8($0)',
        // `pmin` and `pmax` take their first operand where the other is NaN, and are one instruction each in V8. The sum
        // rounds halves to even, and its low bits are the number.
        wasm:
          'f64x2.const:255 f64x2.const:0 $0 f64x2.splat f64x2.pmax f64x2.pmin f64x2.const:6755399441055744 f64x2.add ' +
          'i32x4.extract_lane:0',
      },
      f64x2: {
        wasm: 'f64x2.const:255 f64x2.const:0 $0 f64x2.pmax f64x2.pmin f64x2.nearest i32x4.trunc_sat_f64x2_s_zero',
      },
    },
  },
  {
    name: 'truthy',
    doc: 'Neither 0, −0 nor NaN.',
    args: ['T'],
    result: 'bool',
    kind: 'exact',
    meaning: (a: number) => Boolean(a),
    at: {
      f64: { js: '!!$0', wasm: '$0 f64.abs f64.const:0 f64.gt' },
      f64x2: { wasm: '$0 f64x2.abs f64x2.const:0 f64x2.gt' },
    },
  },
]
