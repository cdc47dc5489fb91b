import { describe, expect, it } from 'vitest'
import { check } from './check.ts'
import { ulps32, ulps64 } from './ulps.ts'

describe('ulps64', () => {
  it.each([
    [1, 1, 0],
    [1, 1 + 2 ** -52, 1],
    [1, 1 - 2 ** -53, 1],
    [-1, -1 - 2 ** -51, 2],
    [0, -0, 1],
    [0, 5e-324, 1],
    [-5e-324, 5e-324, 3],
    [NaN, NaN, 0],
    [NaN, 1, Infinity],
    [Number.MAX_VALUE, Infinity, 1],
    [2 ** 32, 2 ** 32 + 2 ** -20, 1],
    [1, 2, 2 ** 52],
  ])('from %d to %d is %d', (a, b, expected) => {
    expect(ulps64(a, b)).toBe(expected)
    expect(ulps64(b, a)).toBe(expected)
  })

  it('does not trip over the low word turning over', () => {
    const bits = new DataView(new ArrayBuffer(16))
    bits.setBigUint64(0, 0x3ff00000ffffffffn)
    bits.setBigUint64(8, 0x3ff0000100000000n)
    expect(ulps64(bits.getFloat64(0), bits.getFloat64(8))).toBe(1)
  })
})

describe('ulps32', () => {
  it.each([
    [1, 1 + 2 ** -23, 1],
    [0, -0, 1],
    [-(2 ** -149), 2 ** -149, 3],
    [NaN, NaN, 0],
    [NaN, 0, Infinity],
    [1, 2, 2 ** 23],
  ])('from %d to %d is %d', (a, b, expected) => {
    expect(ulps32(a, b)).toBe(expected)
    expect(ulps32(b, a)).toBe(expected)
  })
})

describe('check', () => {
  const plain = Float64Array.of(1, 0, NaN, 4)

  it('accepts the same bits, NaN included', () => {
    expect(check(plain.slice(), plain)).toEqual({ ulps: 0, ok: true })
  })

  it('tells −0 from 0', () => {
    expect(check(Float64Array.of(1, -0, NaN, 4), plain)).toEqual({
      ulps: 1,
      ok: false,
      problem: "element 1 is -0, plain's 0",
    })
  })

  it('refuses one ulp where nothing is allowed, and accepts it where it is', () => {
    const near = Float64Array.of(1 + 2 ** -52, 0, NaN, 4)
    expect(check(near, plain)).toMatchObject({ ulps: 1, ok: false })
    expect(check(near, plain, () => 2 ** -52)).toEqual({ ulps: 1, ok: true })
    expect(check(near, plain, (i) => (i === 0 ? 2 ** -53 : 1))).toMatchObject({ ok: false })
  })

  it('allows no NaN in place of a number, nor a number in place of NaN', () => {
    expect(check(Float64Array.of(NaN, 0, NaN, 4), plain, () => 1e9)).toMatchObject({ ulps: Infinity, ok: false })
    expect(check(Float64Array.of(1, 0, 3, 4), plain, () => 1e9)).toMatchObject({ ulps: Infinity, ok: false })
  })

  it('counts in the units of the result', () => {
    const single = Float32Array.of(1, 2)
    expect(check(Float32Array.of(1 + 2 ** -23, 2), single)).toMatchObject({ ulps: 1, ok: false })
  })

  it('refuses another type or length', () => {
    expect(check(new Float32Array(4), plain).problem).toBe(
      "the answer is a Float32Array of 4, plain's a Float64Array of 4",
    )
    expect(check(new Float64Array(3), plain).ok).toBe(false)
  })
})
