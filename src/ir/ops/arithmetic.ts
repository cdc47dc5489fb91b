/** Arithmetic: exact operations of IEEE 754 and of integers. */

import { copysign } from './math/numbers.ts'
import type { Lowering, Op } from './op.ts'

/** The float types, scalar and 128-bit vectors. */
export const floats = (wasm: string, js: string): Record<string, Lowering> => ({
  f64: { js, wasm: `f64.${wasm}` },
  f32: { js: `Math.fround(${js})`, wasm: `f32.${wasm}` },
  f64x2: { wasm: `f64x2.${wasm}` },
  f32x4: { wasm: `f32x4.${wasm}` },
})

/** i32 wraps; i64 and index cannot overflow by proof, so JavaScript computes them as numbers. */
const integers = (wasm: string, js: string, js32: string): Record<string, Lowering> => ({
  i32: { js: js32, wasm: `i32.${wasm}` },
  i64: { js, wasm: `i64.${wasm}` },
  index: { js, wasm: `i32.${wasm}` },
  i32x4: { wasm: `i32x4.${wasm}` },
  i64x2: { wasm: `i64x2.${wasm}` },
})

/**
 * Of a vector, where V8 would round one double: vroundsd (x86-64) leaves the upper half of its target as it was, so that
 * it waits for whatever was last in that register, often the turn before.
 */
const rounding = (name: string): Record<string, Lowering> => ({
  ...floats(name, `Math.${name}($0)`),
  f64: { js: `Math.${name}($0)`, wasm: `$0 f64x2.splat f64x2.${name} f64x2.extract_lane:0` },
})

const pick = (compare: string): Record<string, Lowering> => ({
  i32x4: { wasm: `i32x4.${compare === 'lt_s' ? 'min' : 'max'}_s` },
  ...Object.fromEntries(
    ['i32', 'i64', 'index'].map((type) => {
      const t = type === 'i64' ? 'i64' : 'i32'
      return [
        type,
        { js: `Math.${compare === 'lt_s' ? 'min' : 'max'}($0, $1)`, wasm: `$0 $1 $0 $1 ${t}.${compare} select` },
      ]
    }),
  ),
})

/** Contracted: one rounding or two. */
const relaxed = (name: string, doc: string, meaning: Op['meaning']): Op => ({
  name,
  doc,
  args: ['T', 'T', 'T'],
  result: 'T',
  kind: 'relaxed',
  meaning,
  at: { f64x2: { wasm: `f64x2.relaxed_${name}` }, f32x4: { wasm: `f32x4.relaxed_${name}` } },
})

