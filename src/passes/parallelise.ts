/**
 * Turns each outermost parallel loop into a function of a range, and a launch of it over all iterations. A loop with
 * reductions is launched over blocks of iterations instead: each block leaves its partial result, and the calling
 * thread folds them by the tree.
 */

import { markFailing } from '../analysis/failing.ts'
import { liveAfterEach } from '../analysis/liveness.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, cast, forStmt, ifStmt, load, Names, num, op, ref, store } from '../ir/build.ts'
import type { Expr, Fn, For, Launch, Local, Module, ScalarType, Stmt } from '../ir/ir.ts'
import { array, F64, I64, INDEX } from '../ir/types.ts'
import { mapStmtBodies, stmtBodies } from '../ir/walk.ts'
import { dropUnusedLocals, outline } from './outline.ts'
import type { PassContext } from './pass.ts'
import { blockCount, combine, foldPartials, fresh, runBlock, type Scope, siteOf, tripCount } from './trees.ts'

export function parallelise(module: Module, context: PassContext): Module {
  let now = module
  for (const fn of module.functions) {
    if (!hasParallel(fn.body)) continue
    const pass = new Parallelise(now, fn, context)
    const body = pass.list(fn.body)
    if (body === fn.body) continue
    const next = dropUnusedLocals({ ...fn, locals: [...fn.locals, ...pass.scope.locals], body })
    const functions = now.functions.map((f) => (f.name === fn.name ? next : f))
    now = { ...now, functions: markFailing([...functions, ...pass.made]), sites: pass.scope.sites }
  }
  return now
}

const hasParallel = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => (s.kind === 'for' && s.forKind === 'parallel') || stmtBodies(s).some(hasParallel))

class Parallelise {
  readonly scope: Scope
  readonly made: Fn[] = []
  private readonly module: Module
  private readonly fn: Fn
  private readonly context: PassContext
  private readonly symbols: Symbols
  private readonly live: Map<Stmt, Set<Local>>

  constructor(module: Module, fn: Fn, context: PassContext) {
    this.module = module
    this.fn = fn
    this.context = context
    this.scope = { names: Names.of(fn), locals: [], sites: [...module.sites] }
    this.symbols = new Symbols(fn)
    this.live = liveAfterEach(fn, (s) => s.kind === 'for' && s.forKind === 'parallel')
  }

  list(stmts: readonly Stmt[]): readonly Stmt[] {
    let changed = false
    const out: Stmt[] = []
    for (const stmt of stmts) {
      if (stmt.kind === 'for' && stmt.forKind === 'parallel') {
        changed = true
        out.push(...this.loop(stmt))
        continue
      }
      const next = mapStmtBodies(stmt, (body) => this.list(body))
      if (next !== stmt) changed = true
      out.push(next)
    }
    return changed ? out : stmts
  }

  private loop(loop: For): Stmt[] {
    const out: Stmt[] = []
    const keep = (e: Expr, name: string): Expr => {
      if (e.kind === 'const' || (e.kind === 'local' && this.symbols.isStable(e.local))) return e
      const local = fresh(this.scope, name, e.type)
      out.push(assign(local, e))
      return ref(local)
    }
    const lo = keep(loop.lo, 'lo')
    const hi = keep(loop.hi, 'hi')
    const serial = loop.serialIf
    const guard = serial ? ' where its arrays do not overlap, else in order' : ''
    if (loop.reductions.length > 0) {
      const names = loop.reductions.map((r) => `\`${r.local.name}\``).join(', ')
      this.context.note(
        loop.span,
        `Runs on all threads${guard}; ${names}: each block of iterations has its own, folded by a tree.`,
      )
      this.reducing(loop, lo, hi, out)
      return out
    }
    this.context.note(loop.span, `Runs on all threads${guard}.`)
    const type = loop.variable.type as ScalarType
    if (type !== I64 && loop.step === 1) {
      out.push(this.range(loop, lo, hi))
      return out
    }
    // Launches count in `index`: a stride, or a range past it, is counted by iterations.
    const trips = tripCount(this.scope, loop, lo, hi, out)
    const launch = this.iterations(loop, lo, ref(trips))
    if (trips.type !== I64) out.push(launch)
    else out.push(ifStmt(op('le', ref(trips), num(I64, 2 ** 31 - 1)), [launch], [{ ...loop, forKind: 'serial' }]))
    return out
  }

