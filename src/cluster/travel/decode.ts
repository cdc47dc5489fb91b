/** From a header and frames to the value. Headers come from other machines: see reader.ts and tags.ts. */

import { TsumbaError } from '../../errors.ts'
import { DTYPES } from '../../types.ts'
import type { Key } from '../task.ts'
import { type Encoded, KEY, type Reference } from './encoded.ts'
import type { TravellingFunction } from './functions.ts'
import { damaged, Reader } from './reader.ts'
import { ERRORS, SERIALIZER, TAG, VERSION } from './tags.ts'

export interface DecodeHooks {
  /** The value of a key; where there is none, references stay what they are. For the rest see `copy`. */
  readonly input?: ((key: Key, position: number, direct: boolean) => unknown) | undefined
  readonly function?: ((fn: TravellingFunction) => unknown) | undefined
  /**
   * Whether an array of that frame gets memory of its own instead of being a view. `position`: within which item of the
   * list that is the whole value, −1 where it is none; `direct`: it is that item itself.
   */
  readonly copy?: ((frame: Uint8Array, position: number, direct: boolean) => boolean) | undefined
}

/**
 * The value, and `inputs` in the places of its references. Its arrays are views of the frames where these are aligned.
 * @throws TsumbaError `serializer`, `damaged-value`, `missing-input`
 */
export function decode(encoded: Encoded, inputs?: ReadonlyMap<Key, unknown>): unknown {
  return decodeWith(encoded, inputs === undefined ? NO_HOOKS : { input: (key) => given(inputs, key) })
}

const NO_HOOKS: DecodeHooks = Object.freeze({})

function given(inputs: ReadonlyMap<Key, unknown>, key: Key): unknown {
  const value = inputs.get(key)
  if (value === undefined && !inputs.has(key)) {
    throw new TsumbaError(`The value of ${key} is not here. Remedy: ask for it before the call.`, 'missing-input')
  }
  return value
}

export function decodeWith(encoded: Encoded, hooks: DecodeHooks): unknown {
  if (encoded.serializer !== SERIALIZER) {
    throw new TsumbaError(
      `This value (${encoded.typename}) was written by \`${encoded.serializer}\`, which cannot be read here. ` +
        'Remedy: send numbers, texts, lists, plain objects and typed arrays.',
      'serializer',
    )
  }
  try {
    return new Decoder(encoded, hooks).run()
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) throw damaged()
    throw error
  }
}

interface Place {
  readonly frame: Uint8Array
  readonly offset: number
}

class Decoder {
  private readonly reader: Reader
  private readonly hooks: DecodeHooks
  private readonly places: Place[] | undefined
  private objects: unknown[] | undefined
  private count = 0
  /** Depth of lists: items of the outermost one have a position. */
  private depth = 0
  private position = -1
  private readonly copies = new Map<Uint8Array, Uint8Array>()

  constructor(encoded: Encoded, hooks: DecodeHooks) {
    this.reader = new Reader(encoded.header)
    this.hooks = hooks
    if (this.reader.byte() !== VERSION) throw damaged()
    if (encoded.frames.length > 0) this.places = this.readPlaces(encoded.frames)
  }

  run(): unknown {
    return this.value()
  }

  private readPlaces(frames: readonly Uint8Array[]): Place[] {
    const r = this.reader
    const start = r.pos
    r.skip(r.left - 4)
    const table = r.uint32()
    r.pos = start
    r.skip(table - start)
    const places: Place[] = new Array(r.countOf(2))
    for (let i = 0; i < places.length; i++) {
      const frame = frames[r.count()]
      const offset = r.count()
      if (frame === undefined || offset > frame.byteLength) throw damaged()
      places[i] = { frame, offset }
    }
    r.pos = start
    return places
  }

  private value(): unknown {
    const r = this.reader
    const tag = r.byte()
    switch (tag) {
      case TAG.int: {
        const zigzag = r.count()
        return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
      }
      case TAG.double:
        return r.double()
      case TAG.latin1:
        return r.latin1()
      case TAG.utf16:
        return r.utf16()
      case TAG.undefined:
        return undefined
      case TAG.null:
        return null
      case TAG.true:
        return true
      case TAG.false:
        return false
      case TAG.list:
        return this.list()
      case TAG.numbers: {
        const list: number[] = this.met(new Array(r.countOf(8)))
        for (let i = 0; i < list.length; i++) list[i] = r.double()
        return list
      }
      case TAG.object:
        return this.properties(this.met({}))
      case TAG.array:
        return this.array()
      case TAG.reference:
        return this.reference()
      case TAG.again:
        return this.again()
      default:
        return this.rare(tag)
    }
  }

