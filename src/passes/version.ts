/**
 * Checks indices before the loops instead of in them. Where the first and the last element that a nest of loops
 * reaches can be told as it is entered, it is written twice:
 *
 *   if the extremes are within the arrays { the nest without these checks } else { the nest as it was }
 *
 * The second copy has the effects that come before a failure, and the failure itself, as plain JavaScript has them.
 *
 * What is known only inside the nest (a row that was looked up) is asked before an innermost loop in it, where that then
 * has no check left and turns often enough.
 */

import { markFailing } from '../analysis/failing.ts'
import { type Access, checkedAccess, margins, proven, subjectOf } from '../analysis/indices.ts'
import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { type Atom, atom, atomsOf, constant, constantOf, keyOf, type Poly, sub } from '../analysis/poly.ts'
import { type Fixed, Symbols } from '../analysis/symbols.ts'
import { ifStmt, Names, op } from '../ir/build.ts'
import type { Expr, Fn, For, Local, Module, Site, Stmt } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { assignedLocals, exprReads, mapList, mapStmtBodies, mapStmts, stmtBodies } from '../ir/walk.ts'
import { sizeOf } from './inline.ts'
import { isSmall, notNegative } from './margins.ts'
import type { PassContext } from './pass.ts'
import { placeOf, placesIn } from './twins.ts'

/** Nests larger than this (statements and expression nodes) are not written twice. */
const COPIED = 1500
/** Comparisons before a nest. */
const CHECKS = 24
/** Turns from which questions before a loop inside others are worth it. */
const TURNS = 16

export function version(module: Module, context: PassContext): Module {
  if (!context.boundscheck) return module
  const functions = mapList(module.functions, (fn) => {
    const nests = new Versioning(fn, module.sites, context, false).run()
    return checksInside(nests.body, 0) ? new Versioning(nests, module.sites, context, true).run() : nests
  })
  return functions === module.functions ? module : { ...module, functions: markFailing(functions) }
}

/** An access that the checks before a loop would prove. */
interface Candidate {
  readonly stmt: Stmt
  readonly access: Access
  /** The access's index as an integer. */
  readonly index: Expr
  /** What must not be negative, by key. */
  readonly checks: ReadonlyMap<string, Poly>
  /** The loops around it. */
  readonly loops: readonly For[]
  /** Runs only where a condition on a loop's variable holds, which may be what keeps it within the array. */
  readonly guarded: boolean
}

/** A loop, or an `if`, on the way to an access. */
type Step = Extract<Stmt, { kind: 'for' | 'if' }>

class Versioning {
  private readonly fn: Fn
  private readonly sites: readonly Site[]
  private readonly context: PassContext
  private readonly symbols: Symbols
  private readonly names: Names
  private readonly locals: Local[] = []
  private readonly live: Map<Stmt, Set<Local>>
  private readonly fixed = new Map<For, Fixed>()
  private readonly candidates = new Map<For, Candidate[]>()
  /** Innermost loops of others are looked at, and those alone. */
  private readonly inside: boolean
  /** Loops of which this is the second copy. */
  private spare: ReadonlySet<string> = new Set()

  constructor(fn: Fn, sites: readonly Site[], context: PassContext, inside: boolean) {
    this.fn = fn
    this.inside = inside
    this.sites = sites
    this.context = context
    this.symbols = new Symbols(fn)
    this.names = Names.of(fn)
    this.live = liveAfterEach(fn, (s) => s.kind === 'for')
  }

  run(): Fn {
    this.collect(this.fn.body, [], [])
    const body = this.list(this.fn.body)
    return body === this.fn.body ? this.fn : { ...this.fn, locals: [...this.fn.locals, ...this.locals], body }
  }

  private list(stmts: readonly Stmt[]): readonly Stmt[] {
    return mapList(stmts, (s) => {
      if (s.kind === 'if' && this.inside) return this.firstArm(s)
      if (s.kind === 'for' && !stmtBodies(s).some((body) => this.hasCandidates(body))) {
        const chosen = this.choose(s)
        if (chosen) return this.twice(s, chosen.accesses, chosen.checks)
      }
      return mapStmtBodies(s, (body) => this.list(body))
    })
  }

  /** The second arm of a question is for what the first cannot do. */
  private firstArm(s: Extract<Stmt, { kind: 'if' }>): Stmt {
    const then = this.list(s.then)
    const known = this.spare
    this.spare = new Set([...known, ...placesIn(s.then)])
    const no = this.list(s.else)
    this.spare = known
    return then === s.then && no === s.else ? s : { ...s, then, else: no }
  }

