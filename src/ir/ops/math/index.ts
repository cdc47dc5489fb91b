/** The expansions that the compiler uses, by the name of their operation. */

import type { Expansion } from './lanes.ts'

export const expansions: Readonly<Record<string, Expansion>> = {}
