/**
 * Expressions. A number is lowered in its natural representation: an integer type where the facts prove it one and its
 * operands are integers already, else f64. The consumer then asks for what it needs with `coerce`, or says beforehand
 * that only the low 32 bits count (`int32`), or that the sign of a zero does not (`zero`).
 */

import { compileError } from '../../errors.ts'
import { assign, bool, cast, cond, fail, ifStmt, length, load, num, op, ref, store } from '../../ir/build.ts'
import type { Expr as IrExpr, Local, ScalarType } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, isInteger, storeType } from '../../ir/types.ts'
import { visitExpr as visitIr } from '../../ir/walk.ts'
import type { DType } from '../../types.ts'
import type { Expr, Label, Loc, Target, Variable } from '../ast.ts'
import { type Fact, fitsInt32, isIntegral, type NumberFact } from '../facts.ts'
import type { Inferred } from '../infer.ts'
import { type Builder, coerce, isWholeConst } from './builder.ts'
import { type Ctx, integerType, integerTypeOf, intLike, wider, ZERO } from './integers.ts'
import { lowerMath } from './math.ts'

/** What lowering asks of the program around it. */
export interface Callee {
  readonly name: string
  /** Types of the IR parameters; a source parameter whose argument is absent has none. */
  readonly params: readonly { readonly type: IrExpr['type']; readonly argument: number }[]
  readonly result: Local['type'] | undefined
}
export interface CallResolver {
  callee(expr: Extract<Expr, { kind: 'invoke' }>, args: readonly Fact[]): Callee
}

/** Nodes that a truth value may have to be computed whether or not it is needed. */
const SHORT = 6
function isShort(e: IrExpr): boolean {
  let nodes = 0
  visitIr(e, (node) => {
    nodes += node.kind === 'op' && (opRecord(node.op).kind === 'host' || node.op === 'rem') ? SHORT : 1
  })
  return nodes <= SHORT
}

export class Exprs {
  readonly b: Builder
  readonly inferred: Inferred
  readonly variables = new Map<Variable, Local>()
  readonly labels = new Map<Label, import('../../ir/ir.ts').Label>()
  private readonly calls: CallResolver

  constructor(builder: Builder, inferred: Inferred, calls: CallResolver) {
    this.b = builder
    this.inferred = inferred
    this.calls = calls
  }

  fact(expr: Expr): Fact {
    return this.inferred.exprs.get(expr) ?? { kind: 'undefined' }
  }
  /** The fact of a number; a truth value used as one is 0 or 1. */
  numberFact(expr: Expr): NumberFact {
    const fact = this.fact(expr)
    return fact.kind === 'number' ? fact : { kind: 'number', int: true, lo: 0, hi: 1, nan: false, negZero: false }
  }

  /** The local that holds a variable. */
  variable(variable: Variable): Local {
    let local = this.variables.get(variable)
    if (!local) {
      local = this.b.local(variable.name, this.variableType(variable))
      this.variables.set(variable, local)
    }
    return local
  }
  variableType(variable: Variable): Local['type'] {
    const fact = this.inferred.variables.get(variable)
    switch (fact?.kind) {
      case 'boolean':
        return BOOL
      case 'array':
        return array(fact.dtype)
      case 'number':
        return integerType(fact, false) ?? F64
      default:
        return F64
    }
  }

  // ───────────────────────────── by kind of value ─────────────────────────────

  /** A value of whatever kind its fact says: a number in its natural type, a bool, or an array. */
  value(expr: Expr, ctx: Ctx = {}): IrExpr {
    switch (this.fact(expr).kind) {
      case 'array':
        return this.array(expr)
      case 'boolean':
        return this.truth(expr)
      case 'number':
        return this.number(expr, ctx)
      default:
        this.effects(expr)
        return num(F64, Number.NaN)
    }
  }

