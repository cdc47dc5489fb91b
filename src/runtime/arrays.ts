/**
 * Typed arrays that live in the shared memory, and when they end.
 *
 * Laws
 * 1. A block is given back when neither its view nor any view made of it (`subarray`) can be reached: all of them hold
 *    one Owner, and it is the Owner that the FinalizationRegistry watches. Reading `.buffer` pins the block for good,
 *    since anything may be built over it. What nobody can intercept (`structuredClone`, `postMessage`) borrows only.
 * 2. Finalizers run between tasks, never inside a synchronous call: an array that a call was given outlives the call.
 * 3. The engine sees a view as a few words and would let gigabytes pile up. Owners carry ballast: resizable buffers of
 *    the same size that nobody touches, so that they cost address space alone, but which the collector counts.
 * 4. Inside one task nothing can be collected; `pressure` says when to stop handing blocks out.
 */

import { TsumbaError } from '../errors.ts'
import {
  DTYPES,
  type DTypeInfo,
  dtypeCode,
  dtypeOfArrayName,
  type NumberArrayConstructor,
  type TypedArray,
} from '../types.ts'
import { bytesText, memoryError } from './failure.ts'
import { HEADER } from './layout.ts'
import { type Heap, heap } from './memory.ts'

const OWNER = Symbol('owner')
/** What `using` looks for; where the engine lacks it, the name that compilers fall back to. */
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)

interface Owner {
  /** 0 for an array in ordinary memory. */
  readonly handle: number
  readonly bytes: number
  pinned: boolean
  freed: boolean
  /** Calls under way on other threads that use the block. */
  holds: number
  ballast: ArrayBuffer | undefined
}

type Owned = { [OWNER]?: Owner }

const prototype = Object.getPrototypeOf(Float64Array.prototype) as TypedArray
const bufferOf = Object.getOwnPropertyDescriptor(prototype, 'buffer')!.get as (this: TypedArray) => ArrayBufferLike
const subarrayOf = prototype.subarray as unknown as (this: TypedArray, begin?: number, end?: number) => TypedArray

/** Every buffer object that stood for the memory: growing makes a new one, and old views keep theirs. */
const buffers = new WeakSet<ArrayBufferLike>()
let newest: ArrayBufferLike | undefined

// ── how much is out ──

/** Above this many bytes in one task the next results go to ordinary memory. */
const TASK_LIMIT = 2 ** 30
/** Ballast comes in pieces of at least this; smaller arrays share one. */
const BALLAST_STEP = 2 ** 20

let handedOut = 0
let handedOutInTask = 0
let taskWatched = false
let ballastDebt = 0

/** The end of this task: collected arrays have been given back by then, or will be as soon as the collector runs. */
function watchTask(): void {
  if (taskWatched) return
  taskWatched = true
  const end = () => {
    taskWatched = false
    handedOutInTask = 0
  }
  if (typeof setImmediate === 'function') (setImmediate(end) as { unref?(): void }).unref?.()
  else setTimeout(end, 0)
}

/** Whether handing out so many bytes more is unwise now, because nothing can be collected before this task ends. */
export function pressure(bytes: number): boolean {
  const made = heap()
  if (!made) return true
  const { used, capacity } = made.allocator.stats()
  return handedOutInTask + bytes > Math.min(TASK_LIMIT, capacity / 4) || used + bytes > capacity * 0.9
}

/** Bytes of arrays that have been handed out and not come back. */
export const bytesHandedOut = (): number => handedOut

function ballast(bytes: number): ArrayBuffer | undefined {
  ballastDebt += bytes
  if (ballastDebt < BALLAST_STEP) return undefined
  const size = ballastDebt
  ballastDebt = 0
  try {
    return new (ArrayBuffer as new (n: number, options: { maxByteLength: number }) => ArrayBuffer)(size, {
      maxByteLength: size,
    })
  } catch {
    return undefined
  }
}

// ── owners ──

const registry = new FinalizationRegistry<{ handle: number; bytes: number }>(({ handle, bytes }) => {
  handedOut -= bytes
  heap()!.allocator.free(handle)
})

