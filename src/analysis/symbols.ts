/**
 * The integers of a function as polynomials: which locals are defined once and by what, what an array's length is, and
 * what is known of the signs of sizes inside loops.
 */

import type { Alloc, Expr, Fn, For, Local, Stmt, Type } from '../ir/ir.ts'
import { BOOL, F64, I32, I64, INDEX, isFloat, isInteger } from '../ir/types.ts'
import { assignedLocals, visitStmts } from '../ir/walk.ts'
import { exposedReads } from './liveness.ts'
import * as poly from './poly.ts'
import {
  type Atom,
  add,
  atom,
  atomsOf,
  constant,
  constantOf,
  type Poly,
  scale,
  split,
  sub,
  substitute,
} from './poly.ts'

/**
 * Whether a local keeps its value in the region in question, because nothing in it assigns the local: one with several
 * definitions may then stand for itself. A definition or loop outside the region saw the values of another time.
 */
export type Fixed = (local: Local) => boolean
export const NEVER: Fixed = () => false

/**
 * What is known of an f64 that stands for a polynomial: a whole number below 2³¹; a whole number; whatever a variable
 * holds; a whole number rounded where it is too large; a number rounded.
 */
type Size = 'small' | 'exact' | 'number' | 'wide' | 'rounded'

/** Types between which a cast keeps a whole number as it is, narrowing ones aside. */
const WHOLE: ReadonlySet<Type> = new Set([BOOL, I32, INDEX, I64, F64])

/** What was found where certain locals are fixed. */
interface Known {
  readonly integers: Map<Expr, Poly | undefined>
  readonly spans: Map<For, Span | undefined>
  readonly bounds: Map<For, Bound | undefined>
}
/** Inclusive. */
interface Span {
  readonly lo: Poly
  readonly hi: Poly
}
/** An unknown is at least so much. */
interface Bound {
  readonly atom: Atom
  readonly least: number
}

export class Symbols {
  readonly fn: Fn
  private readonly definitions = new Map<Local, Stmt[]>()
  private readonly loops = new Map<Local, For>()
  private readonly atoms = new Map<Local, Atom>()
  private readonly lengths = new Map<Local, Atom>()
  private readonly sources = new Map<Atom, { readonly local: Local } | { readonly array: Local }>()
  private readonly regions = new Map<For, Fixed>()
  /** Expressions and loops never change, and each is asked about for many accesses. */
  private readonly known = new WeakMap<Fixed, Known>()
  /** Unknowns that are taken not to be negative: the program asks before it relies on it. */
  readonly assumed = new Set<Atom>()
  private nextId = 1

  constructor(fn: Fn) {
    this.fn = fn
    const define = (local: Local, stmt: Stmt) => {
      const known = this.definitions.get(local)
      if (known) known.push(stmt)
      else this.definitions.set(local, [stmt])
    }
    visitStmts(fn.body, {
      stmt: (s) => {
        switch (s.kind) {
          case 'assign':
          case 'alloc':
            define(s.local, s)
            return
          case 'call':
            for (const local of s.results) define(local, s)
            return
          case 'do':
            if (s.result) define(s.result, s)
            return
          case 'for':
            define(s.variable, s)
            this.loops.set(s.variable, s)
        }
      },
    })
    // What a parameter comes with, and the 0 that a local starts as where it can be read, are definitions too.
    const exposed = exposedReads(fn.body)
    for (const [local, all] of this.definitions) {
      if (fn.params.includes(local) || exposed.has(local)) all.push({ kind: 'barrier' })
    }
  }

  /** The only statement that gives the local a value; undefined for parameters and locals with several. */
  definition(local: Local): Stmt | undefined {
    const all = this.definitions.get(local)
    return all?.length === 1 ? all[0] : undefined
  }
  /** Never changes: a parameter that is not assigned, or a local with one definition. */
  isStable(local: Local): boolean {
    const all = this.definitions.get(local)
    return all === undefined || all.length === 1
  }

