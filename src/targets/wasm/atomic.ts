/**
 * Read-modify-write of one element. Integers have instructions for most operations; everything else is a
 * compare-exchange loop on the element's bits, which computes what a store of the operation's meaning would leave.
 */

import type { Do, ScalarType } from '../../ir/ir.ts'
import type { AtomicOp } from '../../ir/ops/atomics.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { F32, F64, I32, I64, valueType } from '../../ir/types.ts'
import { type DType, dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { dtypeOf, emitAddress } from './address.ts'
import { convert } from './expr.ts'
import { held, hold, type Operand } from './operand.ts'
import { type Scope, slotOf } from './scope.ts'
import { emitOperation } from './template.ts'

/** The instructions on an element's bits, an unsigned integer in an i32 or i64. */
const RAW = {
  1: { type: 'i32', load: 'i32.atomic.load8_u', exchange: 'i32.atomic.rmw8.cmpxchg_u' },
  2: { type: 'i32', load: 'i32.atomic.load16_u', exchange: 'i32.atomic.rmw16.cmpxchg_u' },
  4: { type: 'i32', load: 'i32.atomic.load', exchange: 'i32.atomic.rmw.cmpxchg' },
  8: { type: 'i64', load: 'i64.atomic.load', exchange: 'i64.atomic.rmw.cmpxchg' },
} as const

export function emitAtomic(s: Scope, stmt: Do): void {
  const record = opRecord(stmt.op) as AtomicOp
  const dtype = dtypeOf(stmt.array)
  const instruction = record.at[dtype]?.wasm
  if (instruction && stmt.args.every((arg) => arg.type === I32)) {
    const offset = emitAddress(s, stmt)
    for (const arg of stmt.args) s.expr(arg)
    s.code.memory(instruction, offset)
  } else {
    emitExchangeLoop(s, stmt, record, dtype).push()
  }
  if (!stmt.result) {
    s.code.op('drop')
    return
  }
  emitFromBits(s, dtype)
  s.code.set(slotOf(s, stmt.result))
}

/** Gives the bits of the old element, in a temporary that is free again. */
function emitExchangeLoop(s: Scope, stmt: Do, record: AtomicOp, dtype: DType): Operand {
  const { code } = s
  const raw = RAW[dtypeInfo(dtype).size as keyof typeof RAW]
  const type = computingType(stmt, dtype)
  const offset = emitAddress(s, stmt)
  const address = held(s, 'i32')
  const args = stmt.args.map((arg) => {
    if (arg.type === type) return hold(s, arg)
    s.expr(arg)
    convert(s, arg.type as ScalarType, type)
    return held(s, type.name as 'i32' | 'i64' | 'f64')
  })
  const old = code.temp(raw.type)
  const seen = code.temp(raw.type)
  address.push()
  code.memory(raw.load, offset)
  code.set(old)
  const again = code.loop()
  address.push()
  code.get(old)
  emitNewBits(s, record, dtype, type, old, args)
  code.memory(raw.exchange, offset)
  code.tee(seen)
  code.get(old)
  code.get(seen)
  code.set(old)
  code.op(`${raw.type}.ne`)
  code.brIf(again)
  code.end()
  for (const operand of [address, ...args]) operand.release()
  code.release(raw.type, old)
  code.release(raw.type, seen)
  return { push: () => code.get(old), release: () => {} }
}

/** Where both are integers, a type that holds every element and every value; f64 where either is not. */
function computingType(stmt: Do, dtype: DType): ScalarType {
  const isWide = dtype === 'int64' || dtype === 'uint64'
  if (isWide) {
    if (stmt.args.every((arg) => arg.type === I64)) return I64
    throw new Unsupported(`an atomic operation on ${dtype} takes 64-bit integers`)
  }
  if (dtype === 'uint8c' || dtype === 'float32' || dtype === 'float64') return F64
  if (stmt.args.some((arg) => arg.type !== I32)) return F64
  return dtype === 'uint32' ? I64 : I32
}

/** Pushes what the element becomes, as bits, from its old bits in the local `old`. */
function emitNewBits(
  s: Scope,
  record: AtomicOp,
  dtype: DType,
  type: ScalarType,
  old: number,
  args: readonly Operand[],
): void {
  const { code } = s
  if (record.name === 'atomic.exchange') {
    args[0]!.push()
    emitToBits(s, dtype, type)
    return
  }
  code.get(old)
  emitFromBits(s, dtype)
  convert(s, valueType(dtype), type)
  const element = held(s, type.name as 'i32' | 'i64' | 'f64')
  if (record.name === 'atomic.compareExchange') {
    args[1]!.push()
    emitToBits(s, dtype, type)
    code.get(old)
    element.push()
    args[0]!.push()
    code.op(`${type.name}.eq`)
    code.op('select')
    element.release()
    return
  }
  const combine = opRecord(record.combine!)
  const isBitwise = type === F64 && !combine.at['f64']
  const at = isBitwise ? I32 : type
  const operands = [element, args[0]!].map((operand) => ({
    cheap: !isBitwise,
    push: () => {
      operand.push()
      if (isBitwise) toInt32(s)
    },
  }))
  emitOperation(s, combine, at, operands)
  element.release()
  emitToBits(s, dtype, at)
}

/** From the element's bits on the stack to its value. */
function emitFromBits(s: Scope, dtype: DType): void {
  switch (dtype) {
    case 'float64':
      s.code.op('f64.reinterpret_i64')
      return
    case 'float32':
      s.code.op('f32.reinterpret_i32')
      return
    case 'int8':
      s.code.op('i32.extend8_s')
      return
    case 'int16':
      s.code.op('i32.extend16_s')
      return
    case 'uint32':
      s.code.op('i64.extend_i32_u')
      return
    case 'uint8':
    case 'uint8c':
    case 'uint16':
    case 'int32':
    case 'int64':
    case 'uint64':
      return
    default:
      dtype satisfies never
  }
}

/** From a number on the stack to the bits that a store of it leaves; narrow accesses drop the rest. */
function emitToBits(s: Scope, dtype: DType, type: ScalarType): void {
  switch (dtype) {
    case 'float64':
      convert(s, type, F64)
      s.code.op('i64.reinterpret_f64')
      return
    case 'float32':
      convert(s, type, F32)
      s.code.op('i32.reinterpret_f32')
      return
    case 'uint8c':
      convert(s, type, F64)
      onStack(s, 'clamp8')
      return
    case 'int64':
    case 'uint64':
      return
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      if (type === F64) toInt32(s)
      else convert(s, type, I32)
      return
    default:
      dtype satisfies never
  }
}

const toInt32 = (s: Scope): void => onStack(s, 'toint32')

/** An operation of f64 on what the stack holds already. */
function onStack(s: Scope, name: string): void {
  emitOperation(s, opRecord(name), F64, [{ cheap: false, push: () => {} }])
}
