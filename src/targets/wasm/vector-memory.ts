/**
 * Loads and stores of vectors: all lanes at once where elements follow each other, one by one where they are a stride
 * apart or some lanes are off. Elements narrower than their lanes are widened by loads and cut off by stores.
 */

import type { Expr, Load, MaskType, Store, VecType } from '../../ir/ir.ts'
import { typeName } from '../../ir/types.ts'
import { type DType, dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { dtypeOf, elementShift, emitAddress, MAX_OFFSET } from './address.ts'
import { held, hold, type Operand, type Temporary } from './operand.ts'
import type { Scope } from './scope.ts'
import { emitLane } from './vector.ts'

/** How elements of one type become lanes of another, and go back. */
interface Access {
  /** All lanes: a load, and what widens them. */
  readonly load: string
  readonly widen?: readonly string[]
  /** All lanes: a store, after a choice of bytes; `…_lane` ones store the low lane of that size. */
  readonly store?: string
  readonly bytes?: readonly number[]
  /**
   * One lane: `load32_lane` and its like where an element is as large as a lane, or has no sign and is one of `per` parts
   * of a lane that is 0 else; or a scalar load.
   */
  readonly one: { readonly bits: 8 | 16 | 32 | 64; readonly per?: number } | { readonly scalar: string }
}

const FULL = { load: 'v128.load', store: 'v128.store' } as const
const LOW = { load: 'v128.load64_zero', store: 'v128.store64_lane' } as const
const BITS_64 = { one: { bits: 64 } } as const
const BITS_32 = { one: { bits: 32 } } as const

/** The bytes that are left of each of `lanes` lanes of 32 bits. */
const lowBytes = (lanes: number, size: number): number[] =>
  Array.from({ length: 16 }, (_, k) => (k < lanes * size ? 4 * Math.floor(k / size) + (k % size) : 0))

function narrow(lanes: 2 | 4, size: 1 | 2, sign: 's' | 'u'): Access {
  const from16 = `i32x4.extend_low_i16x8_${sign}`
  const loads: Record<string, Pick<Access, 'load' | 'widen'>> = {
    '4.2': { load: `v128.load16x4_${sign}` },
    '2.2': { load: 'v128.load32_zero', widen: [from16] },
    '4.1': { load: 'v128.load32_zero', widen: [`i16x8.extend_low_i8x16_${sign}`, from16] },
    '2.1': { load: 'v128.load16_splat', widen: [`i16x8.extend_low_i8x16_${sign}`, from16] },
  }
  return {
    ...loads[`${lanes}.${size}`]!,
    store: `v128.store${8 * lanes * size}_lane`,
    bytes: lowBytes(lanes, size),
    one: sign === 'u' ? { bits: size === 1 ? 8 : 16, per: 4 / size } : { scalar: `i32.load${8 * size}_s` },
  }
}

const integers = (lanes: 2 | 4): Partial<Record<DType, Access>> => {
  const whole = lanes === 4 ? FULL : LOW
  return {
    int32: { ...whole, ...BITS_32 },
    uint32: { ...whole, ...BITS_32 },
    int16: narrow(lanes, 2, 's'),
    uint16: narrow(lanes, 2, 'u'),
    int8: narrow(lanes, 1, 's'),
    uint8: narrow(lanes, 1, 'u'),
    uint8c: narrow(lanes, 1, 'u'),
  }
}

/** By vector type and element type. */
const ACCESS: Readonly<Record<string, Partial<Record<DType, Access>>>> = {
  f64x2: { float64: { ...FULL, ...BITS_64 } },
  f32x4: { float32: { ...FULL, ...BITS_32 } },
  f32x2: { float32: { ...LOW, ...BITS_32 } },
  i64x2: {
    int64: { ...FULL, ...BITS_64 },
    uint64: { ...FULL, ...BITS_64 },
    uint32: { load: 'v128.load32x2_u', one: { scalar: 'i64.load32_u' } },
  },
  i32x4: integers(4),
  i32x2: integers(2),
  i16x8: {
    int16: { ...FULL, one: { bits: 16 } },
    uint16: { ...FULL, one: { bits: 16 } },
    int8: { load: 'v128.load8x8_s', one: { scalar: 'i32.load8_s' } },
    uint8: { load: 'v128.load8x8_u', one: { scalar: 'i32.load8_u' } },
  },
  i8x16: {
    int8: { ...FULL, one: { bits: 8 } },
    uint8: { ...FULL, one: { bits: 8 } },
    uint8c: { ...FULL, one: { bits: 8 } },
  },
}

function accessOf(type: VecType, place: Load | Store): Access {
  if (place.bounds === 'checked') {
    throw new Unsupported('vectors are loaded and stored only where their bounds are proven')
  }
  const access = ACCESS[typeName(type)]?.[dtypeOf(place.array)]
  if (!access) throw new Unsupported(`WebAssembly cannot move ${dtypeOf(place.array)} elements as ${typeName(type)}`)
  return access
}

function storeOf(access: Access, type: VecType, stmt: Store): { store: string; bytes?: readonly number[] | undefined } {
  const { store, bytes } = access
  if (!store) throw new Unsupported(`WebAssembly cannot store ${typeName(type)} as ${dtypeOf(stmt.array)}`)
  return { store, bytes }
}

/** Whether elements of `dtype` can be lanes of this type. */
export const canLoad = (type: VecType, dtype: DType): boolean => ACCESS[typeName(type)]?.[dtype] !== undefined
export const canStore = (type: VecType, dtype: DType): boolean => ACCESS[typeName(type)]?.[dtype]?.store !== undefined

const isOne = (stride: Expr | undefined): boolean =>
  stride === undefined || (stride.kind === 'const' && Number(stride.value) === 1)

export function emitVectorLoad(s: Scope, e: Load): void {
  const type = e.type as VecType
  const access = accessOf(type, e)
  if (!e.mask && isOne(e.stride)) {
    const offset = emitAddress(s, e)
    s.code.memory(access.load, offset)
    for (const step of access.widen ?? []) s.code.op(step)
    return
  }
  const lanes = new Lanes(s, e)
  const flags = e.mask && hold(s, e.mask)
  if (flags) s.code.zero('v128')
  else loadFirst(s, access, type, lanes)
  const vector = held(s, 'v128')
  for (let lane = flags ? 0 : 1; lane < type.lanes; lane++) {
    ifActive(s, e.mask, flags, lane, () => {
      const offset = lanes.push(lane)
      loadLane(s, access, type, lane, offset, vector)
    })
  }
  vector.push()
  vector.release()
  flags?.release()
  lanes.release()
}

/** A vector of which the first lane is that element: the others are set afterwards. */
function loadFirst(s: Scope, { one }: Access, type: VecType, lanes: Lanes): void {
  const offset = lanes.push(0)
  if ('scalar' in one) {
    s.code.memory(one.scalar, offset)
    s.code.op(`${shape(type)}.splat`)
  } else if (one.per) {
    // The address stands below the zeros.
    s.code.zero('v128')
    s.code.laneMemory(`v128.load${one.bits}_lane`, offset, 0)
  } else if (one.bits >= 32) s.code.memory(`v128.load${one.bits}_zero`, offset)
  else s.code.memory(`v128.load${one.bits}_splat`, offset)
}

function loadLane(s: Scope, { one }: Access, type: VecType, lane: number, offset: number, vector: Temporary): void {
  if ('scalar' in one) {
    s.code.memory(one.scalar, offset)
    const element = held(s, type.of === 'i64' ? 'i64' : 'i32')
    vector.push()
    element.push()
    element.release()
    s.code.lane(`${shape(type)}.replace_lane`, lane)
  } else {
    vector.push()
    s.code.laneMemory(`v128.load${one.bits}_lane`, offset, lane * (one.per ?? 1))
  }
  vector.set()
}

export function emitVectorStore(s: Scope, stmt: Store): void {
  const type = stmt.value.type as VecType
  const access = accessOf(type, stmt)
  const { store, bytes } = storeOf(access, type, stmt)
  if (!stmt.mask && isOne(stmt.stride)) {
    const offset = emitAddress(s, stmt)
    s.expr(stmt.value)
    if (bytes) chooseBytes(s, bytes)
    if (store.endsWith('_lane')) s.code.laneMemory(store, offset, 0)
    else s.code.memory(store, offset)
    return
  }
  const lanes = new Lanes(s, stmt)
  const value = hold(s, stmt.value)
  const flags = stmt.mask && hold(s, stmt.mask)
  const size = dtypeInfo(dtypeOf(stmt.array)).size
  const within = LANE_SIZE[type.of] / size
  for (let lane = 0; lane < type.lanes; lane++) {
    ifActive(s, stmt.mask, flags, lane, () => {
      const offset = lanes.push(lane)
      value.push()
      s.code.laneMemory(`v128.store${8 * size}_lane`, offset, lane * within)
    })
  }
  flags?.release()
  value.release()
  lanes.release()
}

const LANE_SIZE = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8 } as const
/** The whole register's type in mnemonics. */
const shape = (type: VecType): string => `${type.of}x${16 / LANE_SIZE[type.of]}`

