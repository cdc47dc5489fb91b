/** Math, Number and the global number functions on special values. Each kernel runs plain and compiled. */

import { describe, test } from 'vitest'
import { expectAgreement, type Kernel, SPECIAL } from '../agree.ts'
import { FEW, holds, ones, pairs } from './holds.ts'

const UNARY = [
  'abs',
  'acos',
  'acosh',
  'asin',
  'asinh',
  'atan',
  'atanh',
  'cbrt',
  'ceil',
  'clz32',
  'cos',
  'cosh',
  'exp',
  'expm1',
  'floor',
  'fround',
  'log',
  'log10',
  'log1p',
  'log2',
  'round',
  'sign',
  'sin',
  'sinh',
  'sqrt',
  'tan',
  'tanh',
  'trunc',
  'max',
  'min',
  'hypot',
]
const BINARY = ['atan2', 'hypot', 'imul', 'max', 'min', 'pow']
const TESTS = ['Number.isFinite', 'Number.isInteger', 'Number.isNaN', 'Number.isSafeInteger', 'isFinite', 'isNaN']

const kernel = (params: string, text: string) => new Function(`return (${params}) => ${text}`)() as Kernel
/** Where rounding to whole numbers and to float32 is decided. */
const EDGES = [
  0.49999999999999994,
  -0.49999999999999994,
  -0.5,
  4503599627370495.5,
  -4503599627370495.5,
  4503599627370497,
  -0.2,
  0.7,
  -0.7,
  1e-45,
  7e-46,
  3.4028235677973366e38,
  16777217,
  1 + 2 ** -24,
  1 + 2 ** -24 + 2 ** -52,
]
const all = [...ones, ...EDGES.map((x) => [x])]

describe('one argument', () => {
  test.each(UNARY)('Math.%s', (name) => {
    expectAgreement(kernel('x', `Math.${name}(x)`), all)
    // The sign of a zero shows in a quotient alone.
    expectAgreement(kernel('x', `1 / Math.${name}(x)`), all)
  })
  test.each(UNARY)('Math.%s of int32', (name) => {
    const whole = kernel(
      'a',
      `{ let s = 0; for (let i = 0; i < a.length; i++) s = s * 0.5 + Math.${name}(a[i]) + 1 / Math.${name}(-a[i]); return s }`,
    )
    expectAgreement(whole, [[Int32Array.from(SPECIAL)], [Int8Array.from(SPECIAL)], [Uint32Array.from(SPECIAL)]])
  })
  test.each(TESTS)('%s', (name) => {
    expectAgreement(kernel('x', `${name}(x)`), all)
    expectAgreement(kernel('a', `${name}(a[0] * 3) && !${name}(a[0] / 2)`), [[Int32Array.of(7)], [Int32Array.of(-8)]])
  })
})

describe('two arguments', () => {
  test.each(BINARY)('Math.%s', (name) => {
    expectAgreement(kernel('x, y', `Math.${name}(x, y)`), pairs)
    expectAgreement(kernel('x, y', `1 / Math.${name}(x, y)`), pairs, { targets: ['wasm'] })
  })
})

describe('other numbers of arguments', () => {
  const triples = FEW.map((x, k) => [x, FEW[(k * 5 + 3) % FEW.length], FEW[(k * 7 + 1) % FEW.length]])
  holds('min and max of three', (x: number, y: number, z: number) => Math.min(x, y, z) * 3 + Math.max(x, y, z), triples)
  holds(
    'hypot of three and four',
    (x: number, y: number, z: number) => Math.hypot(x, y, z) + Math.hypot(x, y, z, 1),
    triples,
  )
  holds(
    'min and max of mixed types',
    (a: Int32Array, x: number) => Math.min(a[0]!, x, 3) + Math.max(a[0]!, x | 0, a.length),
    ones.map(([x]) => [Int32Array.of(5), x]),
  )
  holds(
    'clamped indices',
    (a: Float64Array, i: number) => a[Math.min(Math.max(i, 0), a.length - 1) | 0]!,
    ones.map(([i]) => [Float64Array.of(1, 2, 3), i]),
  )
  holds('Number()', (x: number) => Number(x) + Number(x > 0) + Number(), ones)
})
