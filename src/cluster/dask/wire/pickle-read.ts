/**
 * Reads pickles of protocol 0 to 5 into lists (tuples too), Maps (dicts), Sets, numbers, bigints, texts, bytes, and
 * Global and Call for everything else. It runs no code: what a Call means is the caller's decision, by name.
 */

import { TsumbaError } from '../../../errors.ts'
import { Call, decodeText, Global } from './pickle.ts'

/** A reader may be asked to make something of a call at once; undefined keeps it a Call. */
export type Reduce = (call: Call) => unknown

const MARK = Symbol('mark')

function broken(what: string): TsumbaError {
  return new TsumbaError(`a pickle from Python cannot be read: ${what}`, 'bad-pickle')
}

class PickleReader {
  private at = 0
  private readonly bytes: Buffer
  private readonly buffers: readonly Uint8Array[]
  private nextBuffer = 0
  private readonly stack: unknown[] = []
  private readonly memo = new Map<number, unknown>()
  private readonly reduce: Reduce
  constructor(bytes: Uint8Array, buffers: readonly Uint8Array[], reduce: Reduce) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.buffers = buffers
    this.reduce = reduce
  }

  read(): unknown {
    while (this.step(this.u8()));
    const value = this.stack.pop()
    if (this.stack.length > 0) throw broken('it ends with values left over')
    return value
  }

  /** One instruction; false at the last. Named as pickletools names them. */
  private step(op: number): boolean {
    const { stack } = this
    switch (op) {
      case 0x80: // PROTO
        if (this.u8() > 5) throw broken('it is of a protocol above 5')
        return true
      case 0x95: // FRAME
        this.skip(8)
        return true
      case 0x2e: // STOP
        return false
      case 0x28: // MARK
        stack.push(MARK)
        return true
      case 0x30: // POP
        stack.pop()
        return true
      case 0x31: // POP_MARK
        this.sinceMark()
        return true
      case 0x32: // DUP
        stack.push(this.top())
        return true
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top())
        return true
      case 0x71: // BINPUT
        this.memo.set(this.u8(), this.top())
        return true
      case 0x72: // LONG_BINPUT
        this.memo.set(this.u32(), this.top())
        return true
      case 0x70: // PUT
        this.memo.set(Number(this.line()), this.top())
        return true
      case 0x68: // BINGET
        return this.recall(this.u8())
      case 0x6a: // LONG_BINGET
        return this.recall(this.u32())
      case 0x67: // GET
        return this.recall(Number(this.line()))
      default:
        return this.constant(op) || this.container(op) || this.object(op) || unknown(op, this.at)
    }
  }

  private constant(op: number): boolean {
    const value = this.scalar(op)
    if (value === MARK) return false
    this.stack.push(value)
    return true
  }

  /** A value that stands alone; MARK where the instruction is another. */
  private scalar(op: number): unknown {
    switch (op) {
      case 0x4e: // NONE
        return null
      case 0x88: // NEWTRUE
        return true
      case 0x89: // NEWFALSE
        return false
      case 0x4a: // BININT
        return this.bytes.readInt32LE(this.skip(4))
      case 0x4b: // BININT1
        return this.u8()
      case 0x4d: // BININT2
        return this.bytes.readUInt16LE(this.skip(2))
      case 0x8a: // LONG1
        return this.long(this.u8())
      case 0x8b: // LONG4
        return this.long(this.u32())
      case 0x49: // INT
        return textInt(this.line())
      case 0x4c: // LONG
        return integer(BigInt(this.line().replace(/L$/, '')))
      case 0x46: // FLOAT
        return textFloat(this.line())
      case 0x47: // BINFLOAT
        return this.bytes.readDoubleBE(this.skip(8))
      case 0x8c: // SHORT_BINUNICODE
        return this.text(this.u8())
      case 0x58: // BINUNICODE
        return this.text(this.u32())
      case 0x8d: // BINUNICODE8
        return this.text(this.u64())
      case 0x43: // SHORT_BINBYTES
        return this.binary(this.u8())
      case 0x42: // BINBYTES
        return this.binary(this.u32())
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.binary(this.u64())
      case 0x97: {
        // NEXT_BUFFER
        const buffer = this.buffers[this.nextBuffer++]
        if (buffer === undefined) throw broken('a buffer is missing')
        return buffer
      }
      default:
        return MARK
    }
  }

  private container(op: number): boolean {
    const { stack } = this
    switch (op) {
      case 0x98: // READONLY_BUFFER
        return true
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([])
        return true
      case 0x7d: // EMPTY_DICT
        stack.push(new Map())
        return true
      case 0x8f: // EMPTY_SET
        stack.push(new Set())
        return true
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(this.take(op - 0x84))
        return true
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(this.sinceMark())
        return true
      case 0x64: // DICT
        stack.push(setItems(new Map(), this.sinceMark()))
        return true
      case 0x91: // FROZENSET
        stack.push(new Set(this.sinceMark()))
        return true
      case 0x61: // APPEND
        return this.append(this.take(1))
      case 0x65: // APPENDS
        return this.append(this.sinceMark())
      case 0x73: // SETITEM
        return this.assign(this.take(2))
      case 0x75: // SETITEMS
        return this.assign(this.sinceMark())
      case 0x90: {
        // ADDITEMS
        const items = this.sinceMark()
        const set = this.top()
        if (!(set instanceof Set)) throw broken('items are added to what is no set')
        for (const item of items) set.add(item)
        return true
      }
      default:
        return false
    }
  }

  private object(op: number): boolean {
    const { stack } = this
    switch (op) {
      case 0x63: // GLOBAL
        stack.push(new Global(this.line(), this.line()))
        return true
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.take(2)
        stack.push(new Global(String(module), String(name)))
        return true
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee, args] = this.take(2)
        return this.call(callee, args)
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callee, args, named] = this.take(3)
        if (named instanceof Map && named.size > 0) return this.call(callee, [...(args as unknown[]), named])
        return this.call(callee, args)
      }
      case 0x62: {
        // BUILD
        const [state] = this.take(1)
        const target = this.top()
        if (target instanceof Call) target.state = state
        else throw broken('a state is given to a plain value')
        return true
      }
      default:
        return false
    }
  }

  private call(callee: unknown, args: unknown): boolean {
    if (!Array.isArray(args)) throw broken('a call without a list of arguments')
    const call = new Call(callee, args)
    const value = this.reduce(call)
    this.stack.push(value === undefined ? call : value)
    return true
  }

  private append(items: readonly unknown[]): boolean {
    const list = this.top()
    if (Array.isArray(list)) for (const item of items) list.push(item)
    // Subclasses of list, made by a call.
    else if (list instanceof Call) list.state = items
    else throw broken('items are appended to what is no list')
    return true
  }

  private assign(items: readonly unknown[]): boolean {
    const dict = this.top()
    if (dict instanceof Map) setItems(dict, items)
    else if (dict instanceof Call) dict.state = setItems(new Map(), items)
    else throw broken('items are set in what is no dict')
    return true
  }

  private recall(index: number): boolean {
    if (!this.memo.has(index)) throw broken('it refers to what it has not remembered')
    this.stack.push(this.memo.get(index))
    return true
  }

  private top(): unknown {
    if (this.stack.length === 0) throw broken('its stack is empty')
    return this.stack.at(-1)
  }

  private take(count: number): unknown[] {
    if (this.stack.length < count) throw broken('its stack is empty')
    return this.stack.splice(-count)
  }

  private sinceMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK)
    if (mark < 0) throw broken('a mark is missing')
    const items = this.stack.splice(mark + 1)
    this.stack.pop()
    return items
  }

  /** Two's complement, little endian. */
  private long(size: number): number | bigint {
    const start = this.skip(size)
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]!)
    return integer(BigInt.asIntN(8 * size, value))
  }

  private text(size: number): string {
    const start = this.skip(size)
    return decodeText(this.bytes.subarray(start, start + size))
  }

  private binary(size: number): Uint8Array {
    const start = this.skip(size)
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, size)
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.at)
    if (end < 0) throw broken('it ends too early')
    const text = this.bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return text
  }

  private u8(): number {
    return this.bytes[this.skip(1)]!
  }

  private u32(): number {
    return this.bytes.readUInt32LE(this.skip(4))
  }

  private u64(): number {
    return Number(this.bytes.readBigUInt64LE(this.skip(8)))
  }

  private skip(size: number): number {
    const start = this.at
    if (start + size > this.bytes.length) throw broken('it ends too early')
    this.at = start + size
    return start
  }
}

function unknown(op: number, at: number): never {
  throw broken(`instruction 0x${op.toString(16)} at byte ${at - 1}`)
}

function setItems(dict: Map<unknown, unknown>, items: readonly unknown[]): Map<unknown, unknown> {
  for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i], items[i + 1])
  return dict
}

function integer(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Protocol 0 writes booleans as the integers 00 and 01. */
function textInt(line: string): unknown {
  return line === '00' ? false : line === '01' ? true : integer(BigInt(line))
}

function textFloat(line: string): number {
  return line === 'inf' ? Number.POSITIVE_INFINITY : line === '-inf' ? Number.NEGATIVE_INFINITY : Number(line)
}

/** The object in the pickle. `buffers` are those that the pickle keeps outside itself. */
export function unpickle(
  bytes: Uint8Array,
  buffers: readonly Uint8Array[] = [],
  reduce: Reduce = () => undefined,
): unknown {
  return new PickleReader(bytes, buffers, reduce).read()
}