  /** For what it does only. */
  effects(expr: Expr): void {
    switch (expr.kind) {
      case 'assign':
        this.assignment(expr, false)
        return
      case 'update':
        this.update(expr, false)
        return
      case 'sequence':
        for (const part of expr.exprs) this.effects(part)
        return
      case 'invoke':
        this.invoke(expr)
        return
      case 'logical':
      case 'conditional': {
        const test = expr.kind === 'logical' ? expr.left : expr.test
        const when = this.truth(test)
        const yes = this.b.apart(() => this.maybe(expr.kind === 'logical' ? expr.right : expr.then)).stmts
        const no = expr.kind === 'logical' ? [] : this.b.apart(() => this.maybe(expr.else)).stmts
        const negate = expr.kind === 'logical' && expr.op === '||'
        if (yes.length + no.length > 0) this.b.emit(negate ? ifStmt(when, [], yes) : ifStmt(when, yes, no))
        return
      }
      case 'undefined':
        return
      default: {
        const fact = this.fact(expr).kind
        if (fact === 'number' || fact === 'boolean' || fact === 'array') this.value(expr)
      }
    }
  }

  /** The effects of an expression that may never be reached. */
  private maybe(expr: Expr): void {
    if (this.inferred.exprs.has(expr)) this.effects(expr)
  }

  f64(expr: Expr): IrExpr {
    return coerce(this.number(expr), F64)
  }

  array(expr: Expr): IrExpr {
    switch (expr.kind) {
      case 'variable':
        return ref(this.variable(expr.variable))
      case 'new': {
        const local = this.b.local('array', array(expr.dtype))
        this.alloc(local, expr)
        return ref(local)
      }
      case 'assign':
        return this.assignment(expr, true)
      case 'sequence':
        for (const part of expr.exprs.slice(0, -1)) this.effects(part)
        return this.array(expr.exprs[expr.exprs.length - 1]!)
      case 'conditional':
        return this.choose(
          expr,
          this.truth(expr.test),
          () => this.array(expr.then),
          () => this.array(expr.else),
        )
      case 'invoke':
        return this.invoke(expr)!
      default:
        throw compileError(
          this.b.source,
          expr.loc,
          'type',
          'An array is needed here.',
          'Use an array variable or `new Float64Array(n)`.',
        )
    }
  }

  /** `new` into a given local, which saves a copy. */
  alloc(local: Local, expr: Extract<Expr, { kind: 'new' }>): void {
    const site = this.b.site('memory', this.b.text(expr.loc), expr.loc)
    let size = expr.length ? this.number(expr.length, ZERO) : num(INDEX, 0)
    if (expr.length && this.numberFact(expr.length).hi > this.inferred.maxLength) {
      // What is taken for granted of every length must hold for this one.
      size = this.b.temp(coerce(size, F64), 'length')
      this.b.emit(ifStmt(op('gt', size, num(F64, this.inferred.maxLength)), [fail(site, size)]))
    }
    this.b.emit({ kind: 'alloc', local, length: isInteger(size.type) ? size : coerce(size, F64), zero: true, site })
  }

  // ───────────────────────────── truth values ─────────────────────────────

  truth(expr: Expr): IrExpr {
    const fact = this.fact(expr)
    if (fact.kind === 'number' && expr.kind !== 'logical') {
      const value = this.number(expr, ZERO)
      return value.type === F64 ? op('truthy', value) : op('ne', value, num(value.type as ScalarType, 0))
    }
    switch (expr.kind) {
      case 'boolean':
        return bool(expr.value)
      case 'variable':
        return ref(this.variable(expr.variable))
      case 'unary':
        return op('not', this.truth(expr.value))
      case 'binary':
        return this.compare(expr)
      case 'logical': {
        const left = this.truth(expr.left)
        const one = bool(expr.op === '||')
        return expr.op === '&&'
          ? this.choose(
              expr,
              left,
              () => this.truth(expr.right),
              () => one,
            )
          : this.choose(
              expr,
              left,
              () => one,
              () => this.truth(expr.right),
            )
      }
      case 'conditional':
        return this.choose(
          expr,
          this.truth(expr.test),
          () => this.truth(expr.then),
          () => this.truth(expr.else),
        )
      case 'sequence':
        for (const part of expr.exprs.slice(0, -1)) this.effects(part)
        return this.truth(expr.exprs[expr.exprs.length - 1]!)
      case 'assign':
        return this.assignment(expr, true)
      case 'invoke':
        return this.invoke(expr)!
      case 'intrinsic':
        return lowerMath(this, expr, {})
      default:
        throw compileError(this.b.source, expr.loc, 'type', 'A truth value is needed here.', 'Write a comparison.')
    }
  }