function own(view: TypedArray, handle: number): void {
  const bytes = view.byteLength
  const owner: Owner = { handle, bytes, pinned: false, freed: false, holds: 0, ballast: undefined }
  if (handle !== 0) {
    owner.ballast = ballast(bytes)
    handedOut += bytes
    handedOutInTask += bytes
    watchTask()
    registry.register(owner, { handle, bytes }, owner)
    attach(view, owner)
  } else {
    Object.defineProperty(view, OWNER, { value: owner })
  }
  Object.defineProperty(view, DISPOSE, { value: dispose, configurable: true })
}

/** Gives a view its owner, and the properties that keep both together. */
function attach(view: TypedArray, owner: Owner): void {
  Object.defineProperty(view, OWNER, { value: owner })
  Object.defineProperty(view, 'subarray', { value: subarray, writable: true, configurable: true })
  Object.defineProperty(view, 'buffer', { get: buffer, configurable: true })
}

function subarray(this: TypedArray & Owned, begin?: number, end?: number): TypedArray {
  const child = subarrayOf.call(this, begin, end)
  const owner = this[OWNER]
  if (owner !== undefined && bufferOf.call(child) === bufferOf.call(this)) attach(child, owner)
  return child
}

function buffer(this: TypedArray & Owned): ArrayBufferLike {
  const owner = this[OWNER]
  if (owner !== undefined && !owner.pinned && !owner.freed) {
    owner.pinned = true
    registry.unregister(owner)
  }
  return bufferOf.call(this)
}

function dispose(this: TypedArray & Owned): void {
  const owner = this[OWNER]
  if (owner === undefined || owner.freed) return
  owner.freed = true
  owner.ballast = undefined
  if (owner.handle !== 0 && !owner.pinned) giveBack(owner)
}

function giveBack(owner: Owner): void {
  if (owner.holds > 0) return
  registry.unregister(owner)
  handedOut -= owner.bytes
  handedOutInTask -= Math.min(handedOutInTask, owner.bytes)
  heap()!.allocator.free(owner.handle)
}

/**
 * Keeps the blocks of these arrays from being freed, by the collector or at the end of a `using` scope, until the
 * function it returns is called.
 */
export function hold(views: readonly TypedArray[]): () => void {
  const owners = views.flatMap((view) => (view as Owned)[OWNER] ?? [])
  for (const owner of owners) owner.holds++
  return () => {
    for (const owner of owners) {
      owner.holds--
      if (owner.freed && owner.handle !== 0 && !owner.pinned) giveBack(owner)
    }
  }
}

// ── from handles to views ──

/** A bare view of the elements behind a header; nothing keeps its block alive. */
export function viewOf(made: Heap, handle: number): TypedArray {
  const words = made.allocator.reach(handle + HEADER.bytes)
  const base = words[(handle + HEADER.base) >>> 2]!
  const length = words[(handle + HEADER.length) >>> 2]!
  const info = DTYPES[words[(handle + HEADER.dtype) >>> 2]!]!
  return viewAt(made, info, base, length)
}

export function viewAt(made: Heap, info: DTypeInfo, base: number, length: number): TypedArray {
  const memory = made.allocator.reach(base + length * info.size).buffer
  if (memory !== newest) {
    newest = memory
    buffers.add(memory)
  }
  return new info.ctor(memory, base, length)
}

/**
 * Makes the result of a program, a handle with one reference, an array of the caller's. Under pressure it becomes an
 * ordinary array, and the block goes back at once.
 */
export function adopt(handle: number): TypedArray {
  const made = heap()!
  const view = viewOf(made, handle >>> 0)
  if (pressure(view.byteLength)) {
    const copy = (view as Float64Array).slice()
    made.allocator.free(handle)
    return copy
  }
  own(view, handle >>> 0)
  return view
}

// ── from views to addresses ──

export interface Located {
  /** The block's handle, where the view is of a block that was handed out. */
  readonly handle?: number
  /** Byte address of element 0. */
  readonly base: number
}

/** Where in the shared memory an array lies; undefined for ordinary arrays. Throws for one that was freed. */
export function locate(view: TypedArray): Located | undefined {
  if (!isShared(view)) return undefined
  const handle = (view as Owned)[OWNER]?.handle
  return handle === undefined ? { base: view.byteOffset } : { handle, base: view.byteOffset }
}

