/**
 * The tree by which sums and products are reordered where the user allows it (`fastmath`, or a reduction over a
 * parallel prange). Its shape depends on the trip count alone, so every target and every number of threads gives the
 * same bits:
 *
 * - iteration k (from 0) belongs to block ⌊k / blockLength(n)⌋ and to lane k mod LANES;
 * - each (block, lane) starts at the operation's identity and takes its iterations in order;
 * - lanes of a block are combined pairwise, then the blocks are, then the initial value is added last:
 *   result = op(initial, tree).
 *
 * Pairwise: [x0, x1, x2, x3, x4] → [op(x0, x1), op(x2, x3), x4] → … until one is left.
 */

import type { ReductionOp } from './ir.ts'

export const LANES = 16
/**
 * Serial loops of fewer iterations stay ordered although they may be reordered: a tree could only cost there. Ranges
 * of a parallel loop are always trees.
 */
export const SHORT_LOOP = 64
/** No more partial results than this, however many iterations. */
export const MAX_BLOCKS = 4096
const MIN_BLOCK = 1024

/** Iterations a block: max(1024, the next power of two of n / 4096). Always a multiple of LANES. */
export function blockLength(n: number): number {
  let length = MIN_BLOCK
  while (length * MAX_BLOCKS < n) length *= 2
  return length
}

/** −0 for sums (x + −0 is x for every x, −0 included) and 1 for products. */
export function identity(op: ReductionOp): number {
  switch (op) {
    case 'add':
      return -0
    case 'mul':
      return 1
    case 'min':
      return Infinity
    case 'max':
      return -Infinity
    case 'and':
      return -1
    case 'or':
    case 'xor':
      return 0
    default:
      return op satisfies never
  }
}

/** Combines values pairwise, in the order given; `values` must not be empty. */
export function combinePairwise<T>(values: readonly T[], op: (a: T, b: T) => T): T {
  let level = values
  while (level.length > 1) {
    const next: T[] = []
    for (let k = 0; k + 1 < level.length; k += 2) next.push(op(level[k]!, level[k + 1]!))
    if (level.length % 2 === 1) next.push(level[level.length - 1]!)
    level = next
  }
  return level[0]!
}
