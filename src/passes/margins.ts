/** Polynomials as conditions that the program evaluates, exactly, in doubles. */

import type { Atom, Poly, Term } from '../analysis/poly.ts'
import type { Symbols } from '../analysis/symbols.ts'
import { cast, num, op, ref } from '../ir/build.ts'
import type { Expr } from '../ir/ir.ts'
import { F64, I32, INDEX } from '../ir/types.ts'

const EXACT = 2 ** 53
/** Coefficients of sums without products: with values within ±2³¹ each, eight terms stay within ±2⁵³. */
const SMALL = 2 ** 19
const FEW = 8

/**
 * p ≥ 0. Where p has products, or values that take 64 bits, its unknowns must not be negative.
 *
 * What is added and what is subtracted are summed apart. Sums and products of numbers that are not negative only grow,
 * rounding included, so a result below 2⁵³ says that nothing was rounded on the way.
 */
export function notNegative(p: Poly, symbols: Symbols): Expr {
  const added = p.filter((t) => t.coef > 0)
  const plus = sum(added, symbols)
  const minus = sum(
    p.filter((t) => t.coef < 0),
    symbols,
  )
  const order = op('ge', plus, minus)
  return areSmall(added, symbols) ? order : op('and', order, op('lt', plus, num(F64, EXACT)))
}

function sum(terms: readonly Term[], symbols: Symbols): Expr {
  const values = terms.map((t) => product(Math.abs(t.coef), t.atoms, symbols))
  return values.length === 0 ? num(F64, 0) : values.reduce((a, b) => op('add', a, b))
}

/** Whether all values lie within ±2³¹ and are added up, few enough for doubles. */
export const isSmall = (p: Poly, symbols: Symbols): boolean => areSmall(p, symbols)

function areSmall(terms: readonly Term[], symbols: Symbols): boolean {
  const fits = (a: Atom) => unknown(a, symbols).type === INDEX || unknown(a, symbols).type === I32
  return (
    terms.length <= FEW && terms.every((t) => t.atoms.length <= 1 && Math.abs(t.coef) <= SMALL && t.atoms.every(fits))
  )
}

function product(coefficient: number, atoms: readonly Atom[], symbols: Symbols): Expr {
  const factors = atoms.map((a) => cast(F64, unknown(a, symbols)))
  const all = coefficient === 1 && factors.length > 0 ? factors : [num(F64, coefficient), ...factors]
  return all.reduce((a, b) => op('mul', a, b))
}

function unknown(a: Atom, symbols: Symbols): Expr {
  const source = symbols.source(a)
  if ('local' in source) return ref(source.local)
  return { kind: 'length', type: INDEX, array: source.array, axis: 0 }
}
