/**
 * A message: one MessagePack frame, and behind it the frames of the values in it that the scheduler hands on unread.
 *
 * `{"__Serialized__": i}` stands for a value whose description is frame i and whose bytes are the frames after it;
 * `{"__Pickled__": i}` likewise for a Python pickle, which the receiver unpickles whoever he is.
 */

import { TsumbaError } from '../../../errors.ts'
import { PACKAGE } from '../../../types.ts'
import { decode, encode } from './msgpack.ts'

export type Message = Record<string, unknown>
export type Header = Record<string, unknown>

/**
 * The most bytes of one frame. Node 20 takes no view over 4 GiB, and one system call writes less than 2 GiB. Larger
 * than Dask's own 64 MiB, because whoever receives several frames of one array has to join them.
 */
const MAX_FRAME = 2 ** 30

/** A value as bytes with its description; opaque to the scheduler. */
export class Serialized {
  readonly header: Header
  /** As sent: one array may be spread over several, see `joined`. */
  frames: readonly Uint8Array[]
  constructor(header: Header, frames: readonly Uint8Array[]) {
    this.header = header
    this.frames = frames
  }

  get nbytes(): number {
    return this.frames.reduce((sum, frame) => sum + frame.length, 0)
  }
}

/** A Python object as its pickle; `frames` are the buffers that protocol 5 keeps outside. */
export class Pickled {
  header: Header
  frames: readonly Uint8Array[]
  constructor(bytes: Uint8Array, frames: readonly Uint8Array[] = []) {
    this.header = { 'pickled-obj': bytes }
    this.frames = frames
  }

  get bytes(): Uint8Array {
    return this.header['pickled-obj'] as Uint8Array
  }
}

/** Some memory; not a Uint8Array, because those end at 4 GiB. */
export interface Region {
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly byteLength: number
}

/** The frames of a message: the first is the message itself. `limit`: the most bytes of one frame. */
export function pack(message: unknown, limit = MAX_FRAME): Uint8Array[] {
  const frames: Uint8Array[] = [new Uint8Array(0)]
  frames[0] = encode(message, (value) => {
    if (!(value instanceof Serialized || value instanceof Pickled)) return undefined
    const offset = frames.length
    const { header, pieces } = split(value, limit)
    frames.push(encode(header), ...pieces)
    return value instanceof Serialized ? { __Serialized__: offset } : { __Pickled__: offset }
  })
  return frames
}

/** Frames over the limit in pieces, and the header that says so. */
function split(value: Serialized | Pickled, limit: number): { header: Header; pieces: readonly Uint8Array[] } {
  const counts = value.frames.map((frame) => Math.max(1, Math.ceil(frame.length / limit)))
  const total = counts.reduce((sum, count) => sum + count, 0)
  const header: Header = { ...value.header, 'num-sub-frames': total, compression: new Array(total).fill(null) }
  if (total === value.frames.length) return { header, pieces: value.frames }
  if (value instanceof Pickled || header['split-num-sub-frames'] !== undefined)
    throw new TsumbaError('a frame of a pickle or of a forwarded value has more than 1 GiB', 'too-large')
  const pieces: Uint8Array[] = []
  for (const frame of value.frames)
    for (let at = 0; at === 0 || at < frame.length; at += limit) pieces.push(frame.subarray(at, at + limit))
  return { header: { ...header, ...splitting(counts) }, pieces }
}

/** The fields that say how many frames on the wire make one of the value's. */
export function splitting(counts: readonly number[]): Header {
  let offset = 0
  const offsets = counts.map((count) => (offset += count) - count)
  return { 'split-num-sub-frames': counts, 'split-offsets': offsets }
}

/** Views of at most a frame's size that together cover the region, for arrays that no single view covers. */
export function cover({ buffer, byteOffset, byteLength }: Region): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at === 0 || at < byteLength; at += MAX_FRAME)
    pieces.push(new Uint8Array(buffer, byteOffset + at, Math.min(MAX_FRAME, byteLength - at)))
  return pieces
}

/** How many frames on the wire make each of the value's. */
export function groups(header: Header, frames: number): readonly (readonly [first: number, count: number])[] {
  const counts = header['split-num-sub-frames'] as number[] | undefined
  const offsets = header['split-offsets'] as number[] | undefined
  if (!Array.isArray(counts) || !Array.isArray(offsets)) return Array.from({ length: frames }, (_, i) => [i, 1])
  return counts.map((count, i) => [offsets[i]!, count])
}

/** The value's own frames, each in one stretch of memory: without a copy where it came off the wire here. */
export function joined(value: Serialized): Region[] {
  return groups(value.header, value.frames.length).map(([first, count]) =>
    join(value.frames.slice(first, first + count)),
  )
}

export function join(parts: readonly Uint8Array[]): Region {
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0)
  const [first] = parts
  if (first === undefined) return { buffer: new ArrayBuffer(0), byteOffset: 0, byteLength: 0 }
  let end = first.byteOffset
  const adjacent = parts.every(
    (part) => part.buffer === first.buffer && part.byteOffset === (end += part.length) - part.length,
  )
  if (adjacent) return { buffer: first.buffer, byteOffset: first.byteOffset, byteLength }
  const buffer = new ArrayBuffer(byteLength)
  let at = 0
  for (const part of parts) {
    new Uint8Array(buffer, at, part.length).set(part)
    at += part.length
  }
  return { buffer, byteOffset: 0, byteLength }
}

/** A region as bytes; for those that are small for certain. */
export function bytesOf({ buffer, byteOffset, byteLength }: Region): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The message in frame 0, and what waits for the frames behind it, by the number of its first frame. */
export function unpackHead(frame: Uint8Array): { message: unknown; waiting: Map<number, Serialized | Pickled> } {
  const waiting = new Map<number, Serialized | Pickled>()
  const message = decode(frame, (key, offset) => {
    if (typeof offset !== 'number' || offset <= 0) return undefined
    if (key !== '__Serialized__' && key !== '__Pickled__') return undefined
    const value = key === '__Serialized__' ? new Serialized({}, []) : new Pickled(new Uint8Array(0))
    waiting.set(offset, value)
    return value
  })
  return { message, waiting }
}

/** The description of a value, checked; returns how many frames follow. */
export function unpackHeader(value: Serialized | Pickled, frame: Uint8Array): number {
  const header = decode(frame) as Header
  if (header === null || typeof header !== 'object' || Array.isArray(header))
    throw new TsumbaError('the other side described a value by something that is no map', 'bad-message')
  const compression = (header['compression'] as unknown[] | null | undefined) ?? []
  const method = compression.find((name) => name !== null)
  if (method !== undefined)
    throw new TsumbaError(
      `the other side sent a value compressed by ${method}, which ${PACKAGE} does not read. ` +
        'Remedy: set distributed.comm.compression to null for the Python processes of the cluster',
      'compressed',
    )
  if (value instanceof Pickled) value.header = header
  else Object.assign(value.header, header)
  const count = header['num-sub-frames'] ?? 0
  return typeof count === 'number' ? count : 0
}
