/**
 * How the arrays of one call come to stand in shared memory: headers for those that are there already, copies for
 * ordinary ones. Arguments that overlap in one buffer travel as one block, so that aliases stay aliases.
 */

import type { TypedArray } from '../types.ts'
import { bufferBehind } from './arrays.ts'
import { memoryError } from './failure.ts'
import { BORROWED, HEADER } from './layout.ts'
import { allocatePermanent, type Heap, heap } from './memory.ts'

/** What a program does to one parameter's elements. */
export interface ParamUse {
  readonly reads: boolean
  readonly writes: boolean
  /** Every element is written, on every path that returns. */
  readonly overwritten: boolean
}

// ── headers ──

const AREA_BYTES = 65536

/** A stack of headers and launch slots; a call takes what it needs and puts `top` back. */
export interface BorrowArea {
  readonly words: Uint32Array
  /** Byte address. */
  top: number
  readonly end: number
}

let area: BorrowArea | undefined

export function borrowArea(): BorrowArea {
  if (area) return area
  const { allocator } = heap()!
  const top = allocatePermanent(allocator, AREA_BYTES)
  area = { words: allocator.reach(top + AREA_BYTES), top, end: top + AREA_BYTES }
  return area
}

/** `bytes` more of the area, on a multiple of 16; the address. */
export function take(from: BorrowArea, bytes: number): number {
  const address = from.top
  const top = address + Math.ceil(bytes / 16) * 16
  if (top > from.end) throw memoryError('the arguments of calls within calls need more than their area holds')
  from.top = top
  return address
}

/** A header that compiled code never frees. */
export function writeHeader(to: BorrowArea, address: number, base: number, length: number, dtype: number): void {
  const at = address >>> 2
  to.words[at + (HEADER.base >>> 2)] = base
  to.words[at + (HEADER.length >>> 2)] = length
  to.words[at + (HEADER.refs >>> 2)] = BORROWED
  to.words[at + (HEADER.dtype >>> 2)] = dtype
}

// ── copies ──

interface Span {
  readonly position: number
  readonly view: TypedArray
  readonly buffer: ArrayBufferLike
  /** Bytes of the buffer; lo on a multiple of 8, so that elements keep their alignment. */
  readonly lo: number
  readonly hi: number
}

interface Block {
  readonly handle: number
  /** Address of byte lo of the buffer. */
  readonly base: number
  readonly lo: number
  readonly copiedIn: boolean
  readonly spans: readonly Span[]
}

export interface Loan {
  /** Copies back what was written and gives the blocks back; after a failure, only where nothing but the program wrote. */
  settle(failed: boolean): void
}

/**
 * Lends the ordinary arrays at `positions` of `args` to the shared memory: `bases[position]` becomes the address of
 * element 0.
 * @param canFail the program may fail after its first write: then what it overwrites must travel too, since the
 *   elements it did not reach keep their values.
 * @throws TsumbaError `out-of-memory`, before anything has happened
 */
export function lend(
  made: Heap,
  args: readonly unknown[],
  positions: readonly number[],
  use: readonly ParamUse[],
  canFail: boolean,
  bases: number[],
): Loan {
  const groups: Span[][] = []
  for (const position of positions) {
    const view = args[position] as TypedArray
    const { reads, writes } = use[position]!
    // Of an array that is neither read nor written only the length matters.
    if ((!reads && !writes) || view.byteLength === 0) {
      bases[position] = 0
      continue
    }
    const offset = view.byteOffset
    const span = { position, view, buffer: bufferBehind(view), lo: offset - (offset % 8), hi: offset + view.byteLength }
    join(groups, span)
  }
  const blocks: Block[] = []
  try {
    for (const spans of groups) blocks.push(copyIn(made, spans, use, canFail))
  } catch (error) {
    for (const block of blocks) made.allocator.free(block.handle)
    throw error
  }
  for (const { base, lo, spans } of blocks) {
    for (const span of spans) bases[span.position] = base + span.view.byteOffset - lo
  }
  return { settle: (failed) => settle(made, blocks, use, failed) }
}

/** Adds a span to the group that it overlaps; several such groups become one. */
function join(groups: Span[][], span: Span): void {
  const own = [span]
  for (let k = groups.length - 1; k >= 0; k--) {
    const group = groups[k]!
    const overlaps = group.some((other) => other.buffer === span.buffer && other.lo < span.hi && span.lo < other.hi)
    if (overlaps) {
      own.push(...group)
      groups.splice(k, 1)
    }
  }
  groups.push(own)
}

function copyIn(made: Heap, spans: readonly Span[], use: readonly ParamUse[], canFail: boolean): Block {
  let lo = Infinity
  let hi = 0
  let needed = false
  for (const span of spans) {
    lo = Math.min(lo, span.lo)
    hi = Math.max(hi, span.hi)
    const { reads, overwritten } = use[span.position]!
    needed ||= reads || !overwritten || canFail
  }
  const bytes = hi - lo
  // Counted in elements of 8 bytes: blocks of 2 GiB and more have too many bytes for an array of them.
  const handle = made.allocator.alloc(0, Math.ceil(bytes / 8), false)
  if (handle === 0) throw memoryError(`a copy of an argument for compiled code needs ${bytes} bytes`)
  const base = made.allocator.reach(handle + HEADER.bytes)[(handle + HEADER.base) >>> 2]!
  if (needed) bytesAt(made, base, bytes).set(new Uint8Array(spans[0]!.buffer, lo, bytes))
  return { handle, base, lo, copiedIn: needed, spans }
}

function settle(made: Heap, blocks: readonly Block[], use: readonly ParamUse[], failed: boolean): void {
  for (const { handle, base, lo, copiedIn, spans } of blocks) {
    // Without a copy in, a program that fails has written nothing yet.
    if (copiedIn || !failed) {
      for (const { position, view, buffer } of spans) {
        if (!use[position]!.writes) continue
        const bytes = view.byteLength
        new Uint8Array(buffer, view.byteOffset, bytes).set(bytesAt(made, base + view.byteOffset - lo, bytes))
      }
    }
    made.allocator.free(handle)
  }
}

function bytesAt(made: Heap, address: number, bytes: number): Uint8Array {
  return new Uint8Array(made.allocator.reach(address + bytes).buffer, address, bytes)
}
