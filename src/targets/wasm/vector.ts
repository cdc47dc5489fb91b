/** Vectors of 128 bits: lanes, reductions, conversions. Operations themselves come from the tables. */

import type { Expr, Extract, MaskType, OpExpr, Ramp, Reduce, Shuffle, Splat, VecType } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { overloadName, typeName, vecBytes } from '../../ir/types.ts'
import { Unsupported } from '../target.ts'
import { held, hold, type Operand } from './operand.ts'
import { isHalf, type Scope, valueTypeOf } from './scope.ts'
import { emitOperation } from './template.ts'

// ───────────────────────────── lanes ─────────────────────────────

/** The type in mnemonics, the whole register's; refuses vectors that no register holds. */
function laneName(type: VecType): string {
  valueTypeOf(type)
  return overloadName(type)
}

const MASK_LANES = { 2: 'i64x2', 4: 'i32x4', 8: 'i16x8', 16: 'i8x16' } as const
const maskLanes = (type: MaskType): string => MASK_LANES[type.lanes as keyof typeof MASK_LANES]

export function emitSplat(s: Scope, e: Splat): void {
  const { type, value } = e
  if (type.kind === 'vec') {
    if (value.kind === 'const') {
      valueTypeOf(type)
      s.code.constant(constantKey(type, value.value), () => laneBytes(type, () => value.value))
      return
    }
    s.expr(value)
    s.code.op(`${laneName(type)}.splat`)
    return
  }
  // All ones for true: 0 − 1.
  s.code.i32(0)
  s.expr(value)
  s.code.op('i32.sub')
  if (type.lanes === 2) s.code.op('i64.extend_i32_s')
  s.code.op(`${maskLanes(type)}.splat`)
}

/** base + stride · k, each lane rounded once for the product and once for the sum, as a scalar loop would. */
export function emitRamp(s: Scope, e: Ramp): void {
  const name = laneName(e.type)
  s.expr(e.base)
  s.code.op(`${name}.splat`)
  s.expr(e.stride)
  s.code.op(`${name}.splat`)
  s.code.constant(`${typeName(e.type)} ramp`, () => laneBytes(e.type, (k) => k))
  s.code.op(`${name}.mul`)
  s.code.op(`${name}.add`)
}

/** As templates of operations write their constants: equal ones are one. */
const constantKey = (type: VecType, value: number | bigint | boolean): string =>
  `${typeName(type)} ${Object.is(value, -0) ? '-0' : value}`

function laneBytes(type: VecType, value: (lane: number) => number | bigint | boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(16))
  const size = vecBytes(type) / type.lanes
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
  s.code.shuffle(byteLanes(e.type, e.lanes))
}

/** Bytes above the lanes of a shorter vector are anything. */
function byteLanes(type: VecType, lanes: readonly number[]): number[] {
  const size = vecBytes(type) / type.lanes
  const bytes = lanes.flatMap((lane) => {
    const from = lane < type.lanes ? lane * size : 16 + (lane - type.lanes) * size
    return Array.from({ length: size }, (_, k) => from + k)
  })
  return Array.from({ length: 16 }, (_, k) => bytes[k] ?? 0)
}

export function emitExtract(s: Scope, e: Extract): void {
  s.expr(e.value)
  emitLane(s, e.value.type as VecType | MaskType, e.lane)
}

/** One lane of the vector on the stack: narrow lanes as i32, a mask's as bool. */
export function emitLane(s: Scope, type: VecType | MaskType, lane: number): void {
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

// ───────────────────────────── shifts ─────────────────────────────

const SHIFTS = new Set(['shl', 'shr_s', 'shr_u'])
export const isVectorShift = (e: OpExpr): boolean => e.type.kind === 'vec' && SHIFTS.has(e.op)

/** All lanes by one count in an instruction, else lane by lane. */
export function emitVectorShift(s: Scope, e: OpExpr): void {
  const [value, count] = e.args as [Expr, Expr]
  const type = e.type as VecType
  const name = laneName(type)
  if (count.kind === 'splat') {
    s.expr(value)
    s.expr(count.value)
    s.code.op(`${name}.${e.op}`)
    return
  }
  const [from, by] = [hold(s, value), hold(s, count)]
  s.code.zero('v128')
  for (let lane = 0; lane < type.lanes; lane++) {
    for (const operand of [from, by]) {
      operand.push()
      s.code.lane(`${name}.extract_lane`, lane)
    }
    s.code.op(`${type.of}.${e.op}`)
    s.code.lane(`${name}.replace_lane`, lane)
  }
  from.release()
  by.release()
}

// ─────────────────────────── conversions ───────────────────────────

/** Between vectors of as many lanes. Integers of 64 bits have no way to floats and back. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  'i32x4>f32x4': 'f32x4.convert_i32x4_s',
  'f32x4>i32x4': 'i32x4.trunc_sat_f32x4_s',
  'i32x2>f32x2': 'f32x4.convert_i32x4_s',
  'f32x2>i32x2': 'i32x4.trunc_sat_f32x4_s',
  'i32x2>f64x2': 'f64x2.convert_low_i32x4_s',
  'f64x2>i32x2': 'i32x4.trunc_sat_f64x2_s_zero',
  'f32x2>f64x2': 'f64x2.promote_low_f32x4',
  'f64x2>f32x2': 'f32x4.demote_f64x2_zero',
  'i32x2>i64x2': 'i64x2.extend_low_i32x4_s',
}
/** The low words of lanes of 64 bits. */
const LOW_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]

function takeLowWords(s: Scope): void {
  const wide = held(s, 'v128')
  wide.push()
  wide.push()
  wide.release()
  s.code.shuffle(LOW_WORDS)
}

/** A mask of two lanes for values of 32 bits. */
export const narrowMask = takeLowWords

/** Whether vectors of `from` become vectors of `to` in an instruction or two. */
export const canConvert = (from: VecType | MaskType, to: VecType): boolean =>
  from.kind === 'mask' ||
  typeName(from) === typeName(to) ||
  `${typeName(from)}>${typeName(to)}` in CONVERSIONS ||
  (typeName(from) === 'i64x2' && typeName(to) === 'i32x2')

export function emitVectorCast(s: Scope, value: Expr, from: VecType | MaskType, to: VecType): void {
  s.expr(value)
  if (from.kind === 'mask') {
    if (isHalf(to)) narrowMask(s)
    s.code.constant(constantKey(to, 1), () => laneBytes(to, () => 1))
    s.code.op('v128.and')
    return
  }
  const instruction = CONVERSIONS[`${typeName(from)}>${typeName(to)}`]
  if (instruction) s.code.op(instruction)
  else if (typeName(from) === 'i64x2' && typeName(to) === 'i32x2') takeLowWords(s)
  else if (typeName(from) !== typeName(to)) {
    throw new Unsupported(`WebAssembly converts no ${typeName(from)} to ${typeName(to)}`)
  }
}
