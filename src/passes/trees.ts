/**
 * Code for the reduction tree (../ir/reduction.ts): what parallelise and reassociate have in common. A block's lanes
 * stand in a small array on the thread's stack; a reduction whose order does not show needs one accumulator only.
 */

import { isOrderFree } from '../analysis/reductions.ts'
import type { Symbols } from '../analysis/symbols.ts'
import {
  assign,
  block,
  breakTo,
  cast,
  forStmt,
  ifStmt,
  load,
  type Names,
  num,
  op,
  ref,
  store,
  whileStmt,
} from '../ir/build.ts'
import type { Expr, For, Label, Local, Reduction, ScalarType, Span, Stmt } from '../ir/ir.ts'
import { blockLength, combinePairwise, identity, LANES, MAX_BLOCKS } from '../ir/reduction.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { array, F64, I32, I64, INDEX, isFloat } from '../ir/types.ts'
import { assignedLocals, mapStmts, visitStmts } from '../ir/walk.ts'
import { sizeOf } from './inline.ts'
import { fresh, isZero, type Scope, siteOf } from './scope.ts'
import { vectorRows } from './tree-vectors.ts'

export { fresh, isZero, type Scope, siteOf }

/** The value that folding starts from; integers have no infinities, their type's ends serve. */
function startOf(reduction: Reduction): Expr {
  const type = reduction.local.type as ScalarType
  const value = identity(reduction.op)
  if (isFloat(type) || Number.isFinite(value)) return num(type, isFloat(type) ? value : value + 0)
  const end = type === I64 ? 2 ** 53 : 2 ** 31
  return num(type, value < 0 ? -end : type === I64 ? end : end - 1)
}

/** Sums and products of an index are those of its low 32 bits, of which steps such as `s = (s + x) | 0` are made. */
export function combine({ op: name, local: { type } }: Reduction, a: Expr, b: Expr): Expr {
  if (type !== INDEX || name === 'min' || name === 'max') return op(name, a, b)
  return cast(INDEX, op(name, cast(I32, a), cast(I32, b)))
}

/**
 * Iterations a loop has; 0 where it does not run. In the type of its variable, or in i64 where the way from one end of
 * that to the other might not fit.
 */
export function tripCount(scope: Scope, loop: For, lo: Expr, hi: Expr, out: Stmt[]): Local {
  const [near, far] = loop.step > 0 ? [lo, hi] : [hi, lo]
  const fits = near.kind === 'const' && Number(near.value) >= (loop.step > 0 ? 0 : -1)
  const type = fits ? (loop.variable.type as ScalarType) : I64
  const span = isZero(near) ? far : op('sub', cast(type, far), cast(type, near))
  const step = Math.abs(loop.step)
  const whole = step === 1 ? span : cast(type, op('ceil', op('div', cast(F64, span), num(F64, step))))
  const trips = fresh(scope, 'trips', type)
  out.push(assign(trips, op('max', whole, num(type, 0))))
  return trips
}

/** Locals for the length and number of blocks, and the statements that compute them. */
export function blockCount(scope: Scope, trips: Local, span: Span, out: Stmt[]): { length: Local; count: Local } {
  const type = trips.type as ScalarType
  const length = fresh(scope, 'block', type)
  const count = fresh(scope, 'blocks', INDEX)
  const wide = cast(F64, ref(trips))
  const reach = () => op('mul', cast(F64, ref(length)), num(F64, MAX_BLOCKS))
  out.push(
    assign(length, num(type, blockLength(0))),
    whileStmt(
      scope.names.label('grow'),
      op('lt', reach(), wide),
      [assign(length, op('add', ref(length), ref(length)))],
      span,
    ),
    assign(count, cast(INDEX, op('ceil', op('div', wide, cast(F64, ref(length)))))),
  )
  return { length, count }
}

/** The body with `continue` made a jump to its end, so that something can stand behind it. */
function endless(body: readonly Stmt[], loop: Label, names: Names): Stmt[] {
  const end = names.label(`${loop.name}.end`)
  let used = false
  const out = mapStmts(body, {
    stmt: (s) => {
      if (s.kind !== 'continue' || s.label !== loop) return s
      used = true
      return breakTo(end)
    },
  })
  return used ? [block(end, out)] : [...out]
}

