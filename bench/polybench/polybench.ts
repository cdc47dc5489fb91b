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

/** PolyBench's parameters, in lower case; each program has some of them. */
type Parameter =
  | 'n'
  | 'm'
  | 'ni'
  | 'nj'
  | 'nk'
  | 'nl'
  | 'nm'
  | 'nq'
  | 'nr'
  | 'np'
  | 'nx'
  | 'ny'
  | 'w'
  | 'h'
  | 'tmax'
  | 'tsteps'
/** The parameters of one program for one data set. */
export type Size = Readonly<Partial<Record<Parameter, number>>>

export interface Program {
  /** PolyBench's name: `gemm`, `jacobi-2d`. */
  readonly name: string
  readonly category: Category
  /** For each of PolyBench's data sets. */
  readonly sizes: Readonly<Record<SizeName, Size>>
  /** The arguments of `kernel`, made anew: PolyBench's initial values. `size` has the parameters that `sizes` has. */
  readonly make: (size: Required<Size>) => Argument[]
  /** The plain function: an ordinary nest of loops, as PolyBench writes it. */
  readonly kernel: (...args: never[]) => void
  /** The same with `prange` where PolyBench's loops are independent as they stand; absent where none are. */
  readonly parallel?: (...args: never[]) => void
  /** Positions of the arguments that hold the result. */
  readonly outputs: readonly number[]
  /** It calls Math functions beyond the exact ones, so that single results may be an ulp away from plain's. */
  readonly transcendental?: boolean
}