  private compare(expr: Extract<Expr, { kind: 'binary' }>): IrExpr {
    const names = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge', '===': 'eq', '==': 'eq', '!==': 'ne', '!=': 'ne' }
    const name = names[expr.op as keyof typeof names]
    if (this.fact(expr.left).kind === 'boolean' && (name === 'eq' || name === 'ne')) {
      const [a, b] = this.b.ordered([() => this.truth(expr.left), () => this.truth(expr.right)])
      return op(name, a!, b!)
    }
    const [a, b] = this.operands(expr.left, expr.right, ZERO, ZERO)
    if (intLike(a) && intLike(b) && (isInteger(a.type) || isInteger(b.type))) {
      const type = wider(integerTypeOf(a), integerTypeOf(b))
      return op(name, coerce(a, type), coerce(b, type))
    }
    return op(name, coerce(a, F64), coerce(b, F64))
  }

  // ───────────────────────────── numbers ─────────────────────────────

  operands(left: Expr, right: Expr, a: Ctx = {}, b: Ctx = {}): [IrExpr, IrExpr] {
    return this.b.ordered([() => this.number(left, a), () => this.number(right, b)]) as [IrExpr, IrExpr]
  }

  /** In its natural type: i32, index, i64 or f64. */
  number(expr: Expr, ctx: Ctx = {}): IrExpr {
    if (this.fact(expr).kind === 'boolean') return cast(I32, this.truth(expr))
    switch (expr.kind) {
      case 'number':
        return num(F64, expr.value)
      case 'variable':
        return ref(this.variable(expr.variable))
      case 'unary':
        return this.unary(expr, ctx)
      case 'binary':
        return this.arithmetic(
          expr.op,
          this.numberFact(expr),
          this.numberFact(expr.left),
          this.numberFact(expr.right),
          (c) => this.number(expr.left, c),
          (c) => this.number(expr.right, c),
          ctx,
        )
      case 'logical': {
        const value = this.number(expr.left)
        const kept = this.b.temp(value, 'left')
        const when = kept.type === F64 ? op('truthy', kept) : op('ne', kept, num(kept.type as ScalarType, 0))
        return expr.op === '&&'
          ? this.choose(
              expr,
              when,
              () => this.number(expr.right),
              () => kept,
            )
          : this.choose(
              expr,
              when,
              () => kept,
              () => this.number(expr.right),
            )
      }
      case 'conditional':
        return this.choose(
          expr,
          this.truth(expr.test),
          () => this.number(expr.then, ctx),
          () => this.number(expr.else, ctx),
        )
      case 'assign':
        return this.assignment(expr, true)
      case 'update':
        return this.update(expr, true)
      case 'sequence':
        for (const part of expr.exprs.slice(0, -1)) this.effects(part)
        return this.number(expr.exprs[expr.exprs.length - 1]!, ctx)
      case 'intrinsic':
        return lowerMath(this, expr, ctx)
      case 'invoke':
        return this.invoke(expr)!
      case 'index': {
        const [where, at] = this.b.ordered([() => this.array(expr.array), () => this.index(expr.index)])
        return this.loadElement(this.localOf(where!), at!, expr)
      }
      case 'length':
        return length(this.localOf(this.array(expr.array)))
      default:
        throw compileError(this.b.source, expr.loc, 'type', 'A number is needed here.', 'Use a number.')
    }
  }

