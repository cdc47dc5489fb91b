/**
 * Type inference: walks the kernel's statements with the types of the arguments and finds a fact for every expression
 * (infer-exprs.ts) and a type for every variable. It follows the flow: a condition narrows what it tests
 * (conditions.ts), loops run to a fixed point.
 */

import type { Expr, KernelFn, Label, Stmt, Variable } from './ast.ts'
import { branch } from './conditions.ts'
import { counters } from './counters.ts'
import { coversEnv, type Env, FixedPoints, joinEnv, widenEnv } from './environment.ts'
import { describe, EXACT, type Fact, integerFact, join, UNDEFINED } from './facts.ts'
import { ExprInference } from './infer-exprs.ts'

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
  /** The largest array length: MAX_LENGTH, or EXACT for kernels that are given longer arrays. */
  readonly maxLength: number
  /** The result of a helper called with such arguments; undefined while it is not known (recursion). */
  readonly call: (expr: Extract<Expr, { kind: 'invoke' }>, args: readonly Fact[]) => Fact | undefined
}

interface Exits {
  breaks: Env
  continues: Env
}

export function infer(kernel: KernelFn, args: readonly Fact[], options: InferOptions): Inferred {
  const counting = counters(kernel)
  for (;;) {
    const inference = new Inference(kernel, options, counting)
    const inferred = inference.run(args)
    if (inference.notCounting.size === 0) return inferred
    for (const variable of inference.notCounting) counting.delete(variable)
  }
}

class Inference extends ExprInference {
  private readonly reached = new Set<Stmt>()
  private readonly exits = new Map<Label, Exits>()
  private readonly fixedPoints = new FixedPoints()
  private result: Fact | undefined

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

  private stmts(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) {
      if (!this.env) return
      if (this.recording) this.reached.add(stmt)
      this.attempt(() => this.stmt(stmt))
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
        const [yes, no] = branch(this, stmt.test)
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
          const [yes, no] = branch(this, stmt.test)
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
          const [yes, no] = branch(this, stmt.test)
          this.env = yes
          return no
        })
        return
      case 'for':
        this.stmts(stmt.init)
        this.loop(stmt.label, () => {
          const [yes, no] = stmt.test ? branch(this, stmt.test) : [this.env, undefined]
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
    // Grown by a jump at once: what that overshoots is taken back below, and each walk of a nest costs all those inside.
    while (out.back && !coversEnv(head, out.back)) {
      head = widenEnv(head, joinEnv(head, out.back)!)
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
}
