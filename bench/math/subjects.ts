/** The functions that are held against the truth: ours, and the engine's beside them. */

import { opRecord } from '../../src/ir/ops/index.ts'
import { exp, expm1 } from '../../src/ir/ops/math/exp.ts'
import { expansions } from '../../src/ir/ops/math/index.ts'
import { log, log1p, log2, log10 } from '../../src/ir/ops/math/log.ts'
import { meaningOf } from '../../src/ir/ops/math/numbers.ts'

export interface Subject {
  /** The operation. */
  readonly name: string
  /** The function of Math. */
  readonly called: string
  readonly arity: number
  readonly ours: (...args: number[]) => number
  readonly engine: (...args: number[]) => number
}

export const subjects: readonly Subject[] = Object.entries({ exp, expm1, log, log2, log10, log1p, ...expansions }).map(
  ([name, expansion]) => {
    const called = /^hypot\d$/.test(name) ? 'hypot' : name
    return {
      name,
      called,
      arity: opRecord(name).args.length,
      ours: meaningOf(expansion),
      engine: Math[called as 'hypot'],
    }
  },
)
