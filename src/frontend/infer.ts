/**
 * Type inference: walks the kernel's syntax with the types of the arguments and finds a fact for every expression and a
 * type for every variable. It follows the flow: a condition narrows what it tests, loops run to a fixed point.
 */

import { type CompileError, compileError } from '../errors.ts'
import type { Expr, KernelFn, Label, Loc, Stmt, Variable } from './ast.ts'
import { COUNTED, counters } from './counters.ts'
import { coversEnv, type Env, FixedPoints, joinEnv, widenEnv } from './environment.ts'
import {
  ANY_NUMBER,
  add,
  assume,
  BOOLEAN,
  bitwise,
  constantFact,
  div,
  EXACT,
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
import { locate } from './locate.ts'
import { mathFact } from './math-facts.ts'
import { visitExpr } from './visit.ts'

export interface Inferred {
  readonly exprs: ReadonlyMap<Expr, Fact>
  /** Everything that is ever assigned to a variable, joined. */
  readonly variables: ReadonlyMap<Variable, Fact>
  /** The statements that can run at all. */
  readonly reached: ReadonlySet<Stmt>
  /** Joined over all returns, UNDEFINED where the end is reached; absent where no path is known to get so far. */
  readonly result: Fact | undefined
  /** No array is longer: see InferOptions. */
  readonly maxLength: number
}

export interface InferOptions {
  /** The largest array length: SMALL, or EXACT for kernels that are given longer arrays. */
  readonly maxLength: number
  /** The result of a helper called with such arguments; undefined while it is not known (recursion). */
  readonly call: (expr: Extract<Expr, { kind: 'invoke' }>, args: readonly Fact[]) => Fact | undefined
}

/** Thrown up to the branch or statement that waits for a recursive call whose result is not known yet. */
const UNKNOWN = Symbol('unknown')

interface Exits {
  breaks: Env
  continues: Env
}

export function infer(kernel: KernelFn, args: readonly Fact[], options: InferOptions): Inferred {
  return new Inference(kernel, options).run(args)
}

class Inference {
  private readonly kernel: KernelFn
  private readonly options: InferOptions
  private readonly exprs = new Map<Expr, Fact>()
  /** The facts of the latest walk, also while nothing is recorded. */
  private readonly latest = new Map<Expr, Fact>()
  private readonly variables = new Map<Variable, Fact>()
  private readonly reached = new Set<Stmt>()
  private readonly exits = new Map<Label, Exits>()
  private readonly counting: ReadonlySet<Variable>
  private readonly fixedPoints = new FixedPoints()
  private result: Fact | undefined
  /** Off while a loop looks for its fixed point: only the last walk is kept. */
  private recording = true
  private env: Env = new Map()

  constructor(kernel: KernelFn, options: InferOptions) {
    this.kernel = kernel
    this.options = options
    this.counting = counters(kernel)
  }

  run(args: readonly Fact[]): Inferred {
    this.kernel.params.forEach((param, k) => {
      let fact = args[k] ?? UNDEFINED
      if (fact.kind === 'undefined' && param.default) fact = this.expr(param.default)
      this.assign(param.variable, fact)
    })
    this.stmts(this.kernel.body)
    if (this.env) this.result = this.result ? join(this.result, UNDEFINED) : UNDEFINED
    const { result } = this
    if (result?.kind === 'maybe' || result?.kind === 'mixed') {
      throw this.error(
        { start: 0, end: this.kernel.source.text.length },
        'return-type',
        result.kind === 'maybe'
          ? `\`${this.kernel.source.name}\` returns a value on some paths and nothing on others.`
          : `\`${this.kernel.source.name}\` returns ${describe(result)}.`,
        'Return a value of one type on every path.',
      )
    }
    const { maxLength } = this.options
    return { exprs: this.exprs, variables: this.variables, reached: this.reached, result, maxLength }
  }

  private error(loc: Loc, code: string, reason: string, remedy: string): CompileError {
    return compileError(locate(this.kernel.fn, this.kernel.source), loc, code, reason, remedy)
  }

  // ───────────────────────────── statements ─────────────────────────────

  private stmts(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) {
      if (!this.env) return
      if (this.recording) this.reached.add(stmt)
      this.attempt(() => this.stmt(stmt))
    }
  }

  /** What waits for an unknown result is not reached yet. */
  private attempt<T>(make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      if (error !== UNKNOWN) throw error
      this.env = undefined
      return undefined
    }
  }

  private stmt(stmt: Stmt): void {
    switch (stmt.kind) {
      case 'declare':
        if (stmt.init) this.assign(stmt.variable, this.expr(stmt.init))
        else this.env?.set(stmt.variable, UNDEFINED)
        return
      case 'expr':
        this.expr(stmt.expr)
        return
      case 'if': {
        const [yes, no] = this.branch(stmt.test)
        this.env = yes
        this.stmts(stmt.then)
        const after = this.env
        this.env = no
        this.stmts(stmt.else)
        this.env = joinEnv(after, this.env)
        return
      }
      case 'while':
        this.loop(stmt.label, () => {
          const [yes, no] = this.branch(stmt.test)
          this.env = yes
          this.stmts(stmt.body)
          this.env = joinEnv(this.env, this.exits.get(stmt.label)!.continues)
          return no
        })
        return
      case 'doWhile':
        this.loop(stmt.label, () => {
          this.stmts(stmt.body)
          this.env = joinEnv(this.env, this.exits.get(stmt.label)!.continues)
          if (!this.env) return undefined
          const [yes, no] = this.branch(stmt.test)
          this.env = yes
          return no
        })
        return
      case 'for':
        this.stmts(stmt.init)
        this.loop(stmt.label, () => {
          const [yes, no] = stmt.test ? this.branch(stmt.test) : [this.env, undefined]
          this.env = yes
          this.stmts(stmt.body)
          this.env = joinEnv(this.env, this.exits.get(stmt.label)!.continues)
          const { update } = stmt
          if (this.env && update) this.attempt(() => this.expr(update))
          return no
        })
        return
      case 'prange': {
        const start = stmt.start ? this.number(stmt.start) : integerFact(0, 0)
        const stop = this.number(stmt.stop)
        const step = stmt.step ? this.number(stmt.step) : integerFact(1, 1)
        const span = step.lo > 0 ? [start.lo, stop.hi - 1] : [stop.lo + 1, start.hi]
        if (step.lo <= 0 && step.hi >= 0) span.splice(0, 2, Math.min(start.lo, stop.lo), Math.max(start.hi, stop.hi))
        const lo = Math.max(span[0]!, -EXACT)
        const hi = Math.min(span[1]!, EXACT)
        const each = integerFact(Math.min(lo, hi), Math.max(lo, hi))
        this.loop(stmt.label, () => {
          const before = this.env
          this.env = new Map(this.env)
          this.assign(stmt.variable, each)
          this.stmts(stmt.body)
          this.env = joinEnv(this.env, this.exits.get(stmt.label)!.continues)
          return before
        })
        return
      }
      case 'block':
        if (!stmt.label) {
          this.stmts(stmt.body)
          return
        }
        this.exits.set(stmt.label, { breaks: undefined, continues: undefined })
        this.stmts(stmt.body)
        this.env = joinEnv(this.env, this.exits.get(stmt.label)!.breaks)
        return
      case 'break': {
        const exits = this.exits.get(stmt.label)!
        exits.breaks = joinEnv(exits.breaks, this.env)
        this.env = undefined
        return
      }
      case 'continue': {
        const exits = this.exits.get(stmt.label)!
        exits.continues = joinEnv(exits.continues, this.env)
        this.env = undefined
        return
      }
      case 'return': {
        const fact = stmt.value ? this.expr(stmt.value) : UNDEFINED
        this.result = this.result ? join(this.result, fact) : fact
        this.env = undefined
        return
      }
      default:
        stmt satisfies never
    }
  }

  /** `walk` runs test, body and update once from `this.env`, leaves the back edge there and returns the exit. */
  private loop(label: Label, walk: () => Env): void {
    const entry = this.env!
    const once = (start: Map<Variable, Fact>): { back: Env; exit: Env } => {
      this.exits.set(label, { breaks: undefined, continues: undefined })
      this.env = new Map(start)
      const exit = walk()
      return { back: this.env, exit: joinEnv(exit, this.exits.get(label)!.breaks) }
    }
    const { recording, result } = this
    this.recording = false
    const known = this.fixedPoints.find(label, entry)
    const { head, exit } = known ? { head: known, exit: undefined } : this.search(label, entry, once)
    this.recording = recording
    this.env = known || recording ? once(head).exit : exit
    if (!recording) this.result = result
  }

  /** The facts at the loop's head that its own back edge confirms. */
  private search(
    label: Label,
    entry: Map<Variable, Fact>,
    once: (start: Map<Variable, Fact>) => { back: Env; exit: Env },
  ): { head: Map<Variable, Fact>; exit: Env } {
    const { result } = this
    let head = entry
    let out = once(head)
    for (let round = 0; out.back && !coversEnv(head, out.back); round++) {
      const next = joinEnv(head, out.back)!
      head = round === 0 ? next : widenEnv(head, next)
      out = once(head)
    }
    // What the widening overshot, one more walk from the joined back edge takes back.
    if (out.back && head !== entry) {
      const narrowed = joinEnv(entry, out.back)!
      const check = once(narrowed)
      if (coversEnv(narrowed, check.back)) {
        head = narrowed
        out = check
      }
    }
    this.result = result
    this.fixedPoints.add(label, entry, head)
    return { head, exit: out.exit }
  }

  private assign(variable: Variable, value: Fact): void {
    let fact = value
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

  // ───────────────────────────── conditions ─────────────────────────────

  /** What holds where `test` is true, and where it is false. */
  private branch(test: Expr): [Env, Env] {
    return this.attempt(() => this.test(test)) ?? [undefined, undefined]
  }

  private test(test: Expr): [Env, Env] {
    switch (test.kind) {
      case 'boolean':
        this.expr(test)
        return test.value ? [this.env, undefined] : [undefined, this.env]
      case 'unary':
        if (test.op === '!') {
          const [yes, no] = this.branch(test.value)
          this.note(test, BOOLEAN)
          return [no, yes]
        }
        break
      case 'logical': {
        const [yes, no] = this.branch(test.left)
        this.env = test.op === '&&' ? yes : no
        if (!this.env) {
          this.noteTest(test)
          return [yes, no]
        }
        const [yes2, no2] = this.branch(test.right)
        this.noteTest(test)
        return test.op === '&&' ? [yes2, joinEnv(no, no2)] : [joinEnv(yes, yes2), no2]
      }
      case 'binary': {
        this.expr(test)
        const left = this.latest.get(test.left)
        const right = this.latest.get(test.right)
        if (left?.kind !== 'number' || right?.kind !== 'number') break
        const env = this.env
        // In `i < i++` the left value is that of before: it says nothing of what `i` is now.
        if (assigns(test.right)) return [env, env ? new Map(env) : env]
        const yes = this.narrow(env, test.left, test.op, right)
        const yes2 = this.narrow(yes, test.right, flipped(test.op), left)
        const opposite = left.nan || right.nan ? undefined : negated(test.op)
        const no = opposite ? this.narrow(env, test.left, opposite, right) : env
        const no2 = opposite ? this.narrow(no, test.right, flipped(opposite), left) : env
        return [yes2, no2 === env ? (env ? new Map(env) : env) : no2]
      }
      case 'intrinsic': {
        const fact = this.expr(test)
        const arg = test.args[0]
        if (test.name === 'Number.isInteger' && arg?.kind === 'variable' && fact.kind === 'boolean') {
          const known = this.env?.get(arg.variable)
          if (known?.kind === 'number') {
            const yes = new Map(this.env)
            yes.set(arg.variable, { ...known, int: true, nan: false })
            return [yes, this.env]
          }
        }
        return [this.env, this.env ? new Map(this.env) : undefined]
      }
    }
    const fact = this.expr(test)
    if (fact.kind !== 'boolean' && fact.kind !== 'number') throw this.typeError(test, fact, 'a truth value or number')
    return [this.env, this.env ? new Map(this.env) : undefined]
  }

  private narrow(env: Env, expr: Expr, op: string, other: NumberFact): Env {
    if (expr.kind !== 'variable' || !env) return env
    const known = env.get(expr.variable)
    if (known?.kind !== 'number') return env
    const relation = op === '==' ? '===' : op
    if (relation !== '<' && relation !== '<=' && relation !== '>' && relation !== '>=' && relation !== '===') return env
    const out = new Map(env)
    out.set(expr.variable, assume(known, relation, other))
    return out
  }

  // ───────────────────────────── expressions ─────────────────────────────

  private note(expr: Expr, fact: Fact): Fact {
    this.latest.set(expr, fact)
    if (this.recording) this.exprs.set(expr, fact)
    return fact
  }

  /** A tested `&&` or `||` may give values of two types: who takes it for a value must see that, a test need not. */
  private noteTest(test: Extract<Expr, { kind: 'logical' }>): void {
    const left = this.latest.get(test.left)
    const right = this.latest.get(test.right)
    const fact = left && right ? join(left, right) : (left ?? BOOLEAN)
    this.note(test, fact.kind === 'mixed' ? BOOLEAN : fact)
    this.latest.set(test, fact)
  }

  private typeError(expr: Expr, fact: Fact, wanted: string): CompileError {
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

  private number(expr: Expr): NumberFact {
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

  private expr(expr: Expr): Fact {
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
        const [yes, no] = this.branch(expr.test)
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
        if (expr.target.kind === 'variable') this.assign(expr.target.variable, next)
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
        if (expr.length) this.number(expr.length)
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

  private truth(expr: Expr): void {
    const [yes, no] = this.branch(expr)
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
    const [yes, no] = this.branch(expr.left)
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
    this.assign(target.variable, value)
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

/** Whether evaluating the expression assigns a variable. */
function assigns(expr: Expr): boolean {
  let found = false
  visitExpr(expr, {
    expr(e) {
      if ((e.kind === 'assign' || e.kind === 'update') && e.target.kind === 'variable') found = true
    },
  })
  return found
}

const flipped = (op: string): string =>
  op === '<' ? '>' : op === '<=' ? '>=' : op === '>' ? '<' : op === '>=' ? '<=' : op
const negated = (op: string): string | undefined =>
  ({ '<': '>=', '<=': '>', '>': '<=', '>=': '<', '!==': '===', '!=': '===' })[op]

/** A fact in the user's words. */
export function describe(fact: Fact): string {
  switch (fact.kind) {
    case 'number':
      return 'a number'
    case 'boolean':
      return 'a truth value'
    case 'array': {
      const name = `${fact.dtype[0]!.toUpperCase()}${fact.dtype.slice(1)}Array`
      return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`
    }
    case 'undefined':
      return 'undefined'
    case 'maybe':
      return `${describe(fact.of)} on some paths and undefined on others`
    case 'mixed':
      return `${describe(fact.a)} on some paths and ${describe(fact.b)} on others`
    default:
      return fact satisfies never
  }
}
