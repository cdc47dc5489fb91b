/** Copies of statements under other locals and labels: what inlining, outlining and versioning of loops are made of. */

import type { Names } from './build.ts'
import type { Expr, Label, Local, Stmt } from './ir.ts'
import { mapExpr, mapList, mapStmtBodies, mapStmtExprs } from './walk.ts'

export interface Renaming {
  readonly local?: (l: Local) => Local
  readonly label?: (l: Label) => Label
}

const same = <T>(x: T): T => x

function renameNode(e: Expr, f: (l: Local) => Local): Expr {
  switch (e.kind) {
    case 'local': {
      const local = f(e.local)
      return local === e.local ? e : { ...e, local, type: local.type }
    }
    case 'load':
    case 'length': {
      const array = f(e.array)
      return array === e.array ? e : { ...e, array }
    }
    case 'overlap': {
      const a = f(e.a)
      const b = f(e.b)
      return a === e.a && b === e.b ? e : { ...e, a, b }
    }
    default:
      return e
  }
}

/** The expression with other locals in the place of its own, arrays included. */
export const renameExpr = (e: Expr, f: (l: Local) => Local): Expr => mapExpr(e, (node) => renameNode(node, f))

function renameTargets(s: Stmt, f: (l: Local) => Local, g: (l: Label) => Label): Stmt {
  switch (s.kind) {
    case 'assign':
    case 'alloc': {
      const local = f(s.local)
      return local === s.local ? s : { ...s, local }
    }
    case 'store': {
      const array = f(s.array)
      return array === s.array ? s : { ...s, array }
    }
    case 'do': {
      const array = f(s.array)
      const result = s.result && f(s.result)
      return array === s.array && result === s.result ? s : { ...s, array, ...(result ? { result } : {}) }
    }
    case 'call': {
      const results = mapList(s.results, f)
      return results === s.results ? s : { ...s, results }
    }
    case 'for': {
      const variable = f(s.variable)
      const reductions = mapList(s.reductions, (r) => {
        const local = f(r.local)
        return local === r.local ? r : { ...r, local }
      })
      const label = g(s.label)
      return variable === s.variable && reductions === s.reductions && label === s.label
        ? s
        : { ...s, variable, reductions, label }
    }
    case 'while':
    case 'block':
    case 'break':
    case 'continue': {
      const label = g(s.label)
      return label === s.label ? s : { ...s, label }
    }
    case 'if':
    case 'return':
    case 'fail':
    case 'launch':
    case 'barrier':
      return s
    default:
      return s satisfies never
  }
}

/** The statements with other locals and labels wherever those stand: read, assigned, looked into, jumped to. */
export function renameStmts(stmts: readonly Stmt[], { local = same, label = same }: Renaming): readonly Stmt[] {
  const body = (list: readonly Stmt[]): readonly Stmt[] =>
    mapList(list, (s) =>
      mapStmtBodies(
        renameTargets(
          mapStmtExprs(s, (e) => renameExpr(e, local)),
          local,
          label,
        ),
        body,
      ),
    )
  return body(stmts)
}

/**
 * A second copy of statements for the same function: labels that the statements bring are new ones, jumps to labels
 * around them stay. Locals are shared.
 */
export function copyStmts(stmts: readonly Stmt[], names: Names): readonly Stmt[] {
  const copies = new Map<Label, Label>()
  const bring = (list: readonly Stmt[]) => {
    for (const s of list) {
      if (s.kind === 'for' || s.kind === 'while' || s.kind === 'block') {
        copies.set(s.label, names.label(s.label.name))
        bring(s.body)
      } else if (s.kind === 'if') {
        bring(s.then)
        bring(s.else)
      }
    }
  }
  bring(stmts)
  return renameStmts(stmts, { label: (l) => copies.get(l) ?? l })
}
