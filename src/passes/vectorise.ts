/**
 * Runs iterations of a loop in the lanes of vectors, several at a time, and the few that are left one by one:
 *
 *   for i in lo..hi { r[i] = sqrt(x[i]) }
 * becomes
 *   for i in lo..rest step 4 { r[i..] = sqrt(x[i..]), two lanes, twice }; for i in rest..hi { r[i] = sqrt(x[i]) }
 *
 * Each lane does what its iteration did, in its order, so not a bit changes; sums over the loop stay in order, one lane
 * after the other. Of the loops of a nest the one is taken by which most is gained: an inner one where elements follow
 * each other, an outer one where the inner is a sum.
 */

import { Apart, type Pair } from '../analysis/apart.ts'
import { distances } from '../analysis/distances.ts'
import { Lanes } from '../analysis/lanes.ts'
import { liveAfterEach } from '../analysis/liveness.ts'
import { isRace, RaceAnalysis } from '../analysis/races.ts'
import { isOrderFree } from '../analysis/reductions.ts'
import { Symbols } from '../analysis/symbols.ts'
import { assign, cast, forStmt, ifStmt, Names, num, op, overlap, ref } from '../ir/build.ts'
import type { Expr, Fn, For, If, Local, Module, Reduction, Span, Stmt, VecType } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import { I32, INDEX } from '../ir/types.ts'
import { assignedLocals, flatMapList, mapList, mapStmtBodies, stmtBodies, visitStmts } from '../ir/walk.ts'
import { turnCost } from './cost.ts'
import { sizeOf } from './inline.ts'
import { canFold, folded, startOf } from './lane-folds.ts'
import { Refused } from './lane-values.ts'
import type { PassContext } from './pass.ts'
import { fresh, isZero, type Scope } from './scope.ts'
import { placeOf, placesIn } from './twins.ts'
import { Widener } from './widen.ts'

/** Loops that gain less than this are better left as they are: what they do before and after costs something too. */
const WORTH = 1.2
/** Turns of a loop inside another, and of one by itself, where nobody knows; what vectors cost around their loop. */
const NESTED = 64
const ALONE = 1000
const AROUND = 8
/** An outer loop must gain so much more than an inner one, where elements mostly follow each other. */
const PREFER = 1.25
/** More vectors than one side by side, if that gains. Around sums there is no end to how much may wait for additions. */
const PARTS = [2]
const PARTS_AROUND = [2, 4, 8]
/** Registers for vectors, less a few for what the statements compute on their way. */
const REGISTERS = 14
/** Nests larger than this (statements and expression nodes) are left alone. */
const LARGE = 600

export function vectorise(module: Module, context: PassContext): Module {
  const functions = mapList(module.functions, (fn) => new Vectorising(module, fn, context).run())
  return functions === module.functions ? module : { ...module, functions }
}

/** A loop in lanes, if it can be so. */
interface Plan {
  readonly gain: number
  readonly lanes: number
  readonly locals: readonly Local[]
  readonly write: () => readonly Stmt[]
}

class Vectorising {
  private readonly module: Module
  private readonly fn: Fn
  private readonly context: PassContext
  private readonly names: Names
  private readonly locals: Local[] = []
  private readonly symbols: Symbols
  private readonly races: RaceAnalysis
  private readonly live: Map<Stmt, Set<Local>>
  /** What the choices around have asked. */
  private apart: Apart
  /** Why innermost loops stay scalar, by their place in the source: a loop may have been written twice. */
  private readonly reasons = new Map<string, { span: Span; text: string }>()
  private readonly vectorised = new Set<string>()
  /** Loops of which this is the second copy. */
  private spare: ReadonlySet<string> = new Set()

  constructor(module: Module, fn: Fn, context: PassContext) {
    this.module = module
    this.fn = fn
    this.context = context
    this.names = Names.of(fn)
    this.symbols = new Symbols(fn)
    // What the user promises is of pranges, and those have been judged (annotate.ts): an ordinary loop keeps its order.
    this.races = new RaceAnalysis(module, fn, this.symbols, [])
    this.live = liveAfterEach(fn, (s) => s.kind === 'for')
    this.apart = new Apart(this.symbols)
  }

