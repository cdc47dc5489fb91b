import type { Result } from '../check.ts'

/** What compiled and plain versions are called with: arrays and sizes. */
export type Args = readonly (Float64Array | number)[]
export type Kernel = (...args: never[]) => Result

/** Makes an array of zeros: an ordinary one, or one from `allocate`. */
export type NewArray = (length: number) => Float64Array

export interface Spread {
  /** The index loop over a part of the rows. */
  readonly kernel: Kernel
  /** The arguments of some `parts` tasks; their results in this order are the program's. */
  tasks(args: Args, parts: number): readonly Args[]
}

/** One program on one input. */
export interface Case {
  readonly program: string
  /** One line: what is computed. */
  readonly about: string
  /** The size that the comparison reports. */
  readonly n: number
  /** The share of the file's rows in use, where the input is a file. */
  readonly percent?: number
  /** The file, where the input is one: then the whole script's time is measured too. */
  readonly csv?: string
  /** The index loop, with no tsumba in it. */
  readonly plain: Kernel
  /** The same with `prange` for the outer loop. */
  readonly withPrange: Kernel
  /** What a compiler would make of the index loop that moves work out of it: shown apart, since it does less. */
  readonly hoisted?: { readonly kernel: Kernel; readonly note: string }
  /** The same numbers at every call, in arrays of the wanted kind. */
  inputs(newArray: NewArray): Args
  /** Bytes that have to move between memory and processor in one call: every input read once, every result written once. */
  readonly bytes: number
  /**
   * The absolute error that element i of a `fastmath` answer may have: n·ε·Σ|terms| for a sum of n terms. All others
   * have to equal plain in every bit, but for `mathError`.
   */
  readonly allowed: (plain: Result, i: number) => number
  /**
   * The absolute error that element i of any compiled answer may have because its `Math` functions are not the engine's;
   * absent where the program needs none but the exact ones.
   */
  readonly mathError?: (plain: Result, i: number) => number
  /** How it is cut into tasks, for clusters; absent where it is not run on them. */
  readonly spread?: Spread
}

export interface Program {
  readonly name: string
  readonly about: string
  cases(size: 'full' | 'quick'): readonly Case[]
}

/**
 * The absolute error that the elements of a variant's answer may have; undefined where every bit has to be plain's.
 * @param compiled whether something other than the engine may compute its `Math` functions
 */
export function allowance(
  program: Case,
  { relaxed, compiled }: { readonly relaxed: boolean; readonly compiled: boolean },
  plain: Result,
): ((i: number) => number) | undefined {
  const sums = relaxed ? program.allowed : undefined
  const math = compiled ? program.mathError : undefined
  if (sums === undefined && math === undefined) return undefined
  return (i) => (sums?.(plain, i) ?? 0) + (math?.(plain, i) ?? 0)
}

/** Half the distance between 1 and the next float64: the largest relative error of one operation. */
export const EPSILON = Number.EPSILON / 2

/** Fills an array with `map(u)`, u uniform in [0, 1). */
export function fill(array: Float64Array, random: () => number, map: (u: number) => number): Float64Array {
  for (let i = 0; i < array.length; i++) array[i] = map(random())
  return array
}
