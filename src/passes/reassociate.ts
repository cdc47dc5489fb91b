/**
 * Writes out the reduction trees of loops that run on one thread: sums under `fastmath`, and pranges inside others.
 * Blocks are folded as they end, like the digits of a binary counter: what the counter holds after the last block are
 * the subtrees of the pairwise tree, from the largest to the smallest.
 */

import { markFailing } from '../analysis/failing.ts'
import { liveAfterEach } from '../analysis/liveness.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, cast, forStmt, ifStmt, load, Names, num, op, ref, store, whileStmt } from '../ir/build.ts'
import type { Expr, Fn, For, Label, Local, Module, Reduction, Stmt } from '../ir/ir.ts'
import { SHORT_LOOP } from '../ir/reduction.ts'
import { renameStmts } from '../ir/rename.ts'
import { array, BOOL, F64, I32, INDEX } from '../ir/types.ts'
import { mapStmtBodies } from '../ir/walk.ts'
import type { PassContext } from './pass.ts'
import { blockCount, combine, fresh, runBlock, type Scope, siteOf, tripCount } from './trees.ts'

/** Subtrees that 4096 blocks can have at a time, and one to spare. */
const LEVELS = 16

export function reassociate(module: Module, context: PassContext): Module {
  const sites = [...module.sites]
  const functions = module.functions.map((fn) => {
    let symbols: Symbols | undefined
    let live: Map<Stmt, Set<Local>> | undefined
    const scope: Writing = {
      names: Names.of(fn),
      locals: [],
      sites,
      symbols: () => {
        if (context.target === 'wasm') symbols ??= new Symbols(fn)
        return symbols
      },
      liveAfter: (loop) => {
        live ??= liveAfterEach(fn, (s) => s.kind === 'for')
        return live.get(loop) ?? new Set()
      },
    }
    const body = list(fn.body, scope)
    return body === fn.body ? fn : ({ ...fn, locals: [...fn.locals, ...scope.locals], body } satisfies Fn)
  })
  if (functions.every((fn, k) => fn === module.functions[k])) return module
  // Where a tree has no room on the stack, the call fails.
  return { ...module, functions: markFailing(functions), sites }
}

interface Writing extends Scope {
  /** Where the target has vectors. */
  readonly symbols: () => Symbols | undefined
  /** Of a loop as it stands in the function. */
  readonly liveAfter: (loop: Stmt) => ReadonlySet<Local>
}

function list(stmts: readonly Stmt[], scope: Writing): readonly Stmt[] {
  let changed = false
  const out: Stmt[] = []
  for (const stmt of stmts) {
    const next = mapStmtBodies(stmt, (body) => list(body, scope))
    const trees = next.kind === 'for' && next.reductions.some((r) => r.order === 'tree')
    if (next !== stmt || trees) changed = true
    if (trees) out.push(...writeOut(next as For, scope, scope.liveAfter(stmt)))
    else out.push(next)
  }
  return changed ? out : stmts
}

function writeOut(loop: For, scope: Writing, liveAfter: ReadonlySet<Local>): Stmt[] {
  const reductions = loop.reductions.filter((r) => r.order === 'tree')
  const out: Stmt[] = []
  const lo = kept(loop.lo, 'lo', scope, out)
  const hi = kept(loop.hi, 'hi', scope, out)
  const trips = tripCount(scope, loop, lo, hi, out)
  const tree = treeOf({ ...loop, reductions }, scope, lo, trips, liveAfter)
  if (loop.forKind === 'parallel') return [...out, ...tree]
  const ordered: For = { ...loop, lo, hi, reductions: [] }
  const long = op('ge', ref(trips), num(trips.type as typeof INDEX, SHORT_LOOP))
  // Both versions stand in one function: labels are unique in it.
  const labels = new Map<Label, Label>()
  const label = (l: Label): Label => {
    const made = labels.get(l) ?? scope.names.label(l.name)
    labels.set(l, made)
    return made
  }
  const copy = renameStmts([ordered], { label })
  return [...out, ifStmt(long, tree, copy)]
}

