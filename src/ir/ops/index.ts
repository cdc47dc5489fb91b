/** All operations by name. To add one, write its record in the table of its kind: tests and targets follow. */

import { arithmetic } from './arithmetic.ts'
import { atomics } from './atomics.ts'
import { bits } from './bits.ts'
import { convert } from './convert.ts'
import { logic } from './logic.ts'
import { math } from './math.ts'
import type { Op } from './op.ts'

export const OPS: readonly Op[] = [...arithmetic, ...logic, ...bits, ...convert, ...math, ...atomics]
const byName = new Map(OPS.map((op) => [op.name, op]))

/** The record of an operation; throws for a name that no table has. */
export function opRecord(name: string): Op {
  const op = byName.get(name)
  if (!op) throw new Error(`no operation is named ${name}`)
  return op
}
export const findOp = (name: string): Op | undefined => byName.get(name)
