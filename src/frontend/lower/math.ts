/** Calls of intrinsics: exact operations where the facts allow, the engine's functions elsewhere, and atomics. */

import { cast, num, op, ref } from '../../ir/build.ts'
import type { Expr as IrExpr, ScalarType } from '../../ir/ir.ts'
import { findOp } from '../../ir/ops/index.ts'
import { F32, F64, I32, INDEX, isInteger, storeType, valueType } from '../../ir/types.ts'
import type { Expr } from '../ast.ts'
import { isIntegral } from '../facts.ts'
import { toInt32 } from './arithmetic.ts'
import { coerce, isWholeConst } from './builder.ts'
import type { Exprs } from './exprs.ts'
import { type Ctx, integerType, wider, ZERO } from './integers.ts'
import { localOf } from './places.ts'

type Intrinsic = Extract<Expr, { kind: 'intrinsic' }>

/** Functions that leave a whole number as it is. */
const ROUNDING: Readonly<Record<string, string>> = {
  'Math.floor': 'floor',
  'Math.ceil': 'ceil',
  'Math.trunc': 'trunc',
  'Math.round': 'round',
}

export function lowerMath(x: Exprs, expr: Intrinsic, ctx: Ctx): IrExpr {
  const { name, args } = expr
  if (name.startsWith('atomic.')) return lowerAtomic(x, expr)
  const first = args[0]
  if (!first) return num(F64, 0)
  // Arguments beyond those the function looks at are evaluated all the same.
  const rounding = ROUNDING[name]
  if (rounding) {
    const value = only(x, args, ctx)
    return isInteger(value.type) ? value : op(rounding, coerce(value, F64))
  }
  switch (name) {
    case 'Number':
      return only(x, args, ctx)
    case 'Boolean':
      return x.truth(first)
    case 'isNaN':
    case 'Number.isNaN': {
      const value = kept(x, only(x, args, ZERO))
      return op('ne', value, value)
    }
    case 'isFinite':
    case 'Number.isFinite': {
      const value = kept(x, only(x, args, ZERO))
      return op('eq', op('sub', value, value), num(F64, 0))
    }
    case 'Number.isInteger': {
      const value = kept(x, only(x, args, ZERO))
      // ∞ − ∞ is NaN, which equals nothing.
      return op('eq', op('sub', value, op('trunc', value)), num(F64, 0))
    }
    case 'Number.isSafeInteger': {
      const value = kept(x, only(x, args, ZERO))
      const whole = op('eq', op('sub', value, op('trunc', value)), num(F64, 0))
      return op('and', whole, op('le', op('abs', value), num(F64, Number.MAX_SAFE_INTEGER)))
    }
    case 'Math.min':
    case 'Math.max': {
      const values = x.b.ordered(args.map((arg) => () => x.number(arg, ctx)))
      const fact = x.numberFact(expr)
      const type = integerType(fact, ctx.zero ?? false)
      const whole = values.every((v) => isInteger(v.type) || isWholeConst(v)) && values.some((v) => isInteger(v.type))
      const at = type && whole ? values.reduce<ScalarType>((t, v) => wider(t, narrowest(v)), type) : F64
      return values.map((v) => coerce(v, at)).reduce((a, b) => op(name === 'Math.min' ? 'min' : 'max', a, b))
    }
    case 'Math.abs': {
      const value = only(x, args, ZERO)
      const type = integerType(x.numberFact(expr), true)
      if (type && isInteger(value.type)) return op('abs', coerce(value, wider(INDEX, wider(type, narrowest(value)))))
      return op('abs', coerce(value, F64))
    }
    case 'Math.fround': {
      const value = only(x, args, ctx)
      return isInteger(value.type) && Math.max(-x.numberFact(first).lo, x.numberFact(first).hi) <= 2 ** 24
        ? value
        : cast(F64, coerce(value, F32))
    }
    case 'Math.imul': {
      const [a, b] = x.b.ordered(args.map((arg) => () => x.int32(arg)))
      return op('mul', a!, b!)
    }
    case 'Math.clz32': {
      const [a] = x.b.ordered(args.map((arg) => () => x.int32(arg)))
      return op('clz', a!)
    }
    case 'Math.hypot':
      if (args.length === 1) return op('abs', coerce(x.number(first), F64))
      return engine(x, args.length === 2 ? 'hypot' : `hypot${args.length}`, args)
    default:
      return engine(x, name.replace(/^Math\./, ''), args)
  }
}

/** The first argument; further ones are evaluated and dropped, as JavaScript does. */
function only(x: Exprs, args: readonly Expr[], ctx: Ctx): IrExpr {
  return x.b.ordered(args.map((arg, k) => () => x.number(arg, k === 0 ? ctx : {})))[0]!
}

/** In f64 and cheap to name twice. */
function kept(x: Exprs, value: IrExpr): IrExpr {
  const wide = coerce(value, F64)
  return wide.kind === 'local' || wide.kind === 'const' ? wide : x.b.temp(wide, 'x')
}

const narrowest = (e: IrExpr): ScalarType => {
  if (isInteger(e.type)) return e.type as ScalarType
  return e.kind === 'const' && Math.abs(Number(e.value)) >= 2 ** 31 ? (valueType('int64') as ScalarType) : I32
}

function engine(x: Exprs, name: string, args: readonly Expr[]): IrExpr {
  const record = findOp(name)
  if (!record) throw new Error(`no operation ${name}`)
  const values = x.b.ordered(args.map((arg) => () => x.number(arg)))
  return op(name, ...values.slice(0, record.args.length).map((v) => coerce(v, F64)))
}

function lowerAtomic(x: Exprs, expr: Intrinsic): IrExpr {
  const [array, index, ...values] = expr.args as [Expr, Expr, ...Expr[]]
  const parts = x.b.ordered([() => x.array(array), () => x.index(index), ...values.map((v) => () => x.number(v))])
  const into = localOf(parts[0]!)
  if (into.type.kind !== 'array') throw new Error('an atomic on no array')
  const { dtype } = into.type
  const whole = storeType(dtype) === I32 && dtype !== 'uint8c' && values.every((v) => isIntegral(x.numberFact(v)))
  const modular = whole && !/min|max|compareExchange/.test(expr.name)
  const result = x.b.local('old', valueType(dtype))
  x.b.emit({
    kind: 'do',
    op: expr.name,
    array: into,
    index: parts[1]!,
    args: parts.slice(2).map((v, k) => (modular ? toInt32(v, x.numberFact(values[k]!)) : coerce(v, F64))),
    bounds: 'checked',
    result,
    site: x.b.site('bounds', x.b.text(array.loc), expr.loc),
  })
  const old = ref(result)
  return old.type === F32 ? cast(F64, old) : old
}
