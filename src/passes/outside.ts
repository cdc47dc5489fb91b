/** Expressions at another place than their own. */

import type { Symbols } from '../analysis/symbols.ts'
import type { Expr, Local } from '../ir/ir.ts'
import { mapExpr } from '../ir/walk.ts'

/**
 * An expression as it can be computed before the statements that assign some of its locals: of what those stand for.
 * For indices and bounds that have a polynomial, of which each such local has one definition.
 */
export const outside = (e: Expr, symbols: Symbols, assigned: ReadonlySet<Local>): Expr =>
  mapExpr(e, (node) => {
    if (node.kind !== 'local' || !assigned.has(node.local)) return node
    const made = symbols.definition(node.local)
    return made?.kind === 'assign' ? outside(made.value, symbols, assigned) : node
  })
