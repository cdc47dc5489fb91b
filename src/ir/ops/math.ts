/**
 * Math functions beyond the exact ones: each is made of exact operations by its expansion, so it is the same on every
 * target, and within 1 ulp of the true value.
 */

import { expansions } from './math/index.ts'
import { meaningOf } from './math/numbers.ts'
import type { Op } from './op.ts'

/** How many arguments a function takes that does not take one. */
const ARITY: Readonly<Record<string, number>> = { atan2: 2, pow: 2, hypot: 2, hypot3: 3, hypot4: 4 }

export const math: readonly Op[] = Object.entries(expansions).map(([name, expand]) => ({
  name,
  doc: `Math.${name.replace(/^(hypot)\d$/, '$1')}, within 1 ulp.`,
  args: Array.from({ length: ARITY[name] ?? 1 }, () => 'T' as const),
  result: 'T',
  kind: 'expanded',
  meaning: meaningOf(expand),
  expand,
  at: { f64: {}, f64x2: {} },
}))
