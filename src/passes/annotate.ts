/**
 * Says of every loop what may be done with it, without changing what it does yet: whether a prange's iterations are
 * independent (else the kernel is refused), which locals are reductions and in which order they may be folded.
 */

import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { isRace, type Race, RaceAnalysis } from '../analysis/races.ts'
import { findReduction, isOrderFree } from '../analysis/reductions.ts'
import { Symbols } from '../analysis/symbols.ts'
import { compileError } from '../errors.ts'
import { op, overlap } from '../ir/build.ts'
import type { Expr, Fn, For, Local, Module, Reduction, Span, Stmt } from '../ir/ir.ts'
import { F64 } from '../ir/types.ts'
import { mapStmtBodies, stmtBodies } from '../ir/walk.ts'
import { jumpsOut } from './outline.ts'
import type { PassContext } from './pass.ts'

export function annotate(module: Module, context: PassContext): Module {
  const functions = module.functions.map((fn) => {
    const body = new Annotation(module, fn, context).list(fn.body, [])
    return body === fn.body ? fn : { ...fn, body }
  })
  return functions.every((fn, k) => fn === module.functions[k]) ? module : { ...module, functions }
}

class Annotation {
  private readonly module: Module
  private readonly context: PassContext
  private readonly symbols: Symbols
  private readonly races: RaceAnalysis
  private readonly live: Map<Stmt, Set<Local>>

  constructor(module: Module, fn: Fn, context: PassContext) {
    this.module = module
    this.context = context
    this.symbols = new Symbols(fn)
    this.races = new RaceAnalysis(module, fn, this.symbols, context.independent)
    this.live = liveAfterEach(fn, (s) => s.kind === 'for')
  }

  list(stmts: readonly Stmt[], outer: readonly For[]): readonly Stmt[] {
    let changed = false
    const out = stmts.map((stmt) => {
      const next = this.stmt(stmt, outer)
      if (next !== stmt) changed = true
      return next
    })
    return changed ? out : stmts
  }

  private stmt(stmt: Stmt, outer: readonly For[]): Stmt {
    const inner = stmt.kind === 'for' ? [...outer, stmt] : outer
    // The analyses look at the loop as it stands in the function, so it is judged before its body is rewritten.
    const verdict = stmt.kind === 'for' ? this.judge(stmt, outer) : undefined
    const next = mapStmtBodies(stmt, (body) => this.list(body, inner))
    return next.kind === 'for' && verdict ? { ...next, ...verdict } : next
  }

  private judge(loop: For, outer: readonly For[]): Partial<For> | undefined {
    if (loop.forKind === 'parallel') return this.parallel(loop, outer)
    if (!this.context.reassociate || jumpsOut(loop.body, [loop.label]) || breaksOut(loop)) return undefined
    // A sum that each turn of an outer loop starts anew stays in order: rows run side by side instead (jam.ts).
    const around = outer[outer.length - 1]
    const carried = around && exposedReads(around.body)
    const reductions = this.direct(loop).filter((r) => !carried || carried.has(r.local))
    if (reductions.length === 0) return undefined
    const names = reductions.map((r) => `\`${r.local.name}\``).join(', ')
    this.context.note(loop.span, `${names} may be summed in another order (fastmath): a tree of fixed shape.`)
    return { reductions }
  }

  private parallel(loop: For, outer: readonly For[]): Partial<For> {
    if (jumpsOut(loop.body, [loop.label]) || breaksOut(loop)) {
      throw this.error(loop.span, {
        site: undefined,
        local: undefined,
        code: 'exit',
        reason:
          'A prange that runs in parallel cannot be left by break or return: later iterations may have run already.',
        remedy: 'Use an ordinary for loop, or let each iteration decide for itself with an `if`.',
      })
    }
    const found = this.races.check(loop, outer, this.live.get(loop) ?? new Set())
    if (isRace(found)) throw this.error(loop.span, found)
    const reductions = found.reductions.map(
      ({ local, op }): Reduction => ({ local, op, order: isOrderFree({ local, op }) ? 'ordered' : 'tree' }),
    )
    const checks = found.overlaps.map(([a, b]): Expr => overlap(a, b))
    const serialIf = checks.length > 0 ? checks.reduce((a, b) => op('or', a, b)) : undefined
    return { reductions, ...(serialIf ? { serialIf } : {}) }
  }

  /** Float sums and products whose folding stands in this loop and in no loop inside it. */
  private direct(loop: For): Reduction[] {
    const nested = new Set<Local>()
    const own = new Set<Local>()
    const walk = (stmts: readonly Stmt[], deep: boolean) => {
      for (const stmt of stmts) {
        if (stmt.kind === 'assign' && stmt.local.type === F64) (deep ? nested : own).add(stmt.local)
        for (const body of stmtBodies(stmt)) walk(body, deep || stmt.kind === 'for' || stmt.kind === 'while')
      }
    }
    walk(loop.body, false)
    return [...own].flatMap((local): Reduction[] => {
      const found = nested.has(local) ? undefined : findReduction(local, loop.body)
      return found && !isOrderFree(found) ? [{ local, op: found.op, order: 'tree' }] : []
    })
  }

  private error(span: Span, race: Race): Error {
    const site = race.site === undefined ? undefined : this.module.sites[race.site]!.span
    const place = site ?? (race.local ? this.assignment(span, race.local) : undefined) ?? span
    const source = this.module.sources[place.source]!
    return compileError(source, place, race.code, race.reason, race.remedy)
  }

  /** Where the source assigns a variable within the loop: locals carry no place of their own. */
  private assignment(span: Span, name: string): Span | undefined {
    const { text } = this.module.sources[span.source]!
    const escaped = name.replace(/[$]/g, '\\$&')
    const pattern = new RegExp(
      `(?<![\\w$.])${escaped}\\s*(?:(?:\\*\\*|<<|>>>?|[-+*/%&|^])?=(?!=)|\\+\\+|--)|(?:\\+\\+|--)\\s*${escaped}(?![\\w$])`,
    )
    const found = pattern.exec(text.slice(span.start, span.end))
    if (!found) return undefined
    const start = span.start + found.index
    return { source: span.source, start, end: start + found[0].length }
  }
}

/** Whether the loop is left by a break to its own label. */
function breaksOut(loop: For): boolean {
  const search = (stmts: readonly Stmt[]): boolean =>
    stmts.some((s) => (s.kind === 'break' && s.label === loop.label) || stmtBodies(s).some(search))
  return search(loop.body)
}
