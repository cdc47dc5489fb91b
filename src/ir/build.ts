/** Constructors of IR nodes. They compute types, so that nobody writes one twice; `verify` is what judges modules. */

import type {
  ArrayType,
  Assign,
  Block,
  Bounds,
  Break,
  Cast,
  Cond,
  Const,
  Continue,
  Expr,
  Fail,
  Fn,
  For,
  If,
  Label,
  Length,
  Load,
  Local,
  LocalRef,
  OpExpr,
  Overlap,
  Return,
  ScalarType,
  Select,
  Span,
  Stmt,
  Store,
  Type,
  VecType,
  While,
} from './ir.ts'
import { opRecord } from './ops/index.ts'
import type { Op, Slot } from './ops/op.ts'
import { BOOL, I32, INDEX, mask, overloadName, scalar, typeName, valueType, vec } from './types.ts'

// ─────────────────────────── expressions ───────────────────────────

/** A number of the given type: rounded for f32, a bigint for i64. Integer types take integers only. */
export function num(type: ScalarType, value: number | bigint): Const {
  switch (type.name) {
    case 'f64':
      return { kind: 'const', type, value: Number(value) }
    case 'f32':
      return { kind: 'const', type, value: Math.fround(Number(value)) }
    case 'i64':
      return { kind: 'const', type, value: BigInt(value) }
    case 'i8':
    case 'i16':
    case 'i32':
    case 'index': {
      const n = Number(value)
      if (!Number.isInteger(n)) throw new Error(`${n} is no constant of type ${type.name}`)
      return { kind: 'const', type, value: n + 0 }
    }
    case 'bool':
      throw new Error('a truth value is made by bool(), not num()')
    default:
      return type.name satisfies never
  }
}
export const bool = (value: boolean): Const => ({ kind: 'const', type: BOOL, value })
export const TRUE = bool(true)
export const FALSE = bool(false)

export const ref = (local: Local): LocalRef => ({ kind: 'local', type: local.type, local })

/** What a slot of an operation's signature is at the overload of type `at`. */
export function slotType(slot: Slot, at: Type): Type {
  if (slot === 'T') return at
  if (at.kind !== 'vec') return scalar(slot)
  return slot === 'bool' ? mask(at.lanes) : vec(slot, at.lanes)
}

/** The type whose overload these arguments choose: that of the first `T` slot, else the first slot's own. */
export function overloadType(record: Op, args: readonly Expr[]): Type {
  const first = record.args.indexOf('T')
  if (first >= 0 && args[first]) return args[first].type
  return slotType(record.args[0]!, BOOL)
}

/** An operation of the tables; its type follows from its arguments. Throws where the tables have no such overload. */
export function op(name: string, ...args: Expr[]): OpExpr {
  const record = opRecord(name)
  const at = overloadType(record, args)
  const fits =
    args.length === record.args.length && record.args.every((slot, k) => args[k]!.type === slotType(slot, at))
  if (!fits || record.kind === 'atomic' || !Object.hasOwn(record.at, overloadName(at))) {
    throw new Error(`${name} has no overload for (${args.map((a) => typeName(a.type)).join(', ')})`)
  }
  return { kind: 'op', type: slotType(record.result, at), op: name, args }
}

/** The value in another representation: itself where it has the type already, a constant where it is one. */
export function cast(type: Type, value: Expr): Expr {
  if (value.type === type) return value
  if (value.kind === 'const' && type.kind === 'scalar') {
    const folded = castConst(type, value)
    if (folded) return folded
  }
  return { kind: 'cast', type, value } satisfies Cast
}

function castConst(type: ScalarType, c: Const): Const | undefined {
  if (type.name === 'bool') return undefined
  if (type.name === 'f64' || type.name === 'f32') return num(type, Number(c.value))
  if (typeof c.value === 'number' && !Number.isInteger(c.value)) return undefined
  const exact = BigInt(c.value)
  if (type.name === 'i64') return BigInt.asIntN(64, exact) === exact ? num(type, exact) : undefined
  const low = BigInt.asIntN(32, exact)
  // Narrowing takes the low bits of an integer; what an f64 or an index outside the range gives is not ours to say.
  if (low !== exact && !(type === I32 && c.type.name === 'i64')) return undefined
  return num(type, low)
}

/** One element of `array`, of its value type. `type` is given for vectors. */
export const load = (
  array: Local,
  index: Expr,
  bounds: Bounds,
  site: number,
  type: Type = valueType((array.type as ArrayType).dtype),
  masked?: Expr,
): Load => ({ kind: 'load', type, array, index, bounds, ...(masked ? { mask: masked } : {}), site })

