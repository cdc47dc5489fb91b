/**
 * Writes loops for several rows at a time (rows.ts): groups of rows first, what is left of them after.
 *
 *   for i in lo..hi { t = 0; for j { t += sqrt(x[j]) }; r[i] = t }
 * becomes, for two rows,
 *   for group in 0..groups { first = lo + group · 2; t0 = 0; t1 = 0; for j { t0 += sqrt(x[j]); t1 += sqrt(x[j]) }
 *                            r[first] = t0; r[first + 1] = t1 }
 *   for i in rest..hi { … }
 */

import type { Symbols } from '../analysis/symbols.ts'
import { assign, forStmt, ifStmt, num, op, ref } from '../ir/build.ts'
import type { Expr, For, Local, Stmt } from '../ir/ir.ts'
import { I32, INDEX } from '../ir/types.ts'
import { assignedLocals, mapExpr } from '../ir/walk.ts'
import { outside } from './outside.ts'
import { type Cut, type Layout, layoutOf, type Rest, viewOf } from './rows.ts'
import { fresh, isZero, type Scope } from './scope.ts'

/** How many iterations of which loops run side by side; powers of two. */
export type Plan = ReadonlyMap<For, number>

/** What the locals of the source are in one row. */
interface Row {
  readonly values: ReadonlyMap<Local, Expr>
  /** Which row of its group it is, for each loop. */
  readonly places: ReadonlyMap<For, number>
}

export class RowsWriter {
  private readonly scope: Scope
  private readonly symbols: Symbols
  private readonly homes: ReadonlyMap<Local, For | undefined>
  private readonly plan: Plan
  /** Where the turns that all rows share are cut, for the rows that are being written. */
  private readonly edges = new Map<For, Local>()

  /** `homes`: of the symbols' function (homes.ts). */
  constructor(scope: Scope, symbols: Symbols, homes: ReadonlyMap<Local, For | undefined>, plan: Plan) {
    this.scope = scope
    this.symbols = symbols
    this.homes = homes
    this.plan = plan
  }

  /** The statements that stand for the loop, the first of the plan. */
  write(loop: For): Stmt[] {
    const row: Row = { values: new Map(), places: new Map() }
    return this.groups(loop, loop.lo, loop.hi, [row], [])
  }

  /** `around`: loops around this one of which rows are side by side already. */
  private groups(loop: For, from: Expr, to: Expr, rows: readonly Row[], around: readonly For[]): Stmt[] {
    const { scope } = this
    const count = this.plan.get(loop)!
    const out: Stmt[] = []
    const lo = this.keep(from, 'lo', out)
    const hi = this.keep(to, 'hi', out)
    const groups = fresh(scope, 'groups', INDEX)
    const rest = fresh(scope, 'rest', INDEX)
    const shift = Math.log2(count)
    const bits = (e: Expr): Expr => ({ kind: 'cast', type: I32, value: e })
    const whole = (e: Expr): Expr => ({ kind: 'cast', type: INDEX, value: e })
    const after = (e: Expr): Expr => (isZero(lo) ? e : op('add', lo, e))
    const span = op('max', isZero(lo) ? hi : op('sub', hi, lo), num(INDEX, 0))
    out.push(
      assign(groups, whole(op('shr_s', bits(span), num(I32, shift)))),
      assign(rest, after(whole(op('shl', bits(ref(groups)), num(I32, shift))))),
    )
    const group = fresh(scope, 'group', INDEX)
    const first = fresh(scope, 'first', INDEX)
    const side = Array.from({ length: count }, (_, k) => k).flatMap((k) =>
      rows.map((row) => {
        const variable = k === 0 ? ref(first) : op('add', ref(first), num(INDEX, k))
        return this.inside(row, loop, variable, k)
      }),
    )
    const all = [...around, loop]
    const body = [assign(first, after(op('mul', ref(group), num(INDEX, count)))), ...this.body(loop, side, all)]
    const { serialIf } = loop
    out.push(
      forStmt(this.label(loop, '.rows'), group, num(INDEX, 0), ref(groups), body, loop.span, {
        forKind: loop.forKind,
        ...(serialIf ? { serialIf } : {}),
      }),
      this.shared(loop, rows, around, ref(rest), hi),
    )
    return out
  }

  /** The loop turn by turn for all rows. */
  private shared(loop: For, rows: readonly Row[], around: readonly For[], lo: Expr, hi: Expr): For {
    const variable = fresh(this.scope, loop.variable.name, loop.variable.type)
    const inside = rows.map((row) => this.inside(row, loop, ref(variable)))
    const { serialIf: _, ...plain } = loop
    return {
      ...plain,
      forKind: 'serial',
      variable,
      lo,
      hi,
      label: this.label(loop),
      body: this.body(loop, inside, around),
    }
  }

  private body(loop: For, rows: readonly Row[], around: readonly For[]): Stmt[] {
    if (around.length === 0) return loop.body.flatMap((s) => this.copy(s, rows[0]!))
    const layout = layoutOf(loop.body, viewOf(this.symbols, around))
    if (!layout) throw new Error(`rows of ${loop.label.name} go different ways`)
    return this.list(layout, rows, around)
  }