  /** The local behind an array expression. */
  localOf(e: IrExpr): Local {
    if (e.kind !== 'local') throw new Error('an array expression is not a local')
    return e.local
  }

  private unary(expr: Extract<Expr, { kind: 'unary' }>, ctx: Ctx): IrExpr {
    switch (expr.op) {
      case '+':
        return this.number(expr.value, ctx)
      case '~':
        return op('not', this.int32(expr.value))
      case '-': {
        const value = this.number(expr.value, ctx)
        if (value.kind === 'const') return num(F64, -Number(value.value))
        const type = integerType(this.numberFact(expr), ctx.zero ?? false)
        if (type && intLike(value)) return op('neg', coerce(value, wider(type, integerTypeOf(value))))
        return op('neg', coerce(value, F64))
      }
      default:
        throw new Error(`unary ${expr.op} gives no number`)
    }
  }

  /** `left op right`, the operands given as makers, for plain and compound expressions alike. */
  arithmetic(
    name: string,
    fact: NumberFact,
    leftFact: NumberFact,
    rightFact: NumberFact,
    left: (ctx: Ctx) => IrExpr,
    right: (ctx: Ctx) => IrExpr,
    ctx: Ctx = {},
  ): IrExpr {
    const zero = ctx.zero ?? false
    const both = (a: Ctx, b: Ctx) => this.b.ordered([() => left(a), () => right(b)]) as [IrExpr, IrExpr]
    switch (name) {
      case '+':
      case '-':
      case '*': {
        // A zero's sign survives a sum only where both sides are −0, a difference only where the left side is.
        const hasZero = rightFact.lo <= 0 && rightFact.hi >= 0
        const a = zero || (name === '+' ? !rightFact.negZero : name === '-' ? !hasZero : false)
        const b = zero || (name !== '*' && !leftFact.negZero)
        const [x, y] = both({ zero: a }, { zero: b })
        return this.integerOr(name === '+' ? 'add' : name === '-' ? 'sub' : 'mul', integerType(fact, zero), x, y)
      }
      case '/': {
        const [x, y] = both({}, {})
        return op('div', coerce(x, F64), coerce(y, F64))
      }
      case '%': {
        const [x, y] = both({ zero }, ZERO)
        const type = integerType(fact, zero)
        if (type && leftFact.lo >= 0 && rightFact.lo > 0) return this.integerOr('rem', type, x, y)
        if (intLike(x) && intLike(y) && fitsInt32(leftFact) && fitsInt32(rightFact)) {
          return op('imod', coerce(x, I32), coerce(y, I32))
        }
        return op('rem', coerce(x, F64), coerce(y, F64))
      }
      case '**': {
        const [x, y] = both({}, {})
        return op('pow', coerce(x, F64), coerce(y, F64))
      }
      case '&':
      case '|':
      case '^':
      case '<<':
      case '>>':
      case '>>>': {
        const [x, y] = both(ZERO, ZERO)
        const a = this.toInt32(x, leftFact)
        const b = this.toInt32(y, rightFact)
        return this.bits(name, fact, a, b)
      }
      default:
        throw new Error(`no arithmetic ${name}`)
    }
  }

  bits(name: string, fact: NumberFact, a: IrExpr, b: IrExpr): IrExpr {
    const names = { '&': 'and', '|': 'or', '^': 'xor', '<<': 'shl', '>>': 'shr_s', '>>>': 'shr_u' }
    if (name === '|' && isWholeConst(b) && b.kind === 'const' && Number(b.value) === 0) return a
    const value = op(names[name as keyof typeof names], a, b)
    if (name !== '>>>') return value
    return fitsInt32(fact) ? value : op('uint32', value)
  }