  atomOf(local: Local): Atom {
    let known = this.atoms.get(local)
    if (!known) {
      known = { id: this.nextId++, name: local.name }
      this.atoms.set(local, known)
      this.sources.set(known, { local })
    }
    return known
  }
  /** An unknown that stands for nothing in the program. */
  unknown(name: string): Atom {
    return { id: this.nextId++, name }
  }
  private lengthAtom(array: Local): Atom {
    let known = this.lengths.get(array)
    if (!known) {
      known = { id: this.nextId++, name: `${array.name}.length` }
      this.lengths.set(array, known)
      this.sources.set(known, { array })
    }
    return known
  }
  /** What an unknown is in the program: a local, or the length of an array. */
  source(a: Atom): { readonly local: Local } | { readonly array: Local } {
    const found = this.sources.get(a)
    if (!found) throw new Error(`${a.name} is no unknown of ${this.fn.name}`)
    return found
  }
  /** Lengths are never negative. */
  isLength(a: Atom): boolean {
    const source = this.sources.get(a)
    return source !== undefined && 'array' in source
  }

  /** What keeps its value while the body of a loop runs. */
  fixedIn(loop: For): Fixed {
    let fixed = this.regions.get(loop)
    if (!fixed) {
      const assigned = assignedLocals(loop.body)
      fixed = (local) => !assigned.has(local) && local !== loop.variable
      this.regions.set(loop, fixed)
    }
    return fixed
  }

  private knownWhere(fixed: Fixed): Known {
    let known = this.known.get(fixed)
    if (!known) {
      known = { integers: new Map(), spans: new Map(), bounds: new Map() }
      this.known.set(fixed, known)
    }
    return known
  }

  /** The array that a local names for good: a parameter, the local of an `alloc`, or the local itself. */
  root(array: Local): Local {
    let now = array
    for (;;) {
      const stmt = this.definition(now)
      if (stmt?.kind !== 'assign' || stmt.value.kind !== 'local' || !this.isStable(stmt.value.local)) return now
      now = stmt.value.local
    }
  }
  /** The statement that makes the array of this root, where it is made here. */
  allocation(root: Local): Alloc | undefined {
    const stmt = this.definition(root)
    return stmt?.kind === 'alloc' ? stmt : undefined
  }

  /** The array's length as a polynomial; undefined where the local changes. */
  lengthOf(array: Local, fixed: Fixed = NEVER): Poly | undefined {
    const root = this.root(array)
    const made = this.allocation(root)
    // A length computed in doubles may be rounded, where the polynomial is exact.
    if (made && !(isFloat(made.length.type) && made.length.kind === 'op')) {
      const size = this.poly(made.length, fixed(root) ? NEVER : fixed)
      if (size) return size
    }
    return this.isStable(root) || fixed(root) ? atom(this.lengthAtom(root)) : undefined
  }

  /**
   * An expression that is a whole number, or fails as an index; undefined where it is none that sums and products make
   * of known ones.
   */
  poly(e: Expr, fixed: Fixed = NEVER): Poly | undefined {
    return e.type === F64 ? this.index(e, fixed)?.poly : this.whole(e, fixed)
  }

