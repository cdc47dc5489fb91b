/**
 * PolyBench/C 4.2.1 in TypeScript: what one program consists of. Arrays are row-major Float64Arrays (nussinov's and
 * floyd-warshall's are Int32Arrays); sizes and initial values are PolyBench's.
 */

import type { TypedArray } from '../../src/types.ts'

export type SizeName = 'MINI' | 'SMALL' | 'MEDIUM' | 'LARGE' | 'EXTRALARGE'
export type Category =
  | 'linear-algebra/blas'
  | 'linear-algebra/kernels'
  | 'linear-algebra/solvers'
  | 'datamining'
  | 'medley'
  | 'stencils'
export type Argument = number | TypedArray

export interface Program {
  /** PolyBench's name: `gemm`, `jacobi-2d`. */
  readonly name: string
  readonly category: Category
  /** PolyBench's parameters (NI, NJ, …, TSTEPS in lower case) for each of its data sets. */
  readonly sizes: Readonly<Record<SizeName, Readonly<Record<string, number>>>>
  /** The arguments of `kernel`, made anew: PolyBench's initial values. */
  readonly make: (size: Readonly<Record<string, number>>) => Argument[]
  /** The plain function: an ordinary nest of loops, as PolyBench writes it. */
  readonly kernel: (...args: never[]) => void
  /** The same with `prange` where PolyBench's loops are independent as they stand; absent where none are. */
  readonly parallel?: (...args: never[]) => void
  /** Positions of the arguments that hold the result. */
  readonly outputs: readonly number[]
  /** It calls Math functions beyond the exact ones, so that single results may be an ulp away from plain's. */
  readonly transcendental?: boolean
}
