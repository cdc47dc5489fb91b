import { isDeepStrictEqual } from 'node:util'
import * as official from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from './msgpack.ts'

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => !key.startsWith('__')),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value

describe('msgpack', () => {
  it('writes what the official library reads, and reads what it writes', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const theirs = official.decode(new Uint8Array(encode(value)))
        expect(decode(official.encode(theirs))).toEqual(theirs)
        expect(decode(encode(value))).toEqual(theirs)
        if (Object.is(value, -0)) expect(Object.is(decode(encode(value)), -0)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('writes texts and lists of every length', () => {
    for (const length of [0, 1, 10, 11, 31, 32, 85, 86, 255, 256, 21845, 21846, 65535, 65536, 70000]) {
      for (const unit of ['a', 'ä', '漢'])
        expect(official.decode(encode(unit.repeat(length)))).toBe(unit.repeat(length))
      const list = new Array(length).fill(7)
      expect(isDeepStrictEqual(official.decode(encode(list)), list)).toBe(true)
      expect(isDeepStrictEqual(decode(encode(new Uint8Array(length))), new Uint8Array(length))).toBe(true)
    }
  })

  it('keeps integers past 2⁵³ as bigints', () => {
    for (const value of [2n ** 63n, -(2n ** 63n), 2n ** 53n]) expect(decode(encode(value))).toBe(value)
    expect(decode(encode(12n))).toBe(12)
  })

  it('reads keys that are tuples or numbers as marked texts, and writes those as they were', () => {
    const wire = encode(
      new Map<unknown, unknown>([
        [['x', 0], 1],
        [7, 2],
      ]),
    )
    const read = decode(wire) as Record<string, unknown>
    expect(Object.keys(read).map((key) => key.slice(1))).toEqual(['["x",0]', '7'])
    expect(encode(read)).toEqual(wire)
    expect(decode(encode([...Object.keys(read)]))).toEqual([['x', 0], 7])
  })

  it('knows sets and enumerations', () => {
    expect(decode(encode(new Set([1, 'b'])))).toEqual(new Set([1, 'b']))
    const status = { __Enum__: true, name: 'running', __module__: 'distributed.core', __name__: 'Status' }
    expect(decode(encode({ status }))).toEqual({ status: 'running' })
  })

  it('leaves fields out that are undefined, and reads __proto__ as a name', () => {
    expect(decode(encode({ a: undefined, b: 1 }))).toEqual({ b: 1 })
    const read = decode(encode(new Map([['__proto__', { polluted: true }]]))) as object
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(Object.keys(read)).toEqual(['__proto__'])
  })

  it('refuses what ends early, lies about lengths or nests without end', () => {
    const whole = encode({ a: [1, 2.5, 'text', new Uint8Array(300)] })
    for (let end = 0; end < whole.length; end++)
      expect(() => decode(whole.subarray(0, end))).toThrow(/sent a message that cannot be read/)
    expect(() => decode(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(/longer than the message/)
    expect(() => decode(new Uint8Array(100_000).fill(0x91))).toThrow(/nested too deeply/)
    expect(() => decode(Uint8Array.of(0xc1))).toThrow(/type 0xc1/)
  })
})
