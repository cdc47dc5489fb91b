/**
 * Writes loops of few turns out, turn after turn, the variable a constant in each, so that what depends on it is decided
 * here and the loop around may run in lanes:
 *
 *   for d in -1..2 { if d != 0 { n = n + a[i + d] } }
 * becomes
 *   n = n + a[i - 1]; n = n + a[i + 1]
 *
 * Turns come in their order, so sums do too. Only loops that stand in others: elsewhere there is nothing to gain.
 */

import { Names, num } from '../ir/build.ts'
import { folded } from '../ir/fold.ts'
import type { Expr, Fn, For, Label, Local, Module, ScalarType, Span, Stmt } from '../ir/ir.ts'
import { copyStmts, renameStmts } from '../ir/rename.ts'
import {
  assignedLocals,
  exprLocals,
  flatMapList,
  mapExpr,
  mapList,
  mapStmtBodies,
  mapStmtExprs,
  someExpr,
  stmtBodies,
  usedLocals,
  visitStmts,
} from '../ir/walk.ts'
import { homesOf } from './homes.ts'
import { sizeOf } from './inline.ts'
import { dropUnusedLocals } from './outline.ts'
import type { PassContext } from './pass.ts'
import { replaceContinues } from './returns.ts'
import { hasLoops } from './rows.ts'
import { fresh, type Scope } from './scope.ts'

/** More turns than this stay a loop; so many in all, where such loops stand in one another. */
const TURNS = 16
/** Loops of more turns that look into arrays one element after the other run as well in lanes as they are. */
const FEW = 4
const FEW_IN_ALL = 9
const IN_ALL = 32
/** What is written for one nest, and what a function may become (statements and expression nodes). */
const WRITTEN = 800
const LIMIT = 4000

export function unroll(module: Module, context: PassContext): Module {
  const functions = mapList(module.functions, (fn) => (hasLoops(fn.body) ? new Unrolling(fn, context).run() : fn))
  return functions === module.functions ? module : { ...module, functions }
}

/** What the writing of one nest has come to. */
class Work {
  readonly written = new Map<string, { span: Span; turns: number }>()
  /** Some turns do what others do not. */
  decides = false
  private room: number
  private innermost = 0

  constructor(room: number) {
    this.room = room
  }

  /** Whether there is room for a turn without loops in it. */
  take(stmts: readonly Stmt[]): boolean {
    this.room -= sizeOf(stmts)
    this.innermost++
    return this.room >= 0 && this.innermost <= IN_ALL
  }

  turn({ span }: For): void {
    const key = `${span.source}:${span.start}:${span.end}`
    const known = this.written.get(key)
    if (known) known.turns++
    else this.written.set(key, { span, turns: 1 })
  }
}

interface Turn {
  readonly stmts: readonly Stmt[]
  /** The loop ends with it. */
  readonly leaves: boolean
}

class Unrolling {
  private readonly fn: Fn
  private readonly context: PassContext
  private readonly scope: Scope
  /** The variable of the loop that each local belongs to. */
  private readonly homes = new Map<Local, Local>()
  private size: number

  constructor(fn: Fn, context: PassContext) {
    this.fn = fn
    this.context = context
    this.scope = { names: Names.of(fn), locals: [], sites: [] }
    this.size = sizeOf(fn.body)
  }

  run(): Fn {
    for (const [local, loop] of homesOf(this.fn)) if (loop) this.homes.set(local, loop.variable)
    const body = this.list(this.fn.body, false)
    if (body === this.fn.body) return this.fn
    return dropUnusedLocals({ ...this.fn, locals: [...this.fn.locals, ...this.scope.locals], body })
  }

  private list(stmts: readonly Stmt[], inLoop: boolean): readonly Stmt[] {
    return flatMapList(stmts, (s) => {
      const written = inLoop && s.kind === 'for' ? this.nest(s) : undefined
      return written ?? mapStmtBodies(s, (body) => this.list(body, inLoop || s.kind === 'for' || s.kind === 'while'))
    })
  }

  private nest(loop: For): readonly Stmt[] | undefined {
    const work = new Work(Math.min(WRITTEN, LIMIT - this.size))
    const written = this.loop(loop, work)
    if (!written || !(work.decides || isShort(loop))) return undefined
    this.size += sizeOf(written) - sizeOf([loop])
    for (const { span, turns } of work.written.values()) {
      this.context.note(span, turns === 1 ? 'Written out: it turns once.' : `Written out ${turns} times, turn by turn.`)
    }
    return written
  }

  /** All turns of the loop; undefined where it has to stay one. */
  private loop(loop: For, work: Work): readonly Stmt[] | undefined {
    const values = turnsOf(loop)
    if (!values || loop.body.some(stays)) return undefined
    const out: Stmt[] = []
    for (const value of values) {
      const turn = this.turn(loop, value, work)
      if (!turn) return undefined
      out.push(...turn.stmts)
      work.turn(loop)
      if (turn.leaves) break
    }
    return out
  }

