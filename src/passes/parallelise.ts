/**
 * Turns each outermost parallel loop into a function of a range, and a launch of it over all iterations. A loop with
 * reductions is launched over blocks of iterations instead: each block leaves its partial result, and the calling
 * thread folds them by the tree. Where there is little to do it is all done by the thread that comes to it, in the same
 * blocks, so that no bit depends on it.
 */

import { markFailing } from '../analysis/failing.ts'
import { liveAfterEach } from '../analysis/liveness.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, cast, forStmt, ifStmt, load, Names, num, op, ref, store } from '../ir/build.ts'
import type { Call, Expr, Fn, For, Launch, Local, Module, ScalarType, Stmt } from '../ir/ir.ts'
import { blockLength } from '../ir/reduction.ts'
import { array, F64, I64, INDEX } from '../ir/types.ts'
import { mapStmtBodies, stmtBodies } from '../ir/walk.ts'
import { type Grain, grainOf } from './grain.ts'
import { dropUnusedLocals, outline } from './outline.ts'
import type { PassContext } from './pass.ts'
import { blockCount, combine, foldPartials, fresh, isZero, runBlock, type Scope, siteOf, tripCount } from './trees.ts'

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

/** On which threads a loop runs, in words. */
function placeOf({ serialIf, reductions }: For, grain: Grain | undefined, micros: number): string {
  if (grain?.isSmall.kind === 'const') return `Runs on this thread alone: it has less than ${micros} µs of work`
  const guard = serialIf ? ' where its arrays do not overlap, else in order' : ''
  const everywhere = `Runs on all threads${guard}`
  // One block is one thread's.
  const block = micros > 0 && reductions.length > 0 ? blockLength(0) : 0
  const iterations = grain ? grain.iterations : block
  if (iterations === 0) return everywhere
  const least = iterations === undefined ? `${micros} µs of work` : rounded(Math.max(iterations, block))
  return `${everywhere}; with less than ${least}, on this one alone`
}

