/**
 * MessagePack as Dask writes it. Of our own, because its maps have tuples as keys (keys.ts), because sets, enumerations
 * and values that travel in frames of their own are marked maps, and because a stream's messages are read and written
 * here, thousands a second: one pass, no copy of bytes while reading.
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

import { TsumbaError } from '../../../errors.ts'
import { isMarked, keyOf, unmarked } from '../keys.ts'

/** Deeper than any message of Dask's; a hostile one must not exhaust the stack. */
const MAX_DEPTH = 400

/** Says by which map a value stands in the message; undefined for values of no such class. */
export type Replace = (value: object) => Record<string, unknown> | undefined
/** What a map whose only key begins with two underscores stands for; undefined where it is an ordinary map. */
export type Revive = (key: string, value: unknown) => unknown

function broken(what: string): TsumbaError {
  return new TsumbaError(`the other side sent a message that cannot be read: ${what}`, 'bad-message')
}

class Writer {
  private bytes = Buffer.allocUnsafe(4096)
  private length = 0
  private readonly replace: Replace
  constructor(replace: Replace) {
    this.replace = replace
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  write(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw new TsumbaError('the message is nested too deeply', 'bad-message')
    switch (typeof value) {
      case 'string':
        if (isMarked(value)) this.write(unmarked(value), depth + 1)
        else this.text(value)
        return
      case 'number':
        this.number(value)
        return
      case 'boolean':
        this.u8(value ? 0xc3 : 0xc2)
        return
      case 'undefined':
        this.u8(0xc0)
        return
      case 'bigint':
        this.bigint(value)
        return
      case 'object':
        this.object(value, depth)
        return
      default:
        throw new TsumbaError(`a ${typeof value} cannot stand in a message`, 'bad-message')
    }
  }

  private object(value: object | null, depth: number): void {
    if (value === null) this.u8(0xc0)
    else if (Array.isArray(value)) this.list(value, depth)
    else if (value instanceof Uint8Array) this.binary(value)
    else if (value instanceof Map) this.map(value, depth)
    else if (value instanceof Set) this.record({ __Set__: true, 'as-list': [...value] }, depth)
    else this.record(this.replace(value) ?? (value as Record<string, unknown>), depth)
  }

  private list(value: readonly unknown[], depth: number): void {
    this.head(value.length, 0x90, 15, 0xdc)
    for (const item of value) this.write(item, depth + 1)
  }

  private map(value: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.head(value.size, 0x80, 15, 0xde)
    for (const [key, item] of value) {
      this.write(key, depth + 1)
      this.write(item, depth + 1)
    }
  }

  /** Fields that are undefined are left out: the other side takes fields as named arguments. */
  private record(value: Record<string, unknown>, depth: number): void {
    let count = 0
    for (const key in value) if (value[key] !== undefined) count++
    this.head(count, 0x80, 15, 0xde)
    for (const key in value) {
      const item = value[key]
      if (item === undefined) continue
      this.write(key, depth + 1)
      this.write(item, depth + 1)
    }
  }

  /** A count: in the type's byte where it fits, else as 16 bits (`wide`) or 32 (`wide + 1`). */
  private head(count: number, small: number, most: number, wide: number): void {
    if (count <= most) this.u8(small | count)
    else if (count <= 0xffff) this.u16(wide, count)
    else this.u32(wide + 1, count)
  }

  private text(value: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(5 + value.length * 3)
    const headSize = value.length <= 10 ? 1 : value.length * 3 <= 0xff ? 2 : value.length * 3 <= 0xffff ? 3 : 5
    const start = this.length + headSize
    const size = this.bytes.write(value, start, 'utf8')
    if (headSize === 1) this.bytes[this.length] = 0xa0 | size
    else if (headSize === 2) {
      this.bytes[this.length] = 0xd9
      this.bytes[this.length + 1] = size
    } else if (headSize === 3) {
      this.bytes[this.length] = 0xda
      this.bytes.writeUInt16BE(size, this.length + 1)
    } else {
      this.bytes[this.length] = 0xdb
      this.bytes.writeUInt32BE(size, this.length + 1)
    }
    this.length = start + size
  }

  private binary(value: Uint8Array): void {
    if (value.length <= 0xff) {
      this.reserve(2)
      this.bytes[this.length++] = 0xc4
      this.bytes[this.length++] = value.length
    } else if (value.length <= 0xffff) this.u16(0xc5, value.length)
    else this.u32(0xc6, value.length)
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  private number(value: number): void {
    if (!Number.isInteger(value) || Object.is(value, -0) || !Number.isSafeInteger(value)) this.float(value)
    else if (value >= 0 && value < 0x80) this.u8(value)
    else if (value < 0 && value >= -32) this.u8(0x100 + value)
    else if (value >= 0 && value <= 0xffff) this.u16(0xcd, value)
    else if (value >= 0 && value <= 0xffffffff) this.u32(0xce, value)
    else if (value < 0 && value >= -0x80000000) this.u32(0xd2, value >>> 0)
    else this.bigint(BigInt(value))
  }

  private bigint(value: bigint): void {
    this.reserve(9)
    this.bytes[this.length] = value < 0n ? 0xd3 : 0xcf
    if (value < 0n) this.bytes.writeBigInt64BE(value, this.length + 1)
    else this.bytes.writeBigUInt64BE(value, this.length + 1)
    this.length += 9
  }

  private float(value: number): void {
    this.reserve(9)
    this.bytes[this.length] = 0xcb
    this.bytes.writeDoubleBE(value, this.length + 1)
    this.length += 9
  }

  private u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  private u16(type: number, value: number): void {
    this.reserve(3)
    this.bytes[this.length] = type
    this.bytes.writeUInt16BE(value, this.length + 1)
    this.length += 3
  }

  private u32(type: number, value: number): void {
    this.reserve(5)
    this.bytes[this.length] = type
    this.bytes.writeUInt32BE(value, this.length + 1)
    this.length += 5
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

class Reader {
  private at = 0
  private readonly bytes: Buffer
  private readonly revive: Revive
  constructor(bytes: Uint8Array, revive: Revive) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.revive = revive
  }

  read(depth: number): unknown {
    if (depth > MAX_DEPTH) throw broken('it is nested too deeply')
    const type = this.u8()
    if (type < 0x80) return type
    if (type < 0x90) return this.map(type & 15, depth)
    if (type < 0xa0) return this.list(type & 15, depth)
    if (type < 0xc0) return this.text(type & 31)
    if (type >= 0xe0) return type - 0x100
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.binary(this.u8())
      case 0xc5:
        return this.binary(this.unsigned(2))
      case 0xc6:
        return this.binary(this.unsigned(4))
      case 0xca:
        return this.bytes.readFloatBE(this.skip(4))
      case 0xcb:
        return this.bytes.readDoubleBE(this.skip(8))
      case 0xcc:
        return this.u8()
      case 0xcd:
        return this.unsigned(2)
      case 0xce:
        return this.unsigned(4)
      case 0xcf:
        return safe(this.bytes.readBigUInt64BE(this.skip(8)))
      case 0xd0:
        return this.bytes.readInt8(this.skip(1))
      case 0xd1:
        return this.bytes.readInt16BE(this.skip(2))
      case 0xd2:
        return this.bytes.readInt32BE(this.skip(4))
      case 0xd3:
        return safe(this.bytes.readBigInt64BE(this.skip(8)))
      case 0xd9:
        return this.text(this.u8())
      case 0xda:
        return this.text(this.unsigned(2))
      case 0xdb:
        return this.text(this.unsigned(4))
      case 0xdc:
        return this.list(this.unsigned(2), depth)
      case 0xdd:
        return this.list(this.unsigned(4), depth)
      case 0xde:
        return this.map(this.unsigned(2), depth)
      case 0xdf:
        return this.map(this.unsigned(4), depth)
      default:
        throw broken(`type 0x${type.toString(16)} at byte ${this.at - 1}`)
    }
  }

  private list(count: number, depth: number): unknown[] {
    if (count > this.bytes.length - this.at) throw broken('a list longer than the message')
    const items = new Array<unknown>(count)
    for (let i = 0; i < count; i++) items[i] = this.read(depth + 1)
    return items
  }

  private map(count: number, depth: number): unknown {
    const record: Record<string, unknown> = {}
    let first = ''
    for (let i = 0; i < count; i++) {
      const key = keyOf(this.read(depth + 1))
      if (i === 0) first = key
      const value = this.read(depth + 1)
      if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true, configurable: true })
      else record[key] = value
    }
    if (first.charCodeAt(0) === 0x5f && first.startsWith('__')) return this.marked(first, count, record)
    return record
  }