function kept(e: Expr, name: string, scope: Scope, out: Stmt[]): Expr {
  if (e.kind === 'const') return e
  const local = fresh(scope, name, e.type)
  out.push(assign(local, e))
  return ref(local)
}

function treeOf(loop: For, scope: Writing, lo: Expr, trips: Local, liveAfter: ReadonlySet<Local>): Stmt[] {
  const out: Stmt[] = []
  const { length, count } = blockCount(scope, trips, loop.span, out)
  const site = siteOf(scope, loop)
  const stacks = loop.reductions.map((reduction) => ({
    reduction,
    before: fresh(scope, `${reduction.local.name}.before`, reduction.local.type),
    stack: fresh(scope, `${reduction.local.name}.stack`, array('float64', 1, 'local')),
  }))
  for (const { reduction, before, stack } of stacks) {
    out.push(assign(before, ref(reduction.local)))
    out.push({ kind: 'alloc', local: stack, length: num(INDEX, LEVELS), zero: false, site })
  }
  const each = fresh(scope, 'b', INDEX)
  const run = runBlock({
    scope,
    loop,
    symbols: scope.symbols(),
    liveAfter,
    lo,
    trips: ref(trips),
    length: ref(length),
    block: ref(each),
  })
  const push = stacks.flatMap(({ reduction, stack }) => carry(reduction, stack, each, loop, scope))
  out.push(forStmt(scope.names.label('block'), each, num(INDEX, 0), ref(count), [...run, ...push], loop.span))
  for (const { reduction, before, stack } of stacks) {
    out.push(...collect(reduction, before, stack, count, loop, scope))
  }
  return out
}

const level = (stack: Local, at: Local): Expr => load(stack, cast(INDEX, ref(at)), 'proven', 0)

/** Adds a finished block, as 1 is added to a binary number: equal subtrees combine as long as there are any. */
function carry(reduction: Reduction, stack: Local, each: Local, loop: For, scope: Scope): Stmt[] {
  const digits = fresh(scope, 'digits', I32)
  const at = fresh(scope, 'level', I32)
  const one = num(I32, 1)
  return [
    assign(digits, cast(I32, ref(each))),
    assign(at, num(I32, 0)),
    whileStmt(
      scope.names.label('carry'),
      op('ne', op('and', ref(digits), one), num(I32, 0)),
      [
        assign(reduction.local, combine(reduction, level(stack, at), ref(reduction.local))),
        assign(at, op('add', ref(at), one)),
        assign(digits, op('shr_s', ref(digits), one)),
      ],
      loop.span,
    ),
    store(stack, cast(INDEX, ref(at)), ref(reduction.local), 'proven', 0),
  ]
}

/** Combines the subtrees that are left, the smallest and last first, and the initial value after them. */
function collect(reduction: Reduction, before: Local, stack: Local, count: Local, loop: For, scope: Scope): Stmt[] {
  const digits = fresh(scope, 'digits', I32)
  const at = fresh(scope, 'level', I32)
  const total = fresh(scope, 'total', F64)
  const any = fresh(scope, 'any', BOOL)
  const one = num(I32, 1)
  const isSet = op('ne', op('and', ref(digits), one), num(I32, 0))
  return [
    assign(digits, cast(I32, ref(count))),
    assign(at, num(I32, 0)),
    assign(any, { kind: 'const', type: BOOL, value: false }),
    whileStmt(
      scope.names.label('collect'),
      op('ne', ref(digits), num(I32, 0)),
      [
        ifStmt(isSet, [
          ifStmt(
            ref(any),
            [assign(total, combine(reduction, level(stack, at), ref(total)))],
            [assign(total, level(stack, at)), assign(any, { kind: 'const', type: BOOL, value: true })],
          ),
        ]),
        assign(at, op('add', ref(at), one)),
        assign(digits, op('shr_s', ref(digits), one)),
      ],
      loop.span,
    ),
    ifStmt(
      ref(any),
      [assign(reduction.local, combine(reduction, ref(before), ref(total)))],
      [assign(reduction.local, ref(before))],
    ),
  ]
}
