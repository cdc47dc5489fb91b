/**
 * Values of the interpreter and what operations do to them. A number of any type is a JavaScript number, a truth value
 * a boolean, a vector or mask the list of its lanes, an array the typed array itself.
 */

import { dtypeInfo, type TypedArray } from '../types.ts'
import { overloadType } from './build.ts'
import type { ArrayType, OpExpr, Reduction, ScalarName, Type } from './ir.ts'
import { opRecord } from './ops/index.ts'
import { identity } from './reduction.ts'
import { overloadName, typeName, valueType } from './types.ts'

export type Lane = number | boolean
export type Value = Lane | readonly Lane[] | TypedArray

/** The module, not its user, did wrong: a proof does not hold, or a value is none of its type. */
export class InterpretError extends Error {
  override name = 'InterpretError'
}

const isList = (value: Value): value is readonly Lane[] => Array.isArray(value)

/** Integers of `index` are within ±2³¹ or ±2⁵³. */
export type IndexBits = 32 | 64

const LIMIT_64 = 2 ** 53

/** Brings the exact result of an operation into its type: rounds, wraps, or finds that a proof does not hold. */
export function conform(name: ScalarName, value: Lane, indexBits: IndexBits): Lane {
  if (name === 'bool') {
    if (typeof value !== 'boolean') throw new InterpretError(`${value} is no truth value`)
    return value
  }
  if (typeof value !== 'number') throw new InterpretError(`${value} is no ${name}`)
  if (name === 'f64') return value
  if (name === 'f32') return Math.fround(value)
  if (!Number.isInteger(value)) throw new InterpretError(`${value} is no ${name}`)
  switch (name) {
    case 'i8':
      return (value << 24) >> 24
    case 'i16':
      return (value << 16) >> 16
    case 'i32':
      return value | 0
    case 'i64':
      if (Math.abs(value) > LIMIT_64) throw new InterpretError(`i64 left ±2⁵³: ${value}`)
      return value + 0
    case 'index':
      if (indexBits === 32 ? (value | 0) !== value : Math.abs(value) > LIMIT_64) {
        throw new InterpretError(`index left its ${indexBits} bits: ${value}`)
      }
      return value + 0
    default:
      return name satisfies never
  }
}

/** The name of a type's lanes; of a scalar its own. */
function laneName(type: Type): ScalarName {
  if (type.kind === 'scalar') return type.name
  if (type.kind === 'vec') return type.of
  if (type.kind === 'mask') return 'bool'
  throw new InterpretError(`${typeName(type)} has no lanes`)
}

type Meaning = (...args: Lane[]) => Lane

/** What an operation does to a lane of an overload: the meaning there, else at the scalar type, else the record's. */
function meaningAt(op: string, at: Type): Meaning {
  const record = opRecord(op)
  const own = record.at[overloadName(at)]?.meaning ?? record.at[laneName(at)]?.meaning
  return (own ?? record.meaning) as Meaning
}

/** One operation on values, elementwise on lists. */
export function applyOp(e: OpExpr, args: readonly Value[], indexBits: IndexBits): Value {
  const meaning = meaningAt(e.op, overloadType(opRecord(e.op), e.args))
  const name = laneName(e.type)
  if (!args.some(isList)) return conform(name, meaning(...(args as Lane[])), indexBits)
  const lanes = (args[0] as readonly Lane[]).length
  return Array.from({ length: lanes }, (_, k) =>
    conform(name, meaning(...args.map((a) => (a as readonly Lane[])[k]!)), indexBits),
  )
}

/** Two values of a type folded by an operation of the tables, for reductions. */
export function combine(op: Reduction['op'], type: Type, a: Lane, b: Lane, indexBits: IndexBits): Lane {
  return conform(laneName(type), meaningAt(op, type)(a, b), indexBits)
}

/** The value from which partial results of a reduction start, as its type has it. */
export function reductionStart(op: Reduction['op'], type: Type): number {
  const start = identity(op)
  const name = laneName(type)
  if (name === 'f64' || name === 'f32') return start
  const largest = name === 'i32' ? 2 ** 31 - 1 : LIMIT_64
  if (start === Infinity) return largest
  if (start === -Infinity) return name === 'i32' ? -(2 ** 31) : -LIMIT_64
  return start + 0
}

/** A change of representation (ir.ts, `Cast`). */
export function castValue(from: Type, to: Type, value: Value, indexBits: IndexBits): Value {
  const one = (lane: Lane): Lane => castLane(laneName(from), laneName(to), lane, indexBits)
  return isList(value) ? value.map(one) : one(value as Lane)
}

function castLane(from: ScalarName, to: ScalarName, value: Lane, indexBits: IndexBits): Lane {
  const n = Number(value)
  const fromFloat = from === 'f64' || from === 'f32'
  if (fromFloat && to !== 'f64' && to !== 'f32') {
    const bits = to === 'index' ? indexBits : to === 'i64' ? 64 : 32
    const inRange = Number.isInteger(n) && (bits === 64 ? Math.abs(n) <= LIMIT_64 : (n | 0) === n)
    if (!inRange) throw new InterpretError(`${n} was said to be an integer that fits ${to}`)
    return n + 0
  }
  // Narrowing takes the low bits, into an index too.
  if (to === 'index' && indexBits === 32) return n | 0
  return conform(to, n, indexBits)
}

// ───────────────────────────── arrays ─────────────────────────────

export const newArray = (type: ArrayType, length: number): TypedArray => new (dtypeInfo(type.dtype).ctor)(length)

/** The element as a number; one of 64 bits must be within ±2⁵³. */
function element(array: TypedArray, index: number): number {
  const value = array[index]!
  if (typeof value === 'number') return value
  return conform('i64', Number(value), 64) as number
}

export const loadElement = (array: TypedArray, index: number, lane: ScalarName): Lane =>
  conform(lane, element(array, index), 32)

/** The low bits for integers (uint8c too: clamping is an operation of its own), the value itself for floats. */
export function storeElement(array: TypedArray, index: number, value: number): void {
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[index] = BigInt(value)
  else if (array instanceof Uint8ClampedArray) array[index] = value & 255
  else array[index] = value
}

/** What `array[index] = value` leaves in plain JavaScript: it clamps where the array does. */
function assignElement(array: TypedArray, index: number, value: number): void {
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[index] = BigInt(value)
  else array[index] = value
}

/** A read-modify-write; gives the old element. */
export function atomicElement(op: string, type: ArrayType, array: TypedArray, index: number, args: Lane[]): Lane {
  const old = element(array, index)
  assignElement(array, index, (opRecord(op).meaning as Meaning)(old, ...args) as number)
  return conform(valueType(type.dtype).name, old, 32)
}

export function overlaps(a: TypedArray, b: TypedArray): boolean {
  if (a.byteLength === 0 || b.byteLength === 0 || a.buffer !== b.buffer) return false
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
}
