/** Vectors of 128 bits: loads, stores, lanes, reductions, conversions. Operations themselves come from the tables. */

import type { Expr, Extract, Load, MaskType, Ramp, Reduce, Shuffle, Splat, Store, VecType } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { typeName } from '../../ir/types.ts'
import type { DType } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { dtypeOf, emitAddress } from './address.ts'
import { held, hold, type Operand } from './operand.ts'
import { type Scope, valueTypeOf } from './scope.ts'
import { emitOperation } from './template.ts'

// ──────────────────────────── memory ────────────────────────────

/** Loads and stores of all lanes at once; elements narrower than their lanes are widened by the load. */
interface VectorAccess {
  readonly load: string
  readonly store?: string
}
const FULL: VectorAccess = { load: 'v128.load', store: 'v128.store' }

/** By vector type and element type. */
const ACCESS: Readonly<Record<string, Partial<Record<DType, VectorAccess>>>> = {
  f64x2: { float64: FULL },
  f32x4: { float32: FULL },
  i64x2: { int64: FULL, uint64: FULL, uint32: { load: 'v128.load32x2_u' } },
  i32x4: {
    int32: FULL,
    uint32: FULL,
    int16: { load: 'v128.load16x4_s' },
    uint16: { load: 'v128.load16x4_u' },
  },
  i16x8: { int16: FULL, uint16: FULL, int8: { load: 'v128.load8x8_s' }, uint8: { load: 'v128.load8x8_u' } },
  i8x16: { int8: FULL, uint8: FULL, uint8c: FULL },
}

function accessOf(type: VecType, dtype: DType): VectorAccess {
  const access = ACCESS[typeName(type)]?.[dtype]
  if (!access) throw new Unsupported(`WebAssembly cannot move ${dtype} elements as ${typeName(type)}`)
  return access
}

function checkProven(bounds: 'checked' | 'proven'): void {
  if (bounds === 'checked') throw new Unsupported('vectors are loaded and stored only where their bounds are proven')
}

export function emitVectorLoad(s: Scope, e: Load): void {
  checkProven(e.bounds)
  const access = accessOf(e.type as VecType, dtypeOf(e.array))
  const offset = emitAddress(s, e)
  s.code.memory(access.load, offset)
}

export function emitVectorStore(s: Scope, stmt: Store): void {
  checkProven(stmt.bounds)
  const { store } = accessOf(stmt.value.type as VecType, dtypeOf(stmt.array))
  if (!store) throw new Unsupported(`WebAssembly cannot store ${typeName(stmt.value.type)} as ${dtypeOf(stmt.array)}`)
  const offset = emitAddress(s, stmt)
  s.expr(stmt.value)
  s.code.memory(store, offset)
}

/** Lane by lane: WebAssembly has no masked access, and a lane that is off may lie outside the array. */
function eachActiveLane(s: Scope, mask: Expr, type: VecType, access: (lane: number, bytes: number) => void): void {
  const flags = hold(s, mask)
  for (let lane = 0; lane < type.lanes; lane++) {
    flags.push()
    emitLane(s, mask.type as MaskType, lane)
    s.code.if()
    access(lane, (16 / type.lanes) * lane)
    s.code.end()
  }
  flags.release()
}

function laneAccess(kind: 'load' | 'store', type: VecType, place: Load | Store): string {
  checkProven(place.bounds)
  if (accessOf(type, dtypeOf(place.array)) !== FULL) {
    throw new Unsupported(`WebAssembly cannot ${kind} some lanes of ${typeName(type)} as ${dtypeOf(place.array)}`)
  }
  return `v128.${kind}${128 / type.lanes}_lane`
}

export function emitMaskedLoad(s: Scope, e: Load): void {
  const type = e.type as VecType
  const load = laneAccess('load', type, e)
  const offset = emitAddress(s, e)
  const address = held(s, 'i32')
  s.code.zero('v128')
  const vector = held(s, 'v128')
  eachActiveLane(s, e.mask!, type, (lane, bytes) => {
    address.push()
    vector.push()
    s.code.laneMemory(load, offset + bytes, lane)
    vector.set()
  })
  vector.push()
  vector.release()
  address.release()
}

export function emitMaskedStore(s: Scope, stmt: Store): void {
  const type = stmt.value.type as VecType
  const store = laneAccess('store', type, stmt)
  const offset = emitAddress(s, stmt)
  const address = held(s, 'i32')
  const value = hold(s, stmt.value)
  eachActiveLane(s, stmt.mask!, type, (lane, bytes) => {
    address.push()
    value.push()
    s.code.laneMemory(store, offset + bytes, lane)
  })
  value.release()
  address.release()
}

// ───────────────────────────── lanes ─────────────────────────────

/** The type in mnemonics; refuses vectors of other than 128 bits. */
function laneName(type: VecType): string {
  valueTypeOf(type)
  return typeName(type)
}

