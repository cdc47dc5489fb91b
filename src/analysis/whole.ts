/**
 * Indices computed in doubles, as integers. `(i * n + j) * n + k` of any `int32`s may pass 2⁵³, so it is an f64; but where
 * it names an element, nothing on its way was so large, and integers give the same.
 */

import { cast, num, op } from '../ir/build.ts'
import type { Expr } from '../ir/ir.ts'
import { F64, I64, isInteger } from '../ir/types.ts'
import { add, constant, mul, type Poly, sub } from './poly.ts'
import { type Fixed, NEVER, type Symbols } from './symbols.ts'

/** An index that is a whole number, or too large to name an element. */
export interface Whole {
  readonly poly: Poly
  /** The index as an integer: the value wherever it names an element and `conditions` hold. */
  readonly index: Expr
  /** What must not be negative. */
  readonly conditions: readonly Poly[]
}

const EXACT = 2 ** 53
/** What may be added to a sum that was rounded: if the sum lies within an array, what it is added to is exact still. */
const NEAR = 2 ** 40

/** `index` as integers; undefined where it may be a fraction, or where rounding may bring it back into range. */
export function wholeIndex(symbols: Symbols, index: Expr, fixed?: Fixed): Whole | undefined {
  if (!isInteger(index.type)) return index.type === F64 ? fromDouble(symbols, index, fixed) : undefined
  const poly = symbols.poly(index, fixed)
  return poly && { poly, index, conditions: [] }
}

/** `most`: its size, in doubles. Up to EXACT it is what the polynomial is, whether or not it names an element. */
interface Part extends Whole {
  readonly most: number
}

/**
 * By induction: wherever the polynomial is within 2⁵² and the conditions hold, the double is exact, and so is all that
 * it is made of.
 * - A sum of two exact numbers is rounded once. In any other sum one side must be NEAR 0, so that the other is within
 *   2⁵² too.
 * - A product of two exact numbers is rounded once. In a product with another number one factor is exact and, by a
 *   condition, at least 1, so that the other is no larger than the product.
 */
function fromDouble(symbols: Symbols, e: Expr, fixed: Fixed = NEVER): Part | undefined {
  switch (e.kind) {
    case 'const': {
      const value = Number(e.value)
      if (!Number.isSafeInteger(value)) return undefined
      return { poly: constant(value), index: num(I64, value + 0), conditions: [], most: Math.abs(value) }
    }
    case 'cast': {
      const poly = isInteger(e.value.type) ? symbols.poly(e.value, fixed) : undefined
      return poly && { poly, index: cast(I64, e.value), conditions: [], most: e.value.type === I64 ? EXACT : 2 ** 31 }
    }
    case 'local': {
      const made = symbols.definition(e.local)
      if (made?.kind !== 'assign' || made.value.type !== F64) return undefined
      return fromDouble(symbols, made.value, fixed(e.local) ? undefined : fixed)
    }
    case 'op': {
      if (e.op !== 'add' && e.op !== 'sub' && e.op !== 'mul') return undefined
      const [a, b] = e.args.map((arg) => fromDouble(symbols, arg, fixed))
      if (!a || !b) return undefined
      const index = op(e.op, a.index, b.index)
      const conditions = [...a.conditions, ...b.conditions]
      const exact = a.most <= EXACT && b.most <= EXACT
      if (e.op !== 'mul') {
        if (!exact && Math.min(a.most, b.most) > NEAR) return undefined
        const poly = (e.op === 'add' ? add : sub)(a.poly, b.poly)
        return { poly, index, conditions, most: a.most + b.most }
      }
      if (!exact) {
        const factor = a.most <= EXACT ? a : b
        if (factor.most > EXACT) return undefined
        conditions.push(sub(factor.poly, constant(1)))
      }
      return { poly: mul(a.poly, b.poly), index, conditions, most: a.most * b.most }
    }
    default:
      return undefined
  }
}
