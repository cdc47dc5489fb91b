/**
 * Writes the body of a loop for several iterations at once, a lane each. What all lanes have in common stays scalar;
 * integers that grow evenly from lane to lane stay those of the first lane; everything else becomes vectors. Choices
 * become masks: each lane computes both arms and keeps its own, but where no lane takes an arm that costs something, it
 * is left out.
 */

import { carried } from '../analysis/lanes.ts'
import { exposedReads } from '../analysis/liveness.ts'
import {
  assign,
  breakTo,
  extract,
  FALSE,
  ifStmt,
  load,
  num,
  op,
  reduce,
  ref,
  select,
  splat,
  TRUE,
} from '../ir/build.ts'
import type {
  ArrayType,
  Expr,
  For,
  Label,
  Local,
  MaskType,
  Reduction,
  Stmt,
  Store,
  Type,
  VecType,
  While,
} from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { isInteger, scalar, vecBytes } from '../ir/types.ts'
import { exprReads, someExpr, stmtBodies, stmtExprs, visitStmts } from '../ir/walk.ts'
import { choose, LaneValues, Refused, type Wide, type WidenInput } from './lane-values.ts'

/** The lanes that have not left a loop or block, and those that go on with this turn of it. */
interface Jumps {
  readonly on: Wide
  readonly turn: Wide | undefined
}

export class Widener {
  private readonly input: WidenInput
  private readonly values: LaneValues
  private readonly jumps = new Map<Label, Jumps>()
  /** Labels with masks, from the outermost in. */
  private readonly open: Label[] = []
  /** How often each local is read in the loop. */
  private readonly reads: ReadonlyMap<Local, number>

  constructor(input: WidenInput) {
    this.input = input
    this.values = new LaneValues(input)
    this.reads = countReads(input.lanes.loop.body)
  }

  /** The vectors that a local is in lanes. */
  vectorsOf(local: Local): Wide {
    return this.values.vectorsOf(local)
  }

  body(): Stmt[] {
    const { loop } = this.input.lanes
    const start: Stmt[] = []
    const continues = someStmt(loop.body, (s) => s.kind === 'continue' && s.label === loop.label)
    if (continues) {
      const on = this.values.newMask('on')
      this.jumps.set(loop.label, { on, turn: undefined })
      this.open.push(loop.label)
      start.push(...this.values.set(on, () => this.values.all()))
    }
    const body = this.list(loop.body, undefined, loop.body)
    return [...this.emptied(body), ...start, ...body]
  }

  /** Lanes that are off keep what a vector held before: nothing from an earlier turn, lest it seem handed on. */
  private emptied(body: readonly Stmt[]): Stmt[] {
    const exposed = exposedReads(body)
    const handedOn = carried(this.input.lanes.loop)
    return [...this.values.vectors]
      .filter(([local]) => !handedOn.has(local))
      .flatMap(([, vectors]) => vectors.filter((v) => exposed.has(v)).map((v) => assign(v, zero(v.type))))
  }

  // ─────────────────────────── statements ───────────────────────────

  /**
   * `active`: the lanes that take part; undefined where all do. `region`: what runs under that mask: locals that only
   * it reads may become anything in the other lanes.
   */
  private list(stmts: readonly Stmt[], active: Wide | undefined, region: readonly Stmt[]): Stmt[] {
    const out: Stmt[] = []
    let now = active
    for (const s of stmts) {
      if (now && !this.input.safe) this.refuseLoads(s)
      out.push(...this.stmt(s, now, region))
      const left = this.jumpsOf(s)
      if (left.length === 0) continue
      if (!now && left.length === 1) {
        now = left[0]!
        continue
      }
      const next = this.values.newMask('rest')
      const before = now ? [now] : []
      out.push(
        ...this.values.set(next, (p) =>
          [...before, ...left].map((m): Expr => ref(m[p]!)).reduce((a, b) => op('and', a, b)),
        ),
      )
      now = next
    }
    return out
  }

  /** Where nobody has checked indices, lanes that are off must not look where only the others may. */
  private refuseLoads(s: Stmt): void {
    for (const e of stmtExprs(s)) {
      if (someExpr(e, (node) => node.kind === 'load')) {
        throw new Refused('its indices are not checked, and not all iterations look there')
      }
    }
  }

  /** Masks of those that did not jump away in a statement, to labels around it. */
  private jumpsOf(s: Stmt): Wide[] {
    const found = new Set<Wide>()
    for (const label of outwardJumps([s])) {
      const known = this.jumps.get(label)
      if (known) found.add(known.turn ?? known.on)
    }
    return [...found]
  }

