/**
 * The one shared WebAssembly memory of this thread's tsumba and what stands in it for good. Made on first need, small
 * at first, grown by the allocator. Where the engine cannot have it, everything still runs, in ordinary memory, and
 * `heapReason()` says why.
 */

import { dtypeCode } from '../types.ts'
import { ALLOCATOR_LAYOUT, type Allocator, createAllocator } from './allocator.ts'
import { HEADER, PAGE, TLS } from './layout.ts'

export interface Heap {
  readonly memory: WebAssembly.Memory
  readonly allocator: Allocator
  /** Address of this thread's own area (layout.ts, TLS). */
  readonly tls: number
}

const INITIAL_PAGES = 16
/** 4 GiB first. It is reserved, not used; where address space is scarce less will do. */
const MAXIMA = [65536, 32768, 16384, 4096]

let made: Heap | undefined
let reason: string | undefined

/** The shared memory, or undefined where there can be none. */
export function heap(): Heap | undefined {
  if (made === undefined && reason === undefined) make()
  return made
}

/** Why `heap()` is undefined, or smaller than 4 GiB; empty where all is well. */
export function heapReason(): string {
  heap()
  return reason ?? ''
}

function make(): void {
  if (typeof WebAssembly !== 'object') {
    reason = 'this engine has no WebAssembly'
    return
  }
  let failure = ''
  for (const maximum of MAXIMA) {
    try {
      const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true })
      const allocator = createAllocator(memory, ALLOCATOR_LAYOUT, maximum)
      made = { memory, allocator, tls: allocatePermanent(allocator, TLS.bytes) }
      if (failure !== '') reason = `shared memory is limited to ${(maximum * PAGE) / 2 ** 30} GiB (${failure})`
      return
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
    }
  }
  reason = `the engine gave no shared memory (${failure}); is address space limited (ulimit -v), or is this a page without cross-origin isolation?`
}

/** Bytes that are never given back; their address. */
export function allocatePermanent(allocator: Allocator, bytes: number): number {
  const handle = allocator.alloc(dtypeCode('uint8'), bytes, true)
  if (handle === 0) throw new RangeError(`no room for ${bytes} bytes`)
  return allocator.reach(handle + HEADER.bytes)[(handle + HEADER.base) >>> 2]!
}
