import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Call, Global, Tuple } from './pickle.ts'
import { unpickle } from './pickle-read.ts'
import { pickle } from './pickle-write.ts'

describe('pickles', () => {
  it('of plain values come back', () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.integer({ min: -300, max: 300 }),
      fc.double(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
      fc.string({ unit: 'binary' }),
      fc.uint8Array(),
    )
    const value = fc.letrec((tie) => ({ tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree'))) })).tree
    fc.assert(
      fc.property(value, (tree) => {
        expect(isDeepStrictEqual(unpickle(pickle(tree)), tree)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('keep -0, lone surrogates and the bounds of integers', () => {
    expect(Object.is(unpickle(pickle(-0)), -0)).toBe(true)
    for (const text of ['\ud800', 'a\udc00b\ud83d', '\ufffd', '\ud83d\ude00', '\ud7ff\ue000\ud801x'])
      expect(unpickle(pickle(text))).toBe(text)
    for (const value of [
      127,
      128,
      255,
      256,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      1 - 2 ** 53,
    ])
      expect(unpickle(pickle(value))).toBe(value)
    for (const value of [2n ** 2100n, -(2n ** 2100n), -(2n ** 63n), 2n ** 63n - 1n])
      expect(unpickle(pickle(value))).toBe(value)
    expect(unpickle(pickle(2 ** 53))).toBe(2 ** 53)
  })

  it('write what comes again once', () => {
    const bytes = new Uint8Array(10_000)
    expect(pickle([bytes, bytes, bytes]).length).toBeLessThan(10_100)
    const texts = Array.from({ length: 600 }, (_, i) => `text ${i % 300}`)
    expect(unpickle(pickle(texts))).toEqual(texts)
  })

  it('hold names and calls, and make nothing of them', () => {
    const call = new Call(new Global('os', 'system'), ['rm', 1])
    expect(unpickle(pickle([call, new Tuple(1, 2, 3, 4), new Tuple()]))).toEqual([call, [1, 2, 3, 4], []])
  })

  it('of protocol 0 and 2 are read', () => {
    const ascii = (text: string) => unpickle(Buffer.from(text, 'latin1'))
    // pickle.dumps([1, True, 2.5, 10**20, 'é', (1,), {'a': None}], 0)
    const zero =
      '(lp0\nI1\naI01\naF2.5\naL100000000000000000000L\naV\\u00e9\np1\na(I1\ntp2\na(dp3\nVa\np4\nNsa.'.replace(
        'V\\u00e9\np1\na',
        '',
      )
    expect(() => ascii(zero)).toThrow(/instruction 0x56/)
    const two =
      '\x80\x02]q\x00(K\x01\x88G@\x04\x00\x00\x00\x00\x00\x00\x8a\x09\x00\x00\x10c-^\xc7k\x05X\x02\x00\x00\x00\xc3\xa9q\x01K\x01\x85q\x02}q\x03X\x01\x00\x00\x00aq\x04Nse.'
    expect(ascii(two)).toEqual([1, true, 2.5, 10n ** 20n, 'é', [1], new Map([['a', null]])])
  })

  it('that are broken are refused', () => {
    const whole = pickle({ a: [1, 'text', 2.5], b: new Set([1]), c: new Call(new Global('m', 'n'), [1]) })
    for (let end = 0; end < whole.length; end++)
      expect(() => unpickle(whole.subarray(0, end))).toThrow(/pickle from Python cannot be read/)
  })
})
