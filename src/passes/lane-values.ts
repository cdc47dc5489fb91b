/** Expressions of a loop's body in lanes: the half of widening that computes. */

import type { Lanes } from '../analysis/lanes.ts'
import { atomsOf, constantOf, type Poly } from '../analysis/poly.ts'
import { assign, cast, num, op, ramp, ref, select, splat, TRUE } from '../ir/build.ts'
import type { Expr, Load, Local, MaskType, OpExpr, Reduction, ScalarType, Stmt, Type, VecType } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { F32, F64, I32, I64, INDEX, isInteger, mask, overloadName, vec, vecBytes } from '../ir/types.ts'
import { someExpr } from '../ir/walk.ts'
import { fresh, type Scope } from './scope.ts'

/** Why a loop cannot run in lanes, in the user's words. Thrown for most loops, so not an error that records its stack. */
export class Refused {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

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
export type Wide = readonly Local[]

export class LaneValues {
  private readonly input: WidenInput
  /** What each local is in lanes, by the scalar. */
  readonly vectors = new Map<Local, Wide>()

  constructor(input: WidenInput) {
    this.input = input
  }

  /** The vectors that a local is in lanes. */
  vectorsOf(local: Local): Wide {
    const known = this.vectors.get(local)
    if (known) return known
    const made = this.wide(`${local.name}.v`, this.shape(local.type))
    this.vectors.set(local, made)
    return made
  }

  wide(name: string, type: Type): Wide {
    return Array.from({ length: this.input.parts }, () => fresh(this.input.scope, name, type))
  }

  /** An assignment for each part. */
  set(target: Wide, value: (part: number) => Expr): Stmt[] {
    return target.map((local, part) => assign(local, value(part)))
  }

  // ───────────────────────────── types ─────────────────────────────

  get maskType(): MaskType {
    return mask(this.input.count)
  }

  /** A scalar's type in lanes. */
  shape(type: Type): VecType | MaskType {
    const { count } = this.input
    if (type.kind !== 'scalar') throw new Refused('an array variable changes in the loop')
    if (type.name === 'bool') return this.maskType
    const made = vec(type.name === 'index' ? 'i32' : type.name, count)
    if (vecBytes(made) > 16) throw new Refused('it mixes numbers of 64 bits with lanes of 32')
    return made
  }

  newMask(name: string): Wide {
    return this.wide(name, this.maskType)
  }
  all(): Expr {
    return splat(this.maskType, TRUE)
  }

  // ─────────────────────────── expressions ───────────────────────────

  /** Refuses a check inside the loop: which iteration fails first would show. */
  check(e: Expr): void {
    if (e.kind === 'load' && e.bounds === 'checked') throw new Refused(this.unproven(e.site))
  }
  unproven(site: number): string {
    return `whether the index into \`${this.input.subject(site)}\` is within the array is known only inside the loop`
  }

  /** The expression in lanes. */
  value(e: Expr, part: number): Expr {
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
        // Both arms are computed here, where a lazy one may be what keeps an index that nobody checks in its array.
        if (e.kind === 'cond' && !this.input.safe && [e.then, e.else].some(looks)) {
          throw new Refused('its indices are not checked, and not all iterations look there')
        }
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
  place(index: Expr, name: string, part: number): { index: Expr; stride?: Expr } | undefined {
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

const OPERATION_NAMES: Readonly<Record<string, string>> = {
  rem: '`%`',
  imod: '`%`',
  clz: '`Math.clz32`',
}

const looks = (e: Expr): boolean => someExpr(e, (node) => node.kind === 'load')

/** Between lanes of 64-bit integers and floats there is no instruction. */
function convertible(from: VecType | MaskType, to: VecType): boolean {
  if (from.kind === 'mask') return true
  const wide = (t: VecType) => t.of === 'i64'
  const float = (t: VecType) => t.of === 'f64' || t.of === 'f32'
  return !((wide(from) && float(to)) || (float(from) && wide(to)))
}

/** Lane by lane one or the other, vectors or masks. */
export const choose = (on: Expr, a: Expr, b: Expr): Expr =>
  a.type.kind === 'mask' ? op('or', op('and', on, a), op('and', op('not', on), b)) : select(on, a, b)

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
