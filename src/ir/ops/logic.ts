/** Comparisons, truth values and bits. */

import type { Lowering, Op } from './op.ts'

const compare = (float: string, integer: string, js: string): Record<string, Lowering> => {
  const code = `$0 ${js} $1`
  return {
    f64: { js: code, wasm: `f64.${float}` },
    f32: { js: code, wasm: `f32.${float}` },
    i32: { js: code, wasm: `i32.${integer}` },
    i64: { js: code, wasm: `i64.${integer}` },
    index: { js: code, wasm: `i32.${integer}` },
    f64x2: { wasm: `f64x2.${float}` },
    f32x4: { wasm: `f32x4.${float}` },
    i32x4: { wasm: `i32x4.${integer}` },
    i64x2: { wasm: `i64x2.${integer}` },
  }
}

const comparison = (name: string, doc: string, js: string, meaning: Op['meaning']): Op => ({
  name,
  doc,
  args: ['T', 'T'],
  result: 'bool',
  kind: 'exact',
  meaning,
  at: {
    ...compare(name, name === 'eq' || name === 'ne' ? name : `${name}_s`, js),
    ...(name === 'eq' || name === 'ne' ? { bool: { js: `$0 ${js} $1`, wasm: `i32.${name}` } } : {}),
  },
})

/** A mask's lanes are all ones or all zeros, so the bitwise instructions serve any number of them. */
const masks = (name: string): Record<string, Lowering> =>
  Object.fromEntries([2, 4, 8, 16].map((lanes) => [`mask${lanes}`, { wasm: `v128.${name}` }]))

const bits = (name: string, doc: string, js: string, meaning: Op['meaning'], bool?: Lowering): Op => ({
  name,
  doc,
  args: ['T', 'T'],
  result: 'T',
  kind: 'exact',
  meaning,
  at: {
    i32: { js: `$0 ${js} $1`, wasm: `i32.${name}` },
    ...(bool ? { bool } : {}),
    ...(bool ? { i32x4: { wasm: `v128.${name}` }, i64x2: { wasm: `v128.${name}` }, ...masks(name) } : {}),
  },
})

const shift = (name: string, doc: string, js: string, meaning: Op['meaning']): Op => ({
  name,
  doc,
  args: ['T', 'T'],
  result: 'T',
  kind: 'exact',
  meaning,
  // WebAssembly shifts all lanes by one count; where the counts differ, its emitter goes lane by lane.
  at: { i32: { js, wasm: `i32.${name}` }, i32x4: { wasm: `i32x4.${name}` } },
})

export const logic: readonly Op[] = [
  comparison('eq', 'a = b (false for NaN, true for −0 and 0)', '===', (a: number, b: number) => a === b),
  comparison('ne', 'not a = b', '!==', (a: number, b: number) => a !== b),
  comparison('lt', 'a < b', '<', (a: number, b: number) => a < b),
  comparison('le', 'a ≤ b', '<=', (a: number, b: number) => a <= b),
  comparison('gt', 'a > b', '>', (a: number, b: number) => a > b),
  comparison('ge', 'a ≥ b', '>=', (a: number, b: number) => a >= b),
  bits('and', 'Both, bit by bit; of truth values both are evaluated.', '&', (a: number, b: number) => a & b, {
    js: '$0 && $1',
    wasm: 'i32.and',
    meaning: (a: boolean, b: boolean) => a && b,
  }),
  bits('or', 'Either, bit by bit.', '|', (a: number, b: number) => a | b, {
    js: '$0 || $1',
    wasm: 'i32.or',
    meaning: (a: boolean, b: boolean) => a || b,
  }),
  bits('xor', 'One but not both, bit by bit.', '^', (a: number, b: number) => a ^ b, {
    js: '$0 !== $1',
    wasm: 'i32.xor',
    meaning: (a: boolean, b: boolean) => a !== b,
  }),
  {
    name: 'not',
    doc: 'Every bit, or the truth value, turned over.',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => ~a,
    at: {
      bool: { js: '!$0', wasm: 'i32.eqz', meaning: (a: boolean) => !a },
      i32: { js: '~$0', wasm: '$0 i32.const:-1 i32.xor' },
      i32x4: { wasm: 'v128.not' },
      i64x2: { wasm: 'v128.not' },
      ...masks('not'),
    },
  },
  shift('shl', 'a · 2ᵇ, b modulo 32', '$0 << $1', (a: number, b: number) => a << b),
  shift('shr_s', '⌊a / 2ᵇ⌋, b modulo 32', '$0 >> $1', (a: number, b: number) => a >> b),
  shift(
    'shr_u',
    'The low bits of a >>> b; `uint32` of it is the number.',
    '$0 >>> $1 | 0',
    (a: number, b: number) => (a >>> b) | 0,
  ),
  {
    name: 'clz',
    doc: 'Leading zero bits (Math.clz32).',
    args: ['T'],
    result: 'T',
    kind: 'exact',
    meaning: (a: number) => Math.clz32(a),
    at: { i32: { js: 'Math.clz32($0)', wasm: 'i32.clz' } },
  },
  {
    name: 'ltu',
    doc: 'a < b, both read as unsigned.',
    args: ['T', 'T'],
    result: 'bool',
    kind: 'exact',
    meaning: (a: number, b: number) => a >>> 0 < b >>> 0,
    at: { i32: { js: '($0 >>> 0) < ($1 >>> 0)', wasm: 'i32.lt_u' }, i32x4: { wasm: 'i32x4.lt_u' } },
  },
]
