/** Where elements are: bounds checks, and addresses from indices. */

import type { ArrayType, Expr, Local } from '../../ir/ir.ts'
import { type DType, dtypeInfo } from '../../types.ts'
import { held, hold, type Operand } from './operand.ts'
import { BASE, emitFailure, LENGTH, type Scope, slotOf } from './scope.ts'

export const dtypeOf = (array: Local): DType => (array.type as ArrayType).dtype

/** log₂ of the bytes an element. */
export const elementShift = (array: Local): number => Math.log2(dtypeInfo(dtypeOf(array)).size)

/** What loads, stores and atomics have in common. */
interface Place {
  readonly array: Local
  readonly index: Expr
  readonly bounds: 'checked' | 'proven'
  readonly site: number
}

/**
 * Leaves the address of an element on the stack, checked where the place says so, and returns the offset to be added
 * by the access itself. Addresses are unsigned, so arithmetic modulo 2³² is right.
 */
export function emitAddress(s: Scope, place: Place): number {
  const shift = elementShift(place.array)
  const base = slotOf(s, place.array) + BASE
  if (place.bounds === 'checked') {
    const index = emitCheck(s, place)
    s.code.get(base)
    index.push()
    index.release()
    scaleAndAdd(s, shift)
    return 0
  }
  s.code.get(base)
  const { variable, offset } = splitOffset(place.index, shift)
  s.expr(variable)
  if (variable.type.kind === 'scalar') {
    if (variable.type.name === 'i64') s.code.op('i32.wrap_i64')
    else if (variable.type.name === 'f64') s.code.op('i32.trunc_sat_f64_u')
  }
  scaleAndAdd(s, shift)
  return offset
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

/** Fails unless the index names an element; gives the index as i32. */
function emitCheck(s: Scope, { array, index, site }: Place): Operand {
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
      value.push()
      s.code.op('i32.trunc_sat_f64_u')
      const whole = held(s, 'i32')
      // Back again it is the same only where it was a whole number of 32 bits; NaN equals nothing.
      whole.push()
      s.code.op('f64.convert_i32_u')
      value.push()
      s.code.op('f64.eq')
      whole.push()
      s.code.get(length)
      s.code.op('i32.lt_u')
      s.code.op('i32.and')
      failUnless()
      value.release()
      return whole
    }
    default:
      throw new Error(`${array.name} is indexed by something that is no number`)
  }
}
