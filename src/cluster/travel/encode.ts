/**
 * From any value to a header and frames, with the meaning of a structured clone: cycles, shared objects and views of
 * one buffer stay what they are, classes' instances become plain objects. Besides, a reference stands for the value of
 * its key, and functions travel where the caller says how.
 *
 * Laws: a frame is the bytes of a view itself, no copy; of a buffer only what views show is sent, and views that share
 * bytes share a frame. What is changed in the arrays before the frames are sent is changed on the way.
 */

import { types } from 'node:util'
import { TsumbaError } from '../../errors.ts'
import { isShared } from '../../runtime/arrays.ts'
import { DTYPES, type TypedArray } from '../../types.ts'
import type { Key } from '../task.ts'
import { type Encoded, KEY } from './encoded.ts'
import type { TravellingFunction } from './functions.ts'
import { noteView } from './lend.ts'
import { SERIALIZER, TAG, VERSION } from './tags.ts'
import { Writer } from './writer.ts'

export interface EncodeHooks {
  /** Gets every key that a reference stands for. */
  readonly dependencies?: Set<Key> | undefined
  /** How a function among the values travels; without it a function is an error. */
  readonly function?: ((fn: (...args: never[]) => unknown) => TravellingFunction) | undefined
  /** How errors name the value: `the result of square`. */
  readonly what?: string | undefined
}

/** Bytes of values other than arrays from which a warning is due: they are copied and read piece by piece. */
const WARN_BYTES = 10 * 2 ** 20
const NO_FRAMES: readonly Uint8Array[] = Object.freeze([])
/** Lists of at least so many numbers go as one block. */
const NUMBERS = 8

interface View {
  /** The user's array, or its buffer. */
  readonly object: object
  readonly buffer: ArrayBufferLike
  readonly start: number
  readonly end: number
}

let spare: Encoder | undefined

/** @throws TsumbaError `value` for what cannot travel: it says where in the value, and what to do. */
export function encode(value: unknown, hooks: EncodeHooks = {}): Encoded {
  const encoder = spare ?? new Encoder()
  // A getter of the user's may encode something itself.
  spare = undefined
  try {
    return encoder.run(value, hooks)
  } finally {
    spare = encoder
  }
}

class Encoder {
  private readonly writer = new Writer()
  private hooks: EncodeHooks = {}
  private met: Map<object, number> | undefined
  private objects = 0
  /** Object number 0: most values have no other, and need no table. */
  private first: object | undefined
  private views: View[] | undefined
  private readonly path: (string | number)[] = []

  run(value: unknown, hooks: EncodeHooks): Encoded {
    const w = this.writer
    this.hooks = hooks
    w.reset()
    w.byte(VERSION)
    try {
      this.value(value)
      const frames = this.views === undefined ? NO_FRAMES : this.frames(this.views)
      const header = w.take()
      if (header.length > WARN_BYTES) this.warn(header.length)
      let nbytes = header.length
      for (const frame of frames) nbytes += frame.byteLength
      return { serializer: SERIALIZER, header, frames, nbytes, typename: typenameOf(value) }
    } catch (error) {
      if (error instanceof RangeError && /call stack/.test(error.message)) {
        throw this.refuse('is nested more deeply than can travel', 'Send it in a flat form, such as typed arrays.')
      }
      throw error
    } finally {
      this.met = undefined
      this.first = undefined
      this.views = undefined
      this.objects = 0
      this.path.length = 0
      this.hooks = NO_HOOKS
    }
  }

