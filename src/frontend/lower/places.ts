/** What is read, assigned and counted up: variables and elements of arrays. */

import { cast, load, num, op, ref, store } from '../../ir/build.ts'
import type { Expr as IrExpr, Local, ScalarType } from '../../ir/ir.ts'
import { BOOL, F32, F64, I32, isInteger, storeType } from '../../ir/types.ts'
import type { DType } from '../../types.ts'
import type { Expr } from '../ast.ts'
import { type Fact, integerFact, type NumberFact } from '../facts.ts'
import { arithmetic, toInt32 } from './arithmetic.ts'
import { coerce } from './builder.ts'
import type { Exprs } from './exprs.ts'
import type { Ctx } from './integers.ts'

type Assign = Extract<Expr, { kind: 'assign' }>
/** An element. */
type Place = Extract<Expr, { kind: 'index' }>

/** The local behind an array expression. */
export function localOf(e: IrExpr): Local {
  if (e.kind !== 'local') throw new Error('an array expression is not a local')
  return e.local
}

/** The array and the index, evaluated in this order. */
export function lowerPlace(x: Exprs, place: Place): [Local, IrExpr] {
  const [array, at] = x.b.ordered([() => x.array(place.array), () => x.index(place.index)])
  return [localOf(array!), at!]
}

/** Loads with a check into a local of its own, widened so that uint32 and float32 elements are numbers. */
export function loadElement(x: Exprs, from: Local, at: IrExpr, expr: Place): IrExpr {
  const value = load(from, at, 'checked', x.b.site('bounds', x.b.text(expr.array.loc), expr.loc))
  const kept = x.b.temp(value, 'e')
  return kept.type === F32 ? cast(F64, kept) : kept
}

/** Assigns; the result is what was assigned, where it is `used`. */
export function lowerAssign(x: Exprs, expr: Assign, used: boolean): IrExpr {
  const { target } = expr
  if (target.kind === 'index') return assignElement(x, expr, target, used)
  const value = expr.op ? combined(x, expr, (ctx) => x.number(target, ctx)) : x.value(expr.value)
  // The value of the assignment is what was assigned, in its own representation: −0 or a fraction stay themselves.
  const kept = used && value.type !== x.variable(target.variable).type ? x.b.temp(value) : value
  x.set(target.variable, kept)
  return used && kept === value ? ref(x.variable(target.variable)) : kept
}

function assignElement(x: Exprs, expr: Assign, target: Place, used: boolean): IrExpr {
  let into: Local
  let at: IrExpr
  let value: IrExpr
  if (expr.op) {
    const place = lowerPlace(x, target)
    into = place[0]
    at = x.b.temp(place[1], 'at')
    value = combined(x, expr, () => loadElement(x, into, at, target))
  } else {
    const parts = x.b.ordered([
      () => x.array(target.array),
      () => x.index(target.index),
      () => stored(x, expr.value, x.fact(target.array), used),
    ]) as [IrExpr, IrExpr, IrExpr]
    into = localOf(parts[0])
    at = parts[1]
    value = parts[2]
  }
  const kept = used ? x.b.temp(value) : value
  storeElement(x, into, at, kept, x.numberFact(expr), target)
  return kept
}

/** What `target op= value` assigns; `old` makes the value before. */
function combined(x: Exprs, expr: Assign, old: (ctx: Ctx) => IrExpr): IrExpr {
  const { op, target, value } = expr
  const facts = [x.numberFact(expr), x.numberFact(target), x.numberFact(value)] as const
  return arithmetic(x.b, op!, ...facts, old, (ctx) => x.number(value, ctx))
}

/** The value of a store: its low bits alone where it goes into integers and nobody else looks at it. */
function stored(x: Exprs, expr: Expr, into: Fact, used: boolean): IrExpr {
  if (!used && into.kind === 'array' && into.dtype !== 'uint8c' && storeType(into.dtype) === I32) {
    return x.fact(expr).kind === 'boolean' ? cast(I32, x.truth(expr)) : x.int32(expr)
  }
  return x.value(expr)
}

function storeElement(x: Exprs, into: Local, at: IrExpr, value: IrExpr, fact: NumberFact, target: Place): void {
  const type = into.type
  if (type.kind !== 'array') throw new Error('a store into no array')
  const site = x.b.site('bounds', x.b.text(target.array.loc), target.loc)
  x.b.emit(store(into, at, element(value, type.dtype, fact), 'checked', site))
}

/** `value` as an element of the given type: JavaScript's conversion when storing into a typed array. */
function element(value: IrExpr, dtype: DType, fact: NumberFact): IrExpr {
  const e = value.type === BOOL ? cast(I32, value) : value
  if (dtype === 'float64') return coerce(e, F64)
  if (dtype === 'float32') return e.kind === 'cast' && e.value.type === F32 ? e.value : coerce(e, F32)
  if (dtype !== 'uint8c') return toInt32(e, fact)
  if (isInteger(e.type) && fact.lo >= 0 && fact.hi <= 255) return coerce(e, I32)
  return op('clamp8', coerce(e, F64))
}

/** `++` and `--`; the result is the value after for a prefix, else the one before. */
export function lowerUpdate(x: Exprs, expr: Extract<Expr, { kind: 'update' }>, used: boolean): IrExpr {
  const { target } = expr
  const old = x.numberFact(target)
  const by = expr.op === '++' ? 1 : -1
  const fact: NumberFact = { ...old, lo: old.lo + by, hi: old.hi + by, negZero: false }
  const stepped = (from: IrExpr): IrExpr => {
    const one = () => num(F64, 1)
    return arithmetic(x.b, by > 0 ? '+' : '-', fact, old, integerFact(1, 1), () => from, one)
  }
  if (target.kind === 'variable') {
    const local = x.variable(target.variable)
    const before = used && !expr.prefix ? x.b.temp(ref(local), 'old') : ref(local)
    // A counter's fact is cut at 2⁵³ (counters.ts), so its own type says that the step stays whole.
    const next = isInteger(local.type)
      ? op(by > 0 ? 'add' : 'sub', ref(local), num(local.type as ScalarType, 1))
      : stepped(ref(local))
    x.set(target.variable, next)
    return expr.prefix ? ref(local) : before
  }
  const [into, index] = lowerPlace(x, target)
  const at = x.b.temp(index, 'at')
  const before = loadElement(x, into, at, target)
  const next = stepped(before)
  const kept = used && expr.prefix ? x.b.temp(next) : next
  storeElement(x, into, at, kept, fact, target)
  return expr.prefix ? kept : before
}
