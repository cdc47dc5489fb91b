/** What the programs of a run reached: operations of the tables by type, and the forms that passes give loops. */

import type { Expr, Module, Stmt, Type } from '../../src/ir/ir.ts'
import { OPS, opRecord } from '../../src/ir/ops/index.ts'
import { overloadName, typeName, vecBytes } from '../../src/ir/types.ts'
import { stmtExprs, visitExpr, visitStmts } from '../../src/ir/walk.ts'
import type { Seen } from './quick.ts'

/** Names to numbers of programs: of operations (`add f64x2`), conversions (`cast i32x2 → f64x2`), passes, forms. */
export interface Coverage {
  /** Programs that were looked at. */
  readonly programs: { count: number }
  readonly operations: Record<string, number>
  readonly casts: Record<string, number>
  /** How many programs a pass changed. */
  readonly passes: Record<string, number>
  readonly forms: Record<string, number>
  /** Why loops stayed scalar. */
  readonly reasons: Record<string, number>
}

export const noCoverage = (): Coverage => ({
  programs: { count: 0 },
  operations: {},
  casts: {},
  passes: {},
  forms: {},
  reasons: {},
})

function bump(counts: Record<string, number>, names: Iterable<string>, by = 1): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + by
}

export function merge(into: Coverage, more: Coverage): void {
  for (const part of Object.keys(into) as (keyof Coverage)[]) {
    for (const [name, count] of Object.entries(more[part])) bump(into[part] as Record<string, number>, [name], count)
  }
}

export function cover(into: Coverage, { annotated, vectors, final, changed, notes }: Seen): void {
  into.programs.count++
  const operations = new Set<string>()
  const casts = new Set<string>()
  const forms = new Set<string>()
  const look = (module: Module) => {
    for (const fn of module.functions) {
      visitStmts(fn.body, {
        stmt: (s) => {
          formsOfStmt(s, forms)
          if (s.kind === 'do') operations.add(`${s.op} ${elementOf(s.array.type)}`)
          for (const e of stmtExprs(s)) visitExpr(e, (node) => lookAt(node, operations, casts, forms))
        },
      })
    }
  }
  // Math functions are operations until they are written out, and what they are made of after that.
  look(vectors)
  look(final)
  visitAll(annotated, (s) => {
    if (s.kind === 'for' && s.reductions.some((r) => r.order === 'tree')) forms.add('trees')
  })
  for (const note of notes) {
    const reason = /^Not in vectors: (.*)/.exec(note)?.[1]
    if (reason) bump(into.reasons, [reason.replace(/`[^`]*`/g, '`…`')])
    if (note.includes('side by side')) forms.add('rows side by side')
    if (note.includes('in the lanes of vectors')) forms.add('loops in lanes')
  }
  bump(into.operations, operations)
  bump(into.casts, casts)
  bump(into.forms, forms)
  bump(into.passes, changed)
}

const elementOf = (type: Type): string => (type.kind === 'array' ? type.dtype : typeName(type))

function visitAll(module: Module, stmt: (s: Stmt) => void): void {
  for (const fn of module.functions) visitStmts(fn.body, { stmt })
}

function formsOfStmt(s: Stmt, forms: Set<string>): void {
  if (s.kind === 'launch') forms.add('launches')
  if (s.kind !== 'store' || s.value.type.kind !== 'vec') return
  if (s.stride) forms.add('strided stores')
  if (s.mask) forms.add('masked stores')
  if (vecBytes(s.value.type) < 16) forms.add('stores of short vectors')
}

function lookAt(e: Expr, operations: Set<string>, casts: Set<string>, forms: Set<string>): void {
  const { type } = e
  if (type.kind === 'vec') {
    forms.add(`vectors ${typeName(type)}`)
    forms.add('vector code')
  }
  if (type.kind === 'mask') forms.add('masks')
  switch (e.kind) {
    case 'op': {
      const at = e.args[opRecord(e.op).args.indexOf('T')]?.type ?? e.args[0]?.type
      if (at) operations.add(`${e.op} ${overloadName(at)}`)
      return
    }
    case 'cast':
      casts.add(`${typeName(e.value.type)} → ${typeName(type)}`)
      return
    case 'load':
      if (type.kind !== 'vec') return
      if (e.stride) forms.add(e.stride.kind === 'const' ? 'strided loads' : 'loads by a stride of run time')
      if (e.mask) forms.add('masked loads')
      if (e.array.type.kind === 'array' && /8|16/.test(e.array.type.dtype)) forms.add('vector loads of narrow elements')
      return
    case 'extract':
      forms.add('lanes one by one')
      return
    case 'reduce':
      forms.add(e.op === 'any' || e.op === 'all' ? 'questions about masks' : `folds of lanes by ${e.op}`)
      return
    case 'ramp':
      forms.add('ramps')
      return
    case 'overlap':
      forms.add('questions about overlap')
      return
    case 'select':
      if (type.kind === 'vec' && e.cond.type.kind === 'mask') forms.add('choices by masks')
      return
    default:
  }
}

const isVector = (overload: string): boolean => /x\d+$|^mask/.test(overload)

/** The table of operations with what was reached of it, then everything else that was counted. */
export function coverageText(coverage: Coverage): string {
  const all = OPS.flatMap(({ name, at, kind }) => Object.keys(at).map((type) => ({ name, type, kind })))
  const reached = ({ name, type }: (typeof all)[number]) => (coverage.operations[`${name} ${type}`] ?? 0) > 0
  const share = (list: typeof all) => `${list.filter(reached).length} of ${list.length}`
  const scalars = all.filter(({ type }) => !isVector(type))
  const vectors = all.filter(({ type }) => isVector(type))
  const lines = [
    `coverage of ${coverage.programs.count} programs`,
    `operations reached: ${share(scalars)} scalar, ${share(vectors)} in vectors`,
  ]
  for (const { name, at } of OPS) {
    const types = Object.keys(at).map((type) => `${type} ${coverage.operations[`${name} ${type}`] ?? '—'}`)
    lines.push(`  ${name.padEnd(12)} ${types.join(', ')}`)
  }
  const list = (title: string, counts: Record<string, number>) => {
    const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1])
    const share = (n: number) => `${((100 * n) / Math.max(1, coverage.programs.count)).toFixed(1)} %`
    lines.push(`${title}:`, ...sorted.map(([name, n]) => `  ${String(n).padStart(8)} ${share(n).padStart(7)}  ${name}`))
  }
  list('programs with', coverage.forms)
  list('programs changed by', coverage.passes)
  list('conversions', coverage.casts)
  list('loops not in vectors because', coverage.reasons)
  return lines.join('\n')
}