  run(): Fn {
    const body = this.list(this.fn.body, [])
    for (const [key, { span, text }] of this.reasons) if (!this.vectorised.has(key)) this.context.note(span, text)
    return body === this.fn.body ? this.fn : { ...this.fn, locals: [...this.fn.locals, ...this.locals], body }
  }

  private list(stmts: readonly Stmt[], outer: readonly For[]): readonly Stmt[] {
    let before: Stmt | undefined
    return flatMapList(stmts, (s) => {
      // What other passes have written twice runs quickly in its first place: the rest of a loop has a few turns only,
      // and the second arm of a question is for what the first cannot do.
      const rest =
        s.kind === 'for' && ((before?.kind === 'for' && placeOf(s) === placeOf(before)) || this.spare.has(placeOf(s)))
      before = s
      if (rest) return s
      if (s.kind === 'if') return this.if(s, outer)
      if (s.kind !== 'for') return mapStmtBodies(s, (body) => this.list(body, outer))
      const inside = [...outer, s]
      const plan = this.plan(s, outer)
      if (plan && plan.gain >= WORTH && plan.gain >= PREFER * this.best(s.body, inside)) {
        this.vectorised.add(placeOf(s))
        this.context.note(s.span, `Runs ${plan.lanes} iterations at a time, in the lanes of vectors.`)
        const written = plan.write()
        this.locals.push(...plan.locals)
        return written
      }
      return mapStmtBodies(s, (body) => this.list(body, inside))
    })
  }

  private if(s: If, outer: readonly For[]): Stmt {
    const yes = this.firstArm(s, () => this.list(s.then, outer))
    const known = this.spare
    if (s.else.length > 0) this.spare = new Set([...known, ...placesIn(s.then)])
    const no = this.list(s.else, outer)
    this.spare = known
    return yes === s.then && no === s.else ? s : { ...s, then: yes, else: no }
  }

  /** What a choice asks is known in its first arm. */
  private firstArm<T>(s: If, f: () => T): T {
    const before = this.apart
    this.apart = before.within(s)
    const result = f()
    this.apart = before
    return result
  }

  /** The most that is gained by a loop within the statements. */
  private best(stmts: readonly Stmt[], outer: readonly For[]): number {
    let most = 1
    for (const s of stmts) {
      const inside = s.kind === 'for' ? [...outer, s] : outer
      if (s.kind === 'for') most = Math.max(most, this.plan(s, outer)?.gain ?? 1)
      const gains =
        s.kind === 'if'
          ? [this.firstArm(s, () => this.best(s.then, outer)), this.best(s.else, outer)]
          : stmtBodies(s).map((body) => this.best(body, inside))
      most = Math.max(most, ...gains)
    }
    return most
  }

  private readonly plans = new Map<For, Plan | undefined>()

  private plan(loop: For, outer: readonly For[]): Plan | undefined {
    if (!this.plans.has(loop)) {
      let made: Plan | undefined
      try {
        made = this.make(loop, outer)
        if (made && made.gain < WORTH) this.explain(loop, 'vectors would gain too little here')
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        this.explain(loop, error.message)
      }
      this.plans.set(loop, made)
    }
    return this.plans.get(loop)
  }

  private explain(loop: For, reason: string): void {
    const key = placeOf(loop)
    if (hasFors(loop.body) || this.reasons.has(key)) return
    this.reasons.set(key, { span: loop.span, text: `Not in vectors: ${reason}.` })
  }

  // ──────────────────────────── whether ────────────────────────────