  /** The integer operation where result and operands allow it, else the one on f64. */
  private integerOr(name: string, type: ScalarType | undefined, x: IrExpr, y: IrExpr): IrExpr {
    if (type && intLike(x) && intLike(y) && !(x.kind === 'const' && y.kind === 'const')) {
      const at = wider(type, wider(integerTypeOf(x), integerTypeOf(y)))
      return op(name, coerce(x, at), coerce(y, at))
    }
    return op(name, coerce(x, F64), coerce(y, F64))
  }

  /** What ToInt32 makes of a value already lowered. */
  toInt32(e: IrExpr, fact: NumberFact): IrExpr {
    if (e.kind === 'const') return num(I32, Number(e.value) | 0)
    if (e.type === I32) return e
    if (isInteger(e.type)) return e.type === I64 && e.kind === 'op' && e.op === 'uint32' ? e.args[0]! : cast(I32, e)
    const value = coerce(e, F64)
    return isIntegral(fact) && fitsInt32(fact) ? cast(I32, value) : op('toint32', value)
  }

  /**
   * The low 32 bits of an expression: sums and products of whole numbers wrap where the exact result is within ±2⁵³,
   * so that `(a + b) | 0` is one instruction.
   */
  int32(expr: Expr): IrExpr {
    const fact = this.numberFact(expr)
    if (expr.kind === 'binary' && isIntegral(fact) && this.fact(expr.left).kind === 'number') {
      const names = { '+': 'add', '-': 'sub', '*': 'mul' }
      const name = names[expr.op as keyof typeof names]
      if (name && isIntegral(this.numberFact(expr.left)) && isIntegral(this.numberFact(expr.right))) {
        const [a, b] = this.b.ordered([() => this.int32(expr.left), () => this.int32(expr.right)])
        return op(name, a!, b!)
      }
    }
    if (expr.kind === 'binary' && ['&', '|', '^', '<<', '>>', '>>>'].includes(expr.op)) {
      const [a, b] = this.b.ordered([() => this.int32(expr.left), () => this.int32(expr.right)])
      return this.bits(expr.op, { ...fact, lo: 0, hi: 0 }, a!, b!)
    }
    return this.toInt32(this.number(expr, ZERO), fact)
  }

  /** An index: an integer type where the facts prove it a whole number, else f64, which the check looks at. */
  index(expr: Expr): IrExpr {
    const fact = this.numberFact(expr)
    const value = this.number(expr, ZERO)
    if (value.kind === 'const') {
      const at = Number(value.value)
      return Number.isInteger(at) && Math.abs(at) < 2 ** 31 ? num(INDEX, at + 0) : num(F64, at)
    }
    if (isInteger(value.type)) return value
    return isIntegral(fact) && fitsInt32(fact) ? cast(INDEX, coerce(value, F64)) : coerce(value, F64)
  }

  /** Loads with a check into a local of its own, widened so that uint32 and float32 elements are numbers. */
  loadElement(from: Local, at: IrExpr, expr: Extract<Expr, { kind: 'index' }>): IrExpr {
    const value = load(from, at, 'checked', this.b.site('bounds', this.b.text(expr.array.loc), expr.loc))
    const kept = this.b.temp(value, 'e')
    return kept.type === F32 ? cast(F64, kept) : kept
  }

  // ───────────────────────────── choices ─────────────────────────────