  private launch(loop: For, fn: Fn, lo: Expr, hi: Expr, args: readonly Expr[]): Launch {
    this.made.push(fn)
    const { serialIf } = loop
    const site = siteOf(this.scope, loop)
    return { kind: 'launch', fn: fn.name, lo, hi, args, ...(serialIf ? { serialIf } : {}), site }
  }

  private outlined(loop: For, lead: readonly Local[], body: readonly Stmt[]): { fn: Fn; args: readonly Expr[] } {
    const { fn, args, results } = outline({
      module: { functions: [...this.module.functions, ...this.made] },
      name: `${this.fn.name}$prange`,
      body,
      lead,
      liveAfter: new Set([...(this.live.get(loop) ?? [])].filter((l) => !loop.reductions.some((r) => r.local === l))),
    })
    if (results.length > 0)
      throw new Error(`a parallel loop gives ${results.map((l) => l.name).join()} to what follows`)
    return { fn, args }
  }

  /** Step 1, small bounds: the range is that of the variable itself. */
  private range(loop: For, lo: Expr, hi: Expr): Launch {
    const from = fresh(this.scope, 'from', INDEX)
    const to = fresh(this.scope, 'to', INDEX)
    const { serialIf: _, ...rest } = loop
    const inner: Stmt = { ...rest, forKind: 'serial', lo: ref(from), hi: ref(to) }
    const { fn, args } = this.outlined(loop, [from, to], [inner])
    return this.launch(loop, fn, cast(INDEX, lo), cast(INDEX, hi), args)
  }

  private iterations(loop: For, lo: Expr, trips: Expr): Launch {
    const type = loop.variable.type as ScalarType
    const from = fresh(this.scope, 'from', INDEX)
    const to = fresh(this.scope, 'to', INDEX)
    const k = fresh(this.scope, 'k', INDEX)
    const moved = op('add', lo, op('mul', cast(type, ref(k)), num(type, loop.step)))
    const body = [assign(loop.variable, moved), ...loop.body]
    const inner = forStmt(loop.label, k, ref(from), ref(to), body, loop.span)
    const { fn, args } = this.outlined(loop, [from, to], [inner])
    return this.launch(loop, fn, num(INDEX, 0), cast(INDEX, trips), args)
  }

  private reducing(loop: For, lo: Expr, hi: Expr, out: Stmt[]): void {
    const { scope } = this
    const site = siteOf(scope, loop)
    const trips = tripCount(scope, loop, lo, hi, out)
    const { length, count } = blockCount(scope, trips, loop.span, out)
    const partials = loop.reductions.map((reduction) => ({
      reduction,
      array: fresh(scope, `${reduction.local.name}.partials`, array('float64')),
    }))
    for (const { array: local } of partials) {
      out.push({ kind: 'alloc', local, length: ref(count), zero: false, site })
    }
    const from = fresh(scope, 'from', INDEX)
    const to = fresh(scope, 'to', INDEX)
    const each = fresh(scope, 'b', INDEX)
    const symbols = this.context.target === 'wasm' ? this.symbols : undefined
    const run = runBlock({ scope, loop, symbols, lo, trips: ref(trips), length: ref(length), block: ref(each) })
    const leave = partials.map(({ reduction, array: into }) =>
      store(into, ref(each), cast(F64, ref(reduction.local)), 'proven', site),
    )
    const blocks = forStmt(scope.names.label('block'), each, ref(from), ref(to), [...run, ...leave], loop.span)
    const { fn, args } = this.outlined(loop, [from, to], [blocks])
    out.push(this.launch(loop, fn, num(INDEX, 0), ref(count), args))

    const fold = partials.flatMap(({ reduction, array: from }) => {
      const total = cast(reduction.local.type, load(from, num(INDEX, 0), 'proven', site))
      return [
        ...foldPartials(scope, reduction, from, count, loop),
        assign(reduction.local, combine(reduction, ref(reduction.local), total)),
      ]
    })
    out.push(ifStmt(op('gt', ref(count), num(INDEX, 0)), fold))
  }
}
