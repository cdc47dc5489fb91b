/** Bytes, one after the other, in a buffer that grows and is used again. */

export class Writer {
  pos = 0
  private bytes = Buffer.allocUnsafeSlow(4096)
  private view = new DataView(this.bytes.buffer)

  private grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.pos + more))
    this.bytes.copy(larger, 0, 0, this.pos)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  byte(value: number): void {
    if (this.pos === this.bytes.length) this.grow(1)
    this.bytes[this.pos++] = value
  }

  double(value: number): void {
    if (this.pos + 8 > this.bytes.length) this.grow(8)
    this.view.setFloat64(this.pos, value, true)
    this.pos += 8
  }

  uint32(value: number): void {
    if (this.pos + 4 > this.bytes.length) this.grow(4)
    this.view.setUint32(this.pos, value, true)
    this.pos += 4
  }

  /** A count: up to 2⁵³. */
  count(value: number): void {
    let rest = value
    while (rest > 127) {
      this.byte((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  raw(source: Uint8Array): void {
    if (this.pos + source.length > this.bytes.length) this.grow(source.length)
    // Short runs are copied faster here than by a call of the engine's.
    if (source.length < 48) for (let i = 0; i < source.length; i++) this.bytes[this.pos + i] = source[i]!
    else this.bytes.set(source, this.pos)
    this.pos += source.length
  }

  /** Bytes up to a multiple of 8. */
  align(): void {
    while (this.pos % 8 !== 0) this.byte(0)
  }

  /** Whether all characters are below U+0100; then they have been written after their count. */
  latin1(text: string): boolean {
    const { length } = text
    const start = this.pos
    this.count(length)
    if (this.pos + length > this.bytes.length) this.grow(length)
    if (length > 64) {
      for (let i = 0; i < length; i++) {
        if (text.charCodeAt(i) > 255) {
          this.pos = start
          return false
        }
      }
      this.bytes.latin1Write(text, this.pos, length)
    } else {
      for (let i = 0; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 255) {
          this.pos = start
          return false
        }
        this.bytes[this.pos + i] = code
      }
    }
    this.pos += length
    return true
  }

  /** Characters as two bytes each, after their count. */
  utf16(text: string): void {
    const size = text.length * 2
    this.count(text.length)
    if (this.pos + size > this.bytes.length) this.grow(size)
    this.bytes.ucs2Write(text, this.pos, size)
    this.pos += size
  }

  setByte(at: number, value: number): void {
    this.bytes[at] = value
  }

  setUint32(at: number, value: number): void {
    this.view.setUint32(at, value, true)
  }

  /** What has been written, as bytes of their own, in a buffer of exactly that size. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = Uint8Array.prototype.slice.call(
      new Uint8Array(this.bytes.buffer, 0, this.pos),
    ) as Uint8Array<ArrayBuffer>
    this.pos = 0
    if (this.bytes.length > LARGE) {
      this.bytes = Buffer.allocUnsafeSlow(4096)
      this.view = new DataView(this.bytes.buffer)
    }
    return taken
  }

  reset(): void {
    this.pos = 0
  }
}

/** Bytes of buffer that are not kept for the next time. */
const LARGE = 2 ** 20

declare global {
  // Node has them on every Buffer since its first days; its types leave them out.
  interface Buffer {
    latin1Write(text: string, offset: number, length: number): number
    ucs2Write(text: string, offset: number, length: number): number
    latin1Slice(start: number, end: number): string
    ucs2Slice(start: number, end: number): string
  }
}
