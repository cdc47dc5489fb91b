import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { DTYPES } from '../../types.ts'
import { type Encoded, KEY } from './encoded.ts'
import { decode, decodeWith, encode } from './values.ts'

const there = (value: unknown): unknown => decode(encode(value))
const reference = (key: string) => ({ [KEY]: key })

describe('values', () => {
  it('of every kind arrive as structured clones', () => {
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
    const values: unknown[] = [
      undefined,
      null,
      true,
      false,
      0,
      -0,
      NaN,
      -1,
      2 ** 30,
      -(2 ** 30) - 1,
      2 ** 53,
      1.5,
      -Infinity,
      '',
      'text',
      'é'.repeat(100),
      'ж → 𝄞',
      '\ud800 alone',
      12345678901234567890n,
      -1n,
      0n,
      [],
      [1, 'two', [3]],
      // biome-ignore lint/suspicious/noSparseArray: holes travel
      [1, , undefined],
      Array.from({ length: 20 }, (_, i) => i - 0.5),
      [-0, NaN, 1, 2, 3, 4, 5, 6],
      { a: 1, 'b c': { d: undefined } },
      new Map<unknown, unknown>([[{ k: 1 }, new Set([1, 'x'])]]),
      new Set([[1], 2]),
      new Date(12345),
      new Date(NaN),
      /a\/b+/giu,
      Object(3),
      Object('s'),
      buffer,
      new DataView(buffer, 2, 3),
      new Float64Array([1, -0, NaN]),
      new Uint8ClampedArray([7]),
      new BigInt64Array([-1n]),
      new Float32Array(0),
    ]
    for (const value of values) expect(there(value)).toEqual(structuredClone(value))
    expect(Object.is(there(-0), -0)).toBe(true)
    expect(1 in (there(values[23]) as unknown[])).toBe(false)
    expect((there(new DataView(buffer, 2, 3)) as DataView).getUint8(0)).toBe(3)
  })

  it('agree with structured clones whatever they are', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withUnicodeString: true,
      withBoxedValues: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        expect(there(value)).toEqual(structuredClone(value))
      }),
      { numRuns: 400 },
    )
  })

  it('keep what is one object one object, cycles too', () => {
    const shared = { n: 1 }
    const cycle: Record<string, unknown> = { list: [shared, shared] }
    cycle['self'] = cycle
    const back = there(cycle) as { list: [object, object]; self: object }
    expect(back.self).toBe(back)
    expect(back.list[0]).toBe(back.list[1])
    const map = new Map<unknown, unknown>()
    map.set('me', map)
    const again = there(map) as Map<unknown, unknown>
    expect(again.get('me')).toBe(again)
  })

  it('errors keep class, message, stack, cause and fields', () => {
    const error = Object.assign(new RangeError('far', { cause: new TypeError('inner') }), { code: 7 })
    const back = there(error) as RangeError & { code: number }
    expect(back).toBeInstanceOf(RangeError)
    expect(back).toMatchObject({ name: 'RangeError', message: 'far', stack: error.stack, code: 7 })
    expect(back.cause).toBeInstanceOf(TypeError)
    expect(Object.keys(back)).toEqual(['code'])
    class OwnError extends Error {
      override name = 'OwnError'
    }
    const own = there(new OwnError('x')) as Error
    expect(own).toBeInstanceOf(Error)
    expect(`${own}`).toBe('OwnError: x')
    const many = there(new AggregateError([new Error('a')], 'all')) as AggregateError
    expect(many).toBeInstanceOf(AggregateError)
    expect(many.errors[0]).toMatchObject({ message: 'a' })
  })

  it('a name like __proto__ is only a name', () => {
    const back = there(JSON.parse('{"__proto__": {"evil": 1}}')) as object
    expect(Object.keys(back)).toEqual(['__proto__'])
    expect((back as { evil?: number }).evil).toBeUndefined()
  })
})

describe('arrays', () => {
  it('are frames that alias their memory', () => {
    const array = new Float64Array([1, 2, 3])
    const encoded = encode({ x: array.subarray(1) })
    expect(encoded.frames).toHaveLength(1)
    expect(encoded.frames[0]!.buffer).toBe(array.buffer)
    expect(encoded.frames[0]!.byteLength).toBe(16)
    expect(encoded.nbytes).toBe(encoded.header.length + 16)
    array[2] = 9
    expect(decode(encoded)).toEqual({ x: new Float64Array([2, 9]) })
  })

  it('that share bytes go on sharing them, in one frame', () => {
    const buffer = new ArrayBuffer(64)
    const a = new Float64Array(buffer, 8, 4)
    const b = new Int32Array(buffer, 16, 2)
    const other = new Uint8Array(buffer, 48, 3)
    const encoded = encode([b, a, other])
    expect(encoded.frames.map((f) => f.byteLength)).toEqual([32, 3])
    for (const hooks of [{}, { copy: () => true }]) {
      const [b2, a2, other2] = decodeWith(encoded, hooks) as [Int32Array, Float64Array, Uint8Array]
      a2[1] = 1
      expect(b2[1]).toBe(0x3ff00000)
      expect(other2).toHaveLength(3)
    }
    // Decoded without copies they are the very memory.
    expect(a[1]).toBe(1)
  })

  it('of every element type arrive', () => {
    for (const { ctor } of DTYPES) {
      const array = new ctor(3)
      ;(array as Float64Array).fill(
        (array instanceof BigInt64Array || array instanceof BigUint64Array ? 5n : 5) as never,
      )
      expect(there(array)).toEqual(array)
    }
  })

  it('are copied where asked, item by item, and where a frame is not aligned', () => {
    const one = new Float64Array([1])
    const two = new Float64Array([2])
    const encoded = encode([one, { two }])
    const [a, { two: b }] = decodeWith(encoded, { copy: (_, k) => k === 1 }) as [Float64Array, { two: Float64Array }]
    expect(a.buffer).toBe(one.buffer)
    expect(b.buffer).not.toBe(two.buffer)
    const odd = new Uint8Array(encoded.frames[0]!.byteLength + 1)
    odd.set(encoded.frames[0]!, 1)
    expect(decode({ ...encoded, frames: [odd.subarray(1), encoded.frames[1]!] })).toEqual([one, { two }])
  })

  it('views of views in unaligned places', () => {
    const buffer = new ArrayBuffer(32)
    const bytes = new Uint8Array(buffer, 3, 20).fill(1)
    const doubles = new Float64Array(buffer, 8, 1)
    expect(there([bytes, doubles])).toEqual([bytes, doubles])
  })
})

