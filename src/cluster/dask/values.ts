/**
 * Values as a Dask cluster holds them, in the form that most can read:
 *
 *   arrays                          serializer `dask`, as NumPy's (numpy.ts)
 *   numbers, texts, booleans, null, lists and plain objects of these    a pickle
 *   such with arrays in them        a collection of both, as Dask itself does
 *   everything else                 a list of our own encoding (travel/), which Python holds and hands on: a text
 *                                   that says so, a description, and arrays of bytes
 *
 * Laws: what a tsumba process writes, a tsumba process reads as the same value (where a Python worker held it meanwhile,
 * undefined has become null, and a Uint8ClampedArray a Uint8Array); whole numbers within ±(2⁵³ − 1) except
 * −0 are int in Python, all others float. From Python come int as number (past 2⁵³ as bigint), list and tuple as list,
 * dict as object (as Map where a key is no text), set as Set, bytes as Uint8Array, None as null.
 */

import { types } from 'node:util'
import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'
import type { Encoded } from '../travel/encoded.ts'
import { decode, encode, SERIALIZER, typenameOf } from '../travel/values.ts'
import {
  arrayFromWire,
  arrayToWire,
  isNumeric,
  isStrided,
  type NumericArray,
  noCounterpart,
  reduceNumpy,
} from './numpy.ts'
import { bytesOf, type Header, joined, Serialized } from './wire/message.ts'
import { decode as unpack } from './wire/msgpack.ts'
import { Call, Global } from './wire/pickle.ts'
import { unpickle } from './wire/pickle-read.ts'
import { MAX_DEPTH, pickle } from './wire/pickle-write.ts'

/** What begins a list that stands for a value of our own encoding, for whoever looks at it in Python. */
const MARK = `a value that only ${PACKAGE} reads, version 1`

/** Fields of our own in headers: Python ignores them. */
const UNDEFINED = `${PACKAGE}-undefined`
const OPAQUE = `${PACKAGE}-opaque`
const TYPENAME = `${PACKAGE}-typename`

/** A value for the wire. Arrays are not copied: they must not change until they are sent. */
export function toWire(value: unknown): Serialized {
  if (isNumeric(value)) return arrayToWire(value)
  const shape = shapeOf(value, 0, new Set())
  return shape === 'other' ? encodedToWire(encode(value)) : plainToWire(value, shape)
}

/** A worker's value for the wire, so that Python can read what it can. */
export function wireOf(encoded: Encoded): Serialized {
  const value = decode(encoded)
  if (isNumeric(value)) return arrayToWire(value)
  const shape = shapeOf(value, 0, new Set())
  return shape === 'other' ? encodedToWire(encoded) : plainToWire(value, shape)
}

/** What a value that came over the wire is for the executor. */
export function encodedOf(value: Serialized): Encoded {
  if (value.header[OPAQUE] === true) return encodedFromWire(value)
  const read = readable(value)
  return encodedInList(read) ?? encode(read)
}

/** The value itself. @throws TsumbaError `python-value` where it is one that only Python has. */
export function fromWire(value: Serialized): unknown {
  if (value.header[OPAQUE] === true) return decode(encodedFromWire(value))
  const read = readable(value)
  const encoded = encodedInList(read)
  return encoded === undefined ? read : decode(encoded)
}

function readable(value: Serialized): unknown {
  const { header } = value
  if (header['is-collection'] === true) return collection(value)
  switch (header['serializer']) {
    case 'pickle': {
      if (header[UNDEFINED] === true) return undefined
      const [first, ...buffers] = joined(value)
      return readPickle(bytesOf(first!), buffers.map(bytesOf))
    }
    case 'dask':
      return daskValue(value)
    case 'msgpack':
      return unpack(bytesOf(joined(value)[0]!))
    case 'error':
      throw new TsumbaError(
        `The value could not be sent by its worker: ${joined(value)
          .map((region) => Buffer.from(bytesOf(region)).toString())
          .join('\n')}`,
        'python-value',
      )
    default:
      throw noCounterpart(`one written by '${String(header['serializer'])}'`)
  }
}

/** What Python's users see as its type; for messages and dashboards. */
export function typenameOfWire({ header }: Serialized): string {
  const type = header[TYPENAME] ?? header['type'] ?? header['type-serialized'] ?? header['serializer']
  return typeof type === 'string' ? type : 'object'
}

/** Each part of a collection has a header: past so many they cost more than what they make readable is worth. */
const MAX_PARTS = 10_000