  private make(loop: For, outer: readonly For[]): Plan | undefined {
    if (loop.variable.type !== INDEX || (loop.forKind !== 'serial' && loop.forKind !== 'parallel')) return undefined
    if (sizeOf(loop.body) > LARGE) throw new Refused('its body is too large')
    if (loop.step !== 1) throw new Refused('it does not count up by 1')
    // Trees are of lanes already, and so written where they are.
    if (loop.reductions.length > 0) return undefined
    const checked = uncheckable(loop.body)
    if (checked !== undefined) {
      const name = this.subject(checked)
      throw new Refused(`whether the index into \`${name}\` is within the array is known only inside the loop`)
    }
    const { reductions, overlaps } = this.independence(loop, outer)
    const ordered = reductions.filter((r) => r.order === 'tree')
    const free = reductions.filter((r) => r.order === 'ordered')
    if (foldsInside(loop.body, new Set(ordered.map((r) => r.local)))) {
      throw new Refused('a loop inside it adds to the same sum')
    }
    if (ordered.some((r) => assignmentsTo(r.local, loop.body) > 1)) {
      throw new Refused('it adds to the same sum in several places')
    }
    const lanes = new Lanes(
      loop,
      this.symbols,
      free.map((r) => r.local),
    )
    const count = lanes.perRegister()
    if (!free.every(canFold)) throw new Refused('bits are folded in it')
    const scalar = turnCost(loop.body)
    const attempt = (parts: number) => {
      const scope: Scope = { names: this.names, locals: [], sites: [] }
      const subject = (site: number) => this.subject(site)
      const widener = new Widener({ scope, lanes, count, parts, ordered, safe: this.context.boundscheck, subject })
      const body = widener.body()
      const gain = this.gain(scalar, turnCost(body), count * parts, outer.length > 0)
      return { scope, widener, body, gain, stride: count * parts }
    }
    let best = attempt(1)
    const vectors = vectorsIn(best.scope)
    // Chains of sums wait less with each vector more, until that gains nothing; what is left over grows all the while.
    for (const parts of hasLoops(loop.body) ? PARTS_AROUND : PARTS) {
      if (hasLoops(loop.body) && parts * vectors > REGISTERS) break
      const next = attempt(parts)
      if (next.gain <= best.gain) break
      best = next
    }
    const { scope, widener, body, gain, stride } = best
    const folds = free.map((reduction) => ({ reduction, vectors: widener.vectorsOf(reduction.local) }))
    const write = () => this.written(loop, stride, body, folds, overlaps, scope)
    return { gain, lanes: stride, locals: scope.locals, write }
  }

  /** What is left over, and what is done before the loop, weighs where a loop runs again and again. */
  private gain(scalar: number, vector: number, stride: number, nested: boolean): number {
    const turns = nested ? NESTED : ALONE
    return (turns * scalar) / ((turns / stride) * vector + AROUND + ((stride - 1) / 2) * scalar)
  }

  private subject(site: number): string {
    return this.module.sites[site]?.subject ?? 'an array'
  }

  private independence(
    loop: For,
    outer: readonly For[],
  ): { reductions: Reduction[]; overlaps: readonly (readonly [Local, Local])[] } {
    // A prange was found independent before, or it would not be parallel; where arrays overlap it runs in order.
    const live = this.live.get(loop) ?? new Set()
    const locals = this.races.locals(loop, live)
    if (isRace(locals)) {
      throw new Refused(`\`${locals.local}\` hands a value from one iteration to the next`)
    }
    const reductions = locals.reductions.map(
      (found): Reduction => ({ local: found.local, op: found.op, order: isOrderFree(found) ? 'ordered' : 'tree' }),
    )
    if (loop.forKind === 'parallel') return { reductions, overlaps: [] }
    const found = this.races.check(loop, outer, live)
    if (!isRace(found)) return { reductions, overlaps: this.unasked(found.overlaps) }
    if (hasLoops(loop.body)) throw new Refused(found.reason)
    const near = distances(loop, outer, this.symbols, this.races, 4 * Math.max(...PARTS))
    if ('overlaps' in near) return { reductions, overlaps: this.unasked(near.overlaps) }
    const name = this.subject(near.site)
    throw new Refused(
      near.carries === 'value'
        ? `an iteration needs the element of \`${name}\` that one shortly before it writes`
        : `whether iterations meet in the elements of \`${name}\` cannot be told`,
    )
  }

  private unasked(pairs: readonly Pair[]): readonly Pair[] {
    return pairs.filter(([a, b]) => !this.apart.areApart(a, b))
  }

  // ──────────────────────────── writing ────────────────────────────

