import { describe, expect, it } from 'vitest'
import { bodyOf, functionFrom, refusalOf } from '../../test/support/kernels.ts'
import { prange } from '../prange.ts'
import { readKernel } from './kernel.ts'

/** [what a person or tool wrote, what is left] */
type Case = readonly [text: string, shown: string]

const each = (cases: readonly Case[], scope?: Record<string, unknown>) =>
  it.each(cases)('%s', (text, shown) => expect(bodyOf(text, scope)).toBe(shown))

describe('functions of every form', () => {
  each([
    ['(x) => x * 2', 'return (x * 2)'],
    ['x => { return x }', 'return x'],
    ['function (x) { return x }', 'return x'],
    ['function named(x) { return x }', 'return x'],
    ['function named(x) { return named(x) }', 'return named(x)'],
    ['({ method(x) { return x } }).method', 'return x'],
    ['({ ["computed" + 1](x) { return x } }).computed1', 'return x'],
    ['(class { static norm(x) { return x } }).norm', 'return x'],
    ['new (class { norm(x) { return x } })().norm', 'return x'],
    ['(x) => { "use strict"; return; }', 'return'],
    ['(x) => void (x[0] = 1)', '(x[0] = 1)\nreturn'],
    ['(x) => { ;;debugger; }', ''],
  ])
})

describe('expressions', () => {
  each([
    ['(a, b) => a + b - a * b / a % b ** a', 'return ((a + b) - (((a * b) / a) % (b ** a)))'],
    ['(a, b) => a & b | a ^ b << 1 >> 2 >>> 3', 'return ((a & b) | (a ^ (((b << 1) >> 2) >>> 3)))'],
    ['(a, b) => a < b && !(a >= b) || a !== b', 'return (((a < b) && !(a >= b)) || (a !== b))'],
    ['(a) => -a + +a + ~a', 'return ((-a + +a) + ~a)'],
    ['() => -5', 'return -5'],
    ['() => -0', 'return -0'],
    ['(a, b) => a ? b : -b', 'return (a ? b : -b)'],
    ['(a, b) => (a = b, b += a, a **= 2, a >>>= 1, a)', '(a = b)\n(b += a)\n(a **= 2)\n(a >>>= 1)\nreturn a'],
    ['(a) => a++ + --a', 'return ((a++) + (--a))'],
    ['(x, i) => x[i++] = x[i] + x.length', 'return (x[(i++)] = (x[i] + x.length))'],
    ['(x) => x["length"]', 'return x.length'],
    ['(n) => new Float64Array(n)', 'return new float64[n]'],
    ['() => new Uint8ClampedArray()', 'return new uint8c[0]'],
    ['(x) => { x &&= 2 }', 'if x\n  (x = 2)'],
    ['(x, i) => { x[i] ||= 2 }', 'if !x[i]\n  (x[i] = 2)'],
    ['(x) => x ?? 2', 'return ((x === undefined) ? 2 : x)'],
    ['(x) => { x ??= 2 }', '((x === undefined) ? (x = 2) : x)'],
    ['(x) => x != null ? x : 2', 'return ((x !== undefined) ? x : 2)'],
    ['(x) => x === undefined', 'return (x === undefined)'],
    ['(a, b) => a == b', 'return (a == b)'],
  ])
})

