/** The expansions that the compiler uses, by the name of their operation. */

import { cbrt } from './cbrt.ts'
import { exp, expm1 } from './exp.ts'
import { cosh, sinh, tanh } from './hyperbolic.ts'
import { hypot, hypot3, hypot4 } from './hypot.ts'
import { acosh, asinh, atanh } from './inverse-hyperbolic.ts'
import { acos, asin, atan, atan2 } from './inverse-trig.ts'
import type { Expansion } from './lanes.ts'
import { log, log1p, log2, log10 } from './log.ts'
import { pow } from './power.ts'
import { cos, sin, tan } from './trig.ts'

export const expansions: Readonly<Record<string, Expansion>> = {
  exp,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  cbrt,
  pow,
  hypot,
  hypot3,
  hypot4,
}
