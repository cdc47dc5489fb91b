/**
 * What rows side by side gain, and how many of them: a model in two sentences. A processor adds floats in 3 or 4 cycles
 * but begins two additions in each, so that sums which wait for themselves want eight rows; an element that all rows
 * change is read and written once for all of them. Values that live through the inner loop have to fit the 16 registers
 * of x86-64 (more elsewhere), a few of which what is read needs.
 */

import { slope } from '../analysis/dependences.ts'
import { exposedReads } from '../analysis/liveness.ts'
import { add, atom, constant, equal, mentions, type Poly, substitute } from '../analysis/poly.ts'
import type { ArrayType, Expr, For, Local, Stmt } from '../ir/ir.ts'
import { isFloat } from '../ir/types.ts'
import { assignedLocals, readLocals, stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'
import type { Layout, View } from './rows.ts'

/** Floats that may live through an inner loop besides what it has just read. */
const REGISTERS = 12
/** Rows for sums that wait for themselves, and for elements that all rows change. */
const CHAIN_ROWS = 8
const MEMORY_ROWS = 4

export interface Gain {
  readonly kind: 'chain' | 'memory'
  /** How many rows; and where two rows of the loop around run side by side as well (undefined: registers are too few). */
  readonly rows: number
  readonly rowsAround: number | undefined
}

export function gainOf(loop: For, layout: Layout, view: View): Gain | undefined {
  let kind: Gain['kind'] | undefined
  let each = 0
  for (const leaf of leavesOf(layout)) {
    const chain = waitsForItself(leaf, view)
    if (chain) kind = 'chain'
    else if (changesShared(leaf, loop, view)) kind ??= 'memory'
    each = Math.max(each, livesThrough(leaf, loop, view))
  }
  if (!kind) return undefined
  const most = kind === 'chain' ? CHAIN_ROWS : MEMORY_ROWS
  const rowsFor = (side: number, from: number) => {
    let rows = from
    while (rows > 1 && rows * side * each > REGISTERS) rows /= 2
    return rows > 1 ? rows : undefined
  }
  const rows = rowsFor(1, most)
  if (rows === undefined) return undefined
  return { kind, rows, rowsAround: rowsFor(2, MEMORY_ROWS) === MEMORY_ROWS ? MEMORY_ROWS : undefined }
}

/** Shared loops without loops in them that stand in the body itself. */
function leavesOf(layout: Layout): For[] {
  return layout.flatMap((item) => {
    if (item.kind === 'choice') return [...leavesOf(item.then), ...leavesOf(item.else)]
    if (item.kind === 'rows') return []
    return item.body.every((inner) => inner.kind === 'rows') ? [item.loop] : []
  })
}

/** Whether each turn of a loop waits for the last: a float that it carries, or an element that it has just written. */
function waitsForItself(leaf: For, view: View): boolean {
  if (carriedFloats(leaf).length > 0) return true
  const { symbols } = view
  const variable = symbols.atomOf(leaf.variable)
  const { stores, loads } = indices(leaf.body, view)
  return stores.some((s) =>
    loads.some(
      (l) =>
        s.array === l.array &&
        mentions(s.index, variable) &&
        [1, 2].some((turns) => {
          const before = add(atom(variable), constant(-turns * leaf.step))
          return equal(substitute(s.index, variable, before), l.index)
        }),
    ),
  )
}

const carriedFloats = (leaf: For): Local[] => {
  const carried = exposedReads(leaf.body)
  return [...assignedLocals(leaf.body)].filter((l) => carried.has(l) && isFloat(l.type))
}

/** Whether all rows read and write one element in the same turn. */
function changesShared(leaf: For, loop: For, view: View): boolean {
  const row = view.symbols.atomOf(loop.variable)
  const { stores, loads } = indices(leaf.body, view)
  return stores.some(
    (s) => !mentions(s.index, row) && loads.some((l) => l.array === s.array && equal(l.index, s.index)),
  )
}

/** Floats that each row has for itself in the inner loop from turn to turn. */
function livesThrough(leaf: For, loop: For, view: View): number {
  const inside = assignedLocals(leaf.body)
  const own = new Set(carriedFloats(leaf))
  for (const l of readLocals(leaf.body)) {
    if (isFloat(l.type) && !inside.has(l) && l !== loop.variable && view.varying.has(l)) own.add(l)
  }
  return Math.max(1, own.size)
}

/**
 * Whether the loop's iterations look like lanes of vectors: elements that follow each other or are the same for all. A
 * vectoriser does with such sums what rows side by side do, with twice as many at a time.
 */
export function suitsLanes(loop: For, layout: Layout, view: View): boolean {
  const row = view.symbols.atomOf(loop.variable)
  let suits = isEven(layout)
  const see = (array: Local, e: Expr, writes: boolean) => {
    const index = view.symbols.poly(e, view.fixed)
    const by = index && slope(index, row)
    suits &&= FLOATS.has((array.type as ArrayType).dtype) && (by === 1 || (by === 0 && !writes))
  }
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind === 'store') see(s.array, s.index, true)
    },
    expr: (e) => {
      if (e.kind === 'load') see(e.array, e.index, false)
    },
  })
  return suits
}

/** Whether all rows go the same way through the same turns. */
const isEven = (layout: Layout): boolean =>
  layout.every((item) => {
    if (item.kind === 'choice') return isEven(item.then) && isEven(item.else)
    if (item.kind === 'loop') return !item.cut && isEven(item.body)
    return item.list.every((part) => part.kind !== 'rest' && part.kind !== 'if')
  })

const FLOATS: ReadonlySet<string> = new Set(['float64', 'float32'])

/** Whether rows of `around` read the same elements in the inner loops of `loop`, which no row changes. */
export function sharesReads(loop: For, around: For, view: View): boolean {
  const { symbols } = view
  const row = symbols.atomOf(around.variable)
  const leaves: Stmt[] = []
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind === 'for') leaves.push(s)
    },
  })
  const { stores } = indices(around.body, view)
  const { loads } = indices(leaves, view)
  return loads.some((l) => !mentions(l.index, row) && !stores.some((s) => s.array === l.array))
}

interface Index {
  readonly array: Local
  readonly index: Poly
}
function indices(stmts: readonly Stmt[], { symbols, fixed }: View): { stores: Index[]; loads: Index[] } {
  const stores: Index[] = []
  const loads: Index[] = []
  visitStmts(stmts, {
    stmt: (s) => {
      for (const e of stmtExprs(s)) {
        visitExpr(e, (node) => {
          const at = node.kind === 'load' ? symbols.poly(node.index, fixed) : undefined
          if (node.kind === 'load' && at) loads.push({ array: symbols.root(node.array), index: at })
        })
      }
      const at = s.kind === 'store' ? symbols.poly(s.index, fixed) : undefined
      if (s.kind === 'store' && at) stores.push({ array: symbols.root(s.array), index: at })
    },
  })
  return { stores, loads }
}
