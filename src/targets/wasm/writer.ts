/** Bytes that grow, and the encodings of numbers and names that the binary format uses. */

const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)
const utf8 = new TextEncoder()

export class Writer {
  #bytes = new Uint8Array(512)
  length = 0

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  /** Unsigned LEB128. */
  u32(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** Unsigned LEB128 in five bytes, so that `patchIndex` can write another number over it. */
  paddedIndex(value: number): void {
    this.#reserve(5)
    this.length += 5
    this.patchIndex(this.length - 5, value)
  }

  patchIndex(at: number, value: number): void {
    for (let k = 0; k < 5; k++) this.#bytes[at + k] = ((value >>> (7 * k)) & 0x7f) | (k < 4 ? 0x80 : 0)
  }

  /** Signed LEB128. */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  s64(value: bigint): void {
    if (BigInt.asIntN(32, value) === value) {
      this.s32(Number(value))
      return
    }
    let rest = BigInt.asIntN(64, value)
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest & 0x7fn))
  }

  f32(value: number): void {
    scratch.setFloat32(0, value, true)
    this.#raw(scratchBytes.subarray(0, 4))
  }

  f64(value: number): void {
    scratch.setFloat64(0, value, true)
    this.#raw(scratchBytes)
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  append(other: Writer): void {
    this.#raw(other.#bytes.subarray(0, other.length))
  }

  /** A length and as many bytes of UTF-8. */
  name(text: string): void {
    const bytes = utf8.encode(text)
    this.u32(bytes.length)
    this.#raw(bytes)
  }

  /** A length and as many bytes. */
  sized(content: Writer): void {
    this.u32(content.length)
    this.append(content)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length)
  }
}
