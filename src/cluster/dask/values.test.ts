import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DTYPES } from '../../types.ts'
import { decode, encode } from '../travel/values.ts'
import { columnMajor } from './numpy.ts'
import { encodedOf, fromWire, toWire, wireOf } from './values.ts'
import { FrameReader, preludeOf } from './wire/frames.ts'
import { pack, Serialized } from './wire/message.ts'
import { Call, Global } from './wire/pickle.ts'
import { pickle } from './wire/pickle-write.ts'

/** As it is on the other side. */
function send(value: Serialized): Serialized {
  const frames = pack({ value })
  let received: Serialized | undefined
  new FrameReader().push(Buffer.concat([preludeOf(frames), ...frames]), (message) => {
    received = message['value'] as Serialized
  })
  return received!
}

const back = (value: unknown) => fromWire(send(toWire(value)))
const serializerOf = ({ header }: Serialized) =>
  header['tsumba-opaque'] === true ? 'opaque' : (header['serializer'] ?? 'collection')

describe('values on the wire', () => {
  it('come back as they went', () => {
    const array = fc.constantFrom(...DTYPES).map((info) => {
      const made = new info.ctor(5)
      new Uint8Array(made.buffer).forEach((_, i, bytes) => {
        bytes[i] = (i * 37) & 63
      })
      return made
    })
    const value = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, undefined, true, false, -0, Number.NaN, 5n, 2n ** 70n),
        fc.double(),
        fc.maxSafeInteger(),
        fc.string({ unit: 'binary' }),
        array,
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true }),
        fc.array(fc.tuple(fc.string(), tie('tree'))).map((entries) => new Map(entries)),
        fc.date({ noInvalidDate: true }),
      ),
    })).tree
    fc.assert(
      fc.property(value, (tree) => {
        expect(isDeepStrictEqual(back(tree), tree)).toBe(true)
        expect(isDeepStrictEqual(fromWire(send(wireOf(encode(tree)))), tree)).toBe(true)
        expect(isDeepStrictEqual(decode(encodedOf(send(toWire(tree)))), tree)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('are in a form for Python where Python has one', () => {
    expect(
      [1, 'a', null, undefined, { a: [1, { b: true }] }, 2n ** 70n].map((value) => serializerOf(toWire(value))),
    ).toEqual(new Array(6).fill('pickle'))
    expect([new Float64Array(2), new Uint8ClampedArray(2)].map((value) => serializerOf(toWire(value)))).toEqual([
      'dask',
      'dask',
    ])
    expect(serializerOf(toWire({ x: new Float32Array(2), y: [1] }))).toBe('collection')
    const shared = [1]
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const buffer = new ArrayBuffer(16)
    const views = [new Float64Array(buffer), new Float64Array(buffer, 8)]
    const others = [
      new Map(),
      new Set([1]),
      new Date(),
      5n,
      [undefined],
      new Array(2),
      [shared, shared],
      cyclic,
      views,
      /x/,
    ]
    expect(others.map((value) => serializerOf(toWire(value)))).toEqual(new Array(others.length).fill('opaque'))
    const [first, second] = back(views) as Float64Array[]
    expect(first!.buffer).toBe(second!.buffer)
    const [one, same] = back([shared, shared]) as number[][]
    expect(one).toBe(same)
  })

  it('keep the class of arrays and share their memory with the frames', () => {
    for (const { ctor } of DTYPES) expect(back(new ctor(3))).toEqual(new ctor(3))
    const sent = Float64Array.from({ length: 20_000 }, (_, i) => i)
    expect(toWire(sent).frames[0]!.buffer).toBe(sent.buffer)
    const received = send(toWire(sent))
    expect((fromWire(received) as Float64Array).buffer).toBe(received.frames[0]!.buffer)
    expect(fromWire(received)).toEqual(sent)
    const shared = new Float64Array(new SharedArrayBuffer(80))
    expect(back(shared)).toEqual(new Float64Array(10))
    expect(back(new Float64Array(0))).toEqual(new Float64Array(0))
    expect(back(sent.subarray(3, 5))).toEqual(Float64Array.of(3, 4))
  })

  it('have shapes and strides', () => {
    const data = Float64Array.from({ length: 6 }, (_, i) => i)
    const fortran = { data, shape: [2, 3], strides: columnMajor([2, 3]) }
    for (const record of [
      fortran,
      { data, shape: [2, 3], strides: [3, 1] },
      { data, shape: [4, 6], strides: [0, 1] },
    ]) {
      expect(serializerOf(toWire(record))).toBe('dask')
      expect(back(record)).toEqual(record)
    }
    // Looks like one, and is none: comes back as it is.
    for (const record of [
      { data, shape: [6], strides: [1] },
      { data, shape: [2, 9], strides: [3, 1] },
      { data, shape: [1, 6], strides: [7, 1] },
      { data, shape: [2, 3], strides: [3, 1], name: 'x' },
      { data: [1], shape: [1], strides: [1] },
    ])
      expect(back(record)).toEqual(record)
  })

  it('from Python are read by an allow-list of names', () => {
    const read = (value: unknown) => fromWire(new Serialized({ serializer: 'pickle' }, [pickle(value)]))
    expect(read(new Call(new Global('builtins', 'frozenset'), [[1, 2]]))).toEqual(new Set([1, 2]))
    expect(read(new Map<unknown, unknown>([[1, 'a']]))).toEqual(new Map([[1, 'a']]))
    for (const evil of [
      new Call(new Global('os', 'system'), ['true']),
      [{ deep: new Call(new Global('builtins', 'eval'), ['1']) }],
      new Set([new Call(new Global('subprocess', 'run'), [['true']])]),
      new Global('builtins', 'print'),
    ])
      expect(() => read(evil)).toThrow(/no counterpart here.*Remedy/)
    const other = new Serialized({ serializer: 'cuda' }, [])
    expect(() => fromWire(other)).toThrow(/written by 'cuda'/)
    const failed = new Serialized({ serializer: 'error' }, [Buffer.from('Could not serialize lock')])
    expect(() => fromWire(failed)).toThrow(/Could not serialize lock/)
  })
})
