// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the cases are source text.
import { describe, expect, it } from 'vitest'
import { functionFrom, refusalOf } from '../../test/support/kernels.ts'
import { prange } from '../prange.ts'

/** [what is written, what the reason must say, what the remedy must say] */
type Case = readonly [text: string, reason: RegExp, remedy: RegExp]

const LOOP = /for \(let i = 0; i < a\.length; i\+\+\)/
const CASES: readonly Case[] = [
  // Values that kernels have not.
  ['() => "text"', /no strings/, /outside the kernel/],
  ['(x) => `${x}`', /no strings/, /outside the kernel/],
  ['(x) => String.raw`${x}`', /no strings/, /outside the kernel/],
  ['(x) => String(x)', /no strings/, /outside the kernel/],
  ['() => /a+/', /regular expressions/, /outside the kernel/],
  ['() => 10n', /BigInt/, /exact up to 2\^53/],
  ['(x) => BigInt(x)', /BigInt/, /exact up to 2\^53/],
  ['() => null', /no null/, /NaN/],
  ['(x) => ({ x })', /no objects/, /array argument/],
  ['(x) => { const o = { x } }', /no objects/, /one variable a property/],
  ['() => [1, 2]', /Array literals/, /new Float64Array\(n\)/],
  ['(n) => new Array(n)', /new Array/, /new Float64Array\(n\)/],
  ['(n) => Array(n)', /Ordinary arrays/, /new Float64Array\(n\)/],
  ['() => new Date()', /new Date/, /outside the kernel/],
  ['() => new Map()', /`Map` is a global/, /outside the kernel/],
  ['(x) => new x()', /typed arrays alone/, /outside the kernel/],
  ['() => new Float64Array([1, 2, 3])', /length alone/, /new Float64Array\(3\), then a\[0\]/],
  ['(x) => new Float64Array(x, 8)', /no buffer, offset/, /as an argument/],
  ['(x) => new Float64Array({ length: 3 })', /length alone/, /as an argument/],
  ['(x) => new Float64Array(null)', /no null/, /NaN/],
  ['(x) => new Float64Array(...x)', /Spreading/, /loop/],
  ['(n) => Float64Array(n)', /without new/, /new Float64Array\(length\)/],
  ['(n) => new BigInt64Array(n)', /BigInt/, /Float64Array/],
  ['() => Float64Array.from', /property of a function/, /new Float64Array\(length\)/],
  ['() => Math', /`Math` is an object/, /Math\.member/],
  ['() => Math.sin', /is a function/, /Math\.sin\(…\)/],
  ['() => Float64Array', /constructor/, /new Float64Array\(length\)/],
  ['() => Math.sine', /no `sine`/, /misspelling/],
  // Functions and classes.
  ['(x) => { const f = (v) => v * 2; return f(x) }', /function made inside/, /Move it out/],
  ['(x) => { function f(v) { return v } return f(x) }', /function made inside/, /Move it out/],
  ['(x) => (function (v) { return v })(x)', /function made inside/, /Move it out/],
  ['() => { class A {} }', /no classes/, /plain functions/],
  ['() => class {}', /no classes/, /plain functions/],
  ['function () { return this.x }', /`this`/, /as arguments/],
  ['({ m() { return super.x } }).m', /class/, /as arguments/],
  ['({ m() { return super.m() } }).m', /\.m\(\)/, /plain function/],
  ['function () { return new.target }', /new\.target/, /as arguments/],
  ['() => import("x")', /cannot import/, /top of the module/],
  ['function () { return arguments[0] }', /`arguments`/, /Name each parameter/],
  ['function () { return arguments.length }', /`arguments`/, /Name each parameter/],
  ['async () => 1', /async/, /await outside/],
  ['async (x) => await x', /async/, /await outside/],
  ['function* () { yield 1 }', /generator/, /array/],
  ['class A {}', /class cannot be compiled/i, /function/],
  ['Object.getOwnPropertyDescriptor({ get x() { return 1 } }, "x").get', /accessor/, /ordinary method/],
  // Parameters and patterns.
  ['(...xs) => xs', /rest parameters/, /typed array/],
  ['({ x }) => x', /Destructuring/, /each variable by itself/],
  ['([x]) => x', /Destructuring/, /each variable by itself/],
  ['(x) => { const [a] = x }', /Destructuring/, /each variable by itself/],
  ['(x) => { let a, b; [a, b] = [b, a] }', /Destructuring/, /each variable by itself/],
  ['() => { const { sqrt } = Math }', /Destructuring/, /each variable by itself/],
  ['(x) => Math.max(...x)', /Spreading/, /Math\.max\(m, x\[i\]\)/],
  ['(x) => helper(...x)', /Spreading/, /loop/],
  ['(x) => { for (const i of prange(...x)); }', /Spreading/, /loop/],
  // Statements.
  ['(x) => { switch (x) { case 0: return 1 } }', /switch/, /else if/],
  ['(x) => { throw 1 }', /cannot throw/, /return a number/],
  ['(x) => { try { x = 1 } finally {} }', /cannot catch/, /around the call/],
  ['(x) => { for (const k in x); }', /for…in/, LOOP],
  ['(x) => { for (const v of x); }', /prange\(…\) alone/, /x\.length|a\.length/],
  ['(x) => { for (const v of helper(x)); }', /prange\(…\) alone/, LOOP],
  ['function (x) { with (x) { y = 1 } }', /`with`/, /names/],
  ['(n) => prange(n)', /range, not a value/, /for \(const i of prange\(n\)\)/],
  ['() => { for (const i of prange()); }', /one to three/, /prange\(stop\)/],
  // Operators.
  ['(x) => typeof x', /typeof/, /before the call/],
  ['(x) => { delete x[0] }', /delete/, /NaN/],
  ['(x) => 0 in x', /`in`/, /i < a\.length/],
  ['(x) => x instanceof Float64Array', /instanceof/, /before the call/],
  ['(x) => x?.length', /Optional chaining/, /without \?/],
  ['(x, i) => x[i] ?? 0', /variables alone/, /i < a\.length \? a\[i\] : 0/],
  ['(x, i) => { x[i] ??= 0 }', /variables alone/, /default parameter/],
  ['(x, i) => { x[i++] ||= 0 }', /simple expression/, /into a variable first/],
  ['(x) => { x.length = 3 }', /cannot be assigned/, /new array/],
  // Calls and properties.
  ['(x) => console.log(x)', /cannot print/, /_DISABLE_JIT=1/],
  ['() => Math.random()', /other numbers in every run/, /Float64Array with random numbers/],
  ['(x) => Math.sumPrecise(x)', /sumPrecise/, /misspelling|plain function/],
  ['() => Math.sqrt()', /takes one argument, not 0/, /one argument/],
  ['(x) => Math.sqrt(x, x)', /takes one argument, not 2/, /one argument/],
  ['(x) => Math.atan2(x)', /takes 2 arguments, not 1/, /2 arguments/],
  ['(x) => parseInt(x)', /reads strings/, /Math\.trunc/],
  ['() => Date.now()', /not available inside/, /around the call/],
  ['() => performance.now()', /not available inside/, /around the call/],
  ['(x) => JSON.stringify(x)', /`JSON` is a global/, /outside the kernel/],
  ['(x) => x.map(1)', /\.map\(\)/, LOOP],
  ['(x) => x.reduce(1)', /\.reduce\(\)/, LOOP],
  ['(x) => { x.fill(0) }', /\.fill\(\)/, /a\[i\] = value/],
  ['(x, y) => { x.set(y) }', /\.set\(\)/, /a\[i \+ offset\] = b\[i\]/],
  ['(x) => x.subarray(1)', /\.subarray\(\)/, /a\[offset \+ i\]/],
  ['(x) => x.at(-1)', /\.at\(\)/, /a\[a\.length - i\]/],
  ['(x) => x.sort()', /\.sort\(\)/, /before or after/],
  ['(x) => x.toFixed(2)', /\.toFixed\(\)/, /outside the kernel/],
  ['(x) => helper.call(x)', /\.call\(\)/, /f\(x\)/],
  ['(x) => x.buffer', /\.buffer/, /as an argument/],
  ['(x) => x.foo()', /\.foo\(\)/, /plain function/],
  ['(f) => f(1)', /variable of the kernel/, /outside the kernel/],
  ['(x) => x[0](1)', /method/, /plain function/],
  ['(x) => NaN(x)', /not a function/, /function/],
  // Names from outside.
  ['(x) => { outer = x }', /declared outside/, /Return the value/],
  ['(x) => { outer++ }', /declared outside/, /Return the value/],
  ['(x) => { lib.x = x }', /declared outside/, /Return the value/],
  ['(x) => helper', /is a function/, /Call it/],
  ['(x) => { let f = helper; return f(x) }', /is a function/, /outside the kernel/],
]

const scope = {
  prange,
  helper: (v: number) => v,
  outer: 1,
  lib: Object.freeze({ x: 1 }),
}

describe('a kernel refuses, with a remedy', () => {
  it.each(CASES)('%s', (text, reason, remedy) => {
    const fn = functionFrom(text, scope)
    const error = refusalOf(fn)
    expect(error.reason).toMatch(reason)
    expect(error.remedy).toMatch(remedy)
    expect(error.code).toMatch(/^[a-z-]+$/)
    expect(error.frame).toContain('^')
    expect(error.loc?.line).toBeGreaterThan(0)
  })
})

describe('functions without text', () => {
  it('native ones', () => {
    expect(refusalOf(Math.sin)).toMatchObject({ code: 'no-source', reason: expect.stringMatching(/native/) })
  })
  it('bound ones', () => {
    const bound = ((a: number, b: number) => a + b).bind(null, 1)
    expect(refusalOf(bound)).toMatchObject({ code: 'no-source', remedy: expect.stringMatching(/instead of/) })
  })
})
