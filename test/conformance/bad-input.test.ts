/**
 * What a kernel is given wrongly: an error with a class, a code and the words that its user needs, in bounded time, and
 * with what plain JavaScript would have written before it.
 */

import { describe, expect, test } from 'vitest'
import { allocate, BoundsError, CompileError, type JitOptions, jit, prange } from '../../src/index.ts'
import { type Kernel, TARGETS } from './agree.ts'
import { errorOf, expectError } from './errors.ts'

const targets = TARGETS.map((target) => [target] as const)
const sum: Kernel = (x: Float64Array, n = x.length) => {
  let s = 0
  for (let i = 0; i < n; i++) s += x[i]!
  return s
}

describe('arguments that no kernel takes', () => {
  const cases: [string, unknown, RegExp, RegExp?][] = [
    ['a string', 'abc', /the string "abc"/],
    ['null', null, /null/],
    ['an object', { a: 1 }, /an object \(Object\)/],
    ['an object without a class', Object.create(null), /an object \(without a class\)/],
    ['a function', () => 1, /a function/],
    ['an ordinary array', [1, 2], /an ordinary array/, /Float64Array\.from/],
    ['a BigInt64Array', new BigInt64Array(1), /a BigInt64Array/, /Int32Array/],
    ['a bigint', 1n, /a bigint/],
    ['a symbol', Symbol('s'), /a symbol/],
    ['a DataView', new DataView(new ArrayBuffer(8)), /an object \(DataView\)/],
    ['an ArrayBuffer', new ArrayBuffer(8), /an object \(ArrayBuffer\)/],
  ]
  test.each(cases)('%s', (_, value, what, remedy = /Remedy/) => {
    const compiled = jit(sum)
    expectError(
      errorOf(() => compiled(value)),
      { code: 'argument-type', words: [what, remedy, '`x`'] },
    )
    // Once the function is known, so is the parameter's name.
    compiled(Float64Array.of(1, 2))
    expectError(
      errorOf(() => compiled(value)),
      { code: 'argument-type', words: [what, remedy, '`x`'] },
    )
  })

  test('beyond the parameters they do not matter, as in [1, 2].map(f)', () => {
    expect([1, 2.5, 3].map(jit((x: number) => x * 2))).toEqual([2, 5, 6])
    expect((jit((x: number) => x + 1) as Kernel)(1, 'text', null)).toBe(2)
  })

  test('a number where an array is needed, and the other way round', () => {
    const at = jit((a: Float64Array, i: number) => a[i]! + 1) as Kernel
    expectError(
      errorOf(() => at(3, 0)),
      { type: CompileError, code: 'type', words: ['`a`', /a number/, /typed array/] },
    )
    expectError(
      errorOf(() => at(Float64Array.of(1), Float64Array.of(0))),
      {
        type: CompileError,
        code: 'type',
        words: ['`i`', /a Float64Array/, /a whole number/],
      },
    )
    expect(at(Float64Array.of(1), 0)).toBe(2)
  })

  test('a missing argument', () => {
    const f = jit((x: Float64Array, scale: number) => x[0]! * scale) as Kernel
    expectError(
      errorOf(() => f(Float64Array.of(1))),
      { type: CompileError, code: 'missing-argument', words: ['`scale`', 'scale = 0'] },
    )
    expect(f(Float64Array.of(2), 3)).toBe(6)
  })
})

