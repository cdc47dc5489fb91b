/** Arithmetic: in integers where the facts prove the result one and its operands are integers already, else in f64. */

import { cast, num, op } from '../../ir/build.ts'
import type { Expr as IrExpr, ScalarType } from '../../ir/ir.ts'
import { F64, I32, I64, isInteger } from '../../ir/types.ts'
import { fitsInt32, isIntegral, type NumberFact } from '../facts.ts'
import { type Builder, coerce, isWholeConst } from './builder.ts'
import { type Ctx, integerType, integerTypeOf, intLike, wider, ZERO } from './integers.ts'

/** `left op right`, the operands given as makers, for plain and compound expressions alike. */
export function arithmetic(
  b: Builder,
  name: string,
  fact: NumberFact,
  leftFact: NumberFact,
  rightFact: NumberFact,
  left: (ctx: Ctx) => IrExpr,
  right: (ctx: Ctx) => IrExpr,
  ctx: Ctx = {},
): IrExpr {
  const zero = ctx.zero ?? false
  const both = (l: Ctx, r: Ctx) => b.ordered([() => left(l), () => right(r)]) as [IrExpr, IrExpr]
  switch (name) {
    case '+':
    case '-':
    case '*': {
      // A zero's sign survives a sum only where both sides are −0, a difference only where the left side is.
      const hasZero = rightFact.lo <= 0 && rightFact.hi >= 0
      const l = zero || (name === '+' ? !rightFact.negZero : name === '-' ? !hasZero : false)
      const r = zero || (name !== '*' && !leftFact.negZero)
      const [x, y] = both({ zero: l }, { zero: r })
      return integerOr(name === '+' ? 'add' : name === '-' ? 'sub' : 'mul', integerType(fact, zero), x, y)
    }
    case '/': {
      const [x, y] = both({}, {})
      return op('div', coerce(x, F64), coerce(y, F64))
    }
    case '%': {
      const [x, y] = both({ zero }, ZERO)
      const type = integerType(fact, zero)
      const mask = y.kind === 'const' && Number.isInteger(y.value) ? Number(y.value) - 1 : -1
      if (type && intLike(x) && leftFact.lo >= 0 && isPowerOf2(mask + 1)) {
        return op('and', toInt32(x, leftFact), num(I32, mask))
      }
      if (type && leftFact.lo >= 0 && rightFact.lo > 0) return integerOr('rem', type, x, y)
      if (intLike(x) && intLike(y) && fitsInt32(leftFact) && fitsInt32(rightFact)) {
        return op('imod', coerce(x, I32), coerce(y, I32))
      }
      return op('rem', coerce(x, F64), coerce(y, F64))
    }
    case '**': {
      const [x, y] = both({}, {})
      return op('pow', coerce(x, F64), coerce(y, F64))
    }
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
    case '>>>': {
      const [x, y] = both(ZERO, ZERO)
      return bits(name, fact, toInt32(x, leftFact), toInt32(y, rightFact))
    }
    default:
      throw new Error(`no arithmetic ${name}`)
  }
}

const isPowerOf2 = (x: number): boolean => x >= 1 && x <= 2 ** 31 && 2 ** Math.round(Math.log2(x)) === x

export function bits(name: string, fact: NumberFact, a: IrExpr, b: IrExpr): IrExpr {
  const names = { '&': 'and', '|': 'or', '^': 'xor', '<<': 'shl', '>>': 'shr_s', '>>>': 'shr_u' }
  if (name === '|' && isWholeConst(b) && b.kind === 'const' && Number(b.value) === 0) return a
  const value = op(names[name as keyof typeof names], a, b)
  if (name !== '>>>') return value
  return fitsInt32(fact) ? value : op('uint32', value)
}

/** The integer operation where result and operands allow it, else the one on f64. */
function integerOr(name: string, type: ScalarType | undefined, x: IrExpr, y: IrExpr): IrExpr {
  if (type && intLike(x) && intLike(y) && !(x.kind === 'const' && y.kind === 'const')) {
    const at = wider(type, wider(integerTypeOf(x), integerTypeOf(y)))
    return op(name, coerce(x, at), coerce(y, at))
  }
  return op(name, coerce(x, F64), coerce(y, F64))
}

/** What ToInt32 makes of a value already lowered. */
export function toInt32(e: IrExpr, fact: NumberFact): IrExpr {
  if (e.kind === 'const') return num(I32, Number(e.value) | 0)
  if (e.type === I32) return e
  if (isInteger(e.type)) return e.type === I64 && e.kind === 'op' && e.op === 'uint32' ? e.args[0]! : cast(I32, e)
  const value = coerce(e, F64)
  return isIntegral(fact) && fitsInt32(fact) ? cast(I32, value) : op('toint32', value)
}
