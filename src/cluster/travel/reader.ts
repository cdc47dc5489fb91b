/** Reads what a Writer wrote, from bytes that anybody may have made: whatever they say, it reads within them. */

import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'

export const damaged = (): TsumbaError =>
  new TsumbaError(
    `These bytes are not a value of ${PACKAGE}, or not all of one. Remedy: use the same version of it everywhere.`,
    'damaged-value',
  )

export class Reader {
  pos = 0
  private readonly bytes: Buffer
  private readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.pos
  }

  byte(): number {
    const value = this.bytes[this.pos++]
    if (value === undefined) throw damaged()
    return value
  }

  /** The next byte, which stays the next. */
  peek(): number | undefined {
    return this.bytes[this.pos]
  }

  double(): number {
    const at = this.skip(8)
    return this.view.getFloat64(at, true)
  }

  uint32(): number {
    const at = this.skip(4)
    return this.view.getUint32(at, true)
  }

  count(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const digit = this.byte()
      value += (digit & 127) * scale
      if (digit < 128) break
      if (scale > 2 ** 46) throw damaged()
    }
    return value
  }

  /** A count of things that take at least `size` bytes each, all of which are there. */
  countOf(size: number): number {
    const count = this.count()
    if (count * size > this.left) throw damaged()
    return count
  }

  /** Goes on by so many bytes; where they begin. */
  skip(length: number): number {
    const at = this.pos
    if (length > this.bytes.length - at) throw damaged()
    this.pos = at + length
    return at
  }

  /** On to a multiple of 8. */
  align(): void {
    this.skip((8 - (this.pos % 8)) % 8)
  }

  /** A view of the bytes themselves. */
  raw(length: number): Uint8Array {
    const at = this.skip(length)
    return this.bytes.subarray(at, at + length)
  }

  latin1(): string {
    const length = this.countOf(1)
    const at = this.skip(length)
    if (length > 24) return this.bytes.latin1Slice(at, at + length)
    let text = ''
    for (let i = at; i < at + length; i++) text += String.fromCharCode(this.bytes[i]!)
    return text
  }

  utf16(): string {
    const length = this.countOf(2)
    const at = this.skip(length * 2)
    return this.bytes.ucs2Slice(at, at + length * 2)
  }
}
