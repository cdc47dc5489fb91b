/**
 * Writes pickles, protocol 4: constants, texts, bytes, lists, tuples, dicts, sets, names, calls. A text, bytes object or
 * name that comes again is written once. Numbers: whole ones within ±(2⁵³ − 1) except −0 are int, all others float.
 */

import { TsumbaError } from '../../../errors.ts'
import { isMarked, unmarked } from '../keys.ts'
import { Call, encodeText, Global, Tuple } from './pickle.ts'

/** Deeper ones are for other serialisers. */
export const MAX_DEPTH = 500

const OP = {
  proto: 0x80,
  stop: 0x2e,
  none: 0x4e,
  true: 0x88,
  false: 0x89,
  int: 0x4a,
  byte: 0x4b,
  long: 0x8a,
  long4: 0x8b,
  float: 0x47,
  shortText: 0x8c,
  text: 0x58,
  text8: 0x8d,
  shortBytes: 0x43,
  bytes: 0x42,
  bytes8: 0x8e,
  memoize: 0x94,
  get: 0x68,
  longGet: 0x6a,
  mark: 0x28,
  list: 0x5d,
  appends: 0x65,
  dict: 0x7d,
  setItems: 0x75,
  set: 0x8f,
  addItems: 0x90,
  emptyTuple: 0x29,
  tuple: 0x74,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  global: 0x93,
  reduce: 0x52,
} as const

class PickleWriter {
  private bytes = Buffer.allocUnsafe(1024)
  private length = 0
  /** Texts and names by their text, bytes objects by themselves. */
  private readonly memo = new Map<unknown, number>()

  finish(value: unknown): Uint8Array {
    this.op(OP.proto)
    this.op(4)
    this.write(value, 0)
    this.op(OP.stop)
    return this.bytes.subarray(0, this.length)
  }

  private write(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw new TsumbaError('the value is nested too deeply for a pickle', 'too-deep')
    switch (typeof value) {
      case 'undefined':
        this.op(OP.none)
        return
      case 'boolean':
        this.op(value ? OP.true : OP.false)
        return
      case 'number':
        this.number(value)
        return
      case 'bigint':
        this.long(value)
        return
      case 'string':
        if (isMarked(value)) this.key(unmarked(value))
        else this.text(value)
        return
      case 'object':
        this.object(value, depth)
        return
      default:
        throw new TsumbaError(`a ${typeof value} has no counterpart in Python`, 'python-value')
    }
  }

  private object(value: object | null, depth: number): void {
    if (value === null) this.op(OP.none)
    else if (value instanceof Uint8Array) this.remember(value, () => this.binary(value))
    else if (Array.isArray(value)) this.batch(OP.list, OP.appends, value, depth)
    else if (value instanceof Tuple) this.tuple(value.items, depth)
    else if (value instanceof Set) this.batch(OP.set, OP.addItems, [...value], depth)
    else if (value instanceof Map) this.batch(OP.dict, OP.setItems, [...value].flat(1), depth)
    else if (value instanceof Global) this.global(value)
    else if (value instanceof Call) {
      this.write(value.callee, depth + 1)
      this.tuple(value.args, depth + 1)
      this.op(OP.reduce)
    } else this.batch(OP.dict, OP.setItems, Object.entries(value).flat(1), depth)
  }

  private batch(empty: number, add: number, items: readonly unknown[], depth: number): void {
    this.op(empty)
    if (items.length === 0) return
    this.op(OP.mark)
    for (const item of items) this.write(item, depth + 1)
    this.op(add)
  }

  private tuple(items: readonly unknown[], depth: number): void {
    if (items.length === 0) {
      this.op(OP.emptyTuple)
      return
    }
    const short = [OP.tuple1, OP.tuple2, OP.tuple3][items.length - 1]
    if (short === undefined) this.op(OP.mark)
    for (const item of items) this.write(item, depth + 1)
    this.op(short ?? OP.tuple)
  }

  /** What stands behind a marked key: lists in it are tuples. */
  private key(value: unknown): void {
    if (!Array.isArray(value)) {
      this.write(value, 0)
      return
    }
    this.op(OP.mark)
    for (const item of value) this.key(item)
    this.op(OP.tuple)
  }

  private global(value: Global): void {
    this.remember(`\u0000${value.module}:${value.name}`, () => {
      this.text(value.module)
      this.text(value.name)
      this.op(OP.global)
    })
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.reserve(9)
      this.bytes[this.length] = OP.float
      this.bytes.writeDoubleBE(value, this.length + 1)
      this.length += 9
    } else if (value >= 0 && value < 256) {
      this.op(OP.byte)
      this.op(value)
    } else if (value >= -(2 ** 31) && value < 2 ** 31) {
      this.reserve(5)
      this.bytes[this.length] = OP.int
      this.bytes.writeInt32LE(value, this.length + 1)
      this.length += 5
    } else this.long(BigInt(value))
  }

  /** Two's complement, little endian, as few bytes as hold it. */
  private long(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    for (;;) {
      const byte = Number(rest & 0xffn)
      bytes.push(byte)
      rest >>= 8n
      if ((rest === 0n && byte < 0x80) || (rest === -1n && byte >= 0x80)) break
    }
    if (bytes.length < 256) {
      this.op(OP.long)
      this.op(bytes.length)
    } else this.op32(OP.long4, bytes.length)
    this.raw(Uint8Array.from(bytes))
  }

  private text(value: string): void {
    this.remember(`\u0001${value}`, () => {
      const bytes = encodeText(value)
      if (bytes.length < 256) {
        this.op(OP.shortText)
        this.op(bytes.length)
      } else this.op32(OP.text, bytes.length)
      this.raw(bytes)
    })
  }

  private binary(value: Uint8Array): void {
    if (value.length < 256) {
      this.op(OP.shortBytes)
      this.op(value.length)
    } else if (value.length < 2 ** 32) this.op32(OP.bytes, value.length)
    this.raw(value)
  }

  /** Writes by `write` the first time, by reference from then on. */
  private remember(identity: unknown, write: () => void): void {
    const index = this.memo.get(identity)
    if (index === undefined) {
      write()
      this.memo.set(identity, this.memo.size)
      this.op(OP.memoize)
    } else if (index < 256) {
      this.op(OP.get)
      this.op(index)
    } else this.op32(OP.longGet, index)
  }

  private op(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  private op32(op: number, value: number): void {
    this.reserve(5)
    this.bytes[this.length] = op
    this.bytes.writeUInt32LE(value, this.length + 1)
    this.length += 5
  }

  private raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** A pickle of constants, texts, bytes, arrays (list), Tuple, plain objects and Map (dict), Set, Global and Call. */
export function pickle(value: unknown): Uint8Array {
  return new PickleWriter().finish(value)
}
