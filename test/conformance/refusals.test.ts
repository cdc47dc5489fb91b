/** What cannot be compiled, and options that are wrong: the error says what, where, and what to do instead. */

import { describe, expect, test } from 'vitest'
import { CompileError, type JitOptions, jit, prange } from '../../src/index.ts'
import type { Kernel } from './agree.ts'
import { errorOf, expectError } from './errors.ts'

const sum: Kernel = (x: Float64Array) => {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]!
  return s
}

describe('captures', () => {
  test('a helper that cannot be found', () => {
    const f = new Function('x', 'return missingHelper(x) + 1') as Kernel
    expectError(
      errorOf(() => jit(f)(1)),
      { type: CompileError, code: 'capture', words: ['missingHelper', /captures/] },
    )
    expectError(
      errorOf(() => jit(f, { captures: () => ({ other: 1 }) })(1)),
      {
        type: CompileError,
        code: 'capture',
        words: ['missingHelper', /captures/],
      },
    )
  })

  test('a capture that is reassigned', () => {
    let scale = 2
    const f = (x: number) => x * scale
    expectError(
      errorOf(() => jit(f)(1)),
      { type: CompileError, code: 'reassigned-capture', words: ['scale', /const/] },
    )
    scale = 3
    expect(jit(f, { captures: () => ({ scale }) })(2)).toBe(6)
  })

  test('an object that may change', () => {
    const settings = { gain: 2 }
    expectError(
      errorOf(() => jit((x: number) => x * settings.gain)(1)),
      {
        type: CompileError,
        code: 'mutable-capture',
        words: ['settings', /freeze/],
      },
    )
  })

  test('a native function', () => {
    const { parse } = JSON
    expectError(
      errorOf(() => jit((x: number) => (parse as unknown as Kernel)(x) as number)(1)),
      {
        type: CompileError,
        code: 'unsupported-call',
        words: ['parse'],
      },
    )
  })
})

describe('parallel loops that cannot be', () => {
  const parallel = { parallel: true }
  test('a race', () => {
    const shift: Kernel = (a: Float64Array) => {
      for (const i of prange(a.length - 1)) a[i] = a[i + 1]!
    }
    const words = ['`a`', /another iteration writes/, /\^/]
    expectError(
      errorOf(() => jit(shift, parallel)(new Float64Array(5))),
      { type: CompileError, code: 'race', words },
    )
  })
  test('break', () => {
    const until: Kernel = (a: Float64Array) => {
      for (const i of prange(a.length)) {
        if (a[i]! > 1) break
        a[i] = 1
      }
    }
    expectError(
      errorOf(() => jit(until, parallel)(new Float64Array(5))),
      {
        type: CompileError,
        code: 'exit',
        words: [/break or return/],
      },
    )
  })
})

