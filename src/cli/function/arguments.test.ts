import { describe, expect, it } from 'vitest'
import { allocate } from '../../index.ts'
import { isShared } from '../../runtime/arrays.ts'
import { UsageError } from '../usage.ts'
import { argumentsOfCode, argumentsOfTypes, copyOf, describe as inWords } from './arguments.ts'

describe('argumentsOfTypes', () => {
  it('fills arrays from seeds: floats below 1, whole numbers below 100', () => {
    const [x, y, bytes, clamped] = argumentsOfTypes('float64[1e4], float32[20*5],uint8[1_000], uint8c[7]')
    expect(x).toBeInstanceOf(Float64Array)
    expect((x as Float64Array).every((v) => v >= 0 && v < 1)).toBe(true)
    expect(new Set(x as Float64Array).size).toBeGreaterThan(9990)
    expect(y).toBeInstanceOf(Float32Array)
    expect((y as Float32Array).length).toBe(100)
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect(Math.max(...(bytes as Uint8Array))).toBeLessThan(100)
    expect(new Set(bytes as Uint8Array).size).toBeGreaterThan(90)
    expect(clamped).toBeInstanceOf(Uint8ClampedArray)
  })

  it('gives the same numbers each time, and others at each position', () => {
    const [a, b] = argumentsOfTypes('float64[5], float64[5]')
    expect(argumentsOfTypes('float64[5]')).toEqual([a])
    expect(a).not.toEqual(b)
  })

  it('takes scalars as types and as themselves', () => {
    const [f, i, b] = argumentsOfTypes('float64, int32, bool') as [number, number, boolean]
    expect(f > 0 && f < 1 && !Number.isInteger(f)).toBe(true)
    expect(Number.isInteger(i)).toBe(true)
    expect(typeof b).toBe('boolean')
    expect(argumentsOfTypes('20_000, -0.5, 1e-3, NaN, -Infinity, true, false, -0')).toEqual([
      ...[20_000, -0.5, 1e-3, NaN, -Infinity, true, false, -0],
    ])
    expect(argumentsOfTypes(' ')).toEqual([])
  })

  it('leaves the length to the caller where there may be none', () => {
    expect((argumentsOfTypes('int32[]', 12)[0] as Int32Array).length).toBe(12)
    expect(() => argumentsOfTypes('int32[]')).toThrow(/int32\[\] has no length\. Remedy: .*float64\[1e6\]/)
  })

  it.each([
    ['float63[5]', /'float63\[5\]', which is no type\. Remedy: use float64, int32, bool/],
    ['string', /'string', which is no type/],
    ['float64[5],', /'', which is no type/],
    ['int64[5]', /'int64\[5\]', which is no type/],
    ['float64[two]', /has the length 'two'\. Remedy: give a whole number/],
    ['float64[1.5]', /has the length '1\.5'/],
    ['float64[-1]', /has the length '-1'/],
    ['float64[1e300]', /has the length '1e300'/],
  ])('refuses %s', (text, message) => {
    expect(() => argumentsOfTypes(text)).toThrow(UsageError)
    expect(() => argumentsOfTypes(text)).toThrow(message)
  })
})

describe('argumentsOfCode', () => {
  it('evaluates a list', () => {
    const [x, n] = argumentsOfCode('Float64Array.from({ length: 3 }, (_, i) => i), 2 ** 3 // eight')
    expect([...(x as Float64Array), n]).toEqual([0, 1, 2, 8])
  })

  it.each(['new Float64Array(', 'unknownName', '['])('refuses %s', (code) => {
    expect(() => argumentsOfCode(code)).toThrow(/--args cannot be evaluated: .*Error.*\. Remedy: JavaScript values/)
  })
})

describe('copyOf', () => {
  const x = Float64Array.of(1, 2)

  it('copies, in ordinary memory or in that of compiled code, and keeps one array one', () => {
    for (const library of [undefined, { allocate }]) {
      const [a, b, n] = copyOf([x, x, 5], library) as [Float64Array, Float64Array, number]
      expect([...a, n]).toEqual([1, 2, 5])
      expect(a).not.toBe(x)
      expect(b).toBe(a)
      expect(isShared(a)).toBe(library !== undefined)
    }
  })

  it('keeps arrays over one buffer together', () => {
    const [whole, part] = copyOf([x, x.subarray(1)], { allocate }) as [Float64Array, Float64Array]
    whole[1] = 7
    expect(part[0]).toBe(7)
    expect(x[1]).toBe(2)
  })

  it('refuses what cannot be copied', () => {
    expect(() => copyOf([() => 1])).toThrow(/cannot be copied for each variant: .*Remedy: give numbers/)
  })
})

it('arguments have names', () => {
  expect(inWords([new Float32Array(12345), 5, true, [1]])).toBe('float32[12,345], 5, true, object')
})
