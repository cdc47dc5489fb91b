/**
 * Arrays in the form of NumPy: a description and the elements' bytes. A typed array is a one-dimensional array; any
 * other shape is a plain record `{ data, shape, strides }`, strides in elements as they lie in `data`.
 */

import { TsumbaError } from '../../errors.ts'
import { DTYPES, type DTypeInfo, dtypeOf, PACKAGE } from '../../types.ts'
import { cover, type Header, joined, type Region, Serialized, splitting } from './wire/message.ts'
import { Call, Global } from './wire/pickle.ts'
import { pickle } from './wire/pickle-write.ts'

export type NumericArray = InstanceType<DTypeInfo['ctor']>

export interface StridedArray {
  readonly data: NumericArray
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

const LITTLE: Readonly<Record<string, string>> = {
  float64: '<f8',
  float32: '<f4',
  int8: '|i1',
  uint8: '|u1',
  uint8c: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
}

const CLASS = pickle(new Global('numpy', 'ndarray'))

/** Says to us, not to Python, that the bytes are a Uint8ClampedArray's. */
const CLAMPED = `${PACKAGE}-clamped`

/** Whether the array's frame can be put on the wire as NumPy's: all but bit patterns of unknown kind. */
export function isNumeric(value: unknown): value is NumericArray {
  return dtypeOf(value) !== undefined
}

/** A record that stands for an array of another shape than a typed array has; lists with such names are no accident. */
export function isStrided(value: object): value is StridedArray {
  const { data, shape, strides } = value as Partial<StridedArray>
  if (!isNumeric(data) || !isIndices(shape) || !isIndices(strides) || shape.length !== strides.length) return false
  if (Object.keys(value).length !== 3) return false
  // What reads back as a typed array must not go as a record.
  if (shape.length === 1 && strides[0] === 1) return false
  // NumPy normalises the strides of what has no or one element in a direction; the record would come back changed.
  return shape.every((size) => size > 1) && extent(shape, strides) === data.length
}

function isIndices(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0 && !Object.is(each, -0))
}

/** Elements from the first to the last, both included. */
function extent(shape: readonly number[], strides: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((last, size, i) => last + (size - 1) * strides[i]!, 1)
}

export function arrayToWire(value: NumericArray | StridedArray): Serialized {
  const data = isNumeric(value) ? value : value.data
  const dtype = dtypeOf(data)!
  const size = data.BYTES_PER_ELEMENT
  const shape = isNumeric(value) ? [data.length] : value.shape
  const strides = isNumeric(value) ? [1] : value.strides
  const description: Header = {
    dtype: [0, LITTLE[dtype]],
    // A direction of stride 0 repeats its one element.
    shape: shape.map((each, i) => (strides[i] === 0 ? 1 : each)),
    strides: strides.map((stride) => stride * size),
    writeable: [true],
    ...(strides.includes(0) ? { broadcast_to: shape } : {}),
  }
  const header: Header = {
    'sub-header': description,
    type: 'numpy.ndarray',
    'type-serialized': CLASS,
    serializer: 'dask',
    ...(dtype === 'uint8c' ? { [CLAMPED]: true } : {}),
  }
  // One frame where one view covers it: the writer cuts it up where it has to. Node 20's views end at 4 GiB.
  if (data.byteLength < 2 ** 32)
    return new Serialized(header, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])
  const frames = cover(data)
  return new Serialized({ ...header, ...splitting([frames.length]) }, frames)
}

/** The array in a value whose serializer is `dask` and whose type is NumPy's. */
export function arrayFromWire(value: Serialized): NumericArray | StridedArray {
  const description = value.header['sub-header'] as Header
  const [region] = joined(value)
  const dtype = description['dtype'] as [custom: number, name: unknown]
  if (description['pickle'] === true || dtype[0] !== 0 || typeof dtype[1] !== 'string' || region === undefined)
    throw noCounterpart('a NumPy array of objects or records')
  const shape = (description['broadcast_to'] ?? description['shape']) as number[]
  return arrayOf(region, dtype[1], shape, description['strides'] as number[], value.header[CLAMPED] === true)
}