const MASK_LANES = { 2: 'i64x2', 4: 'i32x4', 8: 'i16x8', 16: 'i8x16' } as const
const maskLanes = (type: MaskType): string => MASK_LANES[type.lanes as keyof typeof MASK_LANES]

export function emitSplat(s: Scope, e: Splat): void {
  if (e.type.kind === 'vec') {
    const { value } = e
    if (value.kind === 'const') {
      valueTypeOf(e.type)
      s.code.constant(laneBytes(e.type, () => value.value))
      return
    }
    s.expr(value)
    s.code.op(`${laneName(e.type)}.splat`)
    return
  }
  // All ones for true: 0 − 1.
  s.code.i32(0)
  s.expr(e.value)
  s.code.op('i32.sub')
  if (e.type.lanes === 2) s.code.op('i64.extend_i32_s')
  s.code.op(`${maskLanes(e.type)}.splat`)
}

/** base + stride · k, each lane rounded once for the product and once for the sum, as a scalar loop would. */
export function emitRamp(s: Scope, e: Ramp): void {
  const name = laneName(e.type)
  s.expr(e.base)
  s.code.op(`${name}.splat`)
  s.expr(e.stride)
  s.code.op(`${name}.splat`)
  s.code.constant(laneBytes(e.type, (k) => k))
  s.code.op(`${name}.mul`)
  s.code.op(`${name}.add`)
}

function laneBytes(type: VecType, value: (lane: number) => number | bigint | boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(16))
  const size = 16 / type.lanes
  for (let k = 0; k < type.lanes; k++) {
    const at = k * size
    switch (type.of) {
      case 'i8':
        view.setInt8(at, Number(value(k)))
        break
      case 'i16':
        view.setInt16(at, Number(value(k)), true)
        break
      case 'i32':
        view.setInt32(at, Number(value(k)), true)
        break
      case 'i64':
        view.setBigInt64(at, BigInt(value(k)), true)
        break
      case 'f32':
        view.setFloat32(at, Number(value(k)), true)
        break
      case 'f64':
        view.setFloat64(at, Number(value(k)), true)
        break
      default:
        type.of satisfies never
    }
  }
  return new Uint8Array(view.buffer)
}

export function emitShuffle(s: Scope, e: Shuffle): void {
  s.expr(e.a)
  s.expr(e.b)
  s.code.shuffle(byteLanes(e.lanes))
}

function byteLanes(lanes: readonly number[]): number[] {
  const size = 16 / lanes.length
  return lanes.flatMap((lane) => Array.from({ length: size }, (_, k) => lane * size + k))
}

export function emitExtract(s: Scope, e: Extract): void {
  s.expr(e.value)
  emitLane(s, e.value.type as VecType | MaskType, e.lane)
}

/** One lane of the vector on the stack: narrow lanes as i32, a mask's as bool. */
function emitLane(s: Scope, type: VecType | MaskType, lane: number): void {
  const name = type.kind === 'mask' ? maskLanes(type) : laneName(type)
  const isNarrow = name === 'i8x16' || name === 'i16x8'
  s.code.lane(`${name}.extract_lane${isNarrow ? '_s' : ''}`, lane)
  if (type.kind !== 'mask') return
  if (name === 'i64x2') s.code.op('i32.wrap_i64')
  s.code.i32(1)
  s.code.op('i32.and')
}

/** Pairwise: lanes 0 and 1, 2 and 3, … then their results, each by the scalar operation. */
export function emitReduce(s: Scope, e: Reduce): void {
  const type = e.value.type as VecType | MaskType
  if (type.kind === 'mask') {
    s.expr(e.value)
    s.code.op(e.op === 'any' ? 'v128.any_true' : `${maskLanes(type)}.all_true`)
    return
  }
  const value = hold(s, e.value)
  const record = opRecord(e.op)
  const scalar = valueTypeOf(e.type)
  let level: Operand[] = Array.from({ length: type.lanes }, (_, lane) => {
    value.push()
    emitLane(s, type, lane)
    return held(s, scalar)
  })
  while (level.length > 1) {
    const next: Operand[] = []
    for (let k = 0; k < level.length; k += 2) {
      const pair = [level[k]!, level[k + 1]!]
      emitOperation(
        s,
        record,
        e.type,
        pair.map((operand) => ({ cheap: true, push: operand.push })),
      )
      for (const operand of pair) operand.release()
      next.push(held(s, scalar))
    }
    level = next
  }
  value.release()
  level[0]!.push()
  level[0]!.release()
}

// ─────────────────────────── conversions ───────────────────────────

/** Between vectors of as many lanes. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  'i32x4>f32x4': 'f32x4.convert_i32x4_s',
  'f32x4>i32x4': 'i32x4.trunc_sat_f32x4_s',
}

export function emitVectorCast(s: Scope, value: Expr, from: VecType, to: VecType): void {
  const instruction = CONVERSIONS[`${typeName(from)}>${typeName(to)}`]
  if (!instruction) throw new Unsupported(`WebAssembly converts no ${typeName(from)} to ${typeName(to)}`)
  s.expr(value)
  s.code.op(instruction)
}