export const select = (condition: Expr, yes: Expr, no: Expr): Select => ({
  kind: 'select',
  type: yes.type,
  cond: condition,
  then: yes,
  else: no,
})
export const cond = (condition: Expr, yes: Expr, no: Expr): Cond => ({
  kind: 'cond',
  type: yes.type,
  cond: condition,
  then: yes,
  else: no,
})
export const length = (array: Local, axis = 0): Length => ({ kind: 'length', type: INDEX, array, axis })
export const overlap = (a: Local, b: Local): Overlap => ({ kind: 'overlap', type: BOOL, a, b })

/** The type by which one lane comes and goes: lanes narrower than 32 bits travel as i32, a mask's as bool. */
export function laneType(type: VecType | Extract<Type, { kind: 'mask' }>): ScalarType {
  if (type.kind === 'mask') return BOOL
  return type.of === 'i8' || type.of === 'i16' ? I32 : scalar(type.of)
}
export const splat = (type: VecType | Extract<Type, { kind: 'mask' }>, value: Expr): Expr => ({
  kind: 'splat',
  type,
  value,
})
export const ramp = (type: VecType, base: Expr, stride: Expr): Expr => ({ kind: 'ramp', type, base, stride })
export const shuffle = (type: VecType, a: Expr, b: Expr, lanes: readonly number[]): Expr => ({
  kind: 'shuffle',
  type,
  a,
  b,
  lanes,
})
export const extract = (value: Expr, lane: number): Expr => ({
  kind: 'extract',
  type: laneType(value.type as VecType),
  value,
  lane,
})
export const reduce = (name: 'add' | 'mul' | 'min' | 'max' | 'any' | 'all', value: Expr): Expr => ({
  kind: 'reduce',
  type: laneType(value.type as VecType),
  op: name,
  value,
})

// ─────────────────────────── statements ───────────────────────────

export const assign = (target: Local, value: Expr): Assign => ({ kind: 'assign', local: target, value })
export const store = (array: Local, index: Expr, value: Expr, bounds: Bounds, site: number, masked?: Expr): Store => ({
  kind: 'store',
  array,
  index,
  value,
  bounds,
  ...(masked ? { mask: masked } : {}),
  site,
})
export const ifStmt = (condition: Expr, yes: readonly Stmt[], no: readonly Stmt[] = []): If => ({
  kind: 'if',
  cond: condition,
  then: yes,
  else: no,
})
/** A `for`; serial, step 1 and without reductions unless `more` says otherwise. */
export const forStmt = (
  label: Label,
  variable: Local,
  lo: Expr,
  hi: Expr,
  body: readonly Stmt[],
  span: Span,
  more: Partial<Pick<For, 'forKind' | 'step' | 'reductions' | 'serialIf'>> = {},
): For => ({ kind: 'for', forKind: 'serial', variable, lo, hi, step: 1, reductions: [], label, body, span, ...more })
export const whileStmt = (label: Label, condition: Expr, body: readonly Stmt[], span: Span): While => ({
  kind: 'while',
  cond: condition,
  label,
  body,
  span,
})
export const block = (label: Label, body: readonly Stmt[]): Block => ({ kind: 'block', label, body })
export const breakTo = (label: Label): Break => ({ kind: 'break', label })
export const continueTo = (label: Label): Continue => ({ kind: 'continue', label })
export const ret = (...values: Expr[]): Return => ({ kind: 'return', values })
export const fail = (site: number, ...values: Expr[]): Fail => ({ kind: 'fail', site, values })

// ───────────────────────────── names ─────────────────────────────

export const local = (name: string, type: Type): Local => ({ name, type })
export const label = (name: string): Label => ({ name })

/** Hands out names that are unique within one function. Locals and labels share them. */
export class Names {
  readonly #used: Set<string>
  /** The number that a base was last given: functions may have a thousand locals of one. */
  readonly #last = new Map<string, number>()

  constructor(used: Iterable<string> = []) {
    this.#used = new Set(used)
  }

  /** `base` itself where it is free, else `base.1`, `base.2`, … which no user can have written. */
  fresh(base: string): string {
    let name = base
    let n = this.#last.get(base) ?? 0
    while (this.#used.has(name)) name = `${base}.${++n}`
    this.#last.set(base, n)
    this.#used.add(name)
    return name
  }

  local(base: string, type: Type): Local {
    return local(this.fresh(base), type)
  }

  label(base: string): Label {
    return label(this.fresh(base))
  }

  /** All names of a function, to add to it. */
  static of(fn: Fn): Names {
    const names = new Set([...fn.params, ...fn.locals].map((l) => l.name))
    const collect = (stmts: readonly Stmt[]) => {
      for (const s of stmts) {
        if ('label' in s) names.add(s.label.name)
        if (s.kind === 'if') {
          collect(s.then)
          collect(s.else)
        } else if ('body' in s) collect(s.body)
      }
    }
    collect(fn.body)
    return new Names(names)
  }
}
