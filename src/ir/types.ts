/** The IR's types as interned objects: equal types are the same object, so `===` compares them. */

import type { DType } from '../types.ts'
import type { ArrayType, MaskType, ScalarName, ScalarType, Space, TupleType, Type, VecType } from './ir.ts'

const interned = new Map<string, Type>()
function intern<T extends Type>(type: T): T {
  const key = typeName(type)
  const known = interned.get(key)
  if (known) return known as T
  Object.freeze(type)
  interned.set(key, type)
  return type
}

const scalars = new Map<ScalarName, ScalarType>()
export function scalar(name: ScalarName): ScalarType {
  let known = scalars.get(name)
  if (!known) scalars.set(name, (known = intern({ kind: 'scalar', name })))
  return known
}
export const BOOL = scalar('bool')
export const I32 = scalar('i32')
export const I64 = scalar('i64')
export const F32 = scalar('f32')
export const F64 = scalar('f64')
export const INDEX = scalar('index')
export const vec = (of: VecType['of'], lanes: number): VecType => intern({ kind: 'vec', of, lanes })
export const mask = (lanes: number): MaskType => intern({ kind: 'mask', lanes })
export const array = (dtype: DType, rank = 1, space: Space = 'global'): ArrayType =>
  intern({ kind: 'array', dtype, rank, space })
export const tuple = (items: readonly Type[]): TupleType => intern({ kind: 'tuple', items })

/** `f64`, `f64x2`, `mask2`, `float64[]`, `shared float32[:, :]`, `(f64, i32)`: also what the printer writes. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'scalar':
      return type.name
    case 'vec':
      return `${type.of}x${type.lanes}`
    case 'mask':
      return `mask${type.lanes}`
    case 'array': {
      const axes = type.rank === 1 ? '' : Array.from({ length: type.rank }, () => ':').join(', ')
      return `${type.space === 'global' ? '' : `${type.space} `}${type.dtype}[${axes}]`
    }
    case 'tuple':
      return `(${type.items.map(typeName).join(', ')})`
    default:
      return type satisfies never
  }
}

const LANE_BYTES = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8 } as const

/** Bytes of a vector's lanes; a register has 16. */
export const vecBytes = (type: VecType): number => type.lanes * LANE_BYTES[type.of]

/** The name under which operations list their overload: vectors shorter than a register stand under the whole one. */
export function overloadName(type: Type): string {
  if (type.kind === 'scalar') return type.name
  let name = overloadNames.get(type)
  if (name === undefined) {
    const short = type.kind === 'vec' && vecBytes(type) < 16
    name = short ? `${type.of}x${16 / LANE_BYTES[type.of]}` : typeName(type)
    overloadNames.set(type, name)
  }
  return name
}
/** Asked for at every operation; types are interned. */
const overloadNames = new Map<Type, string>()

/** The type an element has once loaded: uint32 needs 64 bits to stay itself, uint8c is an integer like uint8. */
export function valueType(dtype: DType): ScalarType {
  switch (dtype) {
    case 'float64':
      return F64
    case 'float32':
      return F32
    case 'int8':
    case 'uint8':
    case 'uint8c':
    case 'int16':
    case 'uint16':
    case 'int32':
      return I32
    case 'uint32':
    case 'int64':
    case 'uint64':
      return I64
    default:
      return dtype satisfies never
  }
}

/** The type a store takes: integers of 32 bits and fewer are the low bits of an i32. */
export function storeType(dtype: DType): ScalarType {
  return dtype === 'uint32' ? I32 : valueType(dtype)
}

export const isInteger = (type: Type): boolean =>
  type.kind === 'scalar' && (type.name === 'i32' || type.name === 'i64' || type.name === 'index')
export const isFloat = (type: Type): boolean => type.kind === 'scalar' && (type.name === 'f64' || type.name === 'f32')