/** Statements and expression nodes of a body that is worth writing sixteen times: the lanes then stay in registers. */
const SMALL_BODY = 40
const isSmall = (body: readonly Stmt[]): boolean => {
  let straight = true
  visitStmts(body, {
    stmt: (s) => {
      if (s.kind === 'for' || s.kind === 'while') straight = false
    },
  })
  return straight && sizeOf(body) <= SMALL_BODY
}

/** The iterations of whole rows of lanes, a local for each lane; the lanes' arrays have the values before and after. */
function laneRows(
  body: readonly Stmt[],
  arrays: ReadonlyMap<Reduction, Local>,
  rows: Local,
  base: Local,
  { scope, loop, site }: { scope: Scope; loop: For; site: number },
): Stmt[] {
  const type = loop.variable.type as ScalarType
  const row = fresh(scope, 'row', INDEX)
  const at = fresh(scope, 'at', type)
  const lanes = Array.from({ length: LANES }, (_, lane) => {
    const own = new Map<Local, Local>()
    for (const r of arrays.keys()) own.set(r.local, fresh(scope, `${r.local.name}.${lane}`, r.local.type))
    return own
  })
  const each = (make: (held: Local, own: Local, lane: Expr) => Stmt): Stmt[] =>
    [...arrays].flatMap(([r, held]) => lanes.map((own, lane) => make(held, own.get(r.local)!, num(INDEX, lane))))
  const away = op('mul', cast(type, ref(row)), num(type, LANES * Math.abs(loop.step)))
  const turns: Stmt[] = [assign(at, op(loop.step > 0 ? 'add' : 'sub', ref(base), away))]
  lanes.forEach((own, lane) => {
    const place = lane === 0 ? ref(at) : op('add', ref(at), num(type, lane * loop.step))
    turns.push(assign(loop.variable, place))
    turns.push(...copyStmts(renameStmts(body, { local: (l) => own.get(l) ?? l }), scope.names))
  })
  return [
    ...each((held, own, lane) => assign(own, load(held, lane, 'proven', site))),
    forStmt(scope.names.label('rows'), row, num(INDEX, 0), ref(rows), turns, loop.span),
    ...each((held, own, lane) => store(held, lane, ref(own), 'proven', site)),
  ]
}

export interface BlockInput {
  readonly scope: Scope
  readonly loop: For
  /** Of the function that the loop stands in, where the lanes may be those of vectors. */
  readonly symbols: Symbols | undefined
  /** What is read after the loop. Absent where that can only be the reductions. */
  readonly liveAfter?: ReadonlySet<Local>
  /** The loop's first value, kept in something that the body does not assign. */
  readonly lo: Expr
  readonly trips: Expr
  readonly length: Expr
  /** The block's number (index). */
  readonly block: Expr
}

/** Whether the last iteration leaves a value for what comes after, which is in one of the lanes only. */
function handsOn(loop: For, liveAfter: ReadonlySet<Local> | undefined): boolean {
  const folds = new Set(loop.reductions.map((r) => r.local))
  return liveAfter !== undefined && [...assignedLocals(loop.body)].some((l) => liveAfter.has(l) && !folds.has(l))
}

/**
 * Runs one block of iterations. Afterwards each reduction's local holds the block's own result, its lanes combined;
 * the local's value before is lost.
 */
