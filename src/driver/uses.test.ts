import { describe, expect, test } from 'vitest'
import type { ArgType } from '../frontend/program.ts'
import { jit } from '../index.ts'
import { prange } from '../prange.ts'
import { Compiled } from './compile.ts'
import { settingsOf } from './options.ts'
import { failsAfterWriting, paramUses } from './uses.ts'

type Kernel = (...args: never[]) => unknown

const compiled = (kernel: Kernel, types: readonly ArgType[]) =>
  new Compiled(kernel, types, settingsOf({ parallel: true }), false)

/** `r`eads, `w`rites, `o`verwrites: of each parameter. */
function uses(kernel: Kernel, types: readonly ArgType[]): string[] {
  const made = compiled(kernel, types)
  return paramUses(made.lowerFor('wasm').module, made.program.module).map(
    ({ reads, writes, overwritten }) => `${reads ? 'r' : ''}${writes ? 'w' : ''}${overwritten ? 'o' : ''}`,
  )
}
const late = (kernel: Kernel, types: readonly ArgType[]) =>
  failsAfterWriting(compiled(kernel, types).lowerFor('wasm').module)

const X: ArgType = 'float64[]'
const N: ArgType = 'int32'

const put = (x: Float64Array, i: number, v: number): void => {
  x[i] = v
}
const longer = (x: Float64Array, y: Float64Array): Float64Array => (x.length > y.length ? x : y)
const descend = (x: Float64Array, n: number): void => {
  if (n <= 0) return
  x[n] = n
  descend(x, n - 1)
}

describe('what becomes of array parameters', () => {
  test('read and overwritten', () => {
    const kernel = (x: Float64Array, out: Float64Array) => {
      for (let i = 0; i < out.length; i++) out[i] = 2 * x[i]!
    }
    expect(uses(kernel, [X, X])).toEqual(['r', 'wo'])
  })

  test('overwritten in a prange', () => {
    const kernel = (out: Float64Array, v: number) => {
      for (const i of prange(out.length)) out[i] = v * i
    }
    expect(uses(kernel, [X, N])[0]).toBe('wo')
  })

  test('written in part', () => {
    const kernel = (out: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) out[i] = i
    }
    expect(uses(kernel, [X, N])[0]).toBe('w')
  })

  test('overwritten only where the call does not return before', () => {
    const kernel = (out: Float64Array, n: number) => {
      if (n > 3) return
      for (let i = 0; i < out.length; i++) out[i] = i
    }
    expect(uses(kernel, [X, N])[0]).toBe('w')
  })

  test('overwritten only on some ways', () => {
    const kernel = (out: Float64Array, n: number) => {
      if (n > 3) for (let i = 0; i < out.length; i++) out[i] = i
    }
    expect(uses(kernel, [X, N])[0]).toBe('w')
  })

  test('another array under the name of the parameter', () => {
    const kernel = (out: Float64Array, x: Float64Array, n: number) => {
      if (n > 3) out = x
      for (let i = 0; i < out.length; i++) out[i] = i
    }
    expect(uses(kernel, [X, X, N]).slice(0, 2)).toEqual(['w', 'w'])
  })

  test('written by what a helper gives back', () => {
    const kernel = (x: Float64Array, y: Float64Array) => {
      const z = longer(x, y)
      z[0] = 1
    }
    expect(uses(kernel, [X, X])).toEqual(['w', 'w'])
  })

  test('only its length', () => {
    expect(uses((x: Float64Array) => x.length, [X])).toEqual([''])
  })
})

describe('failures after the first write', () => {
  test('every index proven', () => {
    const kernel = (out: Float64Array) => {
      for (let i = 0; i < out.length; i++) out[i] = i
    }
    expect(late(kernel, [X])).toBe(false)
  })

  test('all reads come first', () => {
    const kernel = (x: Float64Array, out: Float64Array, n: number) => {
      const v = x[n]!
      for (let i = 0; i < out.length; i++) out[i] = v
    }
    expect(late(kernel, [X, X, N])).toBe(false)
  })

  test('the write itself fails', () => {
    expect(late(put, [X, N, N])).toBe(false)
  })

  test('an earlier turn has written', () => {
    const kernel = (out: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) out[i] = i
    }
    expect(late(kernel, [X, N])).toBe(true)
  })

  test('a helper that writes, called twice', () => {
    const kernel = (x: Float64Array, n: number) => {
      put(x, n, 1)
      put(x, n + 1, 1)
    }
    expect(late(kernel, [X, N])).toBe(true)
  })

  test('a function that calls itself', () => {
    expect(late(descend, [X, N])).toBe(true)
  })

  test('an array made after a write', () => {
    const kernel = (x: Float64Array) => {
      for (let i = 0; i < x.length; i++) x[i] = i
      return new Float64Array(x.length)
    }
    expect(late(kernel, [X])).toBe(true)
  })

  test('only arrays of its own are written', () => {
    const kernel = (x: Float64Array, n: number) => {
      const r = new Float64Array(n)
      for (let i = 0; i < n; i++) r[i] = x[i]!
      return r
    }
    expect(late(kernel, [X, N])).toBe(false)
  })

  test('a launch that writes', () => {
    const kernel = (x: Float64Array) => {
      for (const i of prange(x.length)) x[i] = i
    }
    expect(late(kernel, [X])).toBe(true)
  })
})

describe('calls', () => {
  const settings = { target: 'wasm' } as const

  test('an array that is overwritten, alone and as its own source', () => {
    const shift = jit((x: Float64Array, out: Float64Array) => {
      for (let i = 0; i < out.length; i++) out[i] = x[out.length - 1 - i]!
    }, settings)
    const out = Float64Array.of(7, 7, 7)
    shift(Float64Array.of(1, 2, 3), out)
    expect(out).toEqual(Float64Array.of(3, 2, 1))
    const both = Float64Array.of(1, 2, 3)
    shift(both, both)
    expect(both).toEqual(Float64Array.of(3, 2, 3))
    const part = Float64Array.of(1, 2, 3, 4)
    shift(part, part.subarray(1, 3))
    expect(part).toEqual(Float64Array.of(1, 2, 1, 4))
  })

  test('a call that fails on the way leaves what it did not reach', () => {
    const scale = jit((x: Float64Array, out: Float64Array) => {
      for (let i = 0; i < out.length; i++) out[i] = 2 * x[i]!
    }, settings)
    const out = Float64Array.of(7, 7, 7)
    expect(() => scale(Float64Array.of(1, 2), out)).toThrow(RangeError)
    expect(out).toEqual(Float64Array.of(2, 4, 7))
  })

  test('a call that fails before it writes leaves everything', () => {
    const fillWith = jit((x: Float64Array, out: Float64Array, n: number) => {
      const v = x[n]!
      for (let i = 0; i < out.length; i++) out[i] = v
    }, settings)
    const out = Float64Array.of(7, 7, 7)
    expect(() => fillWith(Float64Array.of(1, 2), out, 2)).toThrow(RangeError)
    expect(out).toEqual(Float64Array.of(7, 7, 7))
    fillWith(Float64Array.of(1, 2), out, 1)
    expect(out).toEqual(Float64Array.of(2, 2, 2))
  })
})