describe('Math, Number and globals', () => {
  each([
    ['(x) => Math.sqrt(x) * Math.PI', `return (Math.sqrt(x) * ${Math.PI})`],
    [
      '(a, b, c) => Math.hypot(a, b, c) + Math.max(a) + Math.min(a, b)',
      'return ((Math.hypot(a, b, c) + Math.max(a)) + Math.min(a, b))',
    ],
    ['() => Math.max() + Math.min() + Math.hypot() + Number()', 'return (((-Infinity + Infinity) + 0) + 0)'],
    [
      '() => (NaN, Infinity, Number.EPSILON, Number.MAX_VALUE)',
      `NaN\nInfinity\n${Number.EPSILON}\nreturn ${Number.MAX_VALUE}`,
    ],
    [
      '(x) => Number.isInteger(x) || isNaN(x) || isFinite(x)',
      'return ((Number.isInteger(x) || isNaN(x)) || isFinite(x))',
    ],
    ['(x) => Number(x > 1) + Number(Boolean(x))', 'return (Number((x > 1)) + Number(Boolean(x)))'],
    ['() => Float32Array.BYTES_PER_ELEMENT', 'return 4'],
    ['(x) => globalThis.Math.sin(x)', 'return Math.sin(x)'],
    ['(x) => Math["sin"](x)', 'return Math.sin(x)'],
  ])

  it('a variable that shadows Math is that variable', () => {
    expect(bodyOf('(x) => Math.sin(x)', { Math: Object.freeze({ sin: Math.cos }) })).toBe('return Math.cos(x)')
  })
})

describe('statements', () => {
  each([
    [
      '(n) => { for (let i = 0, m = n; i < m; i++) { if (i > 3) break; else continue } }',
      'for let i = 0, let m = n; (i < m); (i++)\n  if (i > 3)\n    break loop\n  else\n    continue loop',
    ],
    ['(n) => { while (n) n--; do { n++ } while (n < 3) }', 'while n\n  (n--)\ndo\n  (n++)\nwhile (n < 3)'],
    [
      '(n) => { outer: for (;;) { for (;;) { continue outer } break } }',
      'outer: for ; ; \n  for ; ; \n    continue outer\n  break outer',
    ],
    ['(n) => { a: b: for (;;) { if (n) break a; continue b } }', 'a: for ; ; \n  if n\n    break a\n  continue a'],
    ['(n) => { done: { if (n) break done; n = 1 } }', 'done: block\n  if n\n    break done\n  (n = 1)'],
    ['(n) => { done: if (n) { break done } }', 'done: block\n  if n\n    break done'],
    ['(n) => { let a; { let a = 1; n = a } a = n }', 'let a\nblock\n  let a = 1\n  (n = a)\n(a = n)'],
  ])
})

describe('prange', () => {
  each(
    [
      ['(n) => { for (const i of prange(n)) n; }', 'for const i of prange(n)\n  n'],
      ['(n) => { for (const i of prange(1, n, 2)) { continue } }', 'for const i of prange(1, n, 2)\n  continue loop'],
      ['(n) => { for (const i of (0, lib.prange)(n)); }', 'for const i of prange(n)'],
      ['(n) => { for (let i of lib.prange(n)) i += 1 }', 'for const i of prange(n)\n  let i = i\n  (i += 1)'],
      ['(n) => { let i; for (i of prange(n)); return i }', 'let i\nfor const i of prange(n)\n  (i = i)\nreturn i'],
      ['(n) => { for (var i of prange(n)) n = i }', 'for var i of prange(n)\n  (n = i)'],
      ['(n) => { for (var i of prange(n)); return i }', 'var i\nfor const i of prange(n)\n  (i = i)\nreturn i'],
    ],
    { prange, lib: Object.freeze({ prange }) },
  )
})

describe('what minifiers write', () => {
  each([
    ['(a, b) => { a && (b = 1) }', 'if a\n  (b = 1)'],
    ['(a, b) => { a || (b = 1) }', 'if !a\n  (b = 1)'],
    ['(a, b) => { a > 1 ? b++ : (b--, a = 2) }', 'if (a > 1)\n  (b++)\nelse\n  (b--)\n  (a = 2)'],
    ['(a, b) => { a = 1, b = 2 }', '(a = 1)\n(b = 2)'],
    ['(a, b) => { for (a = 0, b = 1; a < b; a++, b--); }', 'for (a = 0), (b = 1); (a < b); ((a++), (b--))'],
    ['(a) => { return a++, a }', '(a++)\nreturn a'],
    ['(a) => { if (a) return void 0; return void a++ }', 'if a\n  return\n(a++)\nreturn'],
    ['() => !0', 'return true'],
    ['() => !1', 'return false'],
    ['() => 1/0', 'return Infinity'],
    ['() => -1/0', 'return -Infinity'],
    ['(a, b) => { a && b ? a++ : b && a-- }', 'if (a && b)\n  (a++)\nelse\n  if b\n    (a--)'],
  ])
})