export function runBlock({ scope, loop, symbols, liveAfter, lo, trips, length, block: number }: BlockInput): Stmt[] {
  const type = loop.variable.type as ScalarType
  const counted = trips.type as ScalarType
  const out: Stmt[] = []
  const first = fresh(scope, 'first', counted)
  const turns = fresh(scope, 'turns', INDEX)
  const base = fresh(scope, 'base', type)
  const k = fresh(scope, 'k', INDEX)
  const moved = Math.abs(loop.step) === 1 ? ref(first) : op('mul', ref(first), num(counted, Math.abs(loop.step)))
  const start =
    loop.step > 0 ? (isZero(lo) ? moved : op('add', cast(counted, lo), moved)) : op('sub', cast(counted, lo), moved)
  out.push(
    assign(first, op('mul', cast(counted, number), length)),
    // Not first + length, which could leave the type.
    assign(turns, cast(INDEX, op('min', length, op('sub', trips, ref(first))))),
    assign(base, cast(type, start)),
  )
  const lanes = loop.reductions.filter((r) => !isOrderFree(r))
  const site = siteOf(scope, loop)
  const arrays = new Map<Reduction, Local>()
  for (const r of lanes) {
    const held = fresh(scope, `${r.local.name}.lanes`, array('float64', 1, 'local'))
    arrays.set(r, held)
    out.push({ kind: 'alloc', local: held, length: num(INDEX, LANES), zero: false, site })
    for (let lane = 0; lane < LANES; lane++) out.push(store(held, num(INDEX, lane), startOf(r), 'proven', site))
  }
  for (const r of loop.reductions) if (!arrays.has(r)) out.push(assign(r.local, startOf(r)))

  // Blocks are multiples of the lanes, so an iteration's lane is the same counted from its block.
  const lane = cast(INDEX, op('and', cast(I32, ref(k)), num(I32, LANES - 1)))
  const inner = endless(loop.body, loop.label, scope.names)
  let begin: Expr = num(INDEX, 0)
  if (lanes.length > 0 && isSmall(loop.body)) {
    const whole = fresh(scope, 'rows', INDEX)
    const vectors =
      symbols && !handsOn(loop, liveAfter) && vectorRows(arrays, whole, base, { scope, loop, symbols, site })
    out.push(
      assign(whole, cast(INDEX, op('shr_s', cast(I32, ref(turns)), num(I32, Math.log2(LANES))))),
      ...(vectors || laneRows(inner, arrays, whole, base, { scope, loop, site })),
    )
    begin = op('mul', ref(whole), num(INDEX, LANES))
  }
  const way =
    Math.abs(loop.step) === 1 ? cast(type, ref(k)) : op('mul', cast(type, ref(k)), num(type, Math.abs(loop.step)))
  const body: Stmt[] = [assign(loop.variable, op(loop.step > 0 ? 'add' : 'sub', ref(base), way))]
  for (const [r, held] of arrays) body.push(assign(r.local, load(held, lane, 'proven', site)))
  body.push(...inner)
  for (const [r, held] of arrays) body.push(store(held, lane, ref(r.local), 'proven', site))
  out.push(forStmt(scope.names.label(loop.label.name), k, begin, ref(turns), body, loop.span))

  for (const [r, held] of arrays) {
    const values = Array.from({ length: LANES }, (_, at): Expr => load(held, num(INDEX, at), 'proven', site))
    out.push(
      assign(
        r.local,
        combinePairwise(values, (a, b) => combine(r, a, b)),
      ),
    )
  }
  return out
}

/** Folds the partial results of all blocks pairwise, in place; the total is then element 0. */
export function foldPartials(scope: Scope, reduction: Reduction, partials: Local, count: Local, loop: For): Stmt[] {
  const { span } = loop
  const site = siteOf(scope, loop)
  const width = fresh(scope, 'width', I32)
  const half = fresh(scope, 'half', INDEX)
  const j = fresh(scope, 'j', INDEX)
  const type = reduction.local.type as ScalarType
  const at = (index: Expr): Expr => cast(type, load(partials, index, 'proven', site))
  const put = (index: Expr, value: Expr) => store(partials, index, cast(F64, value), 'proven', site)
  const twice = op('add', ref(j), ref(j))
  const odd = op('ne', op('and', ref(width), num(I32, 1)), num(I32, 0))
  const lastOne = cast(INDEX, op('sub', ref(width), num(I32, 1)))
  return [
    assign(width, cast(I32, ref(count))),
    whileStmt(
      scope.names.label('fold'),
      op('gt', ref(width), num(I32, 1)),
      [
        assign(half, cast(INDEX, op('shr_s', ref(width), num(I32, 1)))),
        forStmt(
          scope.names.label('pairs'),
          j,
          num(INDEX, 0),
          ref(half),
          [put(ref(j), combine(reduction, at(twice), at(op('add', twice, num(INDEX, 1)))))],
          span,
        ),
        ifStmt(
          odd,
          [put(ref(half), at(lastOne)), assign(width, op('add', cast(I32, ref(half)), num(I32, 1)))],
          [assign(width, cast(I32, ref(half)))],
        ),
      ],
      span,
    ),
  ]
}
