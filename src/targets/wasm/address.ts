/** Where elements are: bounds checks, and addresses from indices. */

import type { ArrayType, Expr, Local } from '../../ir/ir.ts'
import { isInteger } from '../../ir/types.ts'
import { type DType, dtypeInfo } from '../../types.ts'
import { held, hold, type Operand } from './operand.ts'
import { type Access, BASE, emitFailure, LENGTH, type Scope, slotOf } from './scope.ts'
import type { Sum } from './sums.ts'
import { emitLowBits } from './whole.ts'

export const dtypeOf = (array: Local): DType => (array.type as ArrayType).dtype

/** log₂ of the bytes an element. */
export const elementShift = (array: Local): number => Math.log2(dtypeInfo(dtypeOf(array)).size)

/**
 * Leaves the address of an element on the stack, checked where the place says so, and returns the offset to be added
 * by the access itself. Addresses are unsigned, so arithmetic modulo 2³² is right.
 */
export function emitAddress(s: Scope, access: Access): number {
  const shift = elementShift(access.array)
  const base = slotOf(s, access.array) + BASE
  if (access.bounds === 'checked') {
    const index = emitCheck(s, access)
    s.code.get(base)
    index.push()
    index.release()
    scaleAndAdd(s, shift)
    return 0
  }
  const place = s.pointers.placeOf(access)
  if (place) {
    s.code.get(place.slot ?? base)
    if (place.rest.size > 0) addElements(s, place.rest, shift)
    return place.offset
  }
  s.code.get(base)
  const { variable, offset } = splitOffset(access.index, shift)
  emitLow(s, variable)
  scaleAndAdd(s, shift)
  return offset
}

/** Adds so many elements to the address on the stack. */
export function addElements(s: Scope, elements: Sum, shift: number): void {
  emitSum(s, elements)
  scaleAndAdd(s, shift)
}

function scaleAndAdd(s: Scope, shift: number): void {
  if (shift > 0) {
    s.code.i32(shift)
    s.code.op('i32.shl')
  }
  s.code.op('i32.add')
}

/** A constant that is added to an index costs nothing as the offset of an access. */
function splitOffset(index: Expr, shift: number): { variable: Expr; offset: number } {
  if (index.kind === 'op' && index.op === 'add' && index.type.kind === 'scalar' && index.type.name !== 'i64') {
    for (const [constant, variable] of [index.args, index.args.toReversed()] as [Expr, Expr][]) {
      if (constant.kind !== 'const' || typeof constant.value !== 'number') continue
      const offset = constant.value * 2 ** shift
      // The address before the offset must not be below 0, and arrays begin far above this limit (HEAP_START).
      if (Number.isInteger(offset) && offset > 0 && offset <= MAX_OFFSET) return { variable, offset }
    }
  }
  return { variable: index, offset: 0 }
}
export const MAX_OFFSET = 32768

/** Leaves the sum on the stack as an i32, its terms in a fixed order: V8 computes what two sums begin with once. */
export function emitSum(s: Scope, sum: Sum): void {
  const terms = [...sum].sort(([p], [q]) => (p < q ? -1 : 1)).map(([, term]) => term)
  // A sum begins with something that is added, where there is such.
  const first = terms.findIndex(({ coef }) => coef !== -1)
  const ordered = first > 0 ? [terms[first]!, ...terms.slice(0, first), ...terms.slice(first + 1)] : terms
  if (ordered.length === 0) s.code.i32(0)
  for (const [k, { factors, coef }] of ordered.entries()) {
    const negative = k > 0 && coef < 0
    const by = negative ? -coef | 0 : coef
    for (const [j, factor] of factors.entries()) {
      emitLow(s, factor)
      if (j > 0) s.code.op('i32.mul')
    }
    if (factors.length === 0) s.code.i32(by)
    else if (by !== 1) {
      s.code.i32(by)
      s.code.op('i32.mul')
    }
    if (k > 0) s.code.op(negative ? 'i32.sub' : 'i32.add')
  }
}

/** The low 32 bits of an index, in 32 bits all the way where it is a sum or product. */
export function emitLow(s: Scope, e: Expr): void {
  if (e.type.kind !== 'scalar') throw new Error('an index is a number')
  if (e.type.name === 'f64') {
    s.expr(e)
    emitLowBits(s.code)
    return
  }
  if (e.type.name !== 'i64') {
    s.expr(e)
    return
  }
  if (e.kind === 'const') s.code.i32(Number(BigInt.asIntN(32, BigInt(e.value))))
  else if (e.kind === 'cast' && isInteger(e.value.type)) emitLow(s, e.value)
  else if (e.kind === 'op' && (e.op === 'add' || e.op === 'sub' || e.op === 'mul')) {
    for (const arg of e.args) emitLow(s, arg)
    s.code.op(`i32.${e.op}`)
  } else {
    s.expr(e)
    s.code.op('i32.wrap_i64')
  }
}

const SHIFT = 2 ** 52
const SHIFT_BITS = new BigInt64Array(new Float64Array([SHIFT]).buffer)[0]!

/** Fails unless the index names an element; gives the index as i32. */
function emitCheck(s: Scope, { array, index, site }: Access): Operand {
  const length = slotOf(s, array) + LENGTH
  const value = hold(s, index)
  const failUnless = (asF64?: string) => {
    s.code.op('i32.eqz')
    s.code.if()
    emitFailure(
      s,
      site,
      () => {
        value.push()
        if (asF64) s.code.op(asF64)
      },
      () => {
        s.code.get(length)
        s.code.op('f64.convert_i32_u')
      },
    )
    s.code.end()
  }
  switch (index.type.kind === 'scalar' ? index.type.name : undefined) {
    case 'i32':
    case 'index':
      value.push()
      s.code.get(length)
      s.code.op('i32.lt_u')
      failUnless('f64.convert_i32_s')
      return value
    case 'i64': {
      value.push()
      s.code.get(length)
      s.code.op('i64.extend_i32_u')
      s.code.op('i64.lt_u')
      failUnless('f64.convert_i64_s')
      value.push()
      s.code.op('i32.wrap_i64')
      value.release()
      return held(s, 'i32')
    }
    case 'f64': {
      // From 2⁵² on doubles are whole numbers, each the next pattern of bits: of a sum with 2⁵² the bits above those of
      // 2⁵² are the number itself, rounded. What is below 0, too large, or NaN has bits that name no element.
      value.push()
      s.code.f64(SHIFT)
      s.code.op('f64.add')
      const shifted = held(s, 'f64')
      shifted.push()
      s.code.op('i64.reinterpret_f64')
      s.code.i64(SHIFT_BITS)
      s.code.op('i64.sub')
      const whole = held(s, 'i64')
      whole.push()
      s.code.get(length)
      s.code.op('i64.extend_i32_u')
      s.code.op('i64.lt_u')
      // Nothing was rounded away.
      shifted.push()
      s.code.f64(SHIFT)
      s.code.op('f64.sub')
      value.push()
      s.code.op('f64.eq')
      s.code.op('i32.and')
      failUnless()
      shifted.release()
      value.release()
      whole.push()
      s.code.op('i32.wrap_i64')
      whole.release()
      return held(s, 'i32')
    }
    default:
      throw new Error(`${array.name} is indexed by something that is no number`)
  }
}
