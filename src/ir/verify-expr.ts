/** The type rules of expressions, one node at a time, and of the types themselves. */

import type { DType } from '../types.ts'
import { laneType, overloadType, slotType } from './build.ts'
import type { Const, Expr, Load, OpExpr, Reduce, ScalarName, Type } from './ir.ts'
import { findOp } from './ops/index.ts'
import { BOOL, F64, I32, I64, INDEX, mask, overloadName, storeType, typeName, valueType } from './types.ts'

export const INDEX_TYPES: readonly Type[] = [INDEX, I32, I64]
/** An array index may also be an f64 where it is checked. */
export const indexTypes = (bounds: 'checked' | 'proven'): readonly Type[] =>
  bounds === 'checked' ? [...INDEX_TYPES, F64] : INDEX_TYPES

/** Lanes that a vector of elements can have: as wide as an element, or its value's type. */
export function laneNames(dtype: DType): readonly ScalarName[] {
  switch (dtype) {
    case 'int8':
    case 'uint8':
    case 'uint8c':
      return ['i8', 'i32']
    case 'int16':
    case 'uint16':
      return ['i16', 'i32']
    case 'uint32':
      return ['i32', 'i64']
    default:
      return [valueType(dtype).name]
  }
}

/** What is wrong with values of this type, if anything. */
export function typeProblem(type: Type): string | undefined {
  switch (type.kind) {
    case 'scalar':
      return type.name === 'i8' || type.name === 'i16' ? 'exists as a lane of vectors only' : undefined
    case 'vec':
    case 'mask':
      return Number.isInteger(type.lanes) && type.lanes > 1 ? undefined : 'has fewer than two lanes'
    case 'array':
      return undefined
    case 'tuple':
      return type.items.map(typeProblem).find((problem) => problem !== undefined)
    default:
      return type satisfies never
  }
}

const want = (what: string, found: Type, wanted: readonly Type[]): string | undefined =>
  wanted.includes(found) ? undefined : `${what} is ${typeName(found)}, not ${wanted.map(typeName).join(' or ')}`

/** What is wrong with a node itself, its parts taken as right. Locals and sites are not its matter. */
export function exprProblem(e: Expr): string | undefined {
  switch (e.kind) {
    case 'const':
      return constProblem(e)
    case 'local':
      return want('the reference', e.type, [e.local.type])
    case 'load':
      return loadProblem(e)
    case 'op':
      return opProblem(e)
    case 'cast':
      return castable(e.value.type, e.type)
        ? undefined
        : `there is no cast from ${typeName(e.value.type)} to ${typeName(e.type)}`
    case 'select':
    case 'cond': {
      if (e.type.kind === 'array' || e.type.kind === 'tuple') return 'arrays and tuples are not chosen by expressions'
      const conditions = e.kind === 'select' && e.type.kind === 'vec' ? [BOOL, mask(e.type.lanes)] : [BOOL]
      return (
        want('the condition', e.cond.type, conditions) ??
        want('an arm', e.then.type, [e.type]) ??
        want('an arm', e.else.type, [e.type])
      )
    }
    case 'ramp': {
      const lane = laneType(e.type)
      return want('the base', e.base.type, [lane]) ?? want('the stride', e.stride.type, [lane])
    }
    case 'splat':
      return want('the value', e.value.type, [laneType(e.type)])
    case 'shuffle': {
      const { a, b, type, lanes } = e
      if (a.type.kind !== 'vec' || a.type.of !== type.of || b.type !== a.type)
        return 'it takes two vectors of its lanes'
      const many = 2 * a.type.lanes
      const known = lanes.every((lane) => Number.isInteger(lane) && lane >= 0 && lane < many)
      return lanes.length === type.lanes && known ? undefined : `it wants ${type.lanes} lanes, each below ${many}`
    }
    case 'extract': {
      const from = e.value.type
      if (from.kind !== 'vec' && from.kind !== 'mask') return `${typeName(from)} has no lanes`
      if (!Number.isInteger(e.lane) || e.lane < 0 || e.lane >= from.lanes) return `there is no lane ${e.lane}`
      return want('the lane', e.type, [laneType(from)])
    }
    case 'reduce':
      return foldProblem(e)
    case 'length':
      if (e.array.type.kind !== 'array') return `${e.array.name} is no array`
      if (!Number.isInteger(e.axis) || e.axis < 0 || e.axis >= e.array.type.rank) return `there is no axis ${e.axis}`
      return want('a length', e.type, [INDEX])
    case 'overlap':
      if (e.a.type.kind !== 'array' || e.b.type.kind !== 'array') return 'it takes two arrays'
      return want('the answer', e.type, [BOOL])
    default:
      return e satisfies never
  }
}

