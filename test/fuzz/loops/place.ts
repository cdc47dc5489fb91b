/** What is in reach at one place of a program of loops: counters, locals, and what a parallel loop may touch. */

import type { ArrayName, Stmt } from '../tree.ts'
import type { ArrayParam, Index, Kernel, Size } from './kernel.ts'

/** The kinds of numbers that lanes are made of: doubles, floats that are rounded at each step, integers that wrap. */
export type Kind = 'f64' | 'f32' | 'i32' | 'bool'

/** A loop's variable and the values that it takes; none where `max` is below `min`. */
export interface Counter {
  readonly name: string
  readonly min: number
  readonly max: number
  /** One past the last value, where the loop begins at 0 and ends there. */
  readonly limit: Size | undefined
}

export interface Local {
  readonly name: string
  readonly kind: Kind
  readonly writable: boolean
  /** A sum or the like: what is added to it goes by `fold` alone. */
  readonly fold?: Fold
}

export type Fold =
  | '+'
  | '*'
  | 'min'
  | 'max'
  | 'if-min'
  | 'if-max'
  | 'whole-min'
  | 'whole-max'
  | 'count'
  | 'wrap'
  | 'whole'
  | 'fround'
  | '&'
  | '|'
  | '^'
  | 'last'

/** Folds that a parallel loop may have of the locals around it. */
const REDUCTIONS: ReadonlySet<Fold> = new Set([
  '+',
  '*',
  'min',
  'max',
  'whole-min',
  'whole-max',
  'count',
  'whole',
  'wrap',
  '&',
  '|',
  '^',
])

/** Inside a parallel loop: arrays that it writes have one index for each iteration, or row of them. */
export interface Region {
  /** Locals declared before it. */
  readonly outside: number
  /** How long rows are, for loops inside it. */
  readonly row: Size
  /** Undefined where an iteration has no element here. */
  readonly own: Map<ArrayParam, () => Index | undefined>
  /** What all iterations update by atomics. */
  readonly bins: Bins | undefined
}

/** An array of the function's own, updated by one operation, so that the order of the iterations does not show. */
export interface Bins {
  readonly name: string
  readonly type: ArrayName
  readonly count: number
  readonly op: string
  readonly declared: Stmt
  /** Its elements, left behind. */
  readonly shown: readonly Stmt[]
}

/** What a program is made of: one type of elements, so that lanes are full, or several. */
export interface Palette {
  readonly types: readonly ArrayName[]
  readonly kinds: readonly Kind[]
  /** Only what has a vector form, mostly. */
  readonly tidy: boolean
  /** One loop or nest with little in it: most bugs need no more, and several times as many programs fit into an hour. */
  readonly small?: boolean
}

export class Place {
  readonly kernel: Kernel
  readonly palette: Palette
  counters: readonly Counter[] = []
  readonly locals: Local[] = []
  region: Region | undefined
  /** Labels of loops that `break` and `continue` may name here; empty for one without a name. */
  jumps: readonly string[] = []
  /** How many operations one iteration may still get. */
  budget = 40

  constructor(kernel: Kernel, palette: Palette) {
    this.kernel = kernel
    this.palette = palette
  }

  /** Locals declared by `make` end with it. */
  block<T>(make: () => T): T {
    const depth = this.locals.length
    const made = make()
    this.locals.length = depth
    return made
  }

  within<T>(counter: Counter, make: () => T): T {
    const before = this.counters
    this.counters = [...before, counter]
    const made = this.block(make)
    this.counters = before
    return made
  }

  readable(kind: Kind): Local[] {
    const from = this.region?.outside ?? 0
    return this.locals.filter((l, k) => l.kind === kind && (l.fold === undefined || (k >= from && l.fold === 'last')))
  }

  writable(): Local[] {
    const from = this.region?.outside ?? 0
    return this.locals.filter((l, k) => k >= from && l.writable && l.fold === undefined)
  }

  folds(): Local[] {
    const from = this.region?.outside ?? 0
    return this.locals.filter((l, k) => l.fold !== undefined && (k >= from || REDUCTIONS.has(l.fold)))
  }

  /** Arrays that may be written here, where that is not all of them. */
  ownArrays(): ArrayParam[] | undefined {
    return this.region && [...this.region.own].flatMap(([array, index]) => (index() ? [array] : []))
  }

  /** The types among these that the program is made of; all that it is made of where there are none. */
  types(wanted?: readonly ArrayName[]): readonly ArrayName[] {
    const { types } = this.palette
    const both = wanted?.filter((type) => types.includes(type)) ?? []
    return both.length > 0 ? both : types
  }
}