  private hasCandidates(stmts: readonly Stmt[]): boolean {
    return stmts.some(
      (s) => (s.kind === 'for' && this.candidates.has(s)) || stmtBodies(s).some((body) => this.hasCandidates(body)),
    )
  }

  // ───────────────────────── what can be checked where ─────────────────────────

  /** Finds for each access the outermost loop before which its extremes are known. */
  private collect(stmts: readonly Stmt[], path: readonly Step[], loops: readonly For[]): void {
    for (const s of stmts) {
      const access = checkedAccess(s)
      if (access) this.place(s, access, path, loops)
      const inside = s.kind === 'for' || s.kind === 'if' ? [...path, s] : path
      const around = s.kind === 'for' ? [...loops, s] : loops
      for (const body of stmtBodies(s)) this.collect(body, inside, around)
    }
  }

  /** `loops`: those of the path. */
  private place(stmt: Stmt, access: Access, path: readonly Step[], loops: readonly For[]): void {
    for (const [depth, loop] of loops.entries()) {
      // Before an innermost loop of others, checks come again and again, for few iterations each.
      if ((depth > 0 && !hasLoops(loop.body)) !== this.inside) continue
      const found = this.checks(access, loops, depth)
      if (!found) continue
      const within = loops.slice(depth)
      const guarded = path
        .slice(path.indexOf(loop))
        .some((step) => step.kind === 'if' && within.some((l) => exprReads(step.cond).has(l.variable)))
      const known = this.candidates.get(loop)
      if (known) known.push({ stmt, access, ...found, loops, guarded })
      else this.candidates.set(loop, [{ stmt, access, ...found, loops, guarded }])
      return
    }
  }

  /** What must not be negative before `loops[depth]` for the access in `loops` to be within its array. */
  private checks(
    access: Access,
    loops: readonly For[],
    depth: number,
  ): Pick<Candidate, 'checks' | 'index'> | undefined {
    const { symbols } = this
    const fixed = this.fixedIn(loops[depth]!)
    const running = loops.slice(depth)
    const found = new Map<string, Poly>()
    const need = (p: Poly) => found.set(keyOf(p), p)
    const isKnown = (a: Atom) => symbols.isNonNegative(atom(a), loops, fixed)
    /** Sizes are seldom negative, so it is asked once, before the loops. */
    const assume = (atoms: Iterable<Atom>) => {
      for (const a of atoms) {
        if (isKnown(a)) continue
        symbols.assumed.add(a)
        need(atom(a))
      }
    }
    const isThere = (a: Atom) => {
      const source = symbols.source(a)
      const local = 'local' in source ? source.local : source.array
      return symbols.isVariable(local) ? loops.slice(0, depth).some((l) => l.variable === local) : fixed(local)
    }
    symbols.assumed.clear()
    try {
      const within = margins(symbols, access, fixed)
      if (!within) return undefined
      for (const margin of within.all) {
        if (symbols.isNonNegative(margin, running, fixed, loops)) continue
        let least = symbols.extreme(margin, 'least', running, fixed, loops)
        if (!least) {
          const unknown = [...atomsOf(margin)].filter((a) => !running.some((l) => symbols.atomOf(l.variable) === a))
          assume(unknown)
          least = symbols.extreme(margin, 'least', running, fixed, loops)
        }
        if (!least) return undefined
        const known = constantOf(least)
        // What is left after the questions about signs may be a number: never within, or then always.
        if (known !== undefined && known < 0) return undefined
        if (known !== undefined) continue
        if (!isSmall(least, symbols)) assume(atomsOf(least))
        need(least)
      }
      for (const p of found.values()) if (![...atomsOf(p)].every(isThere)) return undefined
      return found.size > 0 ? { checks: found, index: within.index } : undefined
    } finally {
      symbols.assumed.clear()
    }
  }

