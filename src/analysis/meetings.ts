/**
 * Whether two accesses to one array may meet in an element. Indices such as `i * n + j` are taken apart into rows and
 * columns where all columns lie within one row's length ("delinearisation": Maslov 1992; Grosser et al. 2015), so that
 * rows and columns have to be equal each; what may then still be equal is a system of equalities and inequalities.
 */

import type { Expr, For } from '../ir/ir.ts'
import {
  type Atom,
  add,
  atom,
  constant,
  constantOf,
  keyOf,
  type Poly,
  product,
  remainder,
  scale,
  sub,
  type Term,
} from './poly.ts'
import type { Fixed, Symbols } from './symbols.ts'
import { atMost, below, isEmpty } from './system.ts'

export class Meetings {
  private readonly symbols: Symbols
  private readonly fixed: Fixed
  private readonly loops: readonly For[]
  private readonly bounds = new Map<For, Poly[]>()
  private readonly known = new Map<string, boolean>()

  /** `loops`: those whose bodies run where the accesses are, which says that none of them is empty. */
  constructor(symbols: Symbols, loops: readonly For[], fixed: Fixed) {
    this.symbols = symbols
    this.fixed = fixed
    this.loops = loops
  }

  /** What is not negative while a loop's body runs; nothing where its bounds are not known. */
  within(loop: For): Poly[] {
    let known = this.bounds.get(loop)
    if (!known) {
      const variable = atom(this.symbols.atomOf(loop.variable))
      const up = loop.step > 0
      known = [
        ...this.limits(loop, loop.lo, up ? 'max' : 'min').map((p) => (up ? atMost(p, variable) : atMost(variable, p))),
        ...this.limits(loop, loop.hi, up ? 'min' : 'max').map((p) => (up ? below(variable, p) : below(p, variable))),
      ]
      this.bounds.set(loop, known)
    }
    return known
  }

  /** All that a bound lies within: of the least of several numbers each of them. */
  private limits(loop: For, e: Expr, name: 'min' | 'max'): Poly[] {
    if (e.kind === 'op' && e.op === name) return e.args.flatMap((arg) => this.limits(loop, arg, name))
    const p = this.symbols.poly(e, this.fixed(loop.variable) ? undefined : this.fixed)
    return p ? [p] : []
  }

  /** Two places in one iteration of all the loops, by their indices. */
  areApart(a: Poly, b: Poly): boolean {
    const distance = sub(b, a)
    const value = constantOf(distance)
    if (value !== undefined) return value !== 0
    const key = keyOf(distance)
    let known = this.known.get(key)
    if (known === undefined) {
      const given = this.loops.flatMap((l) => this.within(l))
      const unknowns = this.loops.map((l) => this.symbols.atomOf(l.variable))
      known = this.isEmpty(this.equalities(distance, unknowns, given), [], given, unknowns)
      this.known.set(key, known)
    }
    return known
  }

  /** Whether nothing makes all of `zero` 0 and none of the others negative; see system.ts. */
  isEmpty(
    zero: readonly Poly[],
    notNegative: readonly Poly[],
    given: readonly Poly[],
    unknowns: readonly Atom[],
  ): boolean {
    return isEmpty(zero, notNegative, given, unknowns, (p) => this.isNegative(p))
  }

  private isNegative(p: Poly): boolean {
    return this.symbols.isNonNegative(sub(constant(-1), p), [], this.fixed, this.loops)
  }

  /** What must all be 0 for the distance to be 0: its rows and its columns, where they can be told apart. */
  equalities(distance: Poly, unknowns: readonly Atom[], given: readonly Poly[]): Poly[] {
    for (const row of rowLengths(distance, unknowns)) {
      const length = product(row)
      const rest = remainder(distance, row)
      const multiples = quotient(sub(distance, rest), row)
      const whole = multiples.find((t) => t.atoms.length === 0)?.coef ?? 0
      // `n - 1` is the last column of a row, or the one before the first.
      for (const moved of whole === 0 ? [0] : [0, whole]) {
        const rows = sub(multiples, constant(moved))
        const columns = add(rest, scale(length, moved))
        if (rows.length === 0 || this.reaches(columns, length, given, unknowns)) continue
        return [columns, ...this.equalities(rows, unknowns, given)]
      }
    }
    return [distance]
  }

  /** Whether a number may be as far from 0 as a row is long. */
  private reaches(p: Poly, length: Poly, given: readonly Poly[], unknowns: readonly Atom[]): boolean {
    // In rows of no length all columns are one, so 0 has to be shorter as well.
    return (p.length === 0 ? [p] : [p, scale(p, -1)]).some(
      (q) => !this.isEmpty([], [atMost(length, q)], given, unknowns),
    )
  }
}

/** By what the unknowns are multiplied: `n` in `i * n + j`. The shortest first. */
function rowLengths(p: Poly, unknowns: readonly Atom[]): Term[] {
  const found = new Map<string, Term>()
  for (const { atoms, coef } of p) {
    const rest = atoms.filter((a) => !unknowns.includes(a))
    const term = { atoms: rest, coef: Math.abs(coef) }
    if (rest.length === atoms.length || (rest.length === 0 && term.coef === 1)) continue
    found.set(`${term.coef}*${rest.map((a) => a.id).join('*')}`, term)
  }
  return [...found.values()].sort((a, b) => a.atoms.length - b.atoms.length || a.coef - b.coef)
}

/** p / by, of which all terms are multiples. */
function quotient(p: Poly, by: Term): Poly {
  let out = constant(0)
  for (const { atoms, coef } of p) {
    const left = [...atoms]
    for (const a of by.atoms) left.splice(left.indexOf(a), 1)
    out = add(out, product({ atoms: left, coef: coef / by.coef }))
  }
  return out
}
