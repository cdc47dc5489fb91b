/**
 * The allocator of the shared memory: handles in, handles out, for every thread at once. Its whole state lives in the
 * memory itself, so each thread makes its own `Allocator` over it and they all agree.
 *
 * `createAllocator` refers to nothing outside its own text: threads.ts puts `createAllocator.toString()` into a
 * worker's source. (Compilers may wrap inner functions in `__name(…)`; the worker's prelude defines it.)
 *
 * Blocks lie side by side from HEAP_START + 32 to `top`; sizes are multiples of 64 and every block begins at 32 modulo
 * 64, so data begins on a cache line:
 *
 *     +0 size, bit 0: in use   +4 size of the block before (0: none)   +8 unused (8 bytes)
 *     +16 in use: the array's header, to which the handle points; free: next, previous of the free list
 *     +32 data
 *
 * Free blocks are in lists by size, eight lists to a power of two; a bounded best fit keeps fragmentation low. Blocks
 * beside each other never are both free. Pages never return to the system, so reuse comes before growth.
 */

import { DTYPES } from '../types.ts'
import { BORROWED, HEADER, HEAP_START, HEAP_STATE, PAGE } from './layout.ts'

export interface Allocator {
  /**
   * A block for `length` elements with one reference; 0 when the length is not a whole number in [0, 2³¹) or there is
   * no room. Elements are zero if asked for, else anything.
   */
  alloc(dtype: number, length: number, zero: boolean): number
  /** Gives a block back; 0 and borrowed headers are left alone. */
  free(handle: number): void
  /** The memory's words, at least up to byte `end`. */
  reach(end: number): Uint32Array<SharedArrayBuffer>
  /** Bytes in blocks that are in use, and the bytes that the memory may hold at most. */
  stats(): { used: number; blocks: number; capacity: number }
}

/** The numbers that `createAllocator` needs; plain data, to go into a worker's text as JSON. */
export interface AllocatorLayout {
  readonly page: number
  readonly state: number
  readonly start: number
  readonly borrowed: number
  readonly header: { readonly base: number; readonly length: number; readonly refs: number; readonly dtype: number }
  /** Bytes an element, by dtype code. */
  readonly sizes: readonly number[]
}

export const ALLOCATOR_LAYOUT: AllocatorLayout = {
  page: PAGE,
  state: HEAP_STATE,
  start: HEAP_START,
  borrowed: BORROWED,
  header: HEADER,
  sizes: DTYPES.map((d) => d.size),
}

/**
 * @param maxPages the memory's maximum; the first thread to come says it, others may leave it out.
 */
