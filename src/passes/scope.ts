/** What passes add to a function as they write it anew. */

import type { Names } from '../ir/build.ts'
import type { Expr, For, Local, Site } from '../ir/ir.ts'

/** Where new locals of the function go, and new sites of the module. */
export interface Scope {
  readonly names: Names
  readonly locals: Local[]
  readonly sites: Site[]
}
/** The place that compiled code names when the room for partial results is missing. */
export function siteOf(scope: Scope, loop: For): number {
  scope.sites.push({ code: 'memory', subject: 'partial results of a reduction', span: loop.span })
  return scope.sites.length - 1
}
export function fresh(scope: Scope, name: string, type: Local['type']): Local {
  const made = scope.names.local(name, type)
  scope.locals.push(made)
  return made
}

export const isZero = (e: Expr): boolean => e.kind === 'const' && Number(e.value) === 0
