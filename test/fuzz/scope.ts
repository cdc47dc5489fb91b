/** What is in reach at one place of a program that is being made. */

import type { Rng } from './rng.ts'
import { type ArrayName, type Expr, name, type Type } from './tree.ts'

export interface Variable {
  readonly name: string
  readonly type: Type
  readonly writable: boolean
  /** For a loop's variable: it stays in [slack, length − slack) of ordinary arrays. */
  readonly slack?: number
  /** Holds integers of moderate size only. */
  readonly small?: boolean
}

/** A function of the module that expressions may call. */
export interface Helper {
  readonly name: string
  readonly params: readonly Type[]
  readonly result: 'num' | 'bool'
}

/** Inside a prange: what iterations may touch without a race. */
export interface Region {
  /** Variables declared before it; they can be read, but only reductions may write them. */
  readonly outside: number
  /** Arrays written at the iteration's own index, and nowhere else. */
  readonly written: ReadonlyMap<string, () => Expr>
  /** Names that may not be mentioned: accumulators, arrays of atomics. */
  readonly hidden: ReadonlySet<string>
  readonly reductions: readonly Reduction[]
  readonly histogram: { readonly variable: Variable; readonly op: string } | undefined
}

export interface Reduction {
  readonly variable: Variable
  readonly form: '+' | '-' | '*' | 'min' | 'max' | 'if-min' | 'if-max' | 'count' | '&' | '|' | '^'
}

export class Scope {
  readonly rng: Rng
  /** The length that most arrays have; of a matrix, rows · columns. */
  readonly length: number
  readonly helpers: Helper[] = []
  readonly variables: Variable[] = []
  region: Region | undefined
  /** Labels of the loops and blocks around, innermost last; a prange starts anew. */
  jumps: { readonly label: string; readonly loop: boolean }[] = []
  /** An array that takes values for no other purpose than to be looked at afterwards. */
  sink: { readonly name: string; readonly length: number } | undefined
  private made = 0

  constructor(rng: Rng, length: number) {
    this.rng = rng
    this.length = length
  }

  fresh(prefix: string): string {
    return `${prefix}${this.made++}`
  }

  add(variable: Variable): Variable {
    this.variables.push(variable)
    return variable
  }

  /** Declarations made by `make` end with it. */
  block<T>(make: () => T): T {
    const depth = this.variables.length
    const made = make()
    this.variables.length = depth
    return made
  }

  /** Everything that a reading expression may name here, hidden by neither a later declaration nor a region. */
  visible(want: (v: Variable) => boolean): Variable[] {
    const seen = new Set<string>()
    const found: Variable[] = []
    for (let k = this.variables.length - 1; k >= 0; k--) {
      const variable = this.variables[k]!
      if (seen.has(variable.name)) continue
      seen.add(variable.name)
      if (want(variable) && !this.region?.hidden.has(variable.name)) found.push(variable)
    }
    return found
  }

  /** Variables that a statement may assign here. */
  assignable(type: Type): Variable[] {
    const from = this.region ? this.region.outside : 0
    return this.visible((v) => v.type === type && v.writable && this.variables.indexOf(v) >= from)
  }

  arrays(type?: ArrayName): Variable[] {
    return this.visible((v) => v.type !== 'num' && v.type !== 'bool' && (type === undefined || v.type === type))
  }

  /** Arrays whose every element may be written here. */
  ownArrays(): Variable[] {
    const from = this.region ? this.region.outside : 0
    return this.arrays().filter((v) => this.variables.indexOf(v) >= from)
  }

  ref(variable: Variable): Expr {
    return name(variable.name, variable.type)
  }
}
