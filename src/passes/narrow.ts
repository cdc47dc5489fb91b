/**
 * Computes in the type that is asked for where the result is the same: `fround(a + b)` of two float32 numbers in f32
 * (Figueroa 1995: one operation rounded to 53 bits and then to 24 is that operation rounded to 24, since 53 ≥ 2·24 + 2),
 * the low 32 bits of a sum or product of integers in i32, and what is counted in f64 but stays small (counts.ts). Twice
 * as many lanes of 32 bits fit a register.
 */

import { cast, num, op } from '../ir/build.ts'
import type { Expr, Module } from '../ir/ir.ts'
import { F32, F64, I32, I64, INDEX } from '../ir/types.ts'
import { mapList, mapStmts } from '../ir/walk.ts'
import { countedInIntegers } from './counts.ts'

export function narrow(module: Module): Module {
  const functions = mapList(module.functions, (fn) => {
    const counted = countedInIntegers(fn)
    const body = mapStmts(counted.body, { expr: narrowed })
    return body === counted.body ? counted : { ...counted, body }
  })
  return functions === module.functions ? module : { ...module, functions }
}

/** Correctly rounded operations. */
const ROUNDED = new Set(['add', 'sub', 'mul', 'div', 'sqrt'])
/** Operations of which the result has no more bits than the operands. */
const EXACT = new Set(['neg', 'abs', 'min', 'max', 'floor', 'ceil', 'trunc'])

function narrowed(e: Expr): Expr {
  if (e.kind !== 'cast') return e
  if (e.type === F32 && e.value.type === F64) return single(e.value) ?? e
  if (e.type === I32 && e.value.type === I64) return lowBits(e.value) ?? e
  // An index has 32 bits where WebAssembly runs; where it has more, nothing was cut off.
  return e
}

/** The f64 rounded to f32, computed in f32. */
function single(e: Expr): Expr | undefined {
  if (e.kind !== 'op' || !(ROUNDED.has(e.op) || EXACT.has(e.op))) return undefined
  const args: Expr[] = []
  for (const arg of e.args) {
    const short = asSingle(arg)
    if (!short) return undefined
    args.push(short)
  }
  return op(e.op, ...args)
}

/** An f64 that is an f32, as that. */
function asSingle(e: Expr): Expr | undefined {
  if (e.kind === 'cast' && e.value.type === F32) return e.value
  if (e.kind === 'const' && typeof e.value === 'number' && Object.is(Math.fround(e.value), e.value)) {
    return num(F32, e.value)
  }
  if (e.kind === 'op' && EXACT.has(e.op)) return single(e)
  return undefined
}

const RING = new Set(['add', 'sub', 'mul'])

/** The low 32 bits of an i64, computed of low bits. */
function lowBits(e: Expr): Expr | undefined {
  if (e.kind === 'cast' && (e.value.type === I32 || e.value.type === INDEX)) return cast(I32, e.value)
  if (e.kind === 'const') return num(I32, BigInt.asIntN(32, BigInt(e.value)))
  if (e.kind !== 'op' || !RING.has(e.op)) return undefined
  const args: Expr[] = []
  for (const arg of e.args) {
    const low = lowBits(arg)
    if (!low) return undefined
    args.push(low)
  }
  return op(e.op, ...args)
}
