/** Inference of expressions: the fact of each, in the environment that holds where it is evaluated. */

import { type CompileError, compileError } from '../errors.ts'
import type { Expr, KernelFn, Loc, Variable } from './ast.ts'
import { branch } from './conditions.ts'
import { COUNTED, isStepping, startsCounter } from './counters.ts'
import { type Env, joinEnv } from './environment.ts'
import {
  ANY_NUMBER,
  add,
  BOOLEAN,
  bitwise,
  constantFact,
  describe,
  div,
  elementFact,
  type Fact,
  INT32,
  integerFact,
  join,
  mul,
  type NumberFact,
  neg,
  rem,
  sub,
  UNDEFINED,
} from './facts.ts'
import type { InferOptions } from './infer.ts'
import { locate } from './locate.ts'
import { mathFact } from './math-facts.ts'

/** Thrown up to the branch or statement (`attempt`) that waits for a recursive call whose result is not known yet. */
const UNKNOWN = Symbol('unknown')

export class ExprInference {
  protected readonly kernel: KernelFn
  protected readonly options: InferOptions
  protected readonly exprs = new Map<Expr, Fact>()
  /** The facts of the latest walk, also while nothing is recorded. */
  readonly latest = new Map<Expr, Fact>()
  protected readonly variables = new Map<Variable, Fact>()
  private readonly counting: ReadonlySet<Variable>
  /** Those that are set to something no counter may be set to. */
  readonly notCounting = new Set<Variable>()
  /** Off while a loop looks for its fixed point: only the last walk is kept. */
  protected recording = true
  env: Env = new Map()

  constructor(kernel: KernelFn, options: InferOptions, counting: ReadonlySet<Variable>) {
    this.kernel = kernel
    this.options = options
    this.counting = counting
  }

  protected error(loc: Loc, code: string, reason: string, remedy: string): CompileError {
    return compileError(locate(this.kernel.fn, this.kernel.source), loc, code, reason, remedy)
  }