function constProblem({ type, value }: Const): string | undefined {
  const problem = typeProblem(type)
  if (problem) return problem
  const wrong = `${value} is no ${type.name}`
  switch (type.name) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : wrong
    case 'i64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? undefined : wrong
    case 'f64':
      return typeof value === 'number' ? undefined : wrong
    case 'f32':
      return typeof value === 'number' && Object.is(Math.fround(value), value) ? undefined : wrong
    case 'i32':
      return typeof value === 'number' && Object.is(value | 0, value) ? undefined : wrong
    default:
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? undefined : wrong
  }
}

function loadProblem(e: Load): string | undefined {
  const { type } = e.array
  if (type.kind !== 'array') return `${e.array.name} is no array`
  const index = want('the index', e.index.type, indexTypes(e.bounds))
  if (index) return index
  if (e.stride) {
    if (e.type.kind !== 'vec') return 'only lanes of vectors are a stride apart'
    const stride = want('the stride', e.stride.type, INDEX_TYPES)
    if (stride) return stride
  }
  if (e.type.kind !== 'vec') {
    return want('the element', e.type, [valueType(type.dtype)]) ?? (e.mask && want('the mask', e.mask.type, [BOOL]))
  }
  if (!laneNames(type.dtype).includes(e.type.of)) return `lanes of ${e.type.of} do not come from ${type.dtype}`
  return e.mask && want('the mask', e.mask.type, [mask(e.type.lanes)])
}

/** The same rules for what a store puts into an array of `dtype`. */
export function storedProblem(dtype: DType, value: Type, masked: Type | undefined): string | undefined {
  if (value.kind !== 'vec') {
    return want('the value', value, [storeType(dtype)]) ?? (masked && want('the mask', masked, [BOOL]))
  }
  if (!laneNames(dtype).includes(value.of)) return `lanes of ${value.of} do not go into ${dtype}`
  return masked && want('the mask', masked, [mask(value.lanes)])
}

function opProblem(e: OpExpr): string | undefined {
  const record = findOp(e.op)
  if (!record || record.kind === 'atomic') return `no operation of expressions is named ${e.op}`
  if (e.args.length !== record.args.length) return `it takes ${record.args.length} values, not ${e.args.length}`
  const at = overloadType(record, e.args)
  if (!Object.hasOwn(record.at, overloadName(at))) return `it has no overload for ${typeName(at)}`
  for (const [k, slot] of record.args.entries()) {
    const problem = want(`value ${k + 1}`, e.args[k]!.type, [slotType(slot, at)])
    if (problem) return problem
  }
  return want('the result', e.type, [slotType(record.result, at)])
}

const NUMBERS: ReadonlySet<ScalarName> = new Set(['i32', 'i64', 'index', 'f32', 'f64'])

/** Between numbers, and from truth values to numbers; of vectors lane by lane. */
function castable(from: Type, to: Type): boolean {
  if (to.kind === 'scalar') return from.kind === 'scalar' && NUMBERS.has(to.name) && typeProblem(from) === undefined
  if (to.kind === 'vec') return (from.kind === 'vec' || from.kind === 'mask') && from.lanes === to.lanes
  return false
}

function foldProblem(e: Reduce): string | undefined {
  const from = e.value.type
  if (from.kind !== 'vec' && from.kind !== 'mask') return `${typeName(from)} has no lanes`
  const truth = e.op === 'any' || e.op === 'all'
  if (truth !== (from.kind === 'mask')) return `${e.op} does not fold ${typeName(from)}`
  return want('the result', e.type, [laneType(from)])
}