  private list(layout: Layout, rows: readonly Row[], around: readonly For[]): Stmt[] {
    const out: Stmt[] = []
    for (const item of layout) {
      if (item.kind === 'rows') {
        for (const part of item.list) {
          if (part.kind === 'rest' && part.cut.which === 'before') this.edge(part.loop, part.cut, rows, out)
        }
        for (const row of rows) {
          for (const part of item.list)
            out.push(...(part.kind === 'rest' ? this.rest(part, row) : this.copy(part, row)))
        }
      } else if (item.kind === 'choice') {
        const then = this.list(item.then, rows, around)
        out.push(ifStmt(this.of(item.stmt.cond, rows[0]!), then, this.list(item.else, rows, around)))
      } else {
        const { loop, cut } = item
        const edge = cut && ref(cut.which === 'after' ? this.edge(loop, cut, rows, out) : this.edges.get(loop)!)
        const lo = edge && cut.which === 'before' ? edge : this.of(loop.lo, rows[0]!)
        const hi = edge && cut.which === 'after' ? edge : this.of(loop.hi, rows[0]!)
        if (this.plan.has(loop)) {
          out.push(...this.groups(loop, lo, hi, rows, around))
          continue
        }
        const variable = fresh(this.scope, loop.variable.name, loop.variable.type)
        const inside = rows.map((row) => this.inside(row, loop, ref(variable)))
        const body = this.list(item.body, inside, around)
        out.push({ ...loop, variable, lo, hi, label: this.label(loop), body })
      }
    }
    return out
  }

  /** The first row's end, or the last row's beginning. */
  private edge(loop: For, { which, rows: moving }: Cut, rows: readonly Row[], out: Stmt[]): Local {
    const place = (row: Row) => row.places.get(moving)!
    const end = rows.find((row) => place(row) === (which === 'after' ? 0 : this.plan.get(moving)! - 1))!
    const local = fresh(this.scope, 'edge', loop.variable.type)
    // Where rows begin is needed before the first of them does anything.
    const bound = outside(which === 'after' ? loop.hi : loop.lo, this.symbols, assignedLocals(moving.body))
    out.push(assign(local, this.of(bound, end)))
    this.edges.set(loop, local)
    return local
  }

  /** What a row has of a loop besides the turns that all rows share. */
  private rest({ loop, cut }: Rest, row: Row): Stmt[] {
    const edge = ref(this.edges.get(loop)!)
    const place = row.places.get(cut.rows)!
    const isEnd = place === (cut.which === 'after' ? 0 : this.plan.get(cut.rows)! - 1)
    if (isEnd) return []
    const own = this.of(cut.which === 'after' ? loop.hi : loop.lo, row)
    const other = this.of(cut.which === 'after' ? loop.lo : loop.hi, row)
    return cut.which === 'after'
      ? [this.turns(loop, row, op('max', edge, other), own)]
      : [this.turns(loop, row, own, op('min', edge, other))]
  }

  /** A loop of one row alone. */
  private turns(loop: For, row: Row, lo: Expr, hi: Expr): For {
    const variable = fresh(this.scope, loop.variable.name, loop.variable.type)
    const inside = this.inside(row, loop, ref(variable))
    return { ...loop, variable, lo, hi, label: this.label(loop), body: loop.body.flatMap((s) => this.copy(s, inside)) }
  }

  private copy(s: Stmt, row: Row): Stmt[] {
    switch (s.kind) {
      case 'assign':
        return [assign(this.local(s.local, row), this.of(s.value, row))]
      case 'store':
        return [{ ...s, index: this.of(s.index, row), value: this.of(s.value, row) }]
      case 'if': {
        const then = s.then.flatMap((inner) => this.copy(inner, row))
        return [
          ifStmt(
            this.of(s.cond, row),
            then,
            s.else.flatMap((inner) => this.copy(inner, row)),
          ),
        ]
      }
      case 'for':
        return [this.turns(s, row, this.of(s.lo, row), this.of(s.hi, row))]
      default:
        throw new Error(`a ${s.kind} cannot run side by side`)
    }
  }

  // ───────────────────────────── locals ─────────────────────────────

  /** The row inside a loop: what only the loop's body uses is new there, so that it keeps its one definition. */
  private inside(row: Row, loop: For, variable: Expr, place?: number): Row {
    const values = new Map(row.values).set(loop.variable, variable)
    for (const l of assignedLocals(loop.body)) {
      const mine = place === undefined ? this.homes.get(l) === loop : !this.isDeeper(l, loop)
      if (mine && !this.symbols.isVariable(l)) values.set(l, ref(fresh(this.scope, l.name, l.type)))
    }
    return { values, places: place === undefined ? row.places : new Map(row.places).set(loop, place) }
  }

  /** Whether a local belongs to a loop inside this one. */
  private isDeeper(l: Local, loop: For): boolean {
    const home = this.homes.get(l)
    return home !== undefined && home !== loop && assignedLocals(loop.body).has(home.variable)
  }

  private local(l: Local, row: Row): Local {
    const value = row.values.get(l)
    return value?.kind === 'local' ? value.local : l
  }

  private of(e: Expr, row: Row): Expr {
    return mapExpr(e, (node) => (node.kind === 'local' ? (row.values.get(node.local) ?? node) : node))
  }

  /** The bound as it is now; one that never changes needs no local for it. */
  private keep(e: Expr, name: string, out: Stmt[]): Expr {
    if (e.kind === 'const' || (e.kind === 'local' && this.symbols.isStable(e.local))) return e
    const local = fresh(this.scope, name, e.type)
    out.push(assign(local, e))
    return ref(local)
  }

  private label(loop: For, more = ''): For['label'] {
    return this.scope.names.label(`${loop.label.name}${more}`)
  }
}