  /**
   * An f64 as an index, where its value is the polynomial's whenever it lies within the bounds of an array. Of two
   * large parts that a sum or difference brings back into range, what was added between them may have been rounded away
   * (`i + n - n` is 0 for n = 2⁶⁰), so one side must be `small`, or this the first rounding. A product in range has factors in range, or is 0; but
   * in one with a fraction, what is added afterwards may absorb it.
   */
  private index(e: Expr, fixed: Fixed): { poly: Poly; size: Size } | undefined {
    switch (e.kind) {
      case 'const': {
        const value = Number(e.value)
        if (!Number.isInteger(value)) return undefined
        return { poly: constant(value), size: Math.abs(value) < 2 ** 31 ? 'small' : 'exact' }
      }
      case 'cast': {
        const inner = isInteger(e.value.type) ? this.whole(e.value, fixed) : undefined
        return inner && { poly: inner, size: e.value.type === I64 ? 'exact' : 'small' }
      }
      case 'local': {
        const stmt = this.definition(e.local)
        const made = stmt?.kind === 'assign' ? this.index(stmt.value, fixed(e.local) ? NEVER : fixed) : undefined
        if (made) return made
        const known = this.whole(e, fixed)
        return known && { poly: known, size: 'number' }
      }
      case 'op': {
        if (e.op !== 'add' && e.op !== 'sub' && e.op !== 'mul') return undefined
        const [a, b] = e.args.map((arg) => this.index(arg, fixed))
        if (!a || !b) return undefined
        const is = (...sizes: Size[]) => [sizes.includes(a.size), sizes.includes(b.size)] as const
        const whole = !is('number', 'rounded').includes(true)
        const size = whole ? 'wide' : 'rounded'
        if (e.op === 'mul') {
          const fits = whole && is('small', 'exact').includes(true)
          return fits ? { poly: poly.mul(a.poly, b.poly), size } : undefined
        }
        const fits = is('small').includes(true) || !is('wide', 'rounded').includes(true)
        return fits ? { poly: (e.op === 'add' ? add : sub)(a.poly, b.poly), size } : undefined
      }
      default:
        return undefined
    }
  }

  /** An integer, or an f64 below a cast that says it is whole: so are its parts, and nothing in it rounds. */
  private whole(e: Expr, fixed: Fixed): Poly | undefined {
    const { integers } = this.knownWhere(fixed)
    let found = integers.get(e)
    if (!found && !integers.has(e)) {
      found = this.findWhole(e, fixed)
      integers.set(e, found)
    }
    return found
  }

  private findWhole(e: Expr, fixed: Fixed): Poly | undefined {
    switch (e.kind) {
      case 'const': {
        const value = Number(e.value)
        return typeof e.value !== 'boolean' && Number.isInteger(value) ? constant(value) : undefined
      }
      case 'local': {
        const { local } = e
        if (this.loops.has(local)) return atom(this.atomOf(local))
        const stmt = this.definition(local)
        if (stmt?.kind === 'assign') {
          // An f64 may be a fraction, and what it was made of may have been rounded away.
          const value = local.type === F64 ? undefined : this.whole(stmt.value, fixed(local) ? NEVER : fixed)
          if (value) return value
        }
        return this.isStable(local) || fixed(local) ? atom(this.atomOf(local)) : undefined
      }
      case 'length':
        return this.lengthOf(e.array, fixed)
      case 'cast':
        // A cast keeps the value (from f64 it is proven whole), but that narrowing takes the low bits and f32 rounds.
        if (e.value.type === I64 && (e.type === I32 || e.type === INDEX)) return undefined
        return WHOLE.has(e.type) && WHOLE.has(e.value.type) ? this.whole(e.value, fixed) : undefined
      case 'op': {
        // i32 wraps; index and i64 do not, by proof.
        if (!WHOLE.has(e.type) || e.type === I32) return undefined
        const [a, b] = e.args.map((arg) => this.whole(arg, fixed))
        if (!a || (e.args.length > 1 && !b)) return undefined
        switch (e.op) {
          case 'add':
            return add(a, b!)
          case 'sub':
            return sub(a, b!)
          case 'mul':
            return poly.mul(a, b!)
          case 'neg':
            return scale(a, -1)
          default:
            return undefined
        }
      }
      default:
        return undefined
    }
  }

  // ───────────────────────────── ranges ─────────────────────────────

  /** The inclusive bounds of a loop's variable, while its body runs. */
  span(loop: For, fixed: Fixed = NEVER): Span | undefined {
    const { spans } = this.knownWhere(fixed)
    if (!spans.has(loop)) spans.set(loop, this.findSpan(loop, fixed))
    return spans.get(loop)
  }