describe('var', () => {
  each([
    ['(n) => { var a = 1; return a }', 'var a = 1\nreturn a'],
    [
      '(n) => { for (var i = 0; i < n; i++); for (var i = 9; i > n; i--); }',
      'for var i = 0; (i < n); (i++)\nfor var i = 9; (i > n); (i--)',
    ],
    ['(n) => { for (var i = 0; i < n; i++); return i }', 'var i\nfor (i = 0); (i < n); (i++)\nreturn i'],
    ['(n) => { while (n--) { var t; t = t + 1 } }', 'var t\nwhile (n--)\n  (t = (t + 1))'],
    ['(n) => { while (n--) { var t = n; n = t } }', 'while (n--)\n  var t = n\n  (n = t)'],
    ['(n) => { a = n; var a; return a }', 'var a\n(a = n)\nreturn a'],
    ['(n) => { var a = 1; { var a = 2 } return a }', 'var a\n(a = 1)\nblock\n  (a = 2)\nreturn a'],
    ['(n) => { var n = n + 1; return n }', '(n = (n + 1))\nreturn n'],
    ['(n) => { if (n) var a = 1; return a }', 'var a\nif n\n  (a = 1)\nreturn a'],
  ])

  it('gives each loop of one name its own variable', () => {
    const kernel = readKernel(functionFrom('(n) => { for (var i = 0; i < n; i++); for (var i = 9; i > n; i--); }'))
    expect(kernel.variables.filter((v) => v.name === 'i')).toHaveLength(2)
  })
})

describe('variables', () => {
  it('know whether they are assigned', () => {
    const kernel = readKernel((n: number, m: number) => {
      const fixed = 1
      let once = 2
      let counted = 3
      counted++
      m = fixed + n
      return once + counted + m + (once = 1)
    })
    expect(Object.fromEntries(kernel.variables.map((v) => [v.name, v.assigned]))).toEqual({
      n: false,
      m: true,
      fixed: false,
      once: true,
      counted: true,
    })
  })

  it('defaults see the parameters, not the body', () => {
    const kernel = readKernel(functionFrom('(x, n = x.length, m = n * 2) => { var k = 1; return n + m + k }'))
    expect(kernel.params.map((p) => p.default?.kind)).toEqual([undefined, 'length', 'binary'])
  })

  it.each([
    ['(n) => { n = a; let a = 1 }', 'a'],
    ['(n) => { let a = a + 1 }', 'a'],
    ['(n) => { let a = 1; { n = a; const a = 2 } }', 'a'],
    ['(x = y, y = 1) => x', 'y'],
  ])('%s uses %s before its declaration', (text, name) => {
    const error = refusalOf(functionFrom(text))
    expect(error.code).toBe('used-before-declaration')
    expect(error.reason).toContain(`\`${name}\``)
  })

  it('a const cannot be assigned', () => {
    const error = refusalOf(functionFrom('(n) => { const a = 1; a += n }'))
    expect(error).toMatchObject({ code: 'const-assigned', remedy: 'Declare it with let.' })
  })
})

describe('places', () => {
  it('point into the text of the function', () => {
    const fn = functionFrom('function f(abc) {\n  return abc * 2\n}')
    const kernel = readKernel(fn)
    const [statement] = kernel.body
    expect(kernel.source.text.slice(statement!.loc.start, statement!.loc.end)).toBe('return abc * 2')
  })

  it('of a method are those of its text too', () => {
    const fn = functionFrom('({ m(abc) { return abc * 2 } }).m')
    const kernel = readKernel(fn)
    const [statement] = kernel.body
    expect(kernel.source.text.slice(statement!.loc.start, statement!.loc.end)).toBe('return abc * 2')
  })
})