  private stmt(s: Stmt, active: Wide | undefined, region: readonly Stmt[]): Stmt[] {
    switch (s.kind) {
      case 'assign':
        return this.assign(s.local, s.value, active, region)
      case 'store':
        return this.store(s, active)
      case 'if':
        return this.if(s, active)
      case 'for':
        return this.for(s, active)
      case 'while':
        return this.while(s, active)
      case 'block':
        return this.block(s, active, region)
      case 'break':
      case 'continue':
        return this.jump(s.kind, s.label, active)
      case 'call':
        throw new Refused(`it calls \`${s.fn}\`, which is not written out here`)
      case 'alloc':
        throw new Refused('it makes an array')
      case 'do':
        throw new Refused('it has an atomic operation')
      case 'return':
        throw new Refused('it returns from inside the loop')
      case 'fail':
        throw new Refused('it may fail inside the loop')
      case 'launch':
      case 'barrier':
        throw new Refused('a loop inside it runs on all threads')
      default:
        return s satisfies never
    }
  }

  private assign(local: Local, value: Expr, active: Wide | undefined, region: readonly Stmt[]): Stmt[] {
    const { lanes, ordered } = this.input
    if (local.type.kind === 'array') throw new Refused('an array variable changes in the loop')
    const sum = ordered.find((r) => r.local === local)
    if (sum) return this.fold(sum, value, active)
    // What the first lane computes of an even integer all others follow, whether they take part or not.
    if (!lanes.varying.has(local) || lanes.isEven(local)) {
      this.values.check(value)
      return [assign(local, value)]
    }
    const into = this.values.vectorsOf(local)
    const keeps = active && !this.isTemporary(local, region)
    // A count goes up by 1 in lanes that take part, and by 0 in the others.
    if (keeps && isCount(local, value)) {
      return this.values.set(into, (p) =>
        op('add', ref(into[p]!), { kind: 'cast', type: into[p]!.type, value: ref(active[p]!) }),
      )
    }
    return this.values.set(into, (p) => {
      const made = this.values.value(value, p)
      return keeps ? choose(ref(active[p]!), made, ref(into[p]!)) : made
    })
  }

  /** Lanes that are off may leave anything in it: nobody reads it but what follows it under the same mask. */
  private isTemporary(local: Local, region: readonly Stmt[]): boolean {
    if (countReads(region).get(local) !== this.reads.get(local)) return false
    // A loop as its own region: lanes leave it for good.
    return region[0]?.kind === 'while' && region.length === 1 ? true : !exposedReads(region).has(local)
  }

  /** What is folded into an ordered sum, lane after lane. */
  private fold({ local }: Reduction, value: Expr, active: Wide | undefined): Stmt[] {
    const { count } = this.input
    if (value.kind !== 'op') throw new Error(`${local.name} is folded by no operation`)
    const isSum = (e: Expr) => e.kind === 'local' && e.local === local
    const part = value.args.find((arg) => !isSum(arg))!
    const held = this.values.wide(`${local.name}.part`, this.values.shape(part.type))
    const steps = held.flatMap((vector, p) =>
      Array.from({ length: count }, (_, lane) => {
        const one = extract(ref(vector), lane)
        const step = assign(local, { ...value, args: value.args.map((arg) => (isSum(arg) ? arg : one)) })
        return active ? ifStmt(extract(ref(active[p]!), lane), [step]) : step
      }),
    )
    return [...this.values.set(held, (p) => this.values.value(part, p)), ...steps]
  }

  private store(s: Store, active: Wide | undefined): Stmt[] {
    const { array, site } = s
    const name = this.input.subject(site)
    if (s.bounds === 'checked') throw new Refused(this.values.unproven(s.site))
    return Array.from({ length: this.input.parts }, (_, part) => {
      const place = this.values.place(s.index, name, part)
      if (!place) throw new Refused(`each iteration writes \`${name}\` at an index that does not grow evenly`)
      const value = this.values.value(s.value, part)
      const out: Store = { ...s, ...place, value }
      if (!active) return out
      const on = ref(active[part]!)
      // A lane that is off writes back what is there: the element is its own iteration's, so nobody else writes it.
      const type = value.type as VecType
      if (place.stride || !this.input.safe || !whole(type, array)) return { ...out, mask: on }
      return { ...out, value: select(on, value, load(array, place.index, 'proven', site, type)) }
    })
  }

