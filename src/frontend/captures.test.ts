import { describe, expect, it } from 'vitest'
import { bodyOf, functionFrom, refusalOf } from '../../test/support/kernels.ts'
import { atomic } from '../atomic.ts'
import { prange } from '../prange.ts'
import { PACKAGE } from '../types.ts'
import type { Expr } from './ast.ts'
import { type CaptureOptions, PLAIN, readKernel } from './kernel.ts'
import { showKernel } from './show.ts'
import type { AnyFunction } from './source.ts'

const SCALE = 3
const FLAG = true
const NEVER = Number.NaN
const M = Math
const { sqrt } = Math
const SETTINGS = Object.freeze({ rate: 0.5, deep: Object.freeze({ steps: 4 }), square })
const OPEN = { rate: 0.5 }
const TABLE = new Float64Array(3)
const WORDS = 'text'
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
let counter = 1
let late: number
const steady = 7
function square(v: number): number {
  return v * v
}
const bump = () => {
  counter++
  late = counter
}

const returned = (fn: AnyFunction, options?: CaptureOptions): string => {
  const shown = showKernel(readKernel(fn, options)).split('\n')
  return shown[shown.length - 1]!.trim().replace(/^return /, '')
}
const invoked = (fn: AnyFunction, options?: CaptureOptions) => {
  const stmt = readKernel(fn, options).body[0]!
  return (stmt as { value: Extract<Expr, { kind: 'invoke' }> }).value
}

describe('captures seen by the inspector', () => {
  it('numbers and booleans', () => {
    expect(returned(() => SCALE)).toBe('3')
    expect(returned(() => FLAG)).toBe('true')
    expect(returned(() => NEVER)).toBe('NaN')
  })

  it('a let that nothing assigns', () => expect(returned(() => steady)).toBe('7'))

  it('variables of a function around the kernel', () => {
    const make = (gain: number, offset: number) => (x: number) => x * gain + offset
    expect(returned(make(2, -0) as AnyFunction)).toBe('((x * 2) + -0)')
    expect(returned(make(4, 1) as AnyFunction)).toBe('((x * 4) + 1)')
  })

  it('the nearest of two variables of one name', () => {
    const make = () => {
      const SCALE = 8
      return () => SCALE
    }
    expect(returned(make())).toBe('8')
  })

  it('intrinsics by identity, whatever they are called', () => {
    const p = prange
    expect(returned((x: number) => sqrt(x) + M.sin(x))).toBe('(Math.sqrt(x) + Math.sin(x))')
    expect(bodyOf('(n) => { for (const i of q(n)); }', { q: p })).toBe('for const i of prange(n)')
    expect(returned((a: Float64Array, i: number) => atomic.add(a, i, 1))).toBe('atomic.add(a, i, 1)')
  })

  it('helper functions, by identity', () => {
    expect(invoked((x: number) => square(x))).toMatchObject({ fn: square, name: 'square' })
    expect(invoked((x: number) => SETTINGS.square(x))).toMatchObject({ fn: square, name: 'square' })
  })

  it('a function that calls itself', () => {
    expect(showKernel(readKernel(factorial))).toContain('factorial((n - 1))')
    const conditional = (readKernel(factorial).body[0] as { value: Extract<Expr, { kind: 'conditional' }> }).value
    const product = conditional.else as Extract<Expr, { kind: 'binary' }>
    expect(product.right).toMatchObject({ kind: 'invoke', fn: factorial })
  })

  it('members of frozen objects', () => {
    expect(returned(() => SETTINGS.rate * SETTINGS.deep.steps)).toBe('(0.5 * 4)')
  })

  it('a compiled function stands for its plain one', () => {
    const jitted = Object.assign((x: number) => x, { [PLAIN]: square })
    expect(invoked((x: number) => jitted(x)).fn).toBe(square)
    expect(PLAIN).toBe(Symbol.for(`${PACKAGE}.plain`))
  })

  it('exports of a CommonJS module', () => {
    expect(bodyOf('() => lib_1.SCALE', { lib_1: { __esModule: true, SCALE: 5 } })).toBe('return 5')
  })

  it('exports that a bundler gathered behind getters', () => {
    const exports = Object.defineProperty({}, 'SCALE', { get: () => 5, enumerable: true })
    expect(bodyOf('() => lib_exports.SCALE', { lib_exports: exports })).toBe('return 5')
  })
})

