import { describe, expect, it } from 'vitest'
import { agreement } from './agreement.ts'

const of = (plain: unknown, other: unknown) => agreement({ result: plain, args: [] }, { result: other, args: [] })
const up = (value: number, ulps: number) => value + ulps * value * Number.EPSILON

describe('agreement', () => {
  it.each([
    [1.5, 1.5],
    [NaN, NaN],
    [undefined, undefined],
    [true, true],
    [Float64Array.of(1, NaN, -0), Float64Array.of(1, NaN, -0)],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  ])('of %s with %s is complete', (a, b) => {
    expect(of(a, b)).toEqual({ agree: 'every bit', ulps: 0 })
  })

  it('is rounding where half of the digits are the same', () => {
    expect(of(1, up(1, 3))).toEqual({ agree: 'rounding', ulps: 3, problem: `the result is ${up(1, 3)}, plain's 1` })
    expect(of(0, -0)).toEqual({ agree: 'rounding', ulps: 1, problem: "the result is -0, plain's 0" })
    expect(of(1, 1 + 2 ** -25)).toMatchObject({ agree: 'no' })
    // Relative to the largest: what cancels has few digits of its own.
    expect(of(Float64Array.of(1e6, 1e-9), Float64Array.of(1e6, 2e-9))).toMatchObject({ agree: 'rounding' })
    expect(of(Float64Array.of(1e-9), Float64Array.of(2e-9))).toMatchObject({
      agree: 'no',
      problem: "the result: element 0 is 2e-9, plain's 1e-9",
    })
    expect(of(Float32Array.of(1), Float32Array.of(1 + 2 ** -13))).toMatchObject({ agree: 'rounding', ulps: 1024 })
    expect(of(Float32Array.of(1), Float32Array.of(1 + 2 ** -11))).toMatchObject({ agree: 'no' })
  })

  it.each([
    [1, NaN, /the result is NaN, plain's 1/],
    [1, true, /the result is a boolean, plain's is a number/],
    [1, undefined, /the result is undefined, plain's is a number/],
    [true, false, /the result is false, plain's true/],
    [Float64Array.of(1), Float32Array.of(1), /a Float32Array, plain's is a Float64Array/],
    [Float64Array.of(1), Float64Array.of(1, 2), /has 2 elements, plain's 1/],
    [Float64Array.of(1), Float64Array.of(NaN), /element 0 is NaN, plain's 1/],
    [Int32Array.of(1, 2), Int32Array.of(1, 3), /element 1 is 3, plain's 2/],
  ])('is none between %s and %s', (a, b, problem) => {
    expect(of(a, b)).toMatchObject({ agree: 'no', problem: expect.stringMatching(problem) })
  })

  it('is about what is left in the arguments too, and the worst counts', () => {
    const plain = { result: undefined, args: [Float64Array.of(1), 5, Int32Array.of(1)] }
    const other = { result: undefined, args: [Float64Array.of(up(1, 1)), 5, Int32Array.of(1)] }
    expect(agreement(plain, other)).toEqual({
      agree: 'rounding',
      ulps: 1,
      problem: `argument 1 afterwards: element 0 is ${up(1, 1)}, plain's 1`,
    })
    expect(agreement(plain, { ...other, args: [other.args[0], 5, Int32Array.of(2)] })).toMatchObject({
      agree: 'no',
      problem: "argument 3 afterwards: element 0 is 2, plain's 1",
    })
  })
})
