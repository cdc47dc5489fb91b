import { describe, expect, it } from 'vitest'
import { FrameReader, preludeOf } from './frames.ts'
import { joined, type Message, Pickled, pack, Serialized, splitting } from './message.ts'

function wire(message: unknown): Uint8Array {
  const frames = pack(message)
  return Buffer.concat([preludeOf(frames), ...frames])
}

/** Reads in pieces of `size` bytes from one buffer that is overwritten afterwards, as sockets' is. */
function read(bytes: Uint8Array, size: number): Message[] {
  const reader = new FrameReader()
  const messages: Message[] = []
  const scratch = new Uint8Array(size)
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size)
    scratch.set(part)
    reader.push(scratch.subarray(0, part.length), (message) => messages.push(message))
    scratch.fill(0xee)
  }
  expect(reader.midway).toBe(false)
  return messages
}

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255)

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    const values = { small: bytes(10, 1), empty: new Uint8Array(0), large: bytes(100_000, 2), other: bytes(70_000, 3) }
    const message = {
      op: 'data',
      data: Object.fromEntries(
        Object.entries(values).map(([key, frame]) => [key, new Serialized({ serializer: 'x' }, [frame, bytes(3, 4)])]),
      ),
      pickle: new Pickled(bytes(9, 5), [bytes(80_000, 6)]),
    }
    const stream = Buffer.concat([wire({ op: 'first' }), wire(message), wire([1, 2]), wire({ op: 'last' })])
    for (const size of [1, 7, 1000, 65_536, stream.length]) {
      const [first, second, third, last] = read(size === 1 ? wire({ op: 'first' }) : stream, size)
      expect(first).toEqual({ op: 'first' })
      if (size === 1) continue
      const data = second!['data'] as Record<string, Serialized>
      for (const [key, frame] of Object.entries(values)) {
        expect(data[key]!.header['serializer']).toBe('x')
        expect(data[key]!.frames.map((each) => Buffer.compare(each, each))).toEqual([0, 0])
        expect(Buffer.compare(data[key]!.frames[0]!, frame)).toBe(0)
        expect([...data[key]!.frames[1]!]).toEqual([...bytes(3, 4)])
      }
      const pickle = second!['pickle'] as Pickled
      expect([...pickle.bytes]).toEqual([...bytes(9, 5)])
      expect(Buffer.compare(pickle.frames[0]!, bytes(80_000, 6))).toBe(0)
      expect([third, last]).toEqual([[1, 2], { op: 'last' }])
    }
  })

  it('of one array arrive in one stretch of memory', () => {
    const parts = [bytes(40_000, 1), bytes(40_000, 2), bytes(5_000, 3)]
    const header = { serializer: 'x', ...splitting([2, 1]) }
    const [message] = read(wire({ value: new Serialized(header, parts) }), 4096)
    const value = message!['value'] as Serialized
    const [first, second] = joined(value)
    expect([first!.byteLength, second!.byteLength]).toEqual([80_000, 5_000])
    expect(first!.buffer).toBe(value.frames[0]!.buffer)
    expect(first!.buffer).toBe(value.frames[1]!.buffer)
    expect(Buffer.compare(new Uint8Array(first!.buffer), Buffer.concat(parts.slice(0, 2)))).toBe(0)
  })

  it('over the limit are cut and joined again', () => {
    const sent = [bytes(100_000, 1), bytes(0, 0), bytes(70_001, 2), bytes(40_000, 3)]
    const frames = pack({ value: new Serialized({ serializer: 'x' }, sent) }, 40_000)
    expect(frames.slice(2).map((frame) => frame.length)).toEqual([40_000, 40_000, 20_000, 0, 40_000, 30_001, 40_000])
    const [message] = read(Buffer.concat([preludeOf(frames), ...frames]), 10_000)
    const regions = joined(message!['value'] as Serialized)
    expect(regions.map((region) => region.byteLength)).toEqual(sent.map((frame) => frame.length))
    for (const [i, region] of regions.entries()) {
      expect(Buffer.compare(new Uint8Array(region.buffer, region.byteOffset, region.byteLength), sent[i]!)).toBe(0)
      expect(region.byteOffset).toBe(0)
    }
  })

  it('arrive in memory of the receiver’s choice', () => {
    const reader = new FrameReader((size) => new SharedArrayBuffer(size))
    let value: Serialized | undefined
    const sent = bytes(100_000, 1)
    reader.push(wire({ value: new Serialized({}, [sent]) }), (message) => {
      value = message['value'] as Serialized
    })
    expect(value!.frames[0]!.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(Buffer.compare(value!.frames[0]!, sent)).toBe(0)
  })

  it('may be read straight into their place', () => {
    const message = {
      a: new Serialized({}, [bytes(900_000, 1)]),
      b: new Serialized({}, [bytes(0, 0), bytes(700_000, 2)]),
    }
    const stream = Buffer.concat([wire(message), wire({ op: 'last' })])
    const reader = new FrameReader()
    const messages: Message[] = []
    let straight = 0
    for (let at = 0; at < stream.length; ) {
      const { place } = reader
      const part = stream.subarray(at, at + Math.min(place?.length ?? 1000, 300_000))
      at += part.length
      if (place === undefined) reader.push(part, (each) => messages.push(each))
      else {
        place.set(part)
        straight += part.length
        reader.filledPlace(part.length, (each) => messages.push(each))
      }
    }
    expect(straight).toBeGreaterThan(1_000_000)
    expect(Buffer.compare((messages[0]!['a'] as Serialized).frames[0]!, bytes(900_000, 1))).toBe(0)
    expect(Buffer.compare((messages[0]!['b'] as Serialized).frames[1]!, bytes(700_000, 2))).toBe(0)
    expect(messages[1]).toEqual({ op: 'last' })
  })

  it('that no peer of ours sends are refused', () => {
    const feed = (data: Uint8Array) => () => new FrameReader().push(data, () => {})
    expect(feed(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))).toThrow(/not in the form of Dask/)
    expect(feed(new Uint8Array(64))).toThrow(/not in the form of Dask/)
    const compressed = pack({ value: new Serialized({}, [bytes(8, 0)]) })
    compressed[1] = pack({ 'num-sub-frames': 1, compression: ['lz4'] })[0]!
    expect(feed(Buffer.concat([preludeOf(compressed), ...compressed]))).toThrow(/compressed by lz4.*Remedy/)
    const short = pack({ value: new Serialized({}, [bytes(8, 0)]) }).slice(0, 2)
    expect(feed(Buffer.concat([preludeOf(short), ...short]))).toThrow(/points past its message/)
  })

  it('tell Python to read large ones into memory of their own', () => {
    const frames = pack({ value: new Serialized({}, [bytes(200_000, 0)]) })
    const outer = Number(Buffer.from(preludeOf(frames)).readBigUInt64LE(0))
    expect(outer).toBe(8 * 4 + frames[0]!.length + frames[1]!.length)
    const little = pack({ value: new Serialized({}, [bytes(20_000, 0)]) })
    const all = little.reduce((sum, frame) => sum + frame.length, 8 * 4)
    expect(Number(Buffer.from(preludeOf(little)).readBigUInt64LE(0))).toBe(all)
  })
})
