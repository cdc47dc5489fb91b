/** Element types of chunked arrays, and what becomes of two of them. */

import { TsumbaError } from '../../errors.ts'
import { type DType, dtypeInfo, dtypeOf, type NumberArray } from '../../types.ts'

/** Those whose elements are numbers. */
export type NumberDType = Exclude<DType, 'int64' | 'uint64'>

/** @throws where it is no typed array of numbers. */
export function numberDtype(data: unknown, what: string): NumberDType {
  const dtype = dtypeOf(data)
  if (dtype !== undefined && dtype !== 'int64' && dtype !== 'uint64') return dtype
  throw new TsumbaError(`${what} takes a typed array of numbers, such as a Float64Array.`, 'argument-type')
}

export const empty = (dtype: NumberDType, length: number): NumberArray =>
  new (dtypeInfo(dtype).ctor)(length) as NumberArray

const BITS: Record<NumberDType, number> = {
  float64: 64,
  float32: 32,
  int8: 8,
  uint8: 8,
  uint8c: 8,
  int16: 16,
  uint16: 16,
  int32: 32,
  uint32: 32,
}

const isFloat = (dtype: NumberDType) => dtype === 'float64' || dtype === 'float32'
const isSigned = (dtype: NumberDType) => dtype.startsWith('int')

/** The smallest type that has all values of both: the Array API's table, with float64 where that needs 64 bit integers. */
export function promote(a: NumberDType, b: NumberDType): NumberDType {
  if (a === b) return a
  if (isFloat(a) || isFloat(b)) {
    // A float32 has the integers of up to 24 bits.
    const narrow = (dtype: NumberDType) => dtype === 'float32' || (!isFloat(dtype) && BITS[dtype] <= 16)
    return narrow(a) && narrow(b) ? 'float32' : 'float64'
  }
  const bits = Math.max(BITS[a], BITS[b])
  if (isSigned(a) === isSigned(b)) return `${isSigned(a) ? 'int' : 'uint'}${bits}` as NumberDType
  const [signed, unsigned] = isSigned(a) ? [a, b] : [b, a]
  const needed = Math.max(BITS[signed], 2 * BITS[unsigned])
  return needed > 32 ? 'float64' : (`int${needed}` as NumberDType)
}

/** A number beside an array takes the array's type, unless the type has no such number. */
export function promoteScalar(dtype: NumberDType, value: number): NumberDType {
  if (isFloat(dtype)) return dtype
  const probe = empty(dtype, 1)
  probe[0] = value
  return Object.is(probe[0], value) ? dtype : 'float64'
}

/** Division and means leave the integers. */
export const floating = (dtype: NumberDType): NumberDType => (isFloat(dtype) ? dtype : 'float64')