/** `plain`: pickles alone; `arrays`: plain but for arrays in it; `other`: not for Python. */
type Shape = 'plain' | 'arrays' | 'other'

function shapeOf(value: unknown, depth: number, seen: Set<object>): Shape {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return 'plain'
    case 'undefined':
      // Alone it has a mark in the header; within lists and objects Python has nothing like it.
      return depth === 0 ? 'plain' : 'other'
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? 'other' : 'plain'
    case 'object':
      return value === null ? 'plain' : objectShape(value, depth, seen)
    default:
      return 'other'
  }
}

function objectShape(value: object, depth: number, seen: Set<object>): Shape {
  // An object in two places is one object, which only a structured clone keeps.
  if (seen.has(value) || depth >= MAX_DEPTH / 2) return 'other'
  seen.add(value)
  if (isNumeric(value)) return sharesMemory(value, seen) || value.byteLength >= 2 ** 32 ? 'other' : 'arrays'
  if (Array.isArray(value)) return listShape(value, depth, seen)
  if (Object.getPrototypeOf(value) !== Object.prototype || types.isProxy(value)) return 'other'
  if (isStrided(value)) return sharesMemory(value.data, seen) ? 'other' : 'arrays'
  let shape: Shape = 'plain'
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)!
    // A structured clone takes what is enumerable under texts; with that alone it is the same.
    if (typeof key === 'symbol' || !property.enumerable || !('value' in property)) return 'other'
    shape = worse(shape, shapeOf(property.value, depth + 1, seen))
    if (shape === 'other') return shape
  }
  return shape
}

function listShape(list: readonly unknown[], depth: number, seen: Set<object>): Shape {
  if (Object.getPrototypeOf(list) !== Array.prototype || Object.keys(list).length !== list.length) return 'other'
  let shape: Shape = 'plain'
  for (const item of list) {
    shape = worse(shape, shapeOf(item, depth + 1, seen))
    if (shape === 'other') return shape
  }
  return shape === 'arrays' && list.length > MAX_PARTS ? 'other' : shape
}

/** Arrays over one buffer stay so only in our own form. */
function sharesMemory(array: NumericArray, seen: Set<object>): boolean {
  if (seen.has(array.buffer)) return true
  seen.add(array.buffer)
  return false
}

function worse(a: Shape, b: Shape): Shape {
  return a === 'other' || b === 'other' ? 'other' : a === 'arrays' || b === 'arrays' ? 'arrays' : 'plain'
}

function plainToWire(value: unknown, shape: Shape): Serialized {
  if (shape === 'plain') {
    const mark = value === undefined ? { [UNDEFINED]: true } : {}
    const header = { serializer: 'pickle', writeable: [], [TYPENAME]: typenameOf(value), ...mark }
    return new Serialized(header, [pickle(value)])
  }
  if (isNumeric(value)) return arrayToWire(value)
  if (!Array.isArray(value) && isStrided(value as object))
    return arrayToWire(value as Parameters<typeof arrayToWire>[0])
  const parts = Array.isArray(value)
    ? value.map((item) => part(item))
    : Object.entries(value as object).map(([key, item]) => part(item, key))
  const header: Header = {
    'is-collection': true,
    'type-serialized': Array.isArray(value) ? 'list' : 'dict',
    'sub-headers': parts.map((each) => each.header),
    'frame-lengths': parts.map((each) => each.frames.length),
    [TYPENAME]: typenameOf(value),
  }
  return new Serialized(
    header,
    parts.flatMap((each) => each.frames),
  )
}

function part(value: unknown, key?: string): Serialized {
  const { header, frames } = plainToWire(value, shapeOf(value, 1, new Set()))
  return new Serialized(key === undefined ? header : { ...header, key }, frames)
}

function encodedToWire({ header, frames, typename }: Encoded): Serialized {
  const parts = [MARK, header].map((each) => new Serialized({ serializer: 'pickle', writeable: [] }, [pickle(each)]))
  parts.push(...frames.map((frame) => arrayToWire(frame)))
  const described: Header = {
    'is-collection': true,
    'type-serialized': 'list',
    'sub-headers': parts.map((each) => each.header),
    'frame-lengths': parts.map((each) => each.frames.length),
    [OPAQUE]: true,
    [TYPENAME]: typename,
  }
  return new Serialized(
    described,
    parts.flatMap((each) => each.frames),
  )
}