describe('captures refused', () => {
  it('a variable that is assigned again, with its line', () => {
    const error = refusalOf(() => counter)
    expect(error).toMatchObject({ code: 'reassigned-capture' })
    expect(error.reason).toMatch(/`counter` is assigned again on line \d+/)
    expect(error.remedy).toMatch(/Make it a const, pass it as an argument, or list it in captures/)
  })

  it('a variable that still has no value', () => {
    expect(refusalOf(() => late).reason).toMatch(/`late` is undefined at the time/)
  })

  it('a loop variable', () => {
    const kernels: AnyFunction[] = []
    for (let i = 0; i < 2; i++) kernels.push(() => i)
    expect(refusalOf(kernels[0]!).code).toBe('reassigned-capture')
  })

  it.each<[string, AnyFunction, string, RegExp]>([
    ['a typed array', () => TABLE[0], 'mutable-capture', /Pass it as an argument/],
    ['the length of one', () => TABLE.length, 'mutable-capture', /Pass it as an argument/],
    ['an object', () => OPEN.rate, 'mutable-capture', /Object\.freeze\(OPEN\)/],
    ['a string', () => WORDS as never, 'capture', /stands for it/],
  ])('%s', (_what, fn, code, remedy) => {
    const error = refusalOf(fn)
    expect(error.code).toBe(code)
    expect(error.remedy).toMatch(remedy)
  })

  it('a getter, which may give another value each time', () => {
    const clock = Object.freeze({
      rate: 2,
      get now() {
        return performance.now()
      },
    })
    expect(returned(() => clock.rate)).toBe('2')
    expect(refusalOf(() => clock.now).code).toBe('mutable-capture')
  })

  it('a name that is nowhere, with every way out', () => {
    const error = refusalOf(functionFrom('(x) => x * MISSING'))
    expect(error.code).toBe('capture')
    expect(error.reason).toContain('`MISSING`')
    expect(error.remedy).toMatch(/as an argument.*inside the kernel.*captures: \(\) => \(\{ MISSING \}\)/)
  })

  it('a variable whose script is out of sight', () => {
    // Direct eval makes a script of its own: the declaration stands in another.
    const fn = functionFrom('eval("(x) => x * HIDDEN")', { HIDDEN: 2 })
    expect(refusalOf(fn).remedy).toMatch(/captures: \(\) => \(\{ HIDDEN \}\)/)
    expect(returned(fn, { captures: () => ({ HIDDEN: 2 }) })).toBe('(x * 2)')
  })

  it('says where, in the file', () => {
    const error = refusalOf(() => counter)
    expect(error.loc?.file).toMatch(/captures\.test\.ts$/)
  })
})

describe('the captures thunk', () => {
  /** A kernel and its thunk as one text, so that both are renamed alike. */
  const pair = (text: string, scope: Record<string, unknown>) =>
    (functionFrom(`() => ${text}`, scope) as unknown as () => [AnyFunction, () => Record<string, unknown>])()

  it.each([
    ['as written', '[(n) => SCALE * n, () => ({ SCALE })]', { SCALE: 3 }, '(3 * n)'],
    ['minified', '[t => s * t, () => ({ SCALE: s })]', { s: 3 }, '(3 * t)'],
    ['minified, with names exchanged', '[t => a - b * t, () => ({ a: b, b: a })]', { a: 1, b: 2 }, '(1 - (2 * t))'],
    ['vitest', '[(x) => (0, lib.sq)(x), () => ({ sq: lib.sq })]', { lib: { sq: square } }, 'sq(x)'],
    ['a function with return', '[(x) => x * s, function () { return { SCALE: s } }]', { s: 3 }, '(x * 3)'],
    ['a method', '[(x) => x * s, ({ captures() { return { SCALE: s } } }).captures]', { s: 3 }, '(x * 3)'],
    [
      'covered',
      '[(x) => x * s, () => { cov_1.f[0]++; cov_1.s[0]++; return { SCALE: s } }]',
      { s: 3, cov_1: { f: [0], s: [0] } },
      '(x * 3)',
    ],
    ['a value of its own', '[(x) => x * SCALE, () => ({ SCALE: 1 + 2 })]', {}, '(x * 3)'],
    ['Math too', '[(x) => Math.sin(x), () => ({ Math })]', { Math: Object.freeze({ sin: Math.cos }) }, 'Math.cos(x)'],
  ])('%s', (_what, text, scope, shown) => {
    const [fn, captures] = pair(text, scope)
    expect(returned(fn, { captures })).toBe(shown)
  })

  it('fixes the value of a variable that is assigned elsewhere', () => {
    const fn = () => counter
    expect(returned(fn, { captures: () => ({ counter }) })).toBe('1')
    bump()
    expect(returned(fn, { captures: () => ({ counter }) })).toBe('2')
  })

  it('is asked anew in each compilation', () => {
    let gain = 1
    const fn = (x: number) => x * gain
    const captures = () => ({ gain })
    expect(returned(fn, { captures })).toBe('(x * 1)')
    gain = 2
    expect(returned(fn, { captures })).toBe('(x * 2)')
  })

  it('serves helper functions, whose own variables come first', () => {
    const [kernel, captures] = pair('[(x) => helper(x) + SCALE, () => ({ helper, SCALE })]', {
      SCALE: 3,
      helper: functionFrom('(x) => x * SCALE', { SCALE: 100 }),
    })
    expect(returned(kernel, { captures })).toBe('(helper(x) + 3)')
    const stmt = readKernel(kernel, { captures }).body[0] as { value: Extract<Expr, { kind: 'binary' }> }
    expect(returned((stmt.value.left as Extract<Expr, { kind: 'invoke' }>).fn, { captures })).toBe('(x * 100)')
  })

  it('the error for what it leaves out names it', () => {
    const error = refusalOf(functionFrom('(x) => x * MISSING'), { captures: () => ({ SCALE }) })
    expect(error.remedy).toContain('captures: () => ({ …, MISSING })')
  })
})

describe('a thunk that is none', () => {
  it.each([[{ SCALE }], [() => 3]])('%s', (captures) => {
    const fn = () => SCALE * 1
    expect(refusalOf(fn, { captures: captures as never }).remedy).toContain('captures: () => ({ SCALE, helper })')
  })
})

describe('reading twice', () => {
  it('gives the same object without a thunk', () => {
    expect(readKernel(square)).toBe(readKernel(square))
  })
})
