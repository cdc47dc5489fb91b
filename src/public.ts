/** The public names. */

export { atomic } from './atomic.ts'
export type { Explanation } from './driver/explain.ts'
export type { FastMath, JitOptions } from './driver/options.ts'
export { BoundsError, CompileError, TsumbaError } from './errors.ts'
export { type Jitted, jit } from './jit.ts'
export { prange } from './prange.ts'
export { allocate } from './runtime/arrays.ts'
export { getNumThreads, setNumThreads } from './runtime/threads.ts'
export { type TimeitOptions, type TimeitResult, timeit } from './timeit.ts'
export type { DType, NumberArray, TypedArray } from './types.ts'