describe('kernels with mistakes in them', () => {
  const refused = (text: string, ...args: unknown[]) =>
    errorOf(() => jit(new Function(`return ${text}`)() as Kernel)(...args))

  test('a variable of two types', () => {
    expectError(refused('(x) => { let v = 1; if (x > 0) { v = x > 1 } return v }', 3), {
      type: CompileError,
      code: 'type',
      words: ['`v`', /a number/, /a truth value/, /\^/],
    })
    expectError(refused('(x) => { let v = x; v = 3; return v }', Float64Array.of(1)), {
      type: CompileError,
      code: 'type',
      words: ['`v`', /a Float64Array/, /a number/],
    })
  })

  test('a truth value as an index', () => {
    for (const text of ['(a, x) => a[x > 1]', '(a, x) => { a[x > 1] = 2 }', '(a, x) => a[x > 1]++']) {
      expectError(refused(text, new Float64Array(2), 3), {
        type: CompileError,
        code: 'type',
        words: ['`x > 1`', /a truth value/, /a whole number/],
      })
    }
  })

  test('arrays of two element types in one variable', () => {
    expectError(refused('(a, b) => { let t = a; t = b; return t[0] }', new Float64Array(1), new Float32Array(1)), {
      type: CompileError,
      code: 'type',
      words: ['`t`', /a Float64Array/, /a Float32Array/],
    })
  })

  test('use before a value', () => {
    expectError(refused('(x) => { let v; if (x > 0) v = 1; return v + 1 }', 3), {
      type: CompileError,
      code: 'uninitialised',
      words: ['`v`', 'let v = 0'],
    })
  })

  test('a result on some paths alone', () => {
    expectError(refused('(x) => { if (x > 0) return 1 }', 3), {
      type: CompileError,
      code: 'return-type',
      words: [/some paths/, /every path/],
    })
    expectError(refused('(x) => { if (x > 0) return 1; return x > 1 }', 3), {
      type: CompileError,
      code: 'return-type',
      words: [/a number/, /a truth value/],
    })
  })

  test('what kernels have not', () => {
    for (const [text, word] of [
      ['(x) => { switch (x) { case 1: return 2 } return 3 }', /switch/],
      ['(x) => `x`', /string/],
      ['(x) => ({ x })', /object/],
      ['(x) => { throw x }', /throw/],
      ['(x) => { try { return 1 } catch { return 2 } }', /try/],
      ['(x) => [x, 1][0]', /[Aa]rray literals/],
      ['(x) => x?.y', /\?\./],
      ['async (x) => x', /wait|async/],
      ['function* (x) { yield x }', /[Gg]enerator/],
      ['(...x) => x[0]', /rest/],
      ['(x) => typeof x', /typeof/],
      ['(x) => 10n', /BigInt/],
      ['(x) => { const f = (y) => y; return f(x) }', /function made inside/],
      ['(x) => Math.random() + x', /random/],
      ['(x) => x.map(Math.sqrt)', /map/],
    ] as const) {
      expectError(refused(text, 1), {
        type: CompileError,
        code: /^unsupported-/,
        words: [word],
      })
    }
  })

  test('the error shows file, line and the place', () => {
    const kernel = (x: Float64Array) => {
      let total: number | undefined
      for (let i = 0; i < x.length; i++) total = total! + x[i]!
      return total
    }
    const error = errorOf(() => jit(kernel)(Float64Array.of(1))) as CompileError
    expectError(error, {
      type: CompileError,
      code: 'uninitialised',
      words: ['`total`', /refusals\.test\.ts:\d+:\d+/, /\^/],
    })
    expect(error.loc?.line).toBeGreaterThan(100)
    expect(error.frame).toMatch(/total \+ x\[i\]/)
    expect(error.reason).toMatch(/before it has a value/)
    expect(error.remedy).toMatch(/let total = 0/)
  })

  test('a failure to compile is the same at each call, and runs nothing', () => {
    const f = jit(new Function('a', 'a[0] = 5; return missing') as Kernel)
    const a = new Float64Array(1)
    const [first, second] = [errorOf(() => f(a)), errorOf(() => f(a))]
    expect(second.message).toBe(first.message)
    expect(a[0]).toBe(0)
  })
})

describe('options', () => {
  test.each([
    ['an unknown one', { paralel: true }, /`paralel`.*parallel/s],
    ['an unknown target', { target: 'fpga' }, /'fpga'.*'wasm'/s],
    ['a target to come', { target: 'gpu' }, /'gpu'.*not there yet/s],
    ['captures that are no thunk', { captures: { a: 1 } }, /captures.*=>/s],
    ['a truth value that is none', { parallel: 'yes' }, /parallel.*true/s],
    ['independent that is no list', { independent: 'out' }, /independent.*\[/s],
    ['a fastmath that is none', { fastmath: 1 }, /fastmath.*true/s],
    ['an unknown part of fastmath', { fastmath: { reasociate: true } }, /reasociate/],
  ])('%s', (_, options, words) => {
    expectError(
      errorOf(() => jit(sum, options as unknown as JitOptions)),
      { code: 'option', words: [words] },
    )
  })

  test.each([[undefined], [null], ['f'], [{}], [3]])('jit of %s', (value) => {
    expectError(
      errorOf(() => jit(value as unknown as Kernel)),
      { code: 'argument-type', words: [/jit needs a function/] },
    )
  })

  test.each([[null], ['fast'], [3]])('options that are %s', (value) => {
    expectError(
      errorOf(() => jit(sum, value as unknown as JitOptions)),
      { code: 'option', words: [/options/] },
    )
  })
})