  /** What waits for an unknown result is not reached yet. */
  attempt<T>(make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      if (error !== UNKNOWN) throw error
      this.env = undefined
      return undefined
    }
  }

  protected assign(variable: Variable, value: Fact, steps = false): void {
    let fact = value
    if (this.recording && !steps && this.counting.has(variable) && !startsCounter(fact)) this.notCounting.add(variable)
    if (fact.kind === 'number' && this.counting.has(variable)) {
      // Counting so far in small steps takes longer than any run: see counters.ts.
      fact = { ...fact, lo: Math.max(fact.lo, -COUNTED), hi: Math.min(fact.hi, COUNTED) }
    }
    this.env?.set(variable, fact)
    if (this.recording) {
      const known = this.variables.get(variable)
      this.variables.set(variable, known ? join(known, fact) : fact)
    }
  }

  note(expr: Expr, fact: Fact): Fact {
    this.latest.set(expr, fact)
    if (this.recording) this.exprs.set(expr, fact)
    return fact
  }

  typeError(expr: Expr, fact: Fact, wanted: string): CompileError {
    const text = this.kernel.source.text.slice(expr.loc.start, expr.loc.end)
    return this.error(
      expr.loc,
      'type',
      `\`${text}\` is ${describe(fact)} where ${wanted} is needed.`,
      fact.kind === 'undefined' || fact.kind === 'maybe'
        ? 'Give it a value on every path before it is used.'
        : 'Use one type for one purpose; convert with Number(x), or compare (x !== 0).',
    )
  }

  protected number(expr: Expr): NumberFact {
    const fact = this.expr(expr)
    if (fact.kind === 'number') return fact
    if (fact.kind === 'boolean') return integerFact(0, 1)
    throw this.typeError(expr, fact, 'a number')
  }

  /** An index. A truth value is none: JavaScript takes `a[true]` for a property of that name. */
  private position(expr: Expr): void {
    const fact = this.expr(expr)
    if (fact.kind !== 'number') throw this.typeError(expr, fact, 'a whole number')
  }

  private array(expr: Expr): Extract<Fact, { kind: 'array' }> {
    const fact = this.expr(expr)
    if (fact.kind === 'array') return fact
    throw this.typeError(expr, fact, 'a typed array')
  }

  expr(expr: Expr): Fact {
    return this.note(expr, this.compute(expr))
  }

  private compute(expr: Expr): Fact {
    switch (expr.kind) {
      case 'number':
        return constantFact(expr.value)
      case 'boolean':
        return BOOLEAN
      case 'undefined':
        return UNDEFINED
      case 'variable': {
        const fact = this.env?.get(expr.variable) ?? UNDEFINED
        if (fact.kind === 'maybe' || fact.kind === 'mixed' || fact.kind === 'undefined') {
          const name = expr.variable.name
          if (expr.variable.kind === 'param' && fact.kind === 'undefined') {
            throw this.error(
              expr.loc,
              'missing-argument',
              `\`${name}\` is used, but the call gives no value for it.`,
              `Pass it, or give it a default: \`${name} = 0\`.`,
            )
          }
          throw fact.kind === 'mixed'
            ? this.error(expr.loc, 'type', `\`${name}\` is ${describe(fact)} here.`, 'Use a variable for each type.')
            : this.error(
                expr.loc,
                'uninitialised',
                `\`${name}\` may be used here before it has a value.`,
                `Give it a value where it is declared: \`let ${name} = 0\`.`,
              )
        }
        return fact
      }
      case 'unary':
        switch (expr.op) {
          case '-':
            return neg(this.number(expr.value))
          case '+':
            return this.number(expr.value)
          case '~':
            this.number(expr.value)
            return INT32
          case '!':
            this.truth(expr.value)
            return BOOLEAN
          default:
            return expr satisfies never
        }
      case 'binary':
        return this.binary(expr)
      case 'logical':
        return this.logical(expr)
      case 'conditional': {
        const [yes, no] = branch(this, expr.test)
        this.env = yes
        const then = yes && this.attempt(() => this.expr(expr.then))
        const after = this.env
        this.env = no
        const other = no && this.attempt(() => this.expr(expr.else))
        this.env = joinEnv(after, this.env)
        return this.either(expr, then, other)
      }
      case 'assign':
        return this.assignment(expr)
      case 'update': {
        const old = this.number(expr.target)
        const next = expr.op === '++' ? add(old, integerFact(1, 1)) : sub(old, integerFact(1, 1))
        if (expr.target.kind === 'variable') this.assign(expr.target.variable, next, true)
        return expr.prefix ? next : old
      }
      case 'sequence': {
        let last: Fact = UNDEFINED
        for (const part of expr.exprs) last = this.expr(part)
        return last
      }
      case 'intrinsic':
        return this.intrinsic(expr)
      case 'invoke': {
        const args = expr.args.map((arg) => this.expr(arg))
        const fact = this.options.call(expr, args)
        if (!fact) throw UNKNOWN
        return fact
      }
      case 'new':
        if (expr.length) this.wholeFromHere(expr.length, this.number(expr.length))
        if (expr.dtype === 'int64' || expr.dtype === 'uint64') {
          throw this.error(
            expr.loc,
            'bigint',
            'BigInt arrays are not compiled yet.',
            'Use an Int32Array, or a Float64Array for whole numbers up to 2⁵³.',
          )
        }
        return { kind: 'array', dtype: expr.dtype }
      case 'index': {
        const array = this.array(expr.array)
        this.position(expr.index)
        return elementFact(array.dtype)
      }
      case 'length':
        this.array(expr.array)
        return integerFact(0, this.options.maxLength)
      default:
        return expr satisfies never
    }
  }

  /** No array has a length that is a fraction, negative or NaN: past the `new`, what was asked for is none of these, nor too long. */
  private wholeFromHere(length: Expr, fact: NumberFact): void {
    if (length.kind !== 'variable' || this.env?.get(length.variable)?.kind !== 'number') return
    const whole = {
      ...fact,
      int: true,
      nan: false,
      lo: Math.max(fact.lo, 0),
      hi: Math.min(fact.hi, this.options.maxLength),
    }
    this.env.set(length.variable, whole)
  }

  private truth(expr: Expr): void {
    const [yes, no] = branch(this, expr)
    if (!yes && !no) throw UNKNOWN
    this.env = joinEnv(yes, no)
  }

  private either(expr: Expr, a: Fact | undefined, b: Fact | undefined): Fact {
    const one = a ?? b
    if (!one) throw UNKNOWN
    if (!a || !b) return one
    const fact = join(a, b)
    if (fact.kind === 'mixed' || fact.kind === 'maybe') {
      throw this.typeError(expr, fact, 'one type')
    }
    return fact
  }

  private logical(expr: Extract<Expr, { kind: 'logical' }>): Fact {
    const [yes, no] = branch(this, expr.left)
    if (!yes && !no) throw UNKNOWN
    const left = this.latest.get(expr.left)!
    this.env = expr.op === '&&' ? yes : no
    const right = this.env && this.attempt(() => this.expr(expr.right))
    this.env = joinEnv(this.env, expr.op === '&&' ? no : yes)
    if (right && right.kind !== 'boolean' && right.kind !== 'number') throw this.typeError(expr.right, right, 'a value')
    return this.either(expr, left, right)
  }

  private binary(expr: Extract<Expr, { kind: 'binary' }>): Fact {
    const { op } = expr
    if (op === '===' || op === '!==' || op === '==' || op === '!=') {
      const a = this.expr(expr.left)
      const b = this.expr(expr.right)
      if (!(a.kind === b.kind && (a.kind === 'number' || a.kind === 'boolean'))) {
        throw this.error(
          expr.loc,
          'type',
          `\`${op}\` compares ${describe(a)} with ${describe(b)}.`,
          'Compare numbers with numbers, and truth values with truth values.',
        )
      }
      return BOOLEAN
    }
    return this.combine(op, this.number(expr.left), this.number(expr.right))
  }

  private combine(op: string, a: NumberFact, b: NumberFact): Fact {
    switch (op) {
      case '+':
        return add(a, b)
      case '-':
        return sub(a, b)
      case '*':
        return mul(a, b)
      case '/':
        return div(a, b)
      case '%':
        return rem(a, b)
      case '**':
        return ANY_NUMBER
      case '&':
      case '|':
      case '^':
      case '<<':
      case '>>':
      case '>>>':
        return bitwise(op, a, b)
      default:
        return BOOLEAN
    }
  }

  private assignment(expr: Extract<Expr, { kind: 'assign' }>): Fact {
    const { target } = expr
    let value: Fact
    if (expr.op) {
      const old = this.number(target)
      value = this.combine(expr.op, old, this.number(expr.value))
    } else {
      if (target.kind === 'index') {
        this.array(target.array)
        this.position(target.index)
      }
      value = this.expr(expr.value)
    }
    if (target.kind === 'index') {
      if (value.kind !== 'number' && value.kind !== 'boolean') throw this.typeError(expr.value, value, 'a number')
      return value
    }
    const known = this.variables.get(target.variable)
    if (value.kind === 'undefined') throw this.typeError(expr.value, value, 'a value')
    if (known && join(known, value).kind === 'mixed') {
      throw this.error(
        expr.loc,
        'type',
        `\`${target.variable.name}\` holds ${describe(known)} and is assigned ${describe(value)}.`,
        'Use a variable for each type.',
      )
    }
    this.assign(target.variable, value, isStepping(expr))
    return value
  }

  private intrinsic(expr: Extract<Expr, { kind: 'intrinsic' }>): Fact {
    const { name, args } = expr
    if (name.startsWith('atomic.')) {
      const array = this.array(args[0]!)
      for (const arg of args.slice(1)) this.number(arg)
      return elementFact(array.dtype)
    }
    if (name === 'Boolean') {
      for (const arg of args) this.truth(arg)
      return BOOLEAN
    }
    const facts = args.map((arg) => this.number(arg))
    const fact = mathFact(name, facts)
    if (fact) return fact
    throw this.error(
      expr.loc,
      'unsupported-call',
      `\`${name}\` with ${args.length} argument${args.length === 1 ? '' : 's'} cannot be compiled.`,
      'Compute it from other operations, or outside the kernel.',
    )
  }
}