/** An array over bytes; `strides` in bytes, undefined where the elements follow each other, the last index fastest. */
export function arrayOf(
  region: Region,
  dtype: string,
  shape: readonly number[],
  strides: readonly number[] | undefined,
  clamped = false,
): NumericArray | StridedArray {
  const info = dtypeInfoOf(dtype, clamped)
  const data = elements(region, info, dtype.startsWith('>'))
  const steps = strides?.map((stride) => stride / info.size) ?? rowMajor(shape)
  if (!isIndices(steps)) throw noCounterpart('a NumPy array whose strides are negative or no multiples of its elements')
  if (extent(shape, steps) > data.length)
    throw new TsumbaError('a NumPy array from Python reaches past its bytes', 'bad-message')
  if (shape.length === 1 && (steps[0] === 1 || shape[0]! < 2)) return data.subarray(0, shape[0]) as NumericArray
  return { data, shape: [...shape], strides: [...steps] }
}

/** Strides in elements where the last index is fastest. */
function rowMajor(shape: readonly number[]): number[] {
  return columnMajor([...shape].reverse()).reverse()
}

/** Strides in elements where the first index is fastest: Fortran's order. */
export function columnMajor(shape: readonly number[]): number[] {
  const strides: number[] = []
  let step = 1
  for (const size of shape) {
    strides.push(step)
    step *= size
  }
  return strides
}

/** `<f8`, `|u1`, `>i4`: byte order, kind, bytes. */
function dtypeInfoOf(dtype: string, clamped: boolean): DTypeInfo {
  const [, kind, size] = /^[<>|=]([a-zA-Z])(\d+)$/.exec(dtype) ?? []
  const name = kind === 'b' ? 'uint8' : `${{ f: 'float', i: 'int', u: 'uint' }[kind ?? ''] ?? '?'}${Number(size) * 8}`
  const info = DTYPES.find((each) => each.name === (clamped && name === 'uint8' ? 'uint8c' : name))
  if (info === undefined) throw noCounterpart(`a NumPy array of type ${dtype}`)
  return info
}

function elements(region: Region, info: DTypeInfo, bigEndian: boolean): NumericArray {
  const length = Math.floor(region.byteLength / info.size)
  const aligned = region.byteOffset % info.size === 0
  if (aligned && !(bigEndian && info.size > 1)) return new info.ctor(region.buffer, region.byteOffset, length)
  const copy = Buffer.from(new Uint8Array(region.buffer, region.byteOffset, length * info.size))
  if (bigEndian && info.size === 2) copy.swap16()
  if (bigEndian && info.size === 4) copy.swap32()
  if (bigEndian && info.size === 8) copy.swap64()
  const own = new ArrayBuffer(copy.length)
  new Uint8Array(own).set(copy)
  return new info.ctor(own, 0, length)
}

export function noCounterpart(what: string): TsumbaError {
  return new TsumbaError(
    `The value from Python is ${what}, which has no counterpart here. ` +
      'Remedy: make it numbers, texts, lists, dicts or NumPy arrays of integers or floats in the Python task (`.astype("float64")`).',
    'python-value',
  )
}

/** What NumPy's own pickles call: a scalar, a type, an array over bytes; undefined for anything else. */
export function reduceNumpy({ callee, args }: Call): unknown {
  if (!(callee instanceof Global)) return undefined
  switch (callee.toString().replace('numpy._core.', 'numpy.core.')) {
    case 'numpy.core.multiarray.scalar':
      return scalarOf(dtypeName(args[0]), args[1] as Uint8Array)
    case 'numpy.core.numeric._frombuffer': {
      const [buffer, dtype, shape, order] = args as [Uint8Array, unknown, number[], string]
      return arrayOf(buffer, dtypeName(dtype), shape, order === 'F' ? bytesStrides(shape, dtypeName(dtype)) : undefined)
    }
    default:
      return undefined
  }
}

function bytesStrides(shape: readonly number[], dtype: string): number[] {
  const size = Number(dtype.slice(2))
  return columnMajor(shape).map((stride) => stride * size)
}

/** `numpy.dtype('f8', False, True)` with the state `(3, '<', …)`. */
function dtypeName(value: unknown): string {
  if (!(value instanceof Call) || String(value.callee) !== 'numpy.dtype')
    throw noCounterpart('a NumPy value of unknown type')
  const order = (value.state as unknown[] | undefined)?.[1]
  return `${order === '>' ? '>' : '<'}${String(value.args[0])}`
}

function scalarOf(dtype: string, bytes: Uint8Array): unknown {
  const [value] = arrayOf(bytes, dtype, [1], undefined) as Float64Array
  if (dtype.endsWith('b1')) return (value as unknown) === 1
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