  private marked(first: string, count: number, record: Record<string, unknown>): unknown {
    if ('__Set__' in record) return new Set(record['as-list'] as unknown[])
    if ('__Enum__' in record) return record['name']
    return count === 1 ? (this.revive(first, record[first]) ?? record) : record
  }

  private text(size: number): string {
    const start = this.skip(size)
    // For short texts a loop is faster than the call out of JavaScript.
    if (size < 24) {
      let text = ''
      for (let i = start; i < start + size; i++) {
        const byte = this.bytes[i]!
        if (byte >= 0x80) return this.bytes.toString('utf8', start, start + size)
        text += String.fromCharCode(byte)
      }
      return text
    }
    return this.bytes.toString('utf8', start, start + size)
  }

  private binary(size: number): Uint8Array {
    const start = this.skip(size)
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, size)
  }

  private u8(): number {
    return this.bytes[this.skip(1)]!
  }

  private unsigned(size: number): number {
    return this.bytes.readUIntBE(this.skip(size), size)
  }

  /** Moves on by `size` bytes and returns where they begin. */
  private skip(size: number): number {
    const start = this.at
    if (start + size > this.bytes.length) throw broken('it ends too early')
    this.at = start + size
    return start
  }
}

function safe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The bytes of a value. Objects of classes go through `replace`. */
export function encode(value: unknown, replace: Replace = () => undefined): Uint8Array {
  const writer = new Writer(replace)
  writer.write(value, 0)
  return writer.finish()
}

/** The value in the bytes; binary parts are views of them. Maps with tuples as keys get marked texts (keys.ts). */
export function decode(bytes: Uint8Array, revive: Revive = () => undefined): unknown {
  return new Reader(bytes, revive).read(0)
}
