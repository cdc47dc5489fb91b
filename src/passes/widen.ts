/**
 * Writes the body of a loop for several iterations at once, a lane each. What all lanes have in common stays scalar;
 * integers that grow evenly from lane to lane stay those of the first lane; everything else becomes vectors. Choices
 * become masks: each lane computes both arms and keeps its own, but where no lane takes an arm that costs something, it
 * is left out.
 */

import { carried, type Lanes } from '../analysis/lanes.ts'
import { exposedReads } from '../analysis/liveness.ts'
import { atomsOf, constantOf, type Poly } from '../analysis/poly.ts'
import {
  assign,
  breakTo,
  cast,
  extract,
  FALSE,
  ifStmt,
  load,
  num,
  op,
  ramp,
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
  Load,
  Local,
  MaskType,
  OpExpr,
  Reduction,
  ScalarType,
  Stmt,
  Store,
  Type,
  VecType,
  While,
} from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { F32, F64, I32, I64, INDEX, isInteger, mask, overloadName, scalar, vec, vecBytes } from '../ir/types.ts'
import { exprReads, stmtBodies, stmtExprs, visitStmts } from '../ir/walk.ts'
import { fresh, type Scope } from './scope.ts'

/** Why a loop cannot run in lanes, in the user's words. */
export class Refused extends Error {}

export interface WidenInput {
  readonly scope: Scope
  readonly lanes: Lanes
  /** How many a vector has. */
  readonly count: number
  /** Vectors side by side: while one waits for its last result, another one is computed. */
  readonly parts: number
  /** Sums and products of floats that stay in order: what is added is computed in lanes, then added one by one. */
  readonly ordered: readonly Reduction[]
  /** Indices are within their arrays in all iterations, whatever choices are made around them. */
  readonly safe: boolean
  /** The user's name for the array of an access. */
  readonly subject: (site: number) => string
}

/** A vector or mask for each part. */
type Wide = readonly Local[]

/** The lanes that have not left a loop or block, and those that go on with this turn of it. */
interface Jumps {
  readonly on: Wide
  readonly turn: Wide | undefined
}

export class Widener {
  private readonly input: WidenInput
  private readonly vectors = new Map<Local, Wide>()
  private readonly jumps = new Map<Label, Jumps>()
  /** Labels with masks, from the outermost in. */
  private readonly open: Label[] = []
  /** How often each local is read in the loop. */
  private readonly reads: ReadonlyMap<Local, number>

  constructor(input: WidenInput) {
    this.input = input
    this.reads = countReads(input.lanes.loop.body)
  }

  /** The vectors that a local is in lanes. */
  vectorsOf(local: Local): Wide {
    const known = this.vectors.get(local)
    if (known) return known
    const made = this.wide(`${local.name}.v`, this.shape(local.type))
    this.vectors.set(local, made)
    return made
  }

  body(): Stmt[] {
    const { loop } = this.input.lanes
    const start: Stmt[] = []
    const continues = someStmt(loop.body, (s) => s.kind === 'continue' && s.label === loop.label)
    if (continues) {
      const on = this.newMask('on')
      this.jumps.set(loop.label, { on, turn: undefined })
      this.open.push(loop.label)
      start.push(...this.set(on, () => this.all()))
    }
    const body = this.list(loop.body, undefined, loop.body)
    return [...this.emptied(body), ...start, ...body]
  }

  /** Lanes that are off keep what a vector held before: nothing from an earlier turn, lest it seem handed on. */
  private emptied(body: readonly Stmt[]): Stmt[] {
    const exposed = exposedReads(body)
    const handedOn = carried(this.input.lanes.loop)
    return [...this.vectors]
      .filter(([local]) => !handedOn.has(local))
      .flatMap(([, vectors]) => vectors.filter((v) => exposed.has(v)).map((v) => assign(v, zero(v.type))))
  }

  private wide(name: string, type: Type): Wide {
    return Array.from({ length: this.input.parts }, () => fresh(this.input.scope, name, type))
  }

  /** An assignment for each part. */
  private set(target: Wide, value: (part: number) => Expr): Stmt[] {
    return target.map((local, part) => assign(local, value(part)))
  }

