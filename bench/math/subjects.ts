/** The functions that are held against the truth: ours, and the engine's beside them. */

import { expansions } from '../../src/ir/ops/math/index.ts'
import { meaningOf } from '../../src/ir/ops/math/numbers.ts'
import { FUNCTIONS } from './points.ts'

export interface Subject {
  /** The operation. */
  readonly name: string
  /** The function of Math. */
  readonly called: string
  readonly arity: number
  readonly ours: (...args: number[]) => number
  readonly engine: (...args: number[]) => number
}

export const subjects: readonly Subject[] = Object.entries(expansions).map(([name, expansion]) => {
  const known = FUNCTIONS[name]
  if (!known) throw new Error(`bench/math/points.ts does not say where ${name} is to be tried`)
  return { name, ...known, ours: meaningOf(expansion), engine: Math[known.called as 'hypot'] }
})
