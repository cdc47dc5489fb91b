/** The instructions of one function while they are written: mnemonics to bytes, locals, temporaries, nesting. */

import {
  type Callee,
  type CallSite,
  type DefinedFunction,
  type Signature,
  VALUE_TYPE_CODE,
  type ValueType,
} from './encode.ts'
import { type Opcode, opcode } from './opcodes.ts'
import { Writer } from './writer.ts'

const NO_RESULT = 0x40

export class Code {
  readonly #writer = new Writer()
  /** What runs before everything else: the constants that locals hold. */
  readonly #head = new Writer()
  readonly #constants = new Map<string, number>()
  readonly #calls: CallSite[] = []
  readonly #params: number
  readonly #locals: ValueType[] = []
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  /** Open blocks, loops and ifs. */
  depth = 0

  constructor(signature: Signature) {
    this.#params = signature.params.length
  }

  /** The finished function; nothing may be written afterwards. */
  finish(callee: Callee, exported?: string): DefinedFunction {
    this.op('end')
    const locals = this.#locals
    if (this.#constants.size === 0) return { callee, locals, code: this.#writer, calls: this.#calls, exported }
    const before = this.#head.length
    this.#head.append(this.#writer)
    const calls = this.#calls.map((call) => ({ ...call, at: call.at + before }))
    return { callee, locals, code: this.#head, calls, exported }
  }

  // ───────────────────────────── locals ─────────────────────────────

  newLocal(type: ValueType): number {
    this.#locals.push(type)
    return this.#params + this.#locals.length - 1
  }

  /** A local until `release`; its content is whatever the last user left. */
  temp(type: ValueType): number {
    return this.#free[type].pop() ?? this.newLocal(type)
  }

  release(type: ValueType, index: number): void {
    this.#free[type].push(index)
  }

  get(index: number): void {
    this.#writer.byte(0x20)
    this.#writer.u32(index)
  }

  set(index: number): void {
    this.#writer.byte(0x21)
    this.#writer.u32(index)
  }

  tee(index: number): void {
    this.#writer.byte(0x22)
    this.#writer.u32(index)
  }

  globalGet(index: number): void {
    this.#opcode(opcode('global.get'))
    this.#writer.u32(index)
  }

  globalSet(index: number): void {
    this.#opcode(opcode('global.set'))
    this.#writer.u32(index)
  }

  // ────────────────────────── instructions ──────────────────────────

  #opcode(o: Opcode): void {
    if (o.prefix === 0) this.#writer.byte(o.code)
    else {
      this.#writer.byte(o.prefix)
      this.#writer.u32(o.code)
    }
  }

  /** An instruction without an immediate, or whose memory index can only be 0. */
  op(mnemonic: string): void {
    const o = opcode(mnemonic)
    this.#opcode(o)
    if (o.immediate === 'zero' || o.immediate === 'zeros') this.#writer.byte(0)
    if (o.immediate === 'zeros') this.#writer.byte(0)
    if (o.immediate === 'none' || o.immediate === 'zero' || o.immediate === 'zeros') return
    throw new Error(`${mnemonic} needs an immediate (${o.immediate})`)
  }

  /** A load, store or atomic at the address on the stack plus `offset` bytes. */
  memory(mnemonic: string, offset = 0): void {
    const o = opcode(mnemonic)
    if (o.immediate !== 'memory') throw new Error(`${mnemonic} does not access memory`)
    this.#opcode(o)
    this.#writer.u32(o.align)
    this.#writer.u32(offset)
  }

  /** `v128.load32_lane` and its like: one lane between a vector and memory. */
  laneMemory(mnemonic: string, offset: number, lane: number): void {
    const o = opcode(mnemonic)
    if (o.immediate !== 'laneMemory') throw new Error(`${mnemonic} does not access memory by lanes`)
    this.#opcode(o)
    this.#writer.u32(o.align)
    this.#writer.u32(offset)
    this.#writer.byte(lane)
  }

  lane(mnemonic: string, lane: number): void {
    this.#opcode(opcode(mnemonic))
    this.#writer.byte(lane)
  }

  /** `i8x16.shuffle`: sixteen byte positions, 0–15 of the first operand, 16–31 of the second. */
  shuffle(bytes: readonly number[]): void {
    this.#opcode(opcode('i8x16.shuffle'))
    for (const b of bytes) this.#writer.byte(b)
  }

  i32(value: number): void {
    this.#writer.byte(0x41)
    this.#writer.s32(value)
  }

  i64(value: bigint): void {
    this.#writer.byte(0x42)
    this.#writer.s64(value)
  }

  f32(value: number): void {
    this.#writer.byte(0x43)
    this.#writer.f32(value)
  }

  f64(value: number): void {
    this.#writer.byte(0x44)
    this.#writer.f64(value)
  }

  v128(bytes: Uint8Array): void {
    this.#v128(this.#writer, bytes)
  }

  #v128(writer: Writer, bytes: Uint8Array): void {
    const { prefix, code } = opcode('v128.const')
    writer.byte(prefix)
    writer.u32(code)
    for (const b of bytes) writer.byte(b)
  }

  /**
   * The same, from a local that is set once where the function begins: newer V8s make a constant anew wherever it
   * stands, in every iteration of a loop, which costs loops of vectors up to half their speed. Of equal constants `key`
   * is the same, and of others another one.
   */
  constant(key: string, make: () => Uint8Array): void {
    let local = this.#constants.get(key)
    if (local === undefined) {
      local = this.newLocal('v128')
      this.#constants.set(key, local)
      this.#v128(this.#head, make())
      this.#head.byte(0x21)
      this.#head.u32(local)
    }
    this.get(local)
  }

  zero(type: ValueType): void {
    if (type === 'i64') this.i64(0n)
    else if (type === 'v128') this.v128(new Uint8Array(16))
    else this[type](0)
  }

  call(callee: Callee): void {
    this.#writer.byte(0x10)
    this.#calls.push({ at: this.#writer.length, callee })
    this.#writer.paddedIndex(0)
  }

  // ───────────────────────────── control ─────────────────────────────

  #open(mnemonic: string, result: ValueType | undefined): number {
    this.#opcode(opcode(mnemonic))
    this.#writer.byte(result ? VALUE_TYPE_CODE[result] : NO_RESULT)
    return ++this.depth
  }

  /** These return the target that `br` and `brIf` take. */
  block(): number {
    return this.#open('block', undefined)
  }

  loop(): number {
    return this.#open('loop', undefined)
  }

  if(result?: ValueType): number {
    return this.#open('if', result)
  }

  else(): void {
    this.op('else')
  }

  end(): void {
    this.depth--
    this.op('end')
  }

  br(target: number): void {
    this.#writer.byte(0x0c)
    this.#writer.u32(this.depth - target)
  }

  brIf(target: number): void {
    this.#writer.byte(0x0d)
    this.#writer.u32(this.depth - target)
  }
}