export const arithmetic: readonly Op[] = [
  {
    name: 'add',
    doc: 'a + b',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => a + b,
    at: { ...floats('add', '$0 + $1'), ...integers('add', '$0 + $1', '$0 + $1 | 0') },
  },
  {
    name: 'sub',
    doc: 'a − b',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => a - b,
    at: { ...floats('sub', '$0 - $1'), ...integers('sub', '$0 - $1', '$0 - $1 | 0') },
  },
  {
    name: 'mul',
    doc: 'a · b',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => a * b,
    at: {
      ...floats('mul', '$0 * $1'),
      // The sum turns JavaScript's −0 into 0.
      ...integers('mul', '$0 * $1 + 0', 'Math.imul($0, $1)'),
      i32: { js: 'Math.imul($0, $1)', wasm: 'i32.mul', meaning: (a: number, b: number) => Math.imul(a, b) },
    },
  },
  relaxed('madd', 'a · b + c', (a: number, b: number, c: number) => a * b + c),
  relaxed('nmadd', 'c − a · b', (a: number, b: number, c: number) => c - a * b),
  {
    name: 'div',
    doc: 'a / b',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => a / b,
    at: floats('div', '$0 / $1'),
  },
  {
    name: 'rem',
    doc: 'a − b·trunc(a / b), exactly, with the sign of a. Integers: only where b ≠ 0 is proven.',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => a % b,
    at: {
      f64: { js: '$0 % $1', wasm: '$0 $1 host:rem' },
      i32: { js: '$0 % $1 | 0', wasm: 'i32.rem_s' },
      // The sum turns JavaScript's −0 into 0.
      i64: { js: '$0 % $1 + 0', wasm: 'i64.rem_s' },
      index: { js: '$0 % $1 + 0', wasm: 'i32.rem_s' },
    },
  },
  {
    name: 'imod',
    doc: 'a % b of two integers, as the number that JavaScript gives: NaN for b = 0, −0 where a < 0 divides.',
    args: ['T', 'T'],
    result: 'f64',
    kind: 'exact',
    meaning: (a: number, b: number) => a % b,
    at: {
      i32: {
        js: '$0 % $1',
        wasm: '$1 i32.eqz if:f64 f64.const:nan else $0 $1 i32.rem_s f64.convert_i32_s $0 f64.convert_i32_s f64.copysign end',
      },
    },
  },
  {
    name: 'neg',
    doc: '−a',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => -a,
    at: {
      ...floats('neg', '-$0'),
      i32: { js: '-$0 | 0', wasm: 'i32.const:0 $0 i32.sub' },
      i64: { js: '0 - $0', wasm: 'i64.const:0 $0 i64.sub', meaning: (a: number) => 0 - a },
      index: { js: '0 - $0', wasm: 'i32.const:0 $0 i32.sub', meaning: (a: number) => 0 - a },
      i32x4: { wasm: 'i32x4.neg' },
      i64x2: { wasm: 'i64x2.neg' },
    },
  },
  {
    name: 'abs',
    doc: 'The magnitude.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.abs(a),
    at: {
      ...floats('abs', 'Math.abs($0)'),
      i64: { js: 'Math.abs($0)', wasm: '$0 i64.const:0 $0 i64.sub $0 i64.const:0 i64.gt_s select' },
      index: { js: 'Math.abs($0)', wasm: '$0 i32.const:0 $0 i32.sub $0 i32.const:0 i32.gt_s select' },
      i32: { js: 'Math.abs($0) | 0', wasm: '$0 i32.const:0 $0 i32.sub $0 i32.const:0 i32.gt_s select' },
      i32x4: { wasm: 'i32x4.abs' },
    },
  },
  {
    name: 'sqrt',
    doc: 'The square root, correctly rounded.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.sqrt(a),
    at: floats('sqrt', 'Math.sqrt($0)'),
  },
  {
    name: 'floor',
    doc: 'The next integer towards −∞.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.floor(a),
    at: rounding('floor'),
  },
  {
    name: 'ceil',
    doc: 'The next integer towards +∞.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.ceil(a),
    at: rounding('ceil'),
  },
  {
    name: 'trunc',
    doc: 'The next integer towards zero.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.trunc(a),
    at: rounding('trunc'),
  },
  {
    name: 'round',
    doc: 'The nearest integer, halves towards +∞ (Math.round); the sign of a is kept on zeros.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.round(a),
    at: {
      f64: {
        js: 'Math.round($0)',
        wasm:
          '$0 f64.floor f64.const:1 f64.const:0 $0 $0 f64.floor f64.sub f64.const:0.5 f64.ge select f64.add ' +
          '$0 f64.copysign',
      },
      f64x2: {
        wasm:
          '$0 f64x2.floor $0 $0 f64x2.floor f64x2.sub f64x2.const:0.5 f64x2.ge f64x2.const:1 v128.and f64x2.add ' +
          '$0 i64x2.const:0x7fffffffffffffff v128.bitselect',
      },
    },
  },
  {
    name: 'sign',
    doc: '1, −1, or the zero or NaN itself.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.sign(a),
    at: {
      f64: {
        js: 'Math.sign($0)',
        wasm: 'f64.const:1 f64.const:-1 $0 $0 f64.const:0 f64.lt select $0 f64.const:0 f64.gt select',
      },
      f64x2: {
        wasm:
          'f64x2.const:1 f64x2.const:-1 $0 $0 f64x2.const:0 f64x2.lt v128.bitselect ' +
          '$0 f64x2.const:0 f64x2.gt v128.bitselect',
      },
    },
  },
  {
    name: 'copysign',
    doc: 'The magnitude of a with the sign of b.',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: copysign,
    at: {
      f64: { js: 'copysign($0, $1)', wasm: 'f64.copysign' },
      f32: { js: 'copysign($0, $1)', wasm: 'f32.copysign' },
      f64x2: { wasm: '$1 $0 i64x2.const:0x8000000000000000 v128.bitselect' },
    },
  },
  {
    name: 'min',
    doc: 'Math.min of two: NaN if either is, and −0 below 0.',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => Math.min(a, b),
    at: { ...floats('min', 'Math.min($0, $1)'), ...pick('lt_s') },
  },
  {
    name: 'max',
    doc: 'Math.max of two: NaN if either is, and 0 above −0.',
    args: ['T', 'T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number, b: number) => Math.max(a, b),
    at: { ...floats('max', 'Math.max($0, $1)'), ...pick('gt_s') },
  },
]