/** As we have written it. */
function encodedFromWire(value: Serialized): Encoded {
  const [, description, ...frames] = joined(value).map(bytesOf)
  if (description === undefined) throw new TsumbaError('a value came without its description', 'bad-message')
  return encodedOfParts(unpickle(description), frames, typenameOfWire(value))
}

/** As Python has handed it on; undefined: a list like any other. */
function encodedInList(value: unknown): Encoded | undefined {
  if (!Array.isArray(value) || value[0] !== MARK) return undefined
  return encodedOfParts(value[1], value.slice(2), 'object')
}

function encodedOfParts(header: unknown, frames: unknown[], typename: string): Encoded {
  if (!(header instanceof Uint8Array) || !frames.every((frame) => frame instanceof Uint8Array))
    throw new TsumbaError(`a value of ${PACKAGE} came back from Python changed`, 'bad-message')
  const nbytes = frames.reduce((sum, frame) => sum + frame.length, header.length)
  return { serializer: SERIALIZER, header, frames, nbytes, typename }
}

/** Lists, tuples, sets and dicts whose parts Dask has written each for itself. */
function collection(value: Serialized): unknown {
  const headers = value.header['sub-headers'] as Header[]
  const lengths = value.header['frame-lengths'] as number[]
  const frames = joined(value).map(bytesOf)
  let start = 0
  const parts = headers.map((header, i) => {
    const { key, ...rest } = header
    // Frames are joined already; a part's own splitting would be applied twice.
    const { 'split-num-sub-frames': _counts, 'split-offsets': _offsets, ...own } = rest
    const item = fromWire(new Serialized(own, frames.slice(start, (start += lengths[i]!))))
    return [key, item] as const
  })
  switch (value.header['type-serialized']) {
    case 'dict':
      return dictOf(new Map(parts))
    case 'set':
      return new Set(parts.map(([, item]) => item))
    default:
      return parts.map(([, item]) => item)
  }
}

function daskValue(value: Serialized): unknown {
  const type = String(value.header['type'])
  if (type === 'numpy.ndarray') return arrayFromWire(value)
  if (/^(builtins\.)?(bytes|bytearray|memoryview)$/.test(type)) return bytesOf(joined(value)[0]!)
  throw noCounterpart(`a ${type}`)
}

function readPickle(bytes: Uint8Array, buffers: readonly Uint8Array[]): unknown {
  return plain(unpickle(bytes, buffers, reduce), new Map())
}

/** Calls with a counterpart here, by name; nothing else is made of a pickle, and nothing is run. */
function reduce(call: Call): unknown {
  if (!(call.callee instanceof Global)) return undefined
  const [first] = call.args
  switch (call.callee.toString()) {
    case 'builtins.set':
    case 'builtins.frozenset':
      return new Set((first as unknown[] | undefined) ?? [])
    case 'builtins.bytearray':
      return first instanceof Uint8Array ? first : new Uint8Array(0)
    case 'collections.OrderedDict':
      return new Map()
    case '_codecs.encode':
      return typeof first === 'string' && call.args[1] === 'latin1' ? Buffer.from(first, 'latin1') : undefined
    default:
      return reduceNumpy(call)
  }
}

/** Dicts as objects, all through; objects that Python shares stay shared. */
function plain(value: unknown, done: Map<object, unknown>): unknown {
  if (value instanceof Call) throw noCounterpart(`a ${String(value.callee)}`)
  if (value instanceof Global) throw noCounterpart(`the name ${value}`)
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value
  const known = done.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    done.set(value, value)
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      if (typeof item === 'object' && item !== null) value[i] = plain(item, done)
    }
    return value
  }
  if (value instanceof Set) {
    for (const item of value) if (item instanceof Call || item instanceof Global) plain(item, done)
    return value
  }
  if (!(value instanceof Map)) return value
  return dict(value, done)
}

function dict(map: Map<unknown, unknown>, done: Map<object, unknown>): unknown {
  const textual = [...map.keys()].every((key) => typeof key === 'string')
  const result: object = textual ? {} : new Map()
  done.set(map, result)
  for (const [key, item] of map) {
    const value = plain(item, done)
    if (result instanceof Map) result.set(plain(key, done), value)
    else define(result, key as string, value)
  }
  return result
}

function dictOf(map: ReadonlyMap<unknown, unknown>): unknown {
  if (![...map.keys()].every((key) => typeof key === 'string')) return map
  const object = {}
  for (const [key, value] of map) define(object, key as string, value)
  return object
}

function define(object: object, key: string, value: unknown): void {
  if (key !== '__proto__') (object as Record<string, unknown>)[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