  private value(value: unknown): void {
    const w = this.writer
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && value < 2 ** 30 && value >= -(2 ** 30) && !Object.is(value, -0)) {
          w.byte(TAG.int)
          w.count(value < 0 ? -2 * value - 1 : 2 * value)
        } else {
          w.byte(TAG.double)
          w.double(value)
        }
        return
      case 'string':
        this.text(value)
        return
      case 'boolean':
        w.byte(value ? TAG.true : TAG.false)
        return
      case 'undefined':
        w.byte(TAG.undefined)
        return
      case 'bigint':
        w.byte(TAG.bigint)
        w.byte(value < 0n ? 1 : 0)
        w.latin1((value < 0n ? -value : value).toString(16))
        return
      case 'object':
        if (value === null) w.byte(TAG.null)
        else this.object(value)
        return
      case 'function':
        this.function(value as (...args: never[]) => unknown)
        return
      case 'symbol':
        throw this.refuse('is a symbol, which belongs to one process', 'Send a text that stands for it.')
    }
  }

  private text(text: string): void {
    const w = this.writer
    const at = w.pos
    w.byte(TAG.latin1)
    if (w.latin1(text)) return
    w.setByte(at, TAG.utf16)
    w.utf16(text)
  }

  private object(value: object): void {
    const w = this.writer
    const key = (value as { [KEY]?: Key })[KEY]
    if (key !== undefined) {
      w.byte(TAG.reference)
      this.text(key)
      this.hooks.dependencies?.add(key)
      return
    }
    if (this.objects > 0) {
      const before = (this.met ??= new Map([[this.first!, 0]])).get(value)
      if (before !== undefined) {
        w.byte(TAG.again)
        w.count(before)
        return
      }
      this.met.set(value, this.objects)
    } else {
      this.first = value
    }
    this.objects++
    if (Array.isArray(value)) this.list(value)
    else if (ArrayBuffer.isView(value)) this.array(value)
    else this.other(value)
  }

  private list(list: readonly unknown[]): void {
    const w = this.writer
    const { length } = list
    if (length >= NUMBERS && allNumbers(list)) {
      w.byte(TAG.numbers)
      w.count(length)
      for (let i = 0; i < length; i++) w.double(list[i] as number)
      return
    }
    w.byte(TAG.list)
    w.count(length)
    for (let i = 0; i < length; i++) {
      const item = list[i]
      if (item === undefined && !(i in list)) {
        w.byte(TAG.hole)
      } else if (typeof item === 'object' || typeof item === 'function') {
        this.path.push(i)
        this.value(item)
        this.path.pop()
      } else {
        this.value(item)
      }
    }
  }

  private properties(object: object): void {
    const keys = Object.keys(object)
    this.writer.count(keys.length)
    for (const key of keys) {
      this.text(key)
      this.path.push(key)
      this.value((object as Record<string, unknown>)[key])
      this.path.pop()
    }
  }

  private other(value: object): void {
    const w = this.writer
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      w.byte(TAG.object)
      this.properties(value)
    } else if (types.isMap(value)) {
      w.byte(TAG.map)
      w.count(value.size)
      for (const [key, item] of [...value]) {
        this.path.push('keys()')
        this.value(key)
        this.path[this.path.length - 1] = `get(${typeof key === 'object' ? '…' : String(key)})`
        this.value(item)
        this.path.pop()
      }
    } else if (types.isSet(value)) {
      w.byte(TAG.set)
      w.count(value.size)
      for (const item of [...value]) this.value(item)
    } else if (types.isDate(value)) {
      w.byte(TAG.date)
      w.double(value.getTime())
    } else if (types.isRegExp(value)) {
      w.byte(TAG.regexp)
      this.text(value.source)
      this.text(value.flags)
    } else if (types.isAnyArrayBuffer(value)) {
      w.byte(TAG.buffer)
      w.count(this.view(value, value, 0, value.byteLength))
    } else if (types.isNativeError(value) || value instanceof Error) {
      this.error(value)
    } else if (types.isBoxedPrimitive(value)) {
      w.byte(TAG.boxed)
      this.value((value as { valueOf(): unknown }).valueOf())
    } else {
      this.refuseSpecial(value)
      w.byte(TAG.object)
      this.properties(value)
    }
  }

  private error(error: Error): void {
    this.writer.byte(TAG.error)
    const fields: Record<string, unknown> = { ...error, name: error.name, message: error.message, stack: error.stack }
    if (error.cause !== undefined) fields['cause'] = error.cause
    if (error instanceof AggregateError) fields['errors'] = error.errors
    this.properties(fields)
  }

  private array(view: ArrayBufferView): void {
    const w = this.writer
    const dtype = DTYPES.findIndex((d) => d.arrayName === Object.prototype.toString.call(view).slice(8, -1))
    if (dtype < 0 && !(view instanceof DataView)) {
      throw this.refuse('is an array of a kind that cannot travel', 'Copy it into a Float64Array or a Uint8Array.')
    }
    const place = this.view(view, bufferOf(view), view.byteOffset, view.byteLength)
    if (view instanceof DataView) {
      w.byte(TAG.dataview)
      w.count(place)
      w.count(view.byteLength)
    } else {
      w.byte(TAG.array)
      w.byte(dtype)
      w.count(place)
      w.count((view as Uint8Array).length)
    }
  }

  private view(object: object, buffer: ArrayBufferLike, start: number, length: number): number {
    if ((buffer as ArrayBuffer & { detached?: boolean }).detached) {
      throw this.refuse('is an array whose memory was transferred to somebody else', 'Send a copy (`.slice()`).')
    }
    this.views ??= []
    return this.views.push({ object, buffer, start, end: start + length }) - 1
  }

  private function(fn: (...args: never[]) => unknown): void {
    const key = (fn as { [KEY]?: Key })[KEY]
    const w = this.writer
    if (key !== undefined) {
      w.byte(TAG.reference)
      this.text(key)
      this.hooks.dependencies?.add(key)
      return
    }
    if (this.hooks.function === undefined) {
      throw this.refuse(
        `is a function (${fn.name || 'without a name'})`,
        'Send what it computes, or give the function to submit or map.',
      )
    }
    const travelling = this.hooks.function(fn)
    w.byte(TAG.function)
    this.text(travelling.id)
    this.text(travelling.name)
    w.count(travelling.bytes.length)
    w.raw(travelling.bytes)
  }

  /** The frames; views that overlap share one. Where each view lies, [frame, offset], is written after the value. */
  private frames(views: readonly View[]): Uint8Array[] {
    const order = views.map((_, i) => i)
    const numbers = new Map<ArrayBufferLike, number>()
    for (const { buffer } of views) if (!numbers.has(buffer)) numbers.set(buffer, numbers.size)
    const of = (i: number) => numbers.get(views[i]!.buffer)!
    if (views.length > 1) order.sort((a, b) => of(a) - of(b) || views[a]!.start - views[b]!.start)
    const spans: { buffer: ArrayBufferLike; start: number; end: number }[] = []
    const places: { frame: number; start: number }[] = new Array(views.length)
    for (const i of order) {
      const { buffer, start, end } = views[i]!
      const last = spans[spans.length - 1]
      if (last !== undefined && last.buffer === buffer && start < last.end) {
        last.end = Math.max(last.end, end)
      } else {
        spans.push({ buffer, start, end })
      }
      places[i] = { frame: spans.length - 1, start }
    }
    const w = this.writer
    const table = w.pos
    w.count(places.length)
    for (const { frame, start } of places) {
      w.count(frame)
      w.count(start - spans[frame]!.start)
    }
    w.uint32(table)
    const frames = spans.map(({ buffer, start, end }) => new Uint8Array(buffer, start, end - start))
    places.forEach(({ frame }, i) => {
      const { object, buffer } = views[i]!
      if (buffer instanceof SharedArrayBuffer && types.isTypedArray(object) && isShared(object as TypedArray)) {
        noteView(frames[frame]!, object as TypedArray)
      }
    })
    return frames
  }

  private refuseSpecial(value: object): void {
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    if (types.isPromise(value)) {
      throw this.refuse('is a promise', 'Await it first, or submit the function that makes it.')
    }
    if (types.isProxy(value)) throw this.refuse('is a proxy', 'Send a plain object with its contents.')
    if (UNSENDABLE.has(kind) || types.isExternal(value) || types.isWeakMap(value) || types.isWeakSet(value)) {
      throw this.refuse(`is a ${kind}, which cannot leave its thread`, 'Make it inside the function that needs it.')
    }
  }

  private refuse(why: string, remedy: string): TsumbaError {
    const where = this.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
    const what = this.hooks.what ?? 'the value'
    const subject = where === '' ? what : `${what}, at ${where},`
    return new TsumbaError(`${subject[0]!.toUpperCase()}${subject.slice(1)} ${why}. Remedy: ${remedy}`, 'value')
  }

  private warn(bytes: number): void {
    const what = this.hooks.what ?? 'a value'
    process.emitWarning(
      `${what} holds ${(bytes / 2 ** 20).toFixed(0)} MB of objects, texts and lists, which are written and read piece ` +
        'by piece. Numbers in typed arrays travel as they are; a file can be opened where it is needed.',
      { type: 'TsumbaWarning', code: 'large-value' },
    )
  }
}

