/**
 * Takes a stream of bytes apart into messages, without I/O of its own. Layout, all numbers u64 little endian:
 * `outer, count, length[count], frame[count]`. `outer` (how much a Python reader fetches in its first read) has had two
 * meanings and is ignored.
 *
 * Bytes are copied once, out of the socket's buffer into their place: an array that travels in several frames arrives
 * in one stretch of memory.
 */

import { TsumbaError } from '../../../errors.ts'
import { groups, type Message, type Pickled, Serialized, unpackHead, unpackHeader } from './message.ts'

/** More frames than any message has; what begins with more is no peer of ours (an HTTP request, a port scan). */
const MAX_FRAMES = 2 ** 24
/** Node 20's limit of one view. */
const MAX_FRAME_BYTES = 2 ** 32 - 1
/** Messages up to this size share one stretch of memory, larger ones get one for each value. */
const SMALL = 2 ** 16

/** From here on bytes go straight to their place. */
const LARGE = 2 ** 18
/** As much as a socket's queue holds at the most. */
const MAX_PLACE = 2 ** 23

/** Where the bytes of values are put: a worker takes shared memory, so that its threads see them without a copy. */
export type Allocate = (bytes: number) => ArrayBufferLike

const PRELUDE = 16

/** Memory that is not cleared first: all of it is written to, or the message fails. */
function unfilled(bytes: number): ArrayBufferLike {
  return bytes < 2 ** 32 ? Buffer.allocUnsafeSlow(bytes).buffer : new ArrayBuffer(bytes)
}

export class FrameReader {
  private readonly allocate: Allocate
  private target: Uint8Array
  private filled = 0
  private state: 'prelude' | 'lengths' | 'small' | 'frame' = 'prelude'
  private lengths: number[] = []
  private frames: Uint8Array[] = []
  private places: (Uint8Array | undefined)[] = []
  private message: unknown
  private waiting: Map<number, Serialized | Pickled> = new Map()
  private readonly prelude = Buffer.alloc(PRELUDE)

  constructor(allocate: Allocate = unfilled) {
    this.allocate = allocate
    this.target = this.prelude
  }

  /** Whether a message has begun: an end of the stream is then one that came too early. */
  get midway(): boolean {
    return this.state !== 'prelude' || this.filled > 0
  }

  /** Takes what has arrived (which may be overwritten afterwards) and hands out the messages that it completes. */
  push(chunk: Uint8Array, deliver: (message: Message) => void): void {
    let at = 0
    for (;;) {
      const missing = this.target.length - this.filled
      const take = Math.min(missing, chunk.length - at)
      if (take > 0)
        this.target.set(at === 0 && take === chunk.length ? chunk : chunk.subarray(at, at + take), this.filled)
      this.filled += take
      at += take
      if (take < missing) return
      this.step(deliver)
      if (at === chunk.length && this.target.length > 0) return
    }
  }

  /**
   * Where the next bytes belong, when they are many: whoever reads from the socket may put them there himself, at the
   * place's beginning, and then says so by `filledPlace`. It spares the copy out of the socket's buffer.
   */
  get place(): Uint8Array | undefined {
    const left = this.target.length - this.filled
    if (this.state !== 'frame' || left < LARGE) return undefined
    return this.target.subarray(this.filled, this.filled + Math.min(left, MAX_PLACE))
  }

  filledPlace(bytes: number, deliver: (message: Message) => void): void {
    this.filled += bytes
    while (this.filled === this.target.length) {
      this.step(deliver)
      if (this.target.length > 0) return
    }
  }

  private step(deliver: (message: Message) => void): void {
    switch (this.state) {
      case 'prelude': {
        const count = this.prelude.readBigUInt64LE(8)
        if (count === 0n || count > MAX_FRAMES) throw notDask()
        this.expect('lengths', new Uint8Array(Number(count) * 8))
        return
      }
      case 'lengths':
        this.measure()
        return
      case 'small': {
        let at = 0
        for (const length of this.lengths) this.frames.push(this.target.subarray(at, (at += length)))
        this.head()
        for (const [offset, value] of this.waiting) this.fill(offset, value)
        this.done(deliver)
        return
      }
      case 'frame':
        this.frames.push(this.target)
        if (this.frames.length === 1) this.head()
        this.plan(this.frames.length - 1)
        if (this.frames.length < this.lengths.length) this.nextFrame()
        else {
          for (const [offset, value] of this.waiting) value.frames = this.slice(offset, value)
          this.done(deliver)
        }
        return
      default:
        this.state satisfies never
    }
  }

