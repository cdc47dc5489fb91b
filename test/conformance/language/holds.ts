/** What the tables of kernels share: one line registers one test. */

import { test } from 'vitest'
import { type AgreeOptions, expectAgreement, type Kernel, SPECIAL } from '../agree.ts'

export type { Kernel } from '../agree.ts'
export type Inputs = readonly (readonly unknown[])[]

/** For each of the inputs the compiled kernel does what the plain one does, on every target. */
export const holds = (name: string, fn: Kernel, inputs: Inputs, options?: AgreeOptions): void => {
  test(name, () => expectAgreement(fn, inputs, options))
}

/** One argument: every special number. */
export const ones: Inputs = SPECIAL.map((x) => [x])
/** Few enough to be paired. */
export const FEW: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  7,
  33,
  2 ** 26 + 1,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e300,
  NaN,
  Infinity,
  -Infinity,
]
export const pairs: Inputs = FEW.flatMap((x) => FEW.map((y) => [x, y]))

export const f64 = (...values: number[]): Float64Array => Float64Array.from(values)
export const i32 = (...values: number[]): Int32Array => Int32Array.from(values)