  private rare(tag: number): unknown {
    const r = this.reader
    switch (tag) {
      case TAG.map: {
        const map = this.met(new Map())
        for (let n = r.countOf(2); n > 0; n--) map.set(this.value(), this.value())
        return map
      }
      case TAG.set: {
        const set = this.met(new Set())
        for (let n = r.countOf(1); n > 0; n--) set.add(this.value())
        return set
      }
      case TAG.date:
        return this.met(new Date(r.double()))
      case TAG.bigint: {
        const negative = r.byte() === 1
        const size = BigInt(`0x${r.latin1()}`)
        return negative ? -size : size
      }
      case TAG.regexp: {
        const index = this.reserve()
        const source = this.text()
        return this.fill(index, new RegExp(source, this.text()))
      }
      case TAG.error:
        return this.error()
      case TAG.buffer: {
        const { frame, offset } = this.place()
        return this.met(frame.slice(offset).buffer)
      }
      case TAG.dataview: {
        const { frame, offset } = this.place()
        const length = r.count()
        if (length > frame.byteLength - offset) throw damaged()
        return this.met(new DataView(frame.slice(offset, offset + length).buffer))
      }
      case TAG.boxed: {
        const index = this.reserve()
        return this.fill(index, Object(this.value()))
      }
      case TAG.function: {
        const id = this.text()
        const name = this.text()
        const bytes = r.raw(r.countOf(1)).slice()
        if (this.hooks.function === undefined) throw damaged()
        return this.hooks.function({ id, name, bytes })
      }
      default:
        throw damaged()
    }
  }

  private text(): string {
    const tag = this.reader.byte()
    if (tag === TAG.latin1) return this.reader.latin1()
    if (tag === TAG.utf16) return this.reader.utf16()
    throw damaged()
  }

  // Objects have the numbers that they had when they were written: from 0, in the order of their beginnings.

  private met<T>(object: T): T {
    this.fill(this.reserve(), object)
    return object
  }

  private reserve(): number {
    return this.count++
  }

  private fill<T>(index: number, object: T): T {
    ;(this.objects ??= [])[index] = object
    return object
  }

  private again(): unknown {
    const index = this.reader.count()
    if (this.objects === undefined || !(index in this.objects)) throw damaged()
    return this.objects[index]
  }

  private list(): unknown[] {
    const r = this.reader
    const length = r.countOf(1)
    const list: unknown[] = this.met(new Array(length))
    const outermost = this.depth++ === 0
    for (let i = 0; i < length; i++) {
      if (outermost) this.position = i
      if (r.peek() === TAG.hole) r.byte()
      else list[i] = this.value()
    }
    this.depth--
    return list
  }

  private properties<T extends object>(object: T): T {
    const r = this.reader
    this.depth++
    for (let n = r.countOf(2); n > 0; n--) {
      const key = this.text()
      const value = this.value()
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
      } else {
        ;(object as Record<string, unknown>)[key] = value
      }
    }
    this.depth--
    return object
  }

  private error(): Error {
    const index = this.reserve()
    // An error may be its own cause, so it is there before its fields are.
    const made = this.fill(index, new Error())
    const fields = this.properties({}) as Record<string, unknown>
    const name = String(fields['name'])
    const prototype = 'errors' in fields ? AggregateError.prototype : ERRORS.get(name)?.prototype
    if (prototype !== undefined) Object.setPrototypeOf(made, prototype)
    else Object.defineProperty(made, 'name', { value: name, writable: true, configurable: true })
    for (const [key, value] of Object.entries(fields)) {
      if (key === 'name') continue
      const enumerable = !HIDDEN.has(key)
      Object.defineProperty(made, key, { value, writable: true, configurable: true, enumerable })
    }
    return made
  }

  private place(): Place {
    const place = this.places?.[this.reader.count()]
    if (place === undefined) throw damaged()
    return place
  }

  private array(): ArrayBufferView {
    const info = DTYPES[this.reader.byte()]
    const { frame, offset } = this.place()
    const length = this.reader.count()
    if (info === undefined || length * info.size > frame.byteLength - offset) throw damaged()
    const aligned = (frame.byteOffset + offset) % info.size === 0
    const own = !aligned || (this.hooks.copy?.(frame, this.position, this.depth === 1) ?? false)
    const bytes = own ? this.copied(frame, offset % info.size === 0) : frame
    if ((bytes.byteOffset + offset) % info.size === 0) {
      return this.met(new info.ctor(bytes.buffer, bytes.byteOffset + offset, length))
    }
    const copy = bytes.slice(offset, offset + length * info.size)
    return this.met(new info.ctor(copy.buffer, 0, length))
  }

  /** The frame's bytes in memory of their own: once, so that views that share bytes go on to. */
  private copied(frame: Uint8Array, all: boolean): Uint8Array {
    if (!all) return frame
    const before = this.copies.get(frame)
    if (before !== undefined) return before
    const copy = new Uint8Array(frame.byteLength)
    copy.set(frame)
    this.copies.set(frame, copy)
    return copy
  }

  private reference(): unknown {
    const key = this.text()
    if (this.hooks.input !== undefined) return this.hooks.input(key, this.position, this.depth === 1)
    return { [KEY]: key } satisfies Reference
  }
}

/** Properties of errors that engines do not enumerate. */
const HIDDEN = new Set(['message', 'stack', 'cause', 'errors'])