  private measure(): void {
    const view = new DataView(this.target.buffer, this.target.byteOffset, this.target.byteLength)
    let total = 0
    this.lengths = []
    for (let i = 0; i < this.target.length; i += 8) {
      const length = Number(view.getBigUint64(i, true))
      if (length > Number.MAX_SAFE_INTEGER) throw notDask()
      if (length > MAX_FRAME_BYTES)
        throw new TsumbaError(
          'the other side sent a frame of more than 4 GiB. Remedy: leave distributed.comm.shard at its 64 MiB',
          'too-large',
        )
      this.lengths.push(length)
      total += length
    }
    this.frames = []
    if (total <= SMALL) this.expect('small', Buffer.allocUnsafe(total))
    else {
      this.places = new Array(this.lengths.length)
      this.nextFrame()
    }
  }

  private nextFrame(): void {
    const index = this.frames.length
    this.expect('frame', this.places[index] ?? new Uint8Array(this.lengths[index]!))
  }

  private head(): void {
    const { message, waiting } = unpackHead(this.frames[0]!)
    this.message = message
    this.waiting = waiting
  }

  /** Frame `index` has come: if it describes a value, says where that value's frames belong. */
  private plan(index: number): void {
    const value = this.waiting.get(index)
    if (value === undefined) return
    const count = unpackHeader(value, this.frames[index]!)
    const parts = value instanceof Serialized ? groups(value.header, count) : range(count)
    for (const [first, many] of parts) {
      const start = index + 1 + first
      const lengths = this.lengths.slice(start, start + many)
      const bytes = lengths.reduce((sum, length) => sum + length, 0)
      const buffer = this.allocate(bytes)
      let at = 0
      for (const [i, length] of lengths.entries()) {
        this.places[start + i] = new Uint8Array(buffer, at, length)
        at += length
      }
    }
  }

  private fill(offset: number, value: Serialized | Pickled): void {
    const frame = this.frames[offset]
    if (frame === undefined) throw new TsumbaError('a value points past its message', 'bad-message')
    unpackHeader(value, frame)
    value.frames = this.slice(offset, value)
  }

  private slice(offset: number, value: Serialized | Pickled): Uint8Array[] {
    const count = (value.header['num-sub-frames'] as number | undefined) ?? 0
    const frames = this.frames.slice(offset + 1, offset + 1 + count)
    if (frames.length !== count) throw new TsumbaError('a value points past its message', 'bad-message')
    return frames
  }

  private done(deliver: (message: Message) => void): void {
    const message = this.message as Message
    this.message = undefined
    this.frames = []
    this.places = []
    this.waiting = new Map()
    this.expect('prelude', this.prelude)
    deliver(message)
  }

  private expect(state: FrameReader['state'], target: Uint8Array): void {
    this.state = state
    this.target = target
    this.filled = 0
  }
}

function range(count: number): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => [i, 1] as const)
}

function notDask(): TsumbaError {
  return new TsumbaError('what came over the connection is not in the form of Dask', 'not-dask')
}

/** Frames up to this many bytes are small: a Python reader fetches them in one read with what precedes them. */
const TOGETHER = 4096

/**
 * What stands before the frames. `outer` tells a Python reader how much to fetch at once: everything, where that is
 * little or in many small parts; else what comes before the first large frame, so that arrays get memory of their own.
 */
export function preludeOf(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(16 + 8 * frames.length)
  let total = 0
  let leading = 0
  let leads = true
  frames.forEach((frame, i) => {
    bytes.writeBigUInt64LE(BigInt(frame.length), 16 + 8 * i)
    total += frame.length
    leads &&= frame.length <= TOGETHER
    if (leads) leading += frame.length
  })
  const fragmented = total < 2 ** 17 || (total < 2 ** 25 && total / frames.length < 2 ** 15)
  bytes.writeBigUInt64LE(BigInt(8 * (frames.length + 1) + (fragmented ? total : leading)), 0)
  bytes.writeBigUInt64LE(BigInt(frames.length), 8)
  return bytes
}
