/**
 * Expressions. A number is lowered in its natural representation: an integer type where the facts prove it one and its
 * operands are integers already, else f64. The consumer then asks for what it needs with `coerce`, or says beforehand
 * that only the low 32 bits count (`int32`), or that the sign of a zero does not (`zero`).
 */

import { compileError } from '../../errors.ts'
import { assign, cast, fail, ifStmt, length, num, op, ref } from '../../ir/build.ts'
import type { Expr as IrExpr, Local } from '../../ir/ir.ts'
import { array, BOOL, F64, I32, INDEX, isInteger } from '../../ir/types.ts'
import type { Expr, Variable } from '../ast.ts'
import { type Fact, fitsInt32, integerFact, isIntegral, type NumberFact } from '../facts.ts'
import type { Inferred } from '../infer.ts'
import { arithmetic, bits, toInt32 } from './arithmetic.ts'
import { type Builder, coerce, held } from './builder.ts'
import { conditional, shortCircuit } from './choices.ts'
import { type Ctx, integerType, integerTypeOf, intLike, wider, ZERO } from './integers.ts'
import { lowerMath } from './math.ts'
import { loadElement, localOf, lowerAssign, lowerPlace, lowerUpdate } from './places.ts'
import { lowerTruth, truthy } from './truths.ts'

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

export class Exprs {
  readonly b: Builder
  readonly inferred: Inferred
  private readonly variables = new Map<Variable, Local>()
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
    return fact.kind === 'number' ? fact : integerFact(0, 1)
  }

  /** The local that holds a variable. */
  variable(variable: Variable): Local {
    let local = this.variables.get(variable)
    if (!local) {
      local = this.b.local(variable.name, this.variableType(variable))
      this.hold(variable, local)
    }
    return local
  }
  /** The variable is held in this local from here on; `once`: it does not change while it is. */
  hold(variable: Variable, local: Local, once = !variable.assigned): void {
    this.variables.set(variable, local)
    if (once) this.b.once.add(local)
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

  /** Assigns to the variable, in its representation. */
  set(variable: Variable, value: IrExpr): void {
    const local = this.variable(variable)
    this.b.emit(assign(local, held(value, local.type)))
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
        lowerAssign(this, expr, false)
        return
      case 'update':
        lowerUpdate(this, expr, false)
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

  /** The part of a sequence that is its value, once the others have had their effects. */
  last(expr: Extract<Expr, { kind: 'sequence' }>): Expr {
    for (const part of expr.exprs.slice(0, -1)) this.effects(part)
    return expr.exprs[expr.exprs.length - 1]!
  }

  truth(expr: Expr): IrExpr {
    return lowerTruth(this, expr)
  }

  array(expr: Expr): IrExpr {
    switch (expr.kind) {
      case 'variable':
        return ref(this.variable(expr.variable))
      case 'new':
        return this.fresh(expr)
      case 'assign':
        return lowerAssign(this, expr, true)
      case 'sequence':
        return this.array(this.last(expr))
      case 'conditional':
        return conditional(this, expr, (arm) => this.array(arm))
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

  private fresh(expr: Extract<Expr, { kind: 'new' }>): IrExpr {
    const local = this.b.local('array', array(expr.dtype))
    const site = this.b.site('memory', this.b.text(expr.loc), expr.loc)
    let size = expr.length ? this.number(expr.length, ZERO) : num(INDEX, 0)
    if (expr.length && this.numberFact(expr.length).hi > this.inferred.maxLength) {
      // What is taken for granted of every length must hold for this one.
      size = this.b.temp(coerce(size, F64), 'length')
      this.b.emit(ifStmt(op('gt', size, num(F64, this.inferred.maxLength)), [fail(site, size)]))
    }
    this.b.emit({ kind: 'alloc', local, length: isInteger(size.type) ? size : coerce(size, F64), zero: true, site })
    return ref(local)
  }

  // ───────────────────────────── numbers ─────────────────────────────

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
        return arithmetic(
          this.b,
          expr.op,
          this.numberFact(expr),
          this.numberFact(expr.left),
          this.numberFact(expr.right),
          (c) => this.number(expr.left, c),
          (c) => this.number(expr.right, c),
          ctx,
        )
      case 'logical': {
        const left = this.b.temp(this.number(expr.left), 'left')
        return shortCircuit(this, expr, truthy(left), left, () => this.number(expr.right))
      }
      case 'conditional':
        return conditional(this, expr, (arm) => this.number(arm, ctx))
      case 'assign':
        return lowerAssign(this, expr, true)
      case 'update':
        return lowerUpdate(this, expr, true)
      case 'sequence':
        return this.number(this.last(expr), ctx)
      case 'intrinsic':
        return lowerMath(this, expr, ctx)
      case 'invoke':
        return this.invoke(expr)!
      case 'index':
        return loadElement(this, ...lowerPlace(this, expr), expr)
      case 'length':
        return length(localOf(this.array(expr.array)))
      default:
        throw compileError(this.b.source, expr.loc, 'type', 'A number is needed here.', 'Use a number.')
    }
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
      return bits(expr.op, { ...fact, lo: 0, hi: 0 }, a!, b!)
    }
    return toInt32(this.number(expr, ZERO), fact)
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

  // ───────────────────────────── calls ─────────────────────────────

  /** Calls a helper; its result in a local of its own. */
  invoke(expr: Extract<Expr, { kind: 'invoke' }>): IrExpr | undefined {
    const values = this.b.ordered(expr.args.map((arg) => () => this.value(arg)))
    const callee = this.calls.callee(
      expr,
      expr.args.map((arg) => this.fact(arg)),
    )
    const args = callee.params.map(({ type, argument }) => held(values[argument]!, type))
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
}
