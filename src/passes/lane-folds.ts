/** Reductions whose order does not show, in lanes: each has its own part, folded in after the loop. */

import { cast, num, op, reduce, ref, splat } from '../ir/build.ts'
import type { Expr, Local, Reduction, VecType } from '../ir/ir.ts'
import { identity } from '../ir/reduction.ts'
import { I32, I64, INDEX, isFloat, scalar } from '../ir/types.ts'

/** Vectors are not folded bit by bit. */
export const canFold = ({ op: name }: Pick<Reduction, 'op'>): boolean =>
  name !== 'and' && name !== 'or' && name !== 'xor'

/** The value that each lane's part of a reduction starts from. */
export function startOf({ op: name }: Reduction, type: VecType): Expr {
  const lane = scalar(type.of)
  const value = identity(name)
  if (isFloat(lane)) return splat(type, num(lane, value))
  if (Number.isFinite(value)) return splat(type, num(lane, value + 0))
  const end = lane === I64 ? 2 ** 53 : 2 ** 31
  return splat(type, num(lane, value < 0 ? -end : lane === I64 ? end : end - 1))
}

/** The reduction with its lanes' parts folded in. */
export function folded({ local, op: name }: Reduction, part: Local): Expr {
  const total = reduce(name as 'add', ref(part))
  if (local.type === INDEX) {
    if (name === 'min' || name === 'max') return op(name, ref(local), cast(INDEX, total))
    return cast(INDEX, op(name, cast(I32, ref(local)), total))
  }
  return op(name, ref(local), total)
}