export function createAllocator(memory: WebAssembly.Memory, layout: AllocatorLayout, maxPages?: number): Allocator {
  // Words of the state.
  const STATE = layout.state >>> 2
  const LOCK = STATE // 0 free, 1 taken, 2 taken and perhaps waited for
  const TURN = STATE + 1 // counts the lock's owners: how a dead owner is told from a busy lock
  const TOP = STATE + 16 // end of the last block
  const LAST = STATE + 17 // address of the last block, 0: none
  const FRESH = STATE + 18 // from here up nothing was ever written: still zero
  const USED = STATE + 19
  const BLOCKS = STATE + 20
  const MAX_PAGES = STATE + 21
  const BROKEN = STATE + 22
  const MAP = STATE + 32 // a bit a list: it is not empty
  const LISTS = STATE + 64
  const LIST_COUNT = 200
  const FIRST = layout.start + 32
  const GRAIN = 64
  const OVERHEAD = 32
  // A list is searched this far for a better fit.
  const SEARCH = 32
  const WAIT_MS = 20
  // Waits in a row with the same owner (2 s in all) before it is taken for dead.
  const PATIENCE = 100

  // memory.fill: on shared memory TypedArray.prototype.fill stores elements one by one, ten times slower.
  const fillModule = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 3, 127, 127, 127, 0, 2, 18, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111,
    114, 121, 2, 3, 0, 128, 128, 4, 3, 2, 1, 0, 7, 8, 1, 4, 102, 105, 108, 108, 0, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1,
    32, 2, 252, 11, 0, 11,
  ])
  const fill = new WebAssembly.Instance(new WebAssembly.Module(fillModule), { env: { memory } }).exports
    .fill as unknown as (address: number, value: number, bytes: number) => void

  let words = new Uint32Array(memory.buffer) as unknown as Uint32Array<SharedArrayBuffer>
  let signed = new Int32Array(words.buffer)

  function reach(end: number): Uint32Array<SharedArrayBuffer> {
    if (end > words.byteLength) {
      // Another thread's growth may not have arrived here; growing by nothing fetches it.
      if (memory.buffer.byteLength < end) memory.grow(0)
      words = new Uint32Array(memory.buffer) as unknown as Uint32Array<SharedArrayBuffer>
      signed = new Int32Array(words.buffer)
    }
    return words
  }

  // ── free lists ──

  function listOf(size: number): number {
    const k = size >>> 6
    if (k < 16) return k
    const log = 31 - Math.clz32(k)
    return 16 + (log - 4) * 8 + ((k >>> (log - 3)) & 7)
  }

  function insert(block: number, size: number): void {
    const list = listOf(size)
    const at = block >>> 2
    const head = words[LISTS + list]!
    words[at] = size
    words[at + 4] = head
    words[at + 5] = 0
    if (head !== 0) words[(head >>> 2) + 5] = block
    words[LISTS + list] = block
    words[MAP + (list >>> 5)]! |= 1 << (list & 31)
  }

  function remove(block: number): void {
    const at = block >>> 2
    const next = words[at + 4]!
    const previous = words[at + 5]!
    if (next !== 0) words[(next >>> 2) + 5] = previous
    if (previous !== 0) {
      words[(previous >>> 2) + 4] = next
      return
    }
    const list = listOf(words[at]!)
    words[LISTS + list] = next
    if (next === 0) words[MAP + (list >>> 5)]! &= ~(1 << (list & 31))
  }

  /** The smallest that serves among the first of a list; 0 if none does. */
  function bestOf(list: number, size: number, search = SEARCH): number {
    let best = 0
    let bestSize = Infinity
    let block = words[LISTS + list]!
    for (let tries = 0; block !== 0 && tries < search; tries++) {
      const at = block >>> 2
      const has = words[at]!
      if (has >= size && has < bestSize) {
        best = block
        bestSize = has
        if (has === size) break
      }
      block = words[at + 4]!
    }
    return best
  }

  function find(size: number): number {
    const list = listOf(size)
    const own = bestOf(list, size)
    if (own !== 0) return own
    for (let next = list + 1; next < LIST_COUNT; ) {
      const bits = (words[MAP + (next >>> 5)]! >>> (next & 31)) >>> 0
      if (bits === 0) {
        next = ((next >>> 5) + 1) << 5
        continue
      }
      return bestOf(next + (31 - Math.clz32(bits & -bits)), size)
    }
    return 0
  }

  /** Makes the memory larger until its last block holds `size` bytes; false when it may not or cannot be. */
  function grow(size: number): boolean {
    const last = words[LAST]!
    const lastFree = last !== 0 && (words[last >>> 2]! & 1) === 0 ? words[last >>> 2]! : 0
    memory.grow(0)
    const have = memory.buffer.byteLength / layout.page
    const need = Math.ceil((size - lastFree) / layout.page)
    const room = words[MAX_PAGES]! - have
    if (need > room) return false
    // Growing tells every thread: do it rarely. Untouched pages cost nothing.
    const more = Math.min(room, Math.max(need, Math.min(1024, have >>> 1)))
    try {
      memory.grow(more)
    } catch {
      try {
        memory.grow(need)
      } catch {
        return false
      }
    }
    reach(memory.buffer.byteLength)
    extend(memory.buffer.byteLength - 32)
    return true
  }

  /** The bytes from `top` to `end` become free. */
  function extend(end: number): void {
    const top = words[TOP]!
    const last = words[LAST]!
    if (last !== 0 && (words[last >>> 2]! & 1) === 0) {
      remove(last)
      insert(last, end - last)
    } else {
      words[(top >>> 2) + 1] = last === 0 ? 0 : top - last
      insert(top, end - top)
      words[LAST] = top
    }
    words[TOP] = end
  }

  // ── the lock ──

  function acquire(): void {
    for (let spin = 0; spin < 100; spin++) {
      if (Atomics.compareExchange(signed, LOCK, 0, 1) === 0) {
        Atomics.add(signed, TURN, 1)
        return
      }
    }
    let turn = Atomics.load(signed, TURN)
    let waits = 0
    while (Atomics.exchange(signed, LOCK, 2) !== 0) {
      try {
        Atomics.wait(signed, LOCK, 2, WAIT_MS)
      } catch {
        // A page's main thread may not wait.
        const until = performance.now() + WAIT_MS
        while (Atomics.load(signed, LOCK) !== 0 && performance.now() < until);
      }
      const now = Atomics.load(signed, TURN)
      if (now !== turn) {
        turn = now
        waits = 0
      } else if (++waits >= PATIENCE) {
        // The owner was ended in the middle of its work. One of the waiting threads takes its place.
        if (Atomics.compareExchange(signed, TURN, turn, turn + 1) === turn) {
          rebuild()
          return
        }
        waits = 0
      }
    }
    Atomics.add(signed, TURN, 1)
  }

  function release(): void {
    if (Atomics.exchange(signed, LOCK, 0) === 2) Atomics.notify(signed, LOCK, 1)
  }

  /** Makes the lists anew from the blocks, whose sizes are single words and so never half written. */
  function rebuild(): void {
    memory.grow(0)
    reach(memory.buffer.byteLength)
    words.fill(0, MAP, LISTS + LIST_COUNT)
    const end = memory.buffer.byteLength - 32
    let used = 0
    let blocks = 0
    let last = 0
    let block = FIRST
    const top = words[TOP]!
    while (block < top) {
      let size = words[block >>> 2]!
      const inUse = (size & 1) === 1
      size = (size & ~1) >>> 0
      if (size === 0 || size % GRAIN !== 0 || block + size > end) {
        words[BROKEN] = 1
        return
      }
      if (inUse) {
        used += size
        blocks++
        words[(block >>> 2) + 1] = last === 0 ? 0 : block - last
        last = block
      } else if (last !== 0 && (words[last >>> 2]! & 1) === 0) {
        remove(last)
        insert(last, words[last >>> 2]! + size)
      } else {
        words[(block >>> 2) + 1] = last === 0 ? 0 : block - last
        insert(block, size)
        last = block
      }
      block += size
    }
    words[LAST] = last
    words[TOP] = block
    words[USED] = used
    words[BLOCKS] = blocks
    words[FRESH] = block + OVERHEAD
    if (block < end) extend(end)
  }

  // ── what callers see ──

  function alloc(dtype: number, length: number, zero: boolean): number {
    const bytes = length * layout.sizes[dtype]!
    if (!(length >= 0 && length < 0x80000000 && bytes <= 0xffff0000) || length !== Math.floor(length)) return 0
    const size = Math.ceil((bytes + OVERHEAD) / GRAIN) * GRAIN
    acquire()
    reach(words[TOP]! + 32)
    let block = 0
    if (words[BROKEN]! === 0) {
      block = find(size)
      if (block === 0) block = grow(size) ? find(size) : bestOf(listOf(size), size, Infinity)
    }
    if (block === 0) {
      release()
      return 0
    }
    remove(block)
    const has = words[block >>> 2]!
    if (has > size) {
      // The rest's size is written before this block's: the blocks can be walked at any moment.
      const rest = block + size
      words[(rest >>> 2) + 1] = size
      insert(rest, has - size)
      if (words[LAST]! === block) words[LAST] = rest
      else words[((block + has) >>> 2) + 1] = has - size
    }
    words[block >>> 2] = size | 1
    words[USED]! += size
    words[BLOCKS]! += 1
    const data = block + OVERHEAD
    const fresh = words[FRESH]!
    // The next block's first words lie past this one's end.
    if (fresh < block + size + OVERHEAD) words[FRESH] = block + size + OVERHEAD
    release()

    const at = (block + 16) >>> 2
    words[at + (layout.header.base >>> 2)] = data
    words[at + (layout.header.length >>> 2)] = length
    words[at + (layout.header.refs >>> 2)] = 1
    words[at + (layout.header.dtype >>> 2)] = dtype
    if (zero) {
      const dirty = Math.min(data + bytes, fresh) - data
      if (dirty > 0) fill(data, 0, dirty)
    }
    return block + 16
  }

  function free(signedHandle: number): void {
    const handle = signedHandle >>> 0
    if (handle === 0) return
    let block = handle - 16
    reach(handle + 16)
    if (words[(handle + layout.header.refs) >>> 2]! >= layout.borrowed) return
    acquire()
    reach(words[TOP]! + 32)
    let size = words[block >>> 2]!
    if (block < FIRST || block % GRAIN !== 32 || block >= words[TOP]! || (size & 1) === 0) {
      release()
      throw new Error(`${handle} is not a block in use`)
    }
    size -= 1
    words[USED]! -= size
    words[BLOCKS]! -= 1
    const next = block + size
    const atEnd = words[LAST]! === block
    const before = words[(block >>> 2) + 1]!
    const beforeFree = before !== 0 && (words[(block - before) >>> 2]! & 1) === 0
    let last = atEnd
    if (!atEnd && (words[next >>> 2]! & 1) === 0) {
      last = words[LAST]! === next
      remove(next)
      size += words[next >>> 2]!
    }
    if (beforeFree) {
      block -= before
      remove(block)
      size += before
    }
    insert(block, size)
    if (last) words[LAST] = block
    else words[((block + size) >>> 2) + 1] = size
    release()
  }

  function stats(): { used: number; blocks: number; capacity: number } {
    return { used: words[USED]!, blocks: words[BLOCKS]!, capacity: words[MAX_PAGES]! * layout.page - FIRST - 32 }
  }

  acquire()
  if (words[MAX_PAGES]! === 0) {
    words[MAX_PAGES] = maxPages ?? memory.buffer.byteLength / layout.page
    words[TOP] = FIRST
    words[FRESH] = FIRST
    extend(memory.buffer.byteLength - 32)
  }
  release()
  return { alloc, free, reach, stats }
}
