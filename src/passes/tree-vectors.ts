/**
 * The rows of a reduction tree's lanes in vectors: sixteen iterations at a time, two lanes a vector, eight vectors side
 * by side, so that no addition waits for another.
 */

import { carried, Lanes } from '../analysis/lanes.ts'
import type { Symbols } from '../analysis/symbols.ts'
import { assign, cast, forStmt, load, num, op, ref, store } from '../ir/build.ts'
import type { For, Local, Reduction, ScalarType, Stmt, VecType } from '../ir/ir.ts'
import { LANES } from '../ir/reduction.ts'
import { INDEX } from '../ir/types.ts'
import { visitStmts } from '../ir/walk.ts'
import { canFold, folded, startOf } from './lane-folds.ts'
import { Refused } from './lane-values.ts'
import { fresh, type Scope } from './scope.ts'
import { Widener } from './widen.ts'

/**
 * The statements, or undefined where the loop's body has no vector form. `arrays`: the lanes of each sum before and
 * after; `rows`: how many times sixteen iterations; `base`: the loop's variable in the first.
 */
export function vectorRows(
  arrays: ReadonlyMap<Reduction, Local>,
  rows: Local,
  base: Local,
  { scope, loop, symbols, site }: { scope: Scope; loop: For; symbols: Symbols; site: number },
): Stmt[] | undefined {
  const free = loop.reductions.filter((r) => !arrays.has(r))
  if (loop.step !== 1 || !free.every(canFold) || !isPure(loop.body)) return undefined
  const folds = new Set(loop.reductions.map((r) => r.local))
  for (const l of carried(loop)) if (!folds.has(l)) return undefined
  const lanes = new Lanes(loop, symbols, folds)
  const count = lanes.perRegister()
  if (count !== 2) return undefined
  const own: Scope = { ...scope, locals: [] }
  const input = { scope: own, lanes, count, parts: LANES / count, ordered: [], safe: true, subject: () => '' }
  const widener = new Widener(input)
  let body: Stmt[]
  try {
    body = widener.body()
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
  const sums = [...arrays].map(([reduction, held]) => ({ held, vectors: widener.vectorsOf(reduction.local) }))
  const others = free.map((reduction) => ({ reduction, vectors: widener.vectorsOf(reduction.local) }))
  scope.locals.push(...own.locals)

  const row = fresh(scope, 'row', INDEX)
  const type = loop.variable.type as ScalarType
  const away = op('mul', cast(type, ref(row)), num(type, LANES))
  const turn = [assign(loop.variable, op('add', ref(base), away)), ...body]
  return [
    ...sums.flatMap(({ held, vectors }) =>
      vectors.map((v, p) => assign(v, load(held, num(INDEX, p * count), 'proven', site, v.type))),
    ),
    ...others.flatMap(({ reduction, vectors }) => vectors.map((v) => assign(v, startOf(reduction, v.type as VecType)))),
    forStmt(scope.names.label('rows'), row, num(INDEX, 0), ref(rows), turn, loop.span),
    ...sums.flatMap(({ held, vectors }) =>
      vectors.map((v, p) => store(held, num(INDEX, p * count), ref(v), 'proven', site)),
    ),
    ...others.flatMap(({ reduction, vectors }) => vectors.map((v) => assign(reduction.local, folded(reduction, v)))),
  ]
}

/** Nothing is written, and nothing fails: only then is it all the same in which order iterations run. */
function isPure(stmts: readonly Stmt[]): boolean {
  let pure = true
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind !== 'assign' && s.kind !== 'if' && s.kind !== 'block' && s.kind !== 'continue' && s.kind !== 'break') {
        pure = false
      }
    },
    expr: (e) => {
      if (e.kind === 'load' && e.bounds === 'checked') pure = false
    },
  })
  return pure
}
