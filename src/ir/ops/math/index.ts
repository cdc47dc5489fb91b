/** The expansions that the compiler uses, by the name of their operation. */

import { exp } from './exp.ts'
import type { Expansion } from './lanes.ts'
import { log } from './log.ts'

export const expansions: Readonly<Record<string, Expansion>> = {
  exp,
  log,
}