  // ───────────────────────────── types ─────────────────────────────

  private get maskType(): MaskType {
    return mask(this.input.count)
  }

  /** A scalar's type in lanes. */
  private shape(type: Type): VecType | MaskType {
    const { count } = this.input
    if (type.kind !== 'scalar') throw new Refused('an array variable changes in the loop')
    if (type.name === 'bool') return this.maskType
    const made = vec(type.name === 'index' ? 'i32' : type.name, count)
    if (vecBytes(made) > 16) throw new Refused('it mixes numbers of 64 bits with lanes of 32')
    return made
  }

  private newMask(name: string): Wide {
    return this.wide(name, this.maskType)
  }
  private all(): Expr {
    return splat(this.maskType, TRUE)
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
      out.push(...this.stmt(s, now, region))
      const left = this.jumpsOf(s)
      if (left.length === 0) continue
      if (!now && left.length === 1) {
        now = left[0]!
        continue
      }
      const next = this.newMask('rest')
      const before = now ? [now] : []
      out.push(
        ...this.set(next, (p) => [...before, ...left].map((m): Expr => ref(m[p]!)).reduce((a, b) => op('and', a, b))),
      )
      now = next
    }
    return out
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
      this.check(value)
      return [assign(local, value)]
    }
    const into = this.vectorsOf(local)
    const keeps = active && !this.isTemporary(local, region)
    // A count goes up by 1 in lanes that take part, and by 0 in the others.
    if (keeps && isCount(local, value)) {
      return this.set(into, (p) =>
        op('add', ref(into[p]!), { kind: 'cast', type: into[p]!.type, value: ref(active[p]!) }),
      )
    }
    return this.set(into, (p) => {
      const made = this.value(value, p)
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
    const held = this.wide(`${local.name}.part`, this.shape(part.type))
    const steps = held.flatMap((vector, p) =>
      Array.from({ length: count }, (_, lane) => {
        const one = extract(ref(vector), lane)
        const step = assign(local, { ...value, args: value.args.map((arg) => (isSum(arg) ? arg : one)) })
        return active ? ifStmt(extract(ref(active[p]!), lane), [step]) : step
      }),
    )
    return [...this.set(held, (p) => this.value(part, p)), ...steps]
  }

  private store(s: Store, active: Wide | undefined): Stmt[] {
    const { array, site } = s
    const name = this.input.subject(site)
    if (s.bounds === 'checked') throw new Refused(this.unproven(s.site))
    return Array.from({ length: this.input.parts }, (_, part) => {
      const place = this.place(s.index, name, part)
      if (!place) throw new Refused(`each iteration writes \`${name}\` at an index that does not grow evenly`)
      const value = this.value(s.value, part)
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
      const leave = this.newMask('leave')
      const held = this.set(leave, (p) => {
        const condition = this.value(s.cond, p)
        return active ? op('and', ref(active[p]!), condition) : condition
      })
      return [...held, ...this.jump(only!.kind, only!.label, leave)]
    }
    const chosen = this.newMask('chosen')
    const out = this.set(chosen, (p) => this.value(s.cond, p))
    const arm = (stmts: readonly Stmt[], condition: (p: number) => Expr, name: string) => {
      if (stmts.length === 0) return
      const on = this.newMask(name)
      out.push(...this.set(on, (p) => (active ? op('and', ref(active[p]!), condition(p)) : condition(p))))
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
    const start = this.set(turn, (p) => ref(on[p]!))
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
      ...this.set(on, (p) => op('and', ref(on[p]!), this.value(s.cond, p))),
      leaveWhenNone(on, s.label),
      ...(returns ? this.set(turn, (p) => ref(on[p]!)) : []),
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
    const on = this.newMask('on')
    this.jumps.set(s.label, { on, turn: undefined })
    this.open.push(s.label)
    const body = this.list(s.body, on, s.body)
    this.open.pop()
    return [...this.begin(on, active), ...body]
  }

  private begin(on: Wide, active: Wide | undefined): Stmt[] {
    return this.set(on, (p) => (active ? ref(active[p]!) : this.all()))
  }

  /** `returns`: lanes may sit out the rest of a turn and take part in the next. */
  private enter(label: Label, returns: boolean): { on: Wide; turn: Wide } {
    const on = this.newMask('on')
    const turn = returns ? this.newMask('turn') : on
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
    const off = (p: number): Expr => (active ? ref(active[p]!) : this.all())
    return [...leave].flatMap((mask) => this.set(mask, (p) => op('and', ref(mask[p]!), op('not', off(p)))))
  }

  // ─────────────────────────── expressions ───────────────────────────

  /** Refuses a check inside the loop: which iteration fails first would show. */
  private check(e: Expr): void {
    if (e.kind === 'load' && e.bounds === 'checked') throw new Refused(this.unproven(e.site))
  }
  private unproven(site: number): string {
    return `whether the index into \`${this.input.subject(site)}\` is within the array is known only inside the loop`
  }

  /** The expression in lanes. */
  private value(e: Expr, part: number): Expr {
    const { lanes, count } = this.input
    const shape = this.shape(e.type)
    if (lanes.isUniform(e)) {
      return splat(shape, e.type === INDEX ? cast(I32, e) : e)
    }
    const grows = lanes.stride(e)
    if (grows) return this.even(e, e.type === INDEX ? I32 : (e.type as ScalarType), grows, shape as VecType, part)
    switch (e.kind) {
      case 'local':
        return ref(this.vectorsOf(e.local)[part]!)
      case 'load':
        return this.load(e, part)
      case 'op':
        return this.operation(e, part)
      case 'cast':
        return this.cast(e, shape as VecType, part)
      case 'select':
      case 'cond': {
        if (e.type.kind === 'scalar' && e.type.name === 'bool') {
          const condition = this.value(e.cond, part)
          if (e.else.kind === 'const' && e.else.value === false) return op('and', condition, this.value(e.then, part))
          if (e.then.kind === 'const' && e.then.value === true) return op('or', condition, this.value(e.else, part))
          return choose(condition, this.value(e.then, part), this.value(e.else, part))
        }
        if (lanes.isUniform(e.cond)) return select(e.cond, this.value(e.then, part), this.value(e.else, part))
        return select(this.value(e.cond, part), this.value(e.then, part), this.value(e.else, part))
      }
      default:
        throw new Refused(`it has a part that no vector instruction computes (${e.kind} of ${count})`)
    }
  }

  /** first, first + stride, … in lanes of `type`. */
  private even(e: Expr, type: ScalarType, grows: Poly, shape: VecType, part: number): Expr {
    const { count, lanes } = this.input
    const shift = count * part
    const constant = constantOf(grows)
    const stride = constant === undefined ? integer(grows, lanes) : num(I64, constant)
    if (!stride) throw new Refused('it counts in steps that are not known')
    const by = cast(type, stride)
    const first = cast(type, e)
    return ramp(shape, shift === 0 ? first : op('add', first, op('mul', by, num(type, shift))), by)
  }

  private operation(e: OpExpr, part: number): Expr {
    const record = opRecord(e.op)
    const args = e.args.map((arg) => this.value(arg, part))
    const at = args[record.args.indexOf('T')]?.type ?? args[0]!.type
    if (!Object.hasOwn(record.at, overloadName(at))) {
      throw new Refused(`${OPERATION_NAMES[e.op] ?? `\`${e.op}\``} has no vector form`)
    }
    return op(e.op, ...args)
  }

  private cast(e: Extract<Expr, { kind: 'cast' }>, shape: VecType, part: number): Expr {
    const { lanes } = this.input
    const { value } = e
    const grows = lanes.stride(value)
    // Whole numbers below 2⁵³, so each lane is exact.
    if (grows && e.type === F64) return this.even(value, F64, grows, shape, part)
    if (grows && e.type === F32) throw new Refused('it makes a float32 of a counter')
    const from = this.value(value, part)
    const wide = from.type as VecType | MaskType
    if (wide.kind === 'vec' && wide === shape) return from
    if (!convertible(wide, shape)) {
      throw new Refused('it turns integers of 64 bits into floats or back, which no vector instruction does')
    }
    return { kind: 'cast', type: shape, value: from }
  }

  private load(e: Load, part: number): Expr {
    const name = this.input.subject(e.site)
    this.check(e)
    const place = this.place(e.index, name, part)
    if (!place) throw new Refused(`it reads \`${name}\` at an index that does not grow evenly`)
    const shape = this.shape(e.type) as VecType
    return { kind: 'load', type: shape, array: e.array, ...place, bounds: 'proven', site: e.site }
  }

  /** Index of the first lane, and the stride where it is not 1; undefined where indices do not grow evenly. */
  private place(index: Expr, name: string, part: number): { index: Expr; stride?: Expr } | undefined {
    const { lanes, count } = this.input
    const shift = count * part
    const stride = lanes.stride(index)
    if (!stride) return undefined
    const constant = constantOf(stride)
    if (constant === 0) throw new Refused(`all iterations write the same element of \`${name}\``)
    const type = index.type as ScalarType
    if (constant !== undefined) {
      const away = constant * shift
      const first = plus(index, away)
      return constant === 1 ? { index: first } : { index: first, stride: num(type, constant) }
    }
    const by = integer(stride, lanes)
    if (!by) throw new Refused(`how far apart the elements of \`${name}\` are is not known`)
    const first = shift === 0 ? index : op('add', cast(I64, index), op('mul', by, num(I64, shift)))
    return { index: first, stride: by }
  }
}

// ───────────────────────────── helpers ─────────────────────────────

const OPERATION_NAMES: Readonly<Record<string, string>> = {
  rem: '`%`',
  imod: '`%`',
  clz: '`Math.clz32`',
}

/** Between lanes of 64-bit integers and floats there is no instruction. */
function convertible(from: VecType | MaskType, to: VecType): boolean {
  if (from.kind === 'mask') return true
  const wide = (t: VecType) => t.of === 'i64'
  const float = (t: VecType) => t.of === 'f64' || t.of === 'f32'
  return !((wide(from) && float(to)) || (float(from) && wide(to)))
}

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

/** Lane by lane one or the other, vectors or masks. */
const choose = (on: Expr, a: Expr, b: Expr): Expr =>
  a.type.kind === 'mask' ? op('or', op('and', on, a), op('and', op('not', on), b)) : select(on, a, b)

const zero = (type: Type): Expr =>
  type.kind === 'vec' ? splat(type, num(scalar(type.of), 0)) : splat(type as MaskType, FALSE)

/** The index some elements on, one constant added in all, which may then be part of an address. */
function plus(index: Expr, away: number): Expr {
  const type = index.type as ScalarType
  if (index.kind === 'op' && index.args.length === 2 && (index.op === 'add' || index.op === 'sub')) {
    const [a, b] = index.args as [Expr, Expr]
    if (b.kind === 'const') {
      const sum = away + (index.op === 'add' ? Number(b.value) : -Number(b.value))
      return sum === 0 ? a : op('add', a, num(type, sum))
    }
  }
  return away === 0 ? index : op('add', index, num(type, away))
}

/** A polynomial as an i64. */
function integer(p: Poly, lanes: Lanes): Expr | undefined {
  for (const a of atomsOf(p)) {
    const source = lanes.symbols.source(a)
    if ('local' in source && !isInteger(source.local.type)) return undefined
  }
  const terms = [...p.values()].map((term) => {
    const factors = term.atoms.map((a): Expr => {
      const source = lanes.symbols.source(a)
      return cast(
        I64,
        'local' in source ? ref(source.local) : { kind: 'length', type: INDEX, array: source.array, axis: 0 },
      )
    })
    const all = term.coef === 1 && factors.length > 0 ? factors : [num(I64, term.coef), ...factors]
    return all.reduce((a, b) => op('mul', a, b))
  })
  return terms.reduce((a, b) => op('add', a, b))
}

function countReads(stmts: readonly Stmt[]): Map<Local, number> {
  const counts = new Map<Local, number>()
  visitStmts(stmts, {
    stmt: (s) => {
      for (const e of stmtExprs(s)) for (const l of exprReads(e)) counts.set(l, (counts.get(l) ?? 0) + 1)
    },
  })
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