  /** `when ? yes : no`: an expression where both arms are free of effects, else an `if` into a local. */
  choose(expr: Expr, when: IrExpr, yes: () => IrExpr, no: () => IrExpr): IrExpr {
    const reached = (e: Expr) => this.inferred.exprs.has(e)
    if (expr.kind === 'conditional') {
      if (!reached(expr.then)) return no()
      if (!reached(expr.else)) return yes()
    }
    if (expr.kind === 'logical' && !reached(expr.right)) return expr.op === '&&' ? no() : yes()
    const a = this.b.apart(yes)
    const b = this.b.apart(no)
    let type = a.value.type
    if (a.value.type !== b.value.type || a.value.type === F64) {
      const ints = intLike(a.value) && intLike(b.value) && (isInteger(a.value.type) || isInteger(b.value.type))
      type = ints ? wider(integerTypeOf(a.value), integerTypeOf(b.value)) : F64
    }
    const arms = [a, b].map((arm) => ({
      stmts: arm.stmts,
      value: type.kind === 'scalar' && type !== BOOL ? coerce(arm.value, type) : arm.value,
    }))
    const [x, y] = arms as [(typeof arms)[0], (typeof arms)[0]]
    if (x.stmts.length + y.stmts.length === 0 && type.kind === 'scalar') {
      // A short right side costs less than the branch around it; nothing in it can fail.
      const right = expr.kind === 'logical' && (expr.op === '&&' ? x.value : y.value)
      if (right && type === BOOL && isShort(right)) return op(expr.op === '&&' ? 'and' : 'or', when, right)
      return cond(when, x.value, y.value)
    }
    const result = this.b.local('chosen', type)
    this.b.emit(ifStmt(when, [...x.stmts, assign(result, x.value)], [...y.stmts, assign(result, y.value)]))
    return ref(result)
  }

  // ───────────────────────────── assignments ─────────────────────────────

  /** Assigns to the variable, in its representation. */
  set(variable: Variable, value: IrExpr): void {
    const local = this.variable(variable)
    this.b.emit(assign(local, local.type.kind === 'scalar' && local.type !== BOOL ? coerce(value, local.type) : value))
  }

  assignment(expr: Extract<Expr, { kind: 'assign' }>, used: boolean): IrExpr {
    const { target } = expr
    if (target.kind === 'variable') {
      if (!expr.op && expr.value.kind === 'new' && this.fact(target).kind !== 'undefined') {
        const fresh = this.array(expr.value)
        this.set(target.variable, fresh)
        return ref(this.variable(target.variable))
      }
      const value = expr.op
        ? this.arithmetic(
            expr.op,
            this.numberFact(expr),
            this.numberFact(target),
            this.numberFact(expr.value),
            (c) => this.number(target, c),
            (c) => this.number(expr.value, c),
          )
        : this.value(expr.value)
      // The value of the assignment is what was assigned, in its own representation: −0 or a fraction stay themselves.
      const kept = used && value.type !== this.variable(target.variable).type ? this.b.temp(value) : value
      this.set(target.variable, kept)
      return used && kept === value ? ref(this.variable(target.variable)) : kept
    }
    let where: IrExpr
    let at: IrExpr
    let value: IrExpr
    if (expr.op) {
      const place = this.b.ordered([() => this.array(target.array), () => this.index(target.index)])
      where = place[0]!
      at = this.settled(place[1]!)
      const from = this.localOf(where)
      value = this.arithmetic(
        expr.op,
        this.numberFact(expr),
        this.numberFact(target),
        this.numberFact(expr.value),
        () => this.loadElement(from, at, target),
        (c) => this.number(expr.value, c),
      )
    } else {
      const parts = this.b.ordered([
        () => this.array(target.array),
        () => this.index(target.index),
        () => this.stored(expr.value, this.localOf(this.arrayRef(target)), used),
      ])
      where = parts[0]!
      at = parts[1]!
      value = parts[2]!
    }
    const into = this.localOf(where)
    const kept = used ? this.b.temp(value) : value
    this.storeElement(into, at, kept, this.numberFact(expr), target)
    return kept
  }

  /** The array a store goes to, for its element type only: nothing is emitted. */
  private arrayRef(target: Extract<Target, { kind: 'index' }>): IrExpr {
    const fact = this.fact(target.array)
    const dtype: DType = fact.kind === 'array' ? fact.dtype : 'float64'
    return ref({ name: '', type: array(dtype) })
  }

  /** The value of a store: its low bits alone where it goes into integers and nobody else looks at it. */
  private stored(expr: Expr, into: Local, used: boolean): IrExpr {
    const type = into.type
    if (!used && type.kind === 'array' && type.dtype !== 'uint8c' && storeType(type.dtype) === I32) {
      return this.fact(expr).kind === 'boolean' ? cast(I32, this.truth(expr)) : this.int32(expr)
    }
    return this.value(expr)
  }

