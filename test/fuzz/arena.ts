/**
 * One block of shared memory in which the arrays of one program after another stand, at any address that their elements
 * may have, with bytes between them that nobody may touch.
 */

import { allocate } from '../../src/runtime/arrays.ts'
import type { TypedArray } from '../../src/types.ts'
import { type Allocate, bytesOf } from './inputs.ts'

const BYTES = 2 ** 20
/** As far as a vector, or a few of them, would reach past an end. */
const GUARD = 64
const FILL = 0xa5

type Maker = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray

export class Arena {
  private readonly bytes = allocate(Uint8Array, BYTES) as unknown as Uint8Array
  private readonly buffer = this.bytes.buffer
  private taken: { readonly from: number; readonly to: number }[] = []
  private top = 0
  private shift = 0

  /** Forgets all arrays; `shift` decides where the next ones stand within 16 bytes. */
  reset(shift: number): void {
    this.taken = []
    this.top = 0
    this.shift = shift
  }

  /** A zeroed array with guards around it. */
  readonly allocate: Allocate = (type, length, align) => {
    const size = bytesOf(type)
    const away = ((this.shift + this.taken.length * 5) % (16 / align)) * align
    const from = this.top + GUARD + away
    const to = from + length * size
    const end = Math.ceil((to + GUARD) / 16) * 16
    if (end > BYTES) throw new RangeError(`a program's arrays take more than ${BYTES} bytes`)
    this.bytes.fill(FILL, this.top, from)
    this.bytes.fill(0, from, to)
    this.bytes.fill(FILL, to, end)
    this.taken.push({ from, to })
    this.top = end
    return new (globalThis[type] as unknown as Maker)(this.buffer, this.bytes.byteOffset + from, length)
  }

  /** Whether the bytes around all arrays are as they were. */
  isIntact(): boolean {
    let at = 0
    for (const { from, to } of [...this.taken, { from: this.top, to: this.top }]) {
      for (; at < from; at++) if (this.bytes[at] !== FILL) return false
      at = to
    }
    return true
  }
}
