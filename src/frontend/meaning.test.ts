/** The normalised syntax, run, gives what the function gives, assignments inside expressions included. */

import { describe, expect, it } from 'vitest'
import { evaluate } from '../../test/support/evaluate.ts'
import { functionFrom } from '../../test/support/kernels.ts'
import { prange } from '../prange.ts'

const scope = { prange, sq: (v: number) => v * v }

describe('the same result as the function', () => {
  it.each<[text: string, ...args: unknown[]]>([
    ['(a, b) => { let s = a; return s + (s = b) + s-- * ++s }', 2, 5],
    [
      '(x) => { let i = 0; x[i++] = x[i] + i; x[i] += i++; return i * 100 + x[0] * 10 + x[1] }',
      Float64Array.of(1, 2, 3),
    ],
    ['(x) => { let i = 0; x[i] = i = 2; return x[0] + i }', Float64Array.of(1, 2, 3)],
    ['(a, b) => { a && b && (a = 7), a || (b = 9); return a * 10 + b }', 1, 0],
    ['(a, b = a * 2, c = b++ + 1) => { var a = a + 1; return a * 100 + b * 10 + c }', 3],
    ['(a, b = a * 2) => b', 3, 5],
    ['(n) => { for (var i = 0, s = 0; i < n; i++) { var t; t === undefined ? t = 10 : t++; s += t } return s * i }', 4],
    [
      '(n) => { let r = 0; for (var i = 0; i < n; i++) { if (i === 2) continue; if (i > 4) break; r += i } return r * 10 + i }',
      9,
    ],
    [
      '(n) => { let r = 0; a: b: for (let i = 0; i < n; i++) { c: { if (i % 2) break c; r += i; if (i > 4) continue b } r *= 2; if (r > 99) break a } return r }',
      9,
    ],
    ['(n) => { let r = 0; do { if (n === 3) continue; r += n } while (--n > 0); return r }', 5],
    ['(n) => { let last = -1; for (last of prange(2, n, 3)) { if (last > 5) break } return last }', 20],
    ['(n) => { let r = 0; for (let i of prange(n)) { i *= 2; r += i } return r }', 5],
    ['(n) => { var r = 0; for (var i of prange(n)) r += sq(i); return r * 100 + i }', 5],
    ['(a) => { let x = a; { let x = 5; x++ } const y = x; { const x = y * 2; a = x } return a + x }', 4],
    ['(a) => (a &&= 5, a ||= 3, a ??= 8, a) + (a ?? 1)', 2],
    ['(a) => (a ??= 8, a) + (a ?? 1)', undefined],
    ['(x, i) => (x[i] &&= 4, x[i + 1] ||= 6, x[i] * 10 + x[i + 1])', Float64Array.of(2, 0), 0],
    ['(a) => { a > 2 ? a++ : a--; return a > 3 ? (a *= 2, a + 1) : void 0 }', 3],
    ['(a) => { a > 2 ? a++ : a--; return a > 3 ? (a *= 2, a + 1) : void 0 }', 1],
    ['(a) => { a **= 3; a >>>= 1; a ^= 5; a %= 7; a <<= 2; return -(a ** 2) === 1 ? ~a : !a + +(a > 3) }', 5],
    [
      '(x) => { let t = x, u = new Float64Array(x.length), v; for (let k = 0; k < 3; k++) { u[0] = t[0] + 1; v = t; t = u; u = v } return t[0] * 10 + u[0] }',
      Float64Array.of(1, 2),
    ],
    ['(n) => { return n--, n ? 1/0 : -1/0 }', 1],
    ['(n) => { if (n) { var q = 4 } return q }', 0],
  ])('%s', (text, ...args) => {
    const copy = () => args.map((a) => (a instanceof Float64Array ? a.slice() : a))
    const [plain, normalised] = [copy(), copy()]
    const fn = functionFrom(text, scope)
    const expected = (fn as (...args: unknown[]) => unknown)(...plain)
    expect(evaluate(fn, normalised)).toEqual(expected)
    expect(normalised.filter(ArrayBuffer.isView)).toEqual(plain.filter(ArrayBuffer.isView))
  })
})