function chooseBytes(s: Scope, bytes: readonly number[]): void {
  const value = held(s, 'v128')
  value.push()
  value.push()
  value.release()
  s.code.shuffle(bytes)
}

/** WebAssembly has no masked access, and a lane that is off may lie outside the array. */
function ifActive(
  s: Scope,
  mask: Expr | undefined,
  flags: Operand | undefined,
  lane: number,
  access: () => void,
): void {
  if (!mask || !flags) {
    access()
    return
  }
  flags.push()
  emitLane(s, mask.type as MaskType, lane)
  s.code.if()
  access()
  s.code.end()
}

/** The addresses of lanes: element k is k strides away from the first. */
class Lanes {
  private readonly s: Scope
  private readonly first: Temporary
  private readonly offset: number
  /** Bytes from lane to lane, where they are known now. */
  private readonly bytes: number | undefined
  private readonly away: Temporary | undefined

  constructor(s: Scope, place: Load | Store) {
    const shift = elementShift(place.array)
    this.s = s
    this.offset = emitAddress(s, place)
    this.first = held(s, 'i32')
    const { stride } = place
    if (!stride || stride.kind === 'const') this.bytes = Number(stride?.value ?? 1) * 2 ** shift
    else {
      s.expr(stride)
      if (stride.type.kind === 'scalar' && stride.type.name === 'i64') s.code.op('i32.wrap_i64')
      s.code.i32(shift)
      s.code.op('i32.shl')
      this.away = held(s, 'i32')
    }
  }

  /** Leaves an address on the stack; gives the offset that the access adds. */
  push(lane: number): number {
    const { s, first, bytes, away, offset } = this
    first.push()
    if (lane === 0) return offset
    if (away) {
      away.push()
      if (lane > 1) {
        s.code.i32(lane)
        s.code.op('i32.mul')
      }
      s.code.op('i32.add')
      return offset
    }
    const further = offset + lane * bytes!
    if (further >= 0 && further <= MAX_OFFSET) return further
    s.code.i32(lane * bytes!)
    s.code.op('i32.add')
    return offset
  }

  release(): void {
    this.first.release()
    this.away?.release()
  }
}