  private if(s: Extract<Stmt, { kind: 'if' }>, active: Wide | undefined): Stmt[] {
    const { lanes } = this.input
    if (lanes.isUniform(s.cond)) {
      return [ifStmt(s.cond, this.list(s.then, active, s.then), this.list(s.else, active, s.else))]
    }
    const [only] = s.then
    if (s.then.length === 1 && s.else.length === 0 && (only!.kind === 'break' || only!.kind === 'continue')) {
      const leave = this.values.newMask('leave')
      const held = this.values.set(leave, (p) => {
        const condition = this.values.value(s.cond, p)
        return active ? op('and', ref(active[p]!), condition) : condition
      })
      return [...held, ...this.jump(only!.kind, only!.label, leave)]
    }
    const chosen = this.values.newMask('chosen')
    const out = this.values.set(chosen, (p) => this.values.value(s.cond, p))
    const arm = (stmts: readonly Stmt[], condition: (p: number) => Expr, name: string) => {
      if (stmts.length === 0) return
      const on = this.values.newMask(name)
      out.push(...this.values.set(on, (p) => (active ? op('and', ref(active[p]!), condition(p)) : condition(p))))
      const body = this.list(stmts, on, stmts)
      if (isCostly(stmts)) out.push(ifStmt(some(on), body))
      else out.push(...body)
    }
    arm(s.then, (p) => ref(chosen[p]!), 'then')
    arm(s.else, (p) => op('not', ref(chosen[p]!)), 'else')
    return out
  }

  private for(s: For, active: Wide | undefined): Stmt[] {
    const { lanes } = this.input
    if (!lanes.isUniform(s.lo) || !lanes.isUniform(s.hi)) {
      throw new Refused('how often a loop inside it runs differs from iteration to iteration')
    }
    if (s.forKind !== 'serial' || s.reductions.length > 0) {
      throw new Refused('a loop inside it is folded in an order of its own')
    }
    if (!this.parts(s, active)) return [{ ...s, body: this.list(s.body, active, s.body) }]
    const { on, turn } = this.enter(s.label, true)
    const start = this.values.set(turn, (p) => ref(on[p]!))
    const body = [...start, ...this.list(s.body, turn, s.body), leaveWhenNone(on, s.label)]
    this.open.pop()
    return [...this.begin(on, active), { ...s, body }]
  }

  private while(s: While, active: Wide | undefined): Stmt[] {
    const uniform = this.input.lanes.isUniform(s.cond)
    if (uniform && !this.parts(s, active)) return [{ ...s, body: this.list(s.body, active, s.body) }]
    // Lanes that have left do not come back, so what only this loop reads may become anything in them.
    const returns = someStmt(s.body, (inner) => inner.kind === 'continue' && inner.label === s.label)
    const { on, turn } = this.enter(s.label, returns)
    const body = [
      ...this.values.set(on, (p) => op('and', ref(on[p]!), this.values.value(s.cond, p))),
      leaveWhenNone(on, s.label),
      ...(returns ? this.values.set(turn, (p) => ref(on[p]!)) : []),
      ...this.list(s.body, turn, returns ? s.body : [s]),
    ]
    this.open.pop()
    return [...this.begin(on, active), { ...s, cond: TRUE, body }]
  }

  private block(s: Extract<Stmt, { kind: 'block' }>, active: Wide | undefined, region: readonly Stmt[]): Stmt[] {
    if (!someStmt(s.body, (inner) => inner.kind === 'break' && inner.label === s.label)) {
      return this.list(s.body, active, region)
    }
    if (!this.parts(s, active)) return [{ ...s, body: this.list(s.body, active, s.body) }]
    const on = this.values.newMask('on')
    this.jumps.set(s.label, { on, turn: undefined })
    this.open.push(s.label)
    const body = this.list(s.body, on, s.body)
    this.open.pop()
    return [...this.begin(on, active), ...body]
  }

  private begin(on: Wide, active: Wide | undefined): Stmt[] {
    return this.values.set(on, (p) => (active ? ref(active[p]!) : this.values.all()))
  }

  /** `returns`: lanes may sit out the rest of a turn and take part in the next. */
  private enter(label: Label, returns: boolean): { on: Wide; turn: Wide } {
    const on = this.values.newMask('on')
    const turn = returns ? this.values.newMask('turn') : on
    this.jumps.set(label, { on, turn })
    this.open.push(label)
    return { on, turn }
  }

