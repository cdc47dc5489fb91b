import { BoundsError } from './errors.ts'
import type { NumberArray } from './types.ts'

/** The atomic operations, in the words of numba.cuda.atomic: each returns the element's old value. */
export interface AtomicOps {
  add(array: NumberArray, index: number, value: number): number
  sub(array: NumberArray, index: number, value: number): number
  min(array: NumberArray, index: number, value: number): number
  max(array: NumberArray, index: number, value: number): number
  and(array: NumberArray, index: number, value: number): number
  or(array: NumberArray, index: number, value: number): number
  xor(array: NumberArray, index: number, value: number): number
  exchange(array: NumberArray, index: number, value: number): number
  /** Stores `value` where the element equals `expected`. */
  compareExchange(array: NumberArray, index: number, expected: number, value: number): number
}

const update =
  (step: (old: number, value: number) => number) =>
  (array: NumberArray, index: number, value: number): number => {
    const old = element(array, index)
    array[index] = step(old, value)
    return old
  }

function element(array: NumberArray, index: number): number {
  const old = array[index]
  if (old === undefined) throw new BoundsError(`index ${index} is out of range for an array of length ${array.length}`)
  return old
}

/**
 * Read-modify-write of one array element that no other iteration of a `prange` can come between. Uncompiled, where
 * there is one thread, they are plain reads and writes. The order of floating-point atomics is not fixed.
 */
export const atomic: AtomicOps = {
  add: update((old, value) => old + value),
  sub: update((old, value) => old - value),
  min: update((old, value) => Math.min(old, value)),
  max: update((old, value) => Math.max(old, value)),
  and: update((old, value) => old & value),
  or: update((old, value) => old | value),
  xor: update((old, value) => old ^ value),
  exchange: update((_old, value) => value),
  compareExchange(array, index, expected, value) {
    const old = element(array, index)
    if (old === expected) array[index] = value
    return old
  },
}
Object.freeze(atomic)