/** Two digits: it is an estimate. */
function rounded(iterations: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(iterations)) - 1)
  const about = Math.round(iterations / unit) * unit
  return `about ${about.toLocaleString('en')} iteration${about === 1 ? '' : 's'}`
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
    if (loop.reductions.length > 0) {
      const names = loop.reductions.map((r) => `\`${r.local.name}\``).join(', ')
      const trips = tripCount(this.scope, loop, lo, hi, out)
      const grain = this.grain(loop, ref(trips), `; ${names}: each block of iterations has its own, folded by a tree`)
      this.reducing(loop, lo, trips, grain, out)
      return out
    }
    const type = loop.variable.type as ScalarType
    if (type !== I64 && loop.step === 1) {
      const grain = this.grain(loop, isZero(lo) ? hi : op('sub', cast(F64, hi), cast(F64, lo)))
      out.push(this.range(loop, lo, hi, grain))
      return out
    }
    // Launches count in `index`: a stride, or a range past it, is counted by iterations.
    const trips = tripCount(this.scope, loop, lo, hi, out)
    const grain = this.grain(loop, ref(trips))
    const launch = this.iterations(loop, lo, ref(trips), grain)
    if (trips.type !== I64) out.push(launch)
    else out.push(ifStmt(op('le', ref(trips), num(I64, 2 ** 31 - 1)), [launch], [{ ...loop, forKind: 'serial' }]))
    return out
  }

  /** What is too little for a launch; `more` is said of the loop besides. */
  private grain(loop: For, trips: Expr, more = ''): Grain | undefined {
    const { grain: micros = 0 } = this.context
    const grain = micros > 0 ? grainOf(loop, trips, this.symbols, micros) : undefined
    this.context.note(loop.span, `${placeOf(loop, grain, micros)}${more}.`)
    return grain
  }

  private launch(loop: For, fn: Fn, lo: Expr, hi: Expr, args: readonly Expr[], grain: Grain | undefined): Stmt {
    this.made.push(fn)
    const { serialIf } = loop
    const site = siteOf(this.scope, loop)
    const launch: Launch = { kind: 'launch', fn: fn.name, lo, hi, args, ...(serialIf ? { serialIf } : {}), site }
    if (!grain) return launch
    const here = this.scope.sites.push({ code: 'call', subject: this.fn.name, span: loop.span }) - 1
    const call: Call = { kind: 'call', fn: fn.name, args: [lo, hi, ...args], results: [], site: here }
    return grain.isSmall.kind === 'const' ? call : ifStmt(grain.isSmall, [call], [launch])
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
  private range(loop: For, lo: Expr, hi: Expr, grain: Grain | undefined): Stmt {
    const from = fresh(this.scope, 'from', INDEX)
    const to = fresh(this.scope, 'to', INDEX)
    const { serialIf: _, ...rest } = loop
    const inner: Stmt = { ...rest, forKind: 'serial', lo: ref(from), hi: ref(to) }
    const { fn, args } = this.outlined(loop, [from, to], [inner])
    return this.launch(loop, fn, cast(INDEX, lo), cast(INDEX, hi), args, grain)
  }

  private iterations(loop: For, lo: Expr, trips: Expr, grain: Grain | undefined): Stmt {
    const type = loop.variable.type as ScalarType
    const from = fresh(this.scope, 'from', INDEX)
    const to = fresh(this.scope, 'to', INDEX)
    const k = fresh(this.scope, 'k', INDEX)
    const moved = op('add', lo, op('mul', cast(type, ref(k)), num(type, loop.step)))
    const body = [assign(loop.variable, moved), ...loop.body]
    const inner = forStmt(loop.label, k, ref(from), ref(to), body, loop.span)
    const { fn, args } = this.outlined(loop, [from, to], [inner])
    return this.launch(loop, fn, num(INDEX, 0), cast(INDEX, trips), args, grain)
  }

  private reducing(loop: For, lo: Expr, trips: Local, grain: Grain | undefined, out: Stmt[]): void {
    const { scope } = this
    const site = siteOf(scope, loop)
    const { length, count } = blockCount(scope, trips, loop.span, out)
    const partials = loop.reductions.map((reduction) => ({
      reduction,
      array: fresh(scope, `${reduction.local.name}.partials`, array('float64')),
    }))
    const many: Stmt[] = []
    for (const { array: local } of partials) {
      many.push({ kind: 'alloc', local, length: ref(count), zero: false, site })
    }
    const from = fresh(scope, 'from', INDEX)
    const to = fresh(scope, 'to', INDEX)
    const each = fresh(scope, 'b', INDEX)
    const symbols = this.context.target === 'wasm' ? this.symbols : undefined
    const run = runBlock({ scope, loop, symbols, lo, trips: ref(trips), length: ref(length), block: ref(each) })
    const leave = partials.map(({ reduction, array: into }) =>
      store(into, ref(each), cast(F64, ref(reduction.local)), 'proven', site),
    )
    const block = this.context.grain ? this.block(loop, each, run) : undefined
    const turn = block ? block(ref(each), (l) => l) : run
    const blocks = forStmt(scope.names.label('block'), each, ref(from), ref(to), [...turn, ...leave], loop.span)
    const { fn, args } = this.outlined(loop, [from, to], [blocks])
    many.push(this.launch(loop, fn, num(INDEX, 0), ref(count), args, grain))

    const fold = partials.flatMap(({ reduction, array: from }) => {
      const total = cast(reduction.local.type, load(from, num(INDEX, 0), 'proven', site))
      return [
        ...foldPartials(scope, reduction, from, count, loop),
        assign(reduction.local, combine(reduction, ref(reduction.local), total)),
      ]
    })
    many.push(ifStmt(op('gt', ref(count), num(INDEX, 0)), fold))
    if (block) out.push(ifStmt(op('eq', ref(count), num(INDEX, 1)), this.single(loop, block), many))
    else out.push(...many)
  }

  /** A block as a function, so that one alone needs neither a launch nor room for partial results. */
  private block(loop: For, number: Local, run: readonly Stmt[]): CallBlock {
    const wanted = loop.reductions.map((r) => r.local)
    const { fn, args, results } = outline({
      module: { functions: [...this.module.functions, ...this.made] },
      name: `${this.fn.name}$block`,
      body: run,
      lead: [number],
      liveAfter: new Set(wanted),
    })
    this.made.push(fn)
    const site = this.scope.sites.push({ code: 'call', subject: this.fn.name, span: loop.span }) - 1
    return (at, into) => [{ kind: 'call', fn: fn.name, args: [at, ...args], results: results.map(into), site }]
  }

  private single(loop: For, block: CallBlock): Stmt[] {
    const own = new Map(loop.reductions.map(({ local: l }) => [l, fresh(this.scope, `${l.name}.block`, l.type)]))
    const fold = loop.reductions.map((r) => assign(r.local, combine(r, ref(r.local), ref(own.get(r.local)!))))
    return [...block(num(INDEX, 0), (l) => own.get(l)!), ...fold]
  }
}

/** Runs a block of that number; its reductions go into what `into` says. */
type CallBlock = (number: Expr, into: (local: Local) => Local) => Stmt[]