/**
 * Whether an array lies in the shared memory (at its `byteOffset`).
 * @throws TsumbaError `freed`, `detached`
 */
export function isShared(view: TypedArray): boolean {
  const owner = (view as Owned)[OWNER]
  if (owner !== undefined) {
    if (owner.freed) throw freedError(view)
    return owner.handle !== 0
  }
  if (view.length === 0) checkAttached(view)
  const memory = bufferOf.call(view)
  return memory === newest || buffers.has(memory)
}

function freedError(view: TypedArray): TsumbaError {
  return new TsumbaError(
    `this ${nameOf(view)} of length ${view.length} was freed at the end of its \`using\` scope, or by its dispose method.\n` +
      'Remedy: use it inside that scope, or keep a copy (`.slice()`).',
    'freed',
  )
}

function checkAttached(view: TypedArray): void {
  const memory = bufferOf.call(view) as ArrayBuffer & { detached?: boolean }
  if (memory.byteLength !== 0) return
  let detached = memory.detached
  if (detached === undefined) {
    // Before `detached` there was only this: a view of a detached buffer cannot be made.
    try {
      new Uint8Array(memory)
      detached = false
    } catch {
      detached = true
    }
  }
  if (detached) {
    throw new TsumbaError(
      `this ${nameOf(view)} is detached: its memory was transferred to somebody else (postMessage, structuredClone with \`transfer\`).\n` +
        'Remedy: pass a copy (`.slice()`) to the other side, or use what it sends back.',
      'detached',
    )
  }
}

const nameOf = (view: TypedArray): string => view[Symbol.toStringTag]

/** An array's own buffer, without pinning it. */
export const bufferBehind = (view: TypedArray): ArrayBufferLike => bufferOf.call(view)

// ── allocate ──

/**
 * An ordinary typed array of `n` zeroes that lives where compiled code reads it without a copy. It is given back when
 * it and all its `subarray`s are unreachable, or at the end of its scope with `using a = allocate(…)`. Where there is
 * no shared memory it is an array in ordinary memory.
 * @throws TsumbaError `argument`, `length`, `out-of-memory`
 */
export function allocate<A extends TypedArray>(ctor: NumberArrayConstructor<A>, n: number): A & Disposable {
  const info = typeof ctor === 'function' ? dtypeOfArrayName(ctor.name) : undefined
  if (!info) {
    throw new TsumbaError(
      `allocate needs a typed array's class first, such as Float64Array; it got ${String(ctor)}.`,
      'argument',
    )
  }
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 0) {
    throw new TsumbaError(
      `allocate(${info.arrayName}, n) needs a whole number of elements, 0 or more; n is ${String(n)}.\n` +
        'Remedy: check where n comes from; round a quotient with Math.floor.',
      'length',
    )
  }
  const asked = `allocate(${info.arrayName}, ${n}) asks for ${bytesText(n * info.size)}`
  const made = heap()
  if (made) {
    const bytes = n * info.size
    const { capacity } = made.allocator.stats()
    if (bytes > capacity) {
      throw new TsumbaError(
        `${asked}; the shared memory holds ${bytesText(capacity)} at most.\nRemedy: work on smaller parts.`,
        'out-of-memory',
      )
    }
    // Arrays of this very task may be garbage already: ordinary memory tides over until they can be collected.
    if (handedOutInTask > capacity / 2) return ordinary(info, n, asked) as A & Disposable
    const handle = made.allocator.alloc(dtypeCode(info.name), n, true)
    if (handle !== 0) {
      const view = viewOf(made, handle)
      own(view, handle)
      return view as A & Disposable
    }
    if (handedOutInTask < capacity / 4 && n < 2 ** 31) throw memoryError(asked)
  }
  return ordinary(info, n, asked) as A & Disposable
}

function ordinary(info: DTypeInfo, n: number, asked: string): TypedArray {
  try {
    const view = new info.ctor(n)
    own(view, 0)
    return view
  } catch (error) {
    if (error instanceof RangeError) throw memoryError(asked)
    throw error
  }
}
