/** What is in reach at one place of a program of loops: counters, locals, and what a parallel loop may touch. */

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
  | 'count'
  | 'wrap'
  | 'whole'
  | 'fround'
  | '&'
  | '|'
  | '^'
  | 'last'

/** Inside a parallel loop: arrays that it writes have one index for each iteration, or row of them. */
export interface Region {
  /** Locals declared before it. */
  readonly outside: number
  readonly counters: number
  readonly own: Map<ArrayParam, () => Index>
}

export class Place {
  readonly kernel: Kernel
  counters: readonly Counter[] = []
  readonly locals: Local[] = []
  region: Region | undefined
  /** Labels of loops that `break` and `continue` may name here; empty for one without a name. */
  jumps: readonly string[] = []
  /** How many operations one iteration may still get. */
  budget = 40

  constructor(kernel: Kernel) {
    this.kernel = kernel
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
    return this.locals.filter((l) => l.fold !== undefined && !(this.region && l.fold === 'last'))
  }
}