  private findSpan(loop: For, fixed: Fixed): Span | undefined {
    const then = fixed(loop.variable) ? NEVER : fixed
    const lo = this.poly(loop.lo, then)
    const hi = this.poly(loop.hi, then)
    if (!lo || !hi) return undefined
    return loop.step > 0 ? { lo, hi: sub(hi, constant(1)) } : { lo: add(hi, constant(1)), hi: lo }
  }

  /**
   * A polynomial that is nowhere larger (`least`) or smaller (`most`) than `p` while the loops' bodies run; it
   * mentions none of their variables. Loops from the outermost to the innermost; `running`: all loops around.
   */
  extreme(
    p: Poly,
    which: 'least' | 'most',
    loops: readonly For[],
    fixed: Fixed = NEVER,
    running: readonly For[] = loops,
  ): Poly | undefined {
    let now = p
    for (let k = loops.length - 1; k >= 0; k--) {
      const loop = loops[k]!
      const variable = this.atomOf(loop.variable)
      const parts = split(now, variable)
      if (!parts) return undefined
      if (parts.coefficient.length === 0) continue
      const span = this.span(loop, fixed)
      if (!span) return undefined
      const outer = loops.slice(0, k)
      const rising = this.isNonNegative(parts.coefficient, outer, fixed, running)
      if (!rising && !this.isNonNegative(scale(parts.coefficient, -1), outer, fixed, running)) return undefined
      now = substitute(now, variable, rising === (which === 'least') ? span.lo : span.hi)
    }
    return now
  }

  /**
   * Whether p ≥ 0 wherever the bodies of `running` run. Each atom is written as its lower bound plus something that is
   * not negative; if then no coefficient is negative, neither is p.
   */
  isNonNegative(p: Poly, loops: readonly For[], fixed: Fixed = NEVER, running: readonly For[] = loops): boolean {
    const value = constantOf(p)
    if (value !== undefined) return value >= 0
    const bare = this.extreme(p, 'least', loops, fixed, running)
    if (!bare) return false
    let shifted = bare
    for (const a of atomsOf(bare)) {
      const bound = this.lowerBound(a, running, fixed) ?? (this.isLength(a) || this.assumed.has(a) ? 0 : undefined)
      if (bound === undefined) return false
      if (bound !== 0) shifted = substitute(shifted, a, add(atom(a), constant(bound)))
    }
    for (const { coef } of shifted) if (!(coef >= 0)) return false
    return true
  }

  private lowerBound(a: Atom, loops: readonly For[], fixed: Fixed): number | undefined {
    const { bounds } = this.knownWhere(fixed)
    let least: number | undefined
    for (const loop of loops) {
      if (!bounds.has(loop)) bounds.set(loop, this.findBound(loop, fixed))
      const bound = bounds.get(loop)
      if (bound?.atom === a) least = Math.max(least ?? -Infinity, bound.least)
    }
    return least
  }

  /** A body that runs says that its loop is not empty: `for j in 0..n` makes n at least 1. */
  private findBound(loop: For, fixed: Fixed): Bound | undefined {
    const span = this.span(loop, fixed)
    if (!span) return undefined
    const extent = sub(span.hi, span.lo)
    const atoms = [...atomsOf(extent)]
    const only = atoms.length === 1 ? atoms[0]! : undefined
    if (!only || extent.length > 2 || this.isLoopVariable(only)) return undefined
    const parts = split(extent, only)
    const rest = parts && constantOf(parts.rest)
    if (!parts || constantOf(parts.coefficient) !== 1 || rest === undefined) return undefined
    return { atom: only, least: -rest }
  }

  /** Whether some loop counts in this local. */
  isVariable(local: Local): boolean {
    return this.loops.has(local)
  }
  private isLoopVariable(a: Atom): boolean {
    const source = this.sources.get(a)
    return source !== undefined && 'local' in source && this.loops.has(source.local)
  }
}
