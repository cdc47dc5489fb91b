/** Where statements look into arrays, and whether an index is proven to name an element. */

import type { Expr, For, Local, Site, Stmt } from '../ir/ir.ts'
import { isInteger } from '../ir/types.ts'
import { constant, type Poly, sub } from './poly.ts'
import type { Fixed, Symbols } from './symbols.ts'

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

/** The statement with its access proven. */
export function proven(s: Stmt): Stmt {
  if (s.kind === 'store' || s.kind === 'do') return { ...s, bounds: 'proven' }
  if (s.kind === 'assign' && s.value.kind === 'load') return { ...s, value: { ...s.value, bounds: 'proven' } }
  return s
}

/** What must not be negative for an index to name an element: the index, and the room left above it. */
export function margins(symbols: Symbols, { array, index }: Access, fixed?: Fixed): readonly Poly[] | undefined {
  if (!isInteger(index.type)) return undefined
  const at = symbols.poly(index, fixed)
  const length = symbols.lengthOf(array, fixed)
  return at && length && [at, sub(sub(length, constant(1)), at)]
}

/** Whether an access names an element in all iterations of the loops around it. */
export function isWithin(symbols: Symbols, access: Access, loops: readonly For[]): boolean {
  return margins(symbols, access)?.every((p) => symbols.isNonNegative(p, loops)) ?? false
}

export const subjectOf = (sites: readonly Site[], access: Access): string => sites[access.site]!.subject