  /** Whether some lanes may leave a loop or block, by a jump to it or beyond, while others go on. */
  private parts(s: Extract<Stmt, { kind: 'for' | 'while' | 'block' }>, active: Wide | undefined): boolean {
    const { lanes } = this.input
    const within = labelsIn(s.body)
    const search = (stmts: readonly Stmt[], apart: boolean): boolean =>
      stmts.some((inner) => {
        if (inner.kind === 'break' || inner.kind === 'continue') return apart && !within.has(inner.label)
        const uneven =
          apart ||
          ((inner.kind === 'if' || inner.kind === 'while') && !lanes.isUniform(inner.cond)) ||
          ((inner.kind === 'for' || inner.kind === 'while' || inner.kind === 'block') && this.parts(inner, active))
        return stmtBodies(inner).some((body) => search(body, uneven))
      })
    return search(s.body, active !== undefined)
  }

  private jump(kind: 'break' | 'continue', label: Label, active: Wide | undefined): Stmt[] {
    const { loop } = this.input.lanes
    if (kind === 'break' && label === loop.label) throw new Refused('it is left by a break')
    const known = this.jumps.get(label)
    if (!known) {
      // Every lane jumps, so the code does.
      if (active) throw new Refused('some iterations leave a loop that others go on with')
      return [{ kind, label }]
    }
    const leave = new Set<Wide>()
    // Lanes that jump further leave all that stands in between.
    for (const inner of this.open.slice(this.open.indexOf(label) + 1)) {
      const { on, turn } = this.jumps.get(inner)!
      leave.add(on)
      if (turn) leave.add(turn)
    }
    if (kind === 'break' || !known.turn) leave.add(known.on)
    if (known.turn) leave.add(known.turn)
    const off = (p: number): Expr => (active ? ref(active[p]!) : this.values.all())
    return [...leave].flatMap((mask) => this.values.set(mask, (p) => op('and', ref(mask[p]!), op('not', off(p)))))
  }
}

// ───────────────────────────── helpers ─────────────────────────────

/** `n + 1` of an integer n. */
const isCount = (local: Local, e: Expr): boolean =>
  isInteger(local.type) &&
  e.kind === 'op' &&
  e.op === 'add' &&
  e.args.some((arg) => arg.kind === 'local' && arg.local === local) &&
  e.args.some((arg) => arg.kind === 'const' && Number(arg.value) === 1)

/** Whether a load and a store of the elements are an instruction each, of a whole register. */
const whole = (type: VecType, array: Local): boolean =>
  vecBytes(type) === 16 && ['float64', 'float32', 'int32', 'uint32'].includes((array.type as ArrayType).dtype)

const zero = (type: Type): Expr =>
  type.kind === 'vec' ? splat(type, num(scalar(type.of), 0)) : splat(type as MaskType, FALSE)

const reads = new WeakMap<readonly Stmt[], ReadonlyMap<Local, number>>()
/** Bodies are written for one vector and for several, and asked about for each of their locals. */
function countReads(stmts: readonly Stmt[]): ReadonlyMap<Local, number> {
  const known = reads.get(stmts)
  if (known) return known
  const counts = new Map<Local, number>()
  visitStmts(stmts, {
    stmt: (s) => {
      for (const e of stmtExprs(s)) for (const l of exprReads(e)) counts.set(l, (counts.get(l) ?? 0) + 1)
    },
  })
  reads.set(stmts, counts)
  return counts
}

function someStmt(stmts: readonly Stmt[], test: (s: Stmt) => boolean): boolean {
  return stmts.some((s) => test(s) || stmtBodies(s).some((body) => someStmt(body, test)))
}

function labelsIn(stmts: readonly Stmt[]): Set<Label> {
  const found = new Set<Label>()
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'for' || s.kind === 'while' || s.kind === 'block') found.add(s.label)
    },
  })
  return found
}

/** The labels around statements that they jump to. */
function outwardJumps(stmts: readonly Stmt[]): Set<Label> {
  const own = labelsIn(stmts)
  const found = new Set<Label>()
  visitStmts(stmts, {
    stmt: (s) => {
      if ((s.kind === 'break' || s.kind === 'continue') && !own.has(s.label)) found.add(s.label)
    },
  })
  return found
}

const some = (on: Wide): Expr =>
  reduce(
    'any',
    on.map((m): Expr => ref(m)).reduce((a, b) => op('or', a, b)),
  )
const leaveWhenNone = (on: Wide, label: Label): Stmt => ifStmt(op('not', some(on)), [breakTo(label)])

const SLOW = new Set(['div', 'sqrt'])
/** Whether it pays to ask if any lane wants these statements. */
function isCostly(stmts: readonly Stmt[]): boolean {
  let cost = 0
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'for' || s.kind === 'while') cost += 100
    },
    expr: (e) => {
      if (e.kind === 'op') cost += SLOW.has(e.op) ? 8 : opRecord(e.op).kind === 'exact' ? 1 : 20
      else if (e.kind === 'load') cost += 1
    },
  })
  return cost >= 8
}
