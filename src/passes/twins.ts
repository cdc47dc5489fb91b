/** Loops that passes have written twice: they stand at one place of the source. */

import type { For, Stmt } from '../ir/ir.ts'
import { stmtBodies } from '../ir/walk.ts'

/** The loop's place in the source, which its copies share. */
export const placeOf = ({ span }: For): string => `${span.source}:${span.start}-${span.end}`

/** Those of all loops in the statements. */
export const placesIn = (stmts: readonly Stmt[]): string[] =>
  stmts.flatMap((s) => [...(s.kind === 'for' ? [placeOf(s)] : []), ...stmtBodies(s).flatMap(placesIn)])