  private written(
    loop: For,
    stride: number,
    lanes: readonly Stmt[],
    folds: readonly { reduction: Reduction; vectors: readonly Local[] }[],
    overlaps: readonly (readonly [Local, Local])[],
    scope: Scope,
  ): readonly Stmt[] {
    const out: Stmt[] = []
    const lo = this.keep(loop.lo, 'lo', scope, out)
    const hi = this.keep(loop.hi, 'hi', scope, out)
    const rest = fresh(scope, 'rest', INDEX)
    const span = op('max', isZero(lo) ? hi : op('sub', hi, lo), num(INDEX, 0))
    const even = cast(INDEX, op('and', cast(I32, span), num(I32, -stride)))
    out.push(assign(rest, isZero(lo) ? even : op('add', lo, even)))

    // The scalar loop keeps its locals, so that each has one definition in each.
    const kept = new Set(folds.map((f) => f.reduction.local))
    const own = new Map<Local, Local>()
    const sums = this.sumsOf(loop)
    for (const l of [...assignedLocals(loop.body), loop.variable]) {
      if (!kept.has(l) && !sums.has(l) && !own.has(l)) own.set(l, fresh(scope, `${l.name}.first`, l.type))
    }
    const body = copyStmts(renameStmts(lanes, { local: (l) => own.get(l) ?? l }), this.names)
    const { serialIf, ...plain } = loop
    const main = forStmt(
      this.names.label(`${loop.label.name}.lanes`),
      own.get(loop.variable)!,
      lo,
      ref(rest),
      body,
      loop.span,
      {
        forKind: loop.forKind,
        step: stride,
      },
    )
    const serial: For = { ...plain, forKind: 'serial' }
    const [remainder] = copyStmts([serial], this.names) as [For]
    const starts = folds.flatMap(({ reduction, vectors }) =>
      vectors.map((v) => assign(v, startOf(reduction, v.type as VecType))),
    )
    const ends = folds.flatMap(({ reduction, vectors }) =>
      vectors.map((v) => assign(reduction.local, folded(reduction, v))),
    )
    const both: Stmt[] = [...starts, main, ...ends, { ...remainder, lo: ref(rest), hi }]
    const guards = overlaps.map(([a, b]): Expr => overlap(a, b))
    if (serialIf) guards.push(serialIf)
    if (guards.length === 0) return [...out, ...both]
    const guard = guards.reduce((a, b) => op('or', a, b))
    return [...out, ifStmt(op('not', guard), both, [{ ...serial, lo, hi }])]
  }

  /** Sums that stay in order are the same local in both loops. */
  private sumsOf(loop: For): Set<Local> {
    const locals = this.races.locals(loop, this.live.get(loop) ?? new Set())
    return new Set(isRace(locals) ? [] : locals.reductions.map((r) => r.local))
  }

  private keep(e: Expr, name: string, scope: Scope, out: Stmt[]): Expr {
    if (e.kind === 'const' || (e.kind === 'local' && this.symbols.isStable(e.local))) return e
    const local = fresh(scope, name, e.type)
    out.push(assign(local, e))
    return ref(local)
  }
}

const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || s.kind === 'while' || stmtBodies(s).some(hasLoops))

const hasFors = (stmts: readonly Stmt[]): boolean => stmts.some((s) => s.kind === 'for' || stmtBodies(s).some(hasFors))

const vectorsIn = ({ locals }: Scope): number => locals.filter((l) => l.type.kind === 'vec').length

/** Whether a loop in the statements assigns one of the sums. */
const foldsInside = (stmts: readonly Stmt[], sums: ReadonlySet<Local>): boolean =>
  stmts.some((s) =>
    s.kind === 'for' || s.kind === 'while'
      ? [...assignedLocals(s.body)].some((l) => sums.has(l))
      : stmtBodies(s).some((body) => foldsInside(body, sums)),
  )

/** Lanes take one assignment after the other: with two, all lanes of the first would come before the second. */
function assignmentsTo(local: Local, stmts: readonly Stmt[]): number {
  let count = 0
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'assign' && s.local === local) count++
    },
  })
  return count
}

/** The site of an access that is checked inside the loop. */
function uncheckable(stmts: readonly Stmt[]): number | undefined {
  let found: number | undefined
  visitStmts(stmts, {
    stmt: (s) => {
      if ((s.kind === 'store' || s.kind === 'do') && s.bounds === 'checked') found ??= s.site
    },
    expr: (e) => {
      if (e.kind === 'load' && e.bounds === 'checked') found ??= e.site
    },
  })
  return found
}
