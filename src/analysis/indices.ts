/** Where statements look into arrays, and whether an index is proven to name an element. */

import type { Expr, For, Local, Site, Stmt } from '../ir/ir.ts'
import { constant, type Poly, sub } from './poly.ts'
import type { Fixed, Symbols } from './symbols.ts'
import { wholeIndex } from './whole.ts'

/** One checked access: a statement has at most one. */
export interface Access {
  readonly array: Local
  readonly index: Expr
  /** Of the module's sites. */
  readonly site: number
}

/** The access of a statement that is checked. */
export function checkedAccess(s: Stmt): Access | undefined {
  if (s.kind === 'store' || s.kind === 'do') return s.bounds === 'checked' ? s : undefined
  if (s.kind === 'assign' && s.value.kind === 'load') return s.value.bounds === 'checked' ? s.value : undefined
  return undefined
}

/** The statement with its access proven, by an index that is an integer. */
export function proven(s: Stmt, index: Expr): Stmt {
  if (s.kind === 'store' || s.kind === 'do') return { ...s, index, bounds: 'proven' }
  if (s.kind === 'assign' && s.value.kind === 'load') return { ...s, value: { ...s.value, index, bounds: 'proven' } }
  return s
}

/** What it takes for an index to name an element. */
export interface Margins {
  /** What must not be negative: the index, the room left above it, and what makes it the integer `index`. */
  readonly all: readonly Poly[]
  readonly index: Expr
}

export function margins(symbols: Symbols, { array, index }: Access, fixed?: Fixed): Margins | undefined {
  const at = wholeIndex(symbols, index, fixed)
  const length = at && symbols.lengthOf(array, fixed)
  return length && { all: [at.poly, sub(sub(length, constant(1)), at.poly), ...at.conditions], index: at.index }
}

/** The access's index as an integer, where it names an element in all iterations of the loops around it. */
export function indexWithin(symbols: Symbols, access: Access, loops: readonly For[]): Expr | undefined {
  const found = margins(symbols, access)
  return found?.all.every((p) => symbols.isNonNegative(p, loops)) ? found.index : undefined
}

export const subjectOf = (sites: readonly Site[], access: Access): string => sites[access.site]!.subject
