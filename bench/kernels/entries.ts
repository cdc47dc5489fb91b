/** Kernels as people write them, to see that none is slower compiled. What each works on is made anew by `make`. */

import type { TypedArray } from '../../src/types.ts'

export type Argument = number | TypedArray

export interface Entry {
  readonly kernel: (...args: never[]) => unknown
  readonly make: () => Argument[]
}
export type Entries = Readonly<Record<string, Entry>>

/** Elements of a long array. */
export const N = 2 ** 20

/** Numbers between 0 and `below`; the same ones each time. */
export function random(n: number, below = 1): Float64Array {
  let state = 88172645
  return Float64Array.from({ length: n }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) / 2 ** 32) * below
  })
}

export const bytes = (n: number): Uint8Array => Uint8Array.from(random(n, 256))