  /** The accesses that are worth it: what may be kept within its array by an `if` must not fail the check for all. */
  private choose(loop: For): { readonly accesses: readonly Candidate[]; readonly checks: readonly Poly[] } | undefined {
    const all = this.candidates.get(loop) ?? []
    if (all.length === 0 || sizeOf([loop]) > COPIED) return undefined
    const sure = all.filter((c) => !c.guarded)
    const asked = new Set(sure.flatMap((c) => [...c.checks.keys()]))
    const accesses = all.filter((c) => !c.guarded || [...c.checks.keys()].every((key) => asked.has(key)))
    if (this.inside) {
      if (this.spare.has(placeOf(loop)) || accesses.length < checkedIn(loop.body)) return undefined
      const turns = this.turns(loop)
      if (!turns) return undefined
      return { accesses, checks: [turns, ...this.fewest(loop, accesses)] }
    }
    const checks = this.fewest(loop, accesses)
    return checks.length > 0 && checks.length <= CHECKS ? { accesses, checks } : undefined
  }

  /** Not negative where the loop turns often enough. */
  private turns({ lo, hi, step }: For): Poly | undefined {
    const [from, to] = [this.symbols.poly(lo), this.symbols.poly(hi)]
    if (!from || !to) return undefined
    return sub(step > 0 ? sub(to, from) : sub(from, to), constant(TURNS * Math.abs(step)))
  }

  /**
   * The checks without those that others imply: p is not negative wherever its accesses run, if q is not and p ≥ q there.
   */
  private fewest(loop: For, accesses: readonly Candidate[]): readonly Poly[] {
    const fixed = this.fixedIn(loop)
    const users = new Map<string, { readonly poly: Poly; readonly nests: Set<readonly For[]> }>()
    for (const { checks, loops } of accesses) {
      for (const [key, poly] of checks) {
        const known = users.get(key)
        if (known) known.nests.add(loops)
        else users.set(key, { poly, nests: new Set([loops]) })
      }
    }
    for (const [key, { poly: p, nests }] of users) {
      const implied = [...users].some(
        ([other, { poly: q }]) =>
          other !== key && [...nests].every((around) => this.symbols.isNonNegative(sub(p, q), [], fixed, around)),
      )
      if (implied) users.delete(key)
    }
    return [...users.values()].map(({ poly }) => poly)
  }

  /** What the loop does not assign. */
  private fixedIn(loop: For): Fixed {
    const known = this.fixed.get(loop)
    if (known) return known
    const assigned = assignedLocals([loop])
    const fixed: Fixed = (local) => !assigned.has(local)
    this.fixed.set(loop, fixed)
    return fixed
  }

  // ───────────────────────── the two copies ─────────────────────────

  private twice(loop: For, chosen: readonly Candidate[], checks: readonly Poly[]): Stmt {
    const [first, ...more] = checks.map((p) => notNegative(p, this.symbols))
    const passed = more.reduce((all, one) => op('and', all, one), first!)
    const free = new Map(chosen.map((c) => [c.stmt, c.index]))
    const fast = mapStmts([loop], {
      stmt: (s) => {
        const index = free.get(s)
        return index ? proven(s, index) : s
      },
    })
    const names = [...new Set(chosen.map((c) => `\`${subjectOf(this.sites, c.access)}\``))].join(', ')
    this.context.note(loop.span, `Indices into ${names} are checked once, before the loop.`)
    return ifStmt(passed, fast, this.copy(loop))
  }

  /** Locals that only the nest uses are new ones in its copy, so that each keeps its one definition. */
  private copy(loop: For): readonly Stmt[] {
    const shared = new Set(exposedReads([loop]))
    for (const l of this.live.get(loop)!) shared.add(l)
    const own = new Map<Local, Local>()
    for (const l of assignedLocals([loop])) {
      if (shared.has(l)) continue
      const made = this.names.local(l.name, l.type)
      own.set(l, made)
      this.locals.push(made)
    }
    return copyStmts(renameStmts([loop], { local: (l) => own.get(l) ?? l }), this.names)
  }
}

const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || s.kind === 'while' || stmtBodies(s).some(hasLoops))

const checkedIn = (stmts: readonly Stmt[]): number =>
  stmts.reduce(
    (sum, s) => sum + (checkedAccess(s) ? 1 : 0) + stmtBodies(s).reduce((n, body) => n + checkedIn(body), 0),
    0,
  )

/** Whether an innermost loop of others has checks left. */
const checksInside = (stmts: readonly Stmt[], depth: number): boolean =>
  stmts.some((s) =>
    s.kind === 'for' && !hasLoops(s.body)
      ? depth > 0 && checkedIn(s.body) > 0
      : stmtBodies(s).some((body) => checksInside(body, s.kind === 'for' ? depth + 1 : depth)),
  )