describe('references', () => {
  it('go by their keys, and become values', () => {
    const dependencies = new Set<string>()
    const x = reference('x')
    const encoded = encode([x, { deep: [reference('y'), x] }, new Map([['m', x]])], { dependencies })
    expect([...dependencies]).toEqual(['x', 'y'])
    const inputs = new Map<string, unknown>([
      ['x', 1],
      ['y', undefined],
    ])
    expect(decode(encoded, inputs)).toEqual([1, { deep: [undefined, 1] }, new Map([['m', 1]])])
    expect(() => decode(encoded, new Map())).toThrow('The value of x is not here')
    expect(decode(encode(x))).toEqual(x)
  })

  it('say among which argument they stand', () => {
    const positions: number[] = []
    decodeWith(encode([1, reference('x'), [[reference('y')]]]), { input: (_, position) => positions.push(position) })
    expect(positions).toEqual([1, 2])
  })
})

describe('what cannot travel', () => {
  const message = (value: unknown): string => {
    try {
      encode(value, { what: 'argument 1 of f' })
    } catch (error) {
      return (error as Error).message
    }
    return 'it travelled'
  }

  it('is an error that says where it is and what to do', () => {
    expect(message([{ a: [() => 1] }])).toMatch(/^Argument 1 of f, at \[0\]\.a\[0\], is a function .* Remedy: /)
    expect(message(Symbol('s'))).toMatch(/^Argument 1 of f is a symbol/)
    expect(message({ p: Promise.resolve() })).toMatch(/at \.p, is a promise.*Await it/)
    expect(message(new WeakMap())).toMatch(/is a WeakMap, which cannot leave its thread/)
    expect(message(new Map([['k', () => 1]]))).toMatch(/at \.get\(k\), is a function/)
    let deep: unknown[] = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(message(deep)).toMatch(/is nested more deeply than can travel/)
    const gone = new Float64Array(3)
    structuredClone(gone, { transfer: [gone.buffer] })
    // Before Node 21 nobody can tell that from an array of length 0.
    if ('detached' in ArrayBuffer.prototype) expect(message(gone)).toMatch(/transferred to somebody else/)
  })

  it('the encoder is as good as new after an error', () => {
    expect(() => encode([new Float64Array(2), Symbol('s')])).toThrow()
    expect(there([1])).toEqual([1])
  })

  it('a getter that encodes does not disturb', () => {
    const value = {
      get inner() {
        return there({ x: [1, 2] })
      },
      after: 3,
    }
    expect(there(value)).toEqual({ inner: { x: [1, 2] }, after: 3 })
  })
})

describe('bytes from anywhere', () => {
  const samples = [
    encode([1, 'two', { three: new Float64Array([3]) }, new Map([[1, new Set(['x'])]])]),
    encode([/a/g, new Date(1), -5n, 'ж', new Error('e'), [1, 2, 3, 4, 5, 6, 7, 8, 9]]),
  ]

  it('cut short or changed, are a value or an error of tsumba', () => {
    const attempt = (encoded: Encoded) => {
      try {
        decode(encoded)
      } catch (error) {
        expect(error).toMatchObject({ name: 'TsumbaError', code: 'damaged-value' })
      }
    }
    for (const sample of samples) {
      for (let n = 0; n < sample.header.length; n++) attempt({ ...sample, header: sample.header.subarray(0, n) })
      for (let n = 0; n < sample.header.length; n++) {
        for (const byte of [0, 5, 8, 11, 21, 127, 128, 255]) {
          const header = sample.header.slice()
          header[n] = byte
          attempt({ ...sample, header })
          attempt({ ...sample, header, frames: [new Uint8Array(3)] })
        }
      }
    }
  })

  it('of another writer are refused by name', () => {
    expect(() => decode({ ...samples[0]!, serializer: 'pickle' })).toThrow(/written by `pickle`/)
  })
})

describe('size', () => {
  it('more than 10 MB of objects is worth a warning; arrays are not', () => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      encode(new Float64Array(2e6))
      expect(emit).not.toHaveBeenCalled()
      encode('x'.repeat(11 * 2 ** 20), { what: 'the result of f' })
      expect(emit).toHaveBeenCalledOnce()
      expect(emit.mock.calls[0]![0]).toMatch(/the result of f holds 11 MB of objects/)
    } finally {
      emit.mockRestore()
    }
  })
})
