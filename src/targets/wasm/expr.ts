/** Expressions: each leaves its value on the stack, an array's three parts in order. */

import { overloadType } from '../../ir/build.ts'
import type { Cast, Const, Expr, OpExpr, Overlap, ScalarType } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { typeName } from '../../ir/types.ts'
import { dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { emitLoad } from './memory.ts'
import { isCheap } from './operand.ts'
import { BASE, HANDLE, isHalf, LENGTH, type Scope, slotOf, valueTypeOf } from './scope.ts'
import { type Argument, emitInOrder, emitOperation } from './template.ts'
import {
  emitExtract,
  emitRamp,
  emitReduce,
  emitShuffle,
  emitSplat,
  emitVectorCast,
  emitVectorShift,
  isVectorShift,
  narrowMask,
} from './vector.ts'
import { emitLowBits } from './whole.ts'

export function emitExpr(s: Scope, e: Expr): void {
  if (e.type.kind === 'array') {
    for (const part of [HANDLE, BASE, LENGTH]) emitArrayPart(s, e, part)
    return
  }
  switch (e.kind) {
    case 'const':
      emitConst(s, e)
      return
    case 'local':
      s.code.get(slotOf(s, e.local))
      return
    case 'load':
      emitLoad(s, e)
      return
    case 'op': {
      if (isVectorShift(e)) {
        emitVectorShift(s, e)
        return
      }
      if (e.op === 'and' && e.type.kind === 'mask') {
        const kept = e.args.findIndex((arg) => arg.kind === 'op' && arg.op === 'not')
        if (kept >= 0) {
          emitExpr(s, e.args[1 - kept]!)
          emitExpr(s, (e.args[kept] as OpExpr).args[0]!)
          s.code.op('v128.andnot')
          return
        }
      }
      const record = opRecord(e.op)
      const at = overloadType(record, e.args)
      if (emitInOrder(s, record, at, e.args)) return
      const args = e.args.map((arg) => argument(s, arg))
      emitOperation(s, record, at, args)
      return
    }
    case 'cast':
      emitCast(s, e)
      return
    case 'select':
      emitExpr(s, e.then)
      emitExpr(s, e.else)
      emitExpr(s, e.cond)
      if (e.cond.type.kind === 'mask') {
        if (isHalf(e.type)) narrowMask(s)
        s.code.op('v128.bitselect')
      } else s.code.op('select')
      return
    case 'cond':
      emitExpr(s, e.cond)
      s.code.if(valueTypeOf(e.type))
      emitExpr(s, e.then)
      s.code.else()
      emitExpr(s, e.else)
      s.code.end()
      return
    case 'length':
      s.code.get(slotOf(s, e.array) + LENGTH)
      return
    case 'overlap':
      emitOverlap(s, e)
      return
    case 'ramp':
      emitRamp(s, e)
      return
    case 'splat':
      emitSplat(s, e)
      return
    case 'shuffle':
      emitShuffle(s, e)
      return
    case 'extract':
      emitExtract(s, e)
      return
    case 'reduce':
      emitReduce(s, e)
      return
    default:
      e satisfies never
  }
}

function argument(s: Scope, e: Expr): Argument {
  return { cheap: isCheap(e), push: () => emitExpr(s, e) }
}

/** Handle, base or length of an array-valued expression. */
export function emitArrayPart(s: Scope, e: Expr, part: number): void {
  switch (e.kind) {
    case 'local':
      s.code.get(slotOf(s, e.local) + part)
      return
    case 'select':
    case 'cond':
      emitArrayPart(s, e.then, part)
      emitArrayPart(s, e.else, part)
      emitExpr(s, e.cond)
      s.code.op('select')
      return
    default:
      throw new Error(`an expression of kind ${e.kind} is no array`)
  }
}

export function emitConst(s: Scope, e: Const): void {
  switch (e.type.name) {
    case 'f64':
      s.code.f64(Number(e.value))
      return
    case 'f32':
      s.code.f32(Number(e.value))
      return
    case 'i64':
      s.code.i64(BigInt(e.value))
      return
    case 'bool':
    case 'i8':
    case 'i16':
    case 'i32':
    case 'index':
      s.code.i32(Number(e.value))
      return
    default:
      e.type.name satisfies never
  }
}

// ──────────────────────────── conversions ────────────────────────────

/** From a wasm type to another. Floats become integers only where the value is proven one in range. */
const CONVERSIONS: Readonly<Record<string, string>> = {
  'i32>i64': 'i64.extend_i32_s',
  'i32>f32': 'f32.convert_i32_s',
  'i32>f64': 'f64.convert_i32_s',
  'i64>i32': 'i32.wrap_i64',
  'i64>f32': 'f32.convert_i64_s',
  'i64>f64': 'f64.convert_i64_s',
  'f32>i32': 'i32.trunc_sat_f32_s',
  'f32>i64': 'i64.trunc_sat_f32_s',
  'f32>f64': 'f64.promote_f32',
  'f64>i64': 'i64.trunc_sat_f64_s',
  'f64>f32': 'f32.demote_f64',
}

function emitCast(s: Scope, e: Cast): void {
  const from = e.value.type
  const to = e.type
  if ((from.kind === 'vec' || from.kind === 'mask') && to.kind === 'vec') {
    emitVectorCast(s, e.value, from, to)
    return
  }
  if (from.kind !== 'scalar' || to.kind !== 'scalar' || (to.name === 'bool' && from.name !== 'bool')) {
    throw new Unsupported(`WebAssembly has no conversion of ${typeName(from)} to ${typeName(to)}`)
  }
  emitExpr(s, e.value)
  convert(s, from, to)
}

/** Converts the scalar on the stack. A truth value is 0 or 1 in an i32, so it needs no case of its own. */
export function convert(s: Scope, from: ScalarType, to: ScalarType): void {
  const source = valueTypeOf(from)
  const target = valueTypeOf(to)
  if (source === 'f64' && target === 'i32') emitLowBits(s.code)
  else if (source !== target) s.code.op(CONVERSIONS[`${source}>${target}`]!)
}

/** What failures record and the allocator takes: any number as f64. */
export function emitAsF64(s: Scope, e: Expr): void {
  emitExpr(s, e)
  const type = valueTypeOf(e.type)
  if (type !== 'f64') s.code.op(CONVERSIONS[`${type}>f64`]!)
}

// ────────────────────────────── overlap ──────────────────────────────

/**
 * Two ranges meet where either begins within the other. Differences modulo 2³² are right up to the end of a 4 GiB
 * memory, where sums of base and size would wrap. An empty array meets nothing.
 */
function emitOverlap(s: Scope, e: Overlap): void {
  const startsWithin = (inner: typeof e.a, outer: typeof e.a) => {
    if (outer.type.kind !== 'array') throw new Error(`${outer.name} is no array`)
    const a = slotOf(s, inner)
    const b = slotOf(s, outer)
    s.code.get(a + BASE)
    s.code.get(b + BASE)
    s.code.op('i32.sub')
    s.code.get(b + LENGTH)
    s.code.i32(Math.log2(dtypeInfo(outer.type.dtype).size))
    s.code.op('i32.shl')
    s.code.op('i32.lt_u')
    s.code.get(a + LENGTH)
    s.code.i32(0)
    s.code.op('i32.ne')
    s.code.op('i32.and')
  }
  startsWithin(e.a, e.b)
  startsWithin(e.b, e.a)
  s.code.op('i32.or')
}
