/**
 * The vocabulary that users and compiler share: element types of arrays, and what a number means where.
 * Nothing here knows of the IR.
 */

/** Names of element types, as the Array API standard has them; `uint8c` is JavaScript's Uint8ClampedArray. */
export type DType =
  | 'float64'
  | 'float32'
  | 'int8'
  | 'uint8'
  | 'uint8c'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'

/** Typed arrays whose elements are `number`s. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array

export type TypedArray = NumberArray | BigInt64Array | BigUint64Array

export interface NumberArrayConstructor<A extends TypedArray = TypedArray> {
  readonly BYTES_PER_ELEMENT: number
  readonly name: string
  new (length: number): A
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A
}

export interface DTypeInfo {
  readonly name: DType
  /** Bytes an element. */
  readonly size: number
  readonly arrayName: string
  readonly ctor: NumberArrayConstructor
}

const info = (name: DType, ctor: unknown): DTypeInfo => {
  const c = ctor as NumberArrayConstructor
  return { name, size: c.BYTES_PER_ELEMENT, arrayName: c.name, ctor: c }
}

/** Every element type once; the position in this list is the number that compiled code uses for it. */
export const DTYPES: readonly DTypeInfo[] = [
  info('float64', Float64Array),
  info('float32', Float32Array),
  info('int8', Int8Array),
  info('uint8', Uint8Array),
  info('uint8c', Uint8ClampedArray),
  info('int16', Int16Array),
  info('uint16', Uint16Array),
  info('int32', Int32Array),
  info('uint32', Uint32Array),
  info('int64', BigInt64Array),
  info('uint64', BigUint64Array),
]

const byName = new Map(DTYPES.map((d) => [d.name, d]))
const byArray = new Map(DTYPES.map((d) => [d.arrayName, d]))

export const dtypeInfo = (name: DType): DTypeInfo => byName.get(name)!
export const dtypeCode = (name: DType): number => DTYPES.findIndex((d) => d.name === name)
/** `'Float64Array'` → float64's record; undefined for any other name. */
export const dtypeOfArrayName = (arrayName: string): DTypeInfo | undefined => byArray.get(arrayName)

/** The element type of a typed array, by its tag (right across realms); undefined for anything else. */
export function dtypeOf(value: unknown): DType | undefined {
  if (!ArrayBuffer.isView(value)) return undefined
  const tag = (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]
  return tag === undefined ? undefined : byArray.get(tag)?.name
}

/** The package's name: it stands here and in package.json, nowhere else. */
export const PACKAGE = 'tsumba'