  private turn(loop: For, value: number, work: Work): Turn | undefined {
    const constant = num(loop.variable.type as ScalarType, value)
    const own = this.own(loop)
    const put = (e: Expr): Expr => {
      const after = folded(e.kind === 'local' && e.local === loop.variable ? constant : e)
      work.decides ||= after !== e && (e.kind === 'select' || e.kind === 'cond')
      return after
    }
    const body = decided(loop.body, put, work)
    const copy = copyStmts(renameStmts(body, { local: (l) => own.get(l) ?? l }), this.scope.names)
    const nested = hasLoops(copy)
    const stmts = nested ? this.inner(copy, work) : copy
    if (!stmts || !(nested || work.take(stmts))) return undefined
    const last = stmts.at(-1)
    const jump = (last?.kind === 'break' || last?.kind === 'continue') && last.label === loop.label ? last : undefined
    const kept = jump ? stmts.slice(0, -1) : stmts
    if (breaks(kept, loop.label)) return undefined
    const end = () => this.scope.names.label(loop.label.name)
    return { stmts: replaceContinues(kept, loop.label, end), leaves: jump?.kind === 'break' }
  }

  /** The statements with the loops in them written out; undefined where one has to stay. */
  private inner(stmts: readonly Stmt[], work: Work): readonly Stmt[] | undefined {
    let all = true
    const list = (within: readonly Stmt[]): readonly Stmt[] =>
      flatMapList(within, (s) => {
        if (!all) return s
        if (s.kind !== 'for') return mapStmtBodies(s, list)
        const written = this.loop(s, work)
        all &&= written !== undefined
        return written ?? s
      })
    const out = list(stmts)
    return all ? out : undefined
  }

  /** New locals for those that each turn has to itself. */
  private own(loop: For): Map<Local, Local> {
    const own = new Map<Local, Local>()
    for (const l of usedLocals(loop.body)) {
      if (l !== loop.variable && this.homes.get(l) === loop.variable) own.set(l, fresh(this.scope, l.name, l.type))
    }
    return own
  }
}

/** The values of a loop's variable, where they are few and known. */
function turnsOf({ forKind, lo, hi, step }: For): readonly number[] | undefined {
  if (forKind !== 'serial' || lo.kind !== 'const' || hi.kind !== 'const') return undefined
  const [first, end] = [Number(lo.value), Number(hi.value)]
  const turns = Math.max(0, Math.ceil((end - first) / step))
  return turns <= TURNS ? Array.from({ length: turns }, (_, k) => first + k * step) : undefined
}

/** Whether loops that go through arrays have few turns, and few in all where they stand in one another (triangles half). */
function isShort(loop: For): boolean {
  const turnsIn = (stmts: readonly Stmt[]): number =>
    stmts.reduce((most, s) => {
      const inside = Math.max(1, ...stmtBodies(s).map(turnsIn))
      if (s.kind !== 'for' || !goesThroughArrays(s)) return Math.max(most, inside)
      const turns = turnsOf(s)?.length ?? FEW / 2
      return Math.max(most, turns > FEW ? Infinity : turns * inside)
    }, 1)
  return turnsIn([loop]) <= FEW_IN_ALL
}

/** Whether turns look at different elements, or may. */
function goesThroughArrays(loop: For): boolean {
  const moving = assignedLocals([loop])
  const moves = (index: Expr) => someExpr(index, (e) => exprLocals(e).some((l) => moving.has(l)))
  let found = false
  visitStmts(loop.body, {
    stmt: (s) => {
      if (s.kind === 'store' || s.kind === 'do') found ||= moves(s.index)
    },
    expr: (e) => {
      if (e.kind === 'load') found ||= moves(e.index)
    },
  })
  return found
}

/** What keeps the loop around it one: turns that nobody has counted, and what is done seldom. */
function stays(s: Stmt): boolean {
  if (s.kind === 'while' || s.kind === 'alloc' || s.kind === 'launch' || s.kind === 'barrier') return true
  if (s.kind === 'for' && s.forKind !== 'serial') return true
  return stmtBodies(s).some((body) => body.some(stays))
}

/** The statements once `expr` has rewritten the nodes in them: without what is never reached. */
function decided(stmts: readonly Stmt[], expr: (e: Expr) => Expr, work: Work): readonly Stmt[] {
  const out: Stmt[] = []
  for (const before of stmts) {
    const s = mapStmtExprs(before, (e) => mapExpr(e, expr))
    if (s.kind === 'if' && s.cond.kind === 'const') {
      work.decides = true
      out.push(...decided(s.cond.value ? s.then : s.else, expr, work))
    } else if (s.kind !== 'for' || turnsOf(s)?.length !== 0) {
      out.push(mapStmtBodies(s, (body) => decided(body, expr, work)))
    }
    const last = out.at(-1)?.kind
    if (last === 'break' || last === 'continue' || last === 'return' || last === 'fail') break
  }
  return out
}

const breaks = (stmts: readonly Stmt[], label: Label): boolean =>
  stmts.some((s) => (s.kind === 'break' && s.label === label) || stmtBodies(s).some((body) => breaks(body, label)))