  /** Kept as it is now, unless nothing can change it. */
  private settled(e: IrExpr): IrExpr {
    return e.kind === 'const' ? e : this.b.temp(e, 'at')
  }

  storeElement(
    into: Local,
    at: IrExpr,
    value: IrExpr,
    fact: NumberFact,
    target: Extract<Target, { kind: 'index' }>,
  ): void {
    const type = into.type
    if (type.kind !== 'array') throw new Error('a store into no array')
    const site = this.b.site('bounds', this.b.text(target.array.loc), target.loc)
    this.b.emit(store(into, at, this.element(value, type.dtype, fact), 'checked', site))
  }

  /** `value` as an element of the given type: JavaScript's conversion when storing into a typed array. */
  element(value: IrExpr, dtype: DType, fact: NumberFact): IrExpr {
    const e = value.type === BOOL ? cast(I32, value) : value
    if (dtype === 'float64') return coerce(e, F64)
    if (dtype === 'float32') return e.kind === 'cast' && e.value.type === F32 ? e.value : coerce(e, F32)
    if (dtype !== 'uint8c') return this.toInt32(e, fact)
    if (isInteger(e.type) && fact.lo >= 0 && fact.hi <= 255) return coerce(e, I32)
    return op('clamp8', coerce(e, F64))
  }

  private update(expr: Extract<Expr, { kind: 'update' }>, used: boolean): IrExpr {
    const { target } = expr
    const old = this.numberFact(target)
    const by = expr.op === '++' ? 1 : -1
    const fact: NumberFact = { ...old, lo: old.lo + by, hi: old.hi + by, negZero: false }
    const one: NumberFact = { kind: 'number', int: true, lo: 1, hi: 1, nan: false, negZero: false }
    const name = expr.op === '++' ? '+' : '-'
    if (target.kind === 'variable') {
      const local = this.variable(target.variable)
      const before = used && !expr.prefix ? this.b.temp(ref(local), 'old') : ref(local)
      // A counter's fact is cut at 2⁵³ (counters.ts), so its own type says that the step stays whole.
      const next = isInteger(local.type)
        ? op(by > 0 ? 'add' : 'sub', ref(local), num(local.type as ScalarType, 1))
        : this.arithmetic(
            name,
            fact,
            old,
            one,
            () => ref(local),
            () => num(F64, 1),
          )
      this.set(target.variable, next)
      return expr.prefix ? ref(local) : before
    }
    const [where, index] = this.b.ordered([() => this.array(target.array), () => this.index(target.index)])
    const into = this.localOf(where!)
    const at = this.settled(index!)
    const before = this.loadElement(into, at, target)
    const next = this.arithmetic(
      name,
      fact,
      old,
      one,
      () => before,
      () => num(F64, 1),
    )
    const kept = used && expr.prefix ? this.b.temp(next) : next
    this.storeElement(into, at, kept, fact, target)
    return expr.prefix ? kept : before
  }

  // ───────────────────────────── calls ─────────────────────────────

  /** Calls a helper; its result in a local of its own. */
  invoke(expr: Extract<Expr, { kind: 'invoke' }>): IrExpr | undefined {
    const values = this.b.ordered(expr.args.map((arg) => () => this.value(arg)))
    const callee = this.calls.callee(
      expr,
      expr.args.map((arg) => this.fact(arg)),
    )
    const args = callee.params.map(({ type, argument }) => {
      const value = values[argument]!
      return type.kind === 'scalar' && type !== BOOL ? coerce(value, type) : value
    })
    const result = callee.result && this.b.local(expr.name, callee.result)
    this.b.emit({
      kind: 'call',
      fn: callee.name,
      args,
      results: result ? [result] : [],
      site: this.b.site('call', expr.name, expr.loc),
    })
    return result && ref(result)
  }

  locText(loc: Loc): string {
    return this.b.text(loc)
  }
}