describe.each(targets)('target %s', (target) => {
  const compile = <F extends Kernel>(fn: F, options: JitOptions = {}) => jit(fn, { target, ...options })

  test('a detached array', () => {
    const x = new Float64Array(4)
    structuredClone(x.buffer, { transfer: [x.buffer] })
    expectError(
      errorOf(() => compile(sum)(x)),
      { code: 'detached', words: [/detached/, /Float64Array/, /slice/] },
    )
  })

  describe('an array that is too small', () => {
    const shift: Kernel = (a: Float64Array, b: Float64Array) => {
      for (let i = 0; i < a.length; i++) b[i] = a[i]! + 1
    }
    test.each(['ordinary', 'allocated'])('%s: what was written before is there', (placement) => {
      const make = (...values: number[]) => {
        const array = placement === 'ordinary' ? new Float64Array(values.length) : allocate(Float64Array, values.length)
        array.set(values)
        return array
      }
      const a = make(1, 2, 3, 4)
      const b = make(0, 0)
      const error = errorOf(() => compile(shift)(a, b))
      expectError(error, {
        type: BoundsError,
        code: 'bounds',
        words: [/index 2/, '`b`', /length 2: 0 to 1/, /bad-input\.test\.ts|line/],
      })
      expect(error).toBeInstanceOf(RangeError)
      expect([...a, ...b]).toEqual([1, 2, 3, 4, 2, 3])
    })

    test('reads, fractions, NaN, and the very ends', () => {
      const at = compile((a: Int32Array, i: number) => a[i]!)
      const a = Int32Array.of(1, 2)
      for (const index of [2, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), 1e300]) {
        expectError(
          errorOf(() => at(a, index)),
          { type: BoundsError, code: 'bounds', words: ['`a`', String(index)] },
        )
      }
      expect([at(a, 1), at(a, -0)]).toEqual([2, 1])
      expectError(
        errorOf(() => at(new Int32Array(0), 0)),
        { type: BoundsError, code: 'bounds', words: [/empty/] },
      )
    })

    test('an index that a product would wrap into range', () => {
      const at = compile((a: Float64Array, i: number, n: number) => a[i * n + 1]!)
      expectError(
        errorOf(() => at(new Float64Array(8), 65536, 65536)),
        {
          type: BoundsError,
          code: 'bounds',
          words: ['4294967297'],
        },
      )
    })

    test('in a helper: the helper’s line', () => {
      const third = (values: Float64Array) => values[2]!
      const error = errorOf(() => compile((x: Float64Array) => third(x) + 1)(new Float64Array(2)))
      expectError(error, { type: BoundsError, code: 'bounds', words: ['`values`', /index 2/, /values\[2\]/] })
    })

    test('the index is looked at before the value, the store comes after it', () => {
      const f: Kernel = (a: Float64Array, b: Float64Array) => {
        b[5] = a[0]!++
      }
      const a = Float64Array.of(1)
      expectError(
        errorOf(() => compile(f)(a, new Float64Array(2))),
        { type: BoundsError, code: 'bounds', words: ['`b`'] },
      )
      expect(a[0]).toBe(2)
    })

    test('the call after a failure is well', () => {
      const f = compile(shift)
      errorOf(() => f(new Float64Array(3), new Float64Array(1)))
      const out = new Float64Array(3)
      f(Float64Array.of(1, 2, 3), out)
      expect([...out]).toEqual([2, 3, 4])
    })
  })

  describe('lengths of new arrays', () => {
    const make: Kernel = (out: Float64Array, n: number) => {
      out[0] = 1
      const a = new Float64Array(n)
      out[0] = 2
      return a.length
    }
    test.each([-1, 1.5, NaN, Infinity, -Infinity, 2 ** 53])('%d', (n) => {
      const out = new Float64Array(1)
      expectError(
        errorOf(() => compile(make)(out, n)),
        {
          code: 'length',
          words: [String(n), 'new Float64Array(n)', /negative|not a whole number|more than an array can have/],
        },
      )
      expect(out[0]).toBe(1)
    })

    test('a constant one', () => {
      const f = compile(() => new Float64Array(-1))
      expectError(errorOf(f), { code: 'length', words: [/-1/, /negative/] })
    })

    test('more than the memory holds', () => {
      const out = new Float64Array(1)
      const started = performance.now()
      expectError(
        errorOf(() => compile(make)(out, 2 ** 33 - 1)),
        {
          code: 'out-of-memory',
          words: [/new Float64Array\(n\)/, '8589934591', /Remedy/],
        },
      )
      expect(performance.now() - started).toBeLessThan(5000)
      expect(out[0]).toBe(1)
    })
  })

  describe('prange', () => {
    const count: Kernel = (out: Float64Array, n: number) => {
      out[0] = 7
      for (const i of prange(n)) out[0]! += i
    }
    test.each([1.5, NaN, Infinity, 2 ** 53])('of %d, in plain and compiled', (n) => {
      for (const run of [count, compile(count), compile(count, { parallel: true, independent: ['out'] })]) {
        const out = new Float64Array(1)
        expectError(
          errorOf(() => run(out, n)),
          { code: 'integer', words: [String(n), /whole number/] },
        )
        expect(out[0]).toBe(7)
      }
    })

    test('a step of 0', () => {
      const f: Kernel = (n: number) => {
        let s = 0
        for (const i of prange(0, n, 0)) s += i
        return s
      }
      expectError(
        errorOf(() => f(3)),
        { code: 'integer', words: [/step/] },
      )
      expectError(
        errorOf(() => compile(f)(3)),
        { type: CompileError, code: 'prange-step', words: [/step/] },
      )
    })
  })

  test('recursion without end', () => {
    const down = (n: number): number => (n < -1e9 ? 0 : down(n - 1) + 1)
    const started = performance.now()
    const countdown = (n: number) => down(n)
    const f = compile(countdown)
    expectError(
      errorOf(() => f(5)),
      { code: 'depth', words: [/too deeply/, /recursion/] },
    )
    expect(performance.now() - started).toBeLessThan(5000)
    expect(compile((n: number) => n + 1)(1)).toBe(2)
  })

  test('failures inside parallel loops: of recursion, of memory, of lengths', () => {
    const down = (n: number): number => (n < -1e9 ? 0 : down(n - 1) + 1)
    const n = 10_000
    const deep: Kernel = (out: Float64Array) => {
      for (const i of prange(out.length)) out[i] = i > 5000 ? down(i) : i
    }
    const large: Kernel = (out: Float64Array) => {
      for (const i of prange(out.length)) out[i] = new Float64Array(i > 5000 ? 2 ** 33 - 1 : 4).length
    }
    const negative: Kernel = (out: Float64Array) => {
      for (const i of prange(out.length)) out[i] = new Float64Array(5000 - i).length
    }
    const fill: Kernel = (out: Float64Array) => {
      for (const i of prange(out.length)) out[i] = i
    }
    const parallel = (fn: Kernel) => compile(fn, { parallel: true })
    expectError(
      errorOf(() => parallel(deep)(allocate(Float64Array, n))),
      { code: 'depth', words: [/too deeply/] },
    )
    expectError(
      errorOf(() => parallel(large)(allocate(Float64Array, n))),
      { code: 'out-of-memory', words: ['8589934591'] },
    )
    expectError(
      errorOf(() => parallel(negative)(allocate(Float64Array, n))),
      { code: 'length', words: [/-1/] },
    )
    const out = allocate(Float64Array, n)
    parallel(fill)(out)
    expect(out[n - 1]).toBe(n - 1)
  })

  test('recursion that nothing can end', () => {
    const spin = (n: number): number => spin(n + 1)
    expectError(
      errorOf(() =>
        compile((n: number) => {
          spin(n)
        })(5),
      ),
      { code: 'depth', words: [/too deeply/] },
    )
  })

  test('an array freed by its scope and used again', () => {
    let kept: Float64Array
    {
      using a = allocate(Float64Array, 4)
      expect(compile(sum)(a)).toBe(0)
      kept = a
    }
    expectError(
      errorOf(() => compile(sum)(kept)),
      { code: 'freed', words: [/freed/, /using/, /slice/] },
    )
  })
})

test('more than the memory holds, by allocate', () => {
  expectError(
    errorOf(() => allocate(Float64Array, 2 ** 40)),
    { code: 'out-of-memory', words: [/allocate\(Float64Array/, /TB/] },
  )
  for (const n of [-1, 1.5, NaN, '3' as unknown as number]) {
    expectError(
      errorOf(() => allocate(Float64Array, n)),
      { code: 'length', words: [String(n)] },
    )
  }
})