const NO_HOOKS: EncodeHooks = Object.freeze({})

/** Things that only their own thread can use. */
const UNSENDABLE = new Set([
  'WeakRef',
  'FinalizationRegistry',
  'Generator',
  'AsyncGenerator',
  'MessagePort',
  'Worker',
  'ReadableStream',
  'WritableStream',
  'AbortSignal',
  'WebAssembly.Memory',
  'WebAssembly.Instance',
])

const prototype = Object.getPrototypeOf(Float64Array.prototype)
const typedBuffer = Object.getOwnPropertyDescriptor(prototype, 'buffer')!.get as (this: unknown) => ArrayBufferLike
/** A view's buffer, by the engine's own getter: reading it of an `allocate`d array in the ordinary way pins the array. */
const bufferOf = (view: ArrayBufferView): ArrayBufferLike =>
  view instanceof DataView ? view.buffer : typedBuffer.call(view)

function allNumbers(list: readonly unknown[]): boolean {
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'number') return false
  return true
}

/** For people: `Float64Array`, `number`, `null`. */
export function typenameOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const made: unknown = (value as { constructor?: unknown }).constructor
  const name: unknown = typeof made === 'function' ? made.name : ''
  return name === '' || name === 'Object' || typeof name !== 'string' ? 'object' : name
}
