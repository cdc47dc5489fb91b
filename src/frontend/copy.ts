/** Copies of syntax: with other variables, or with other expressions in the place of some. */

import type { Expr, Label, Stmt, Target, Variable } from './ast.ts'

/** Expressions are replaced from the outside to the inside; what stands for one is not looked into. */
type Replace = (e: Expr) => Expr | undefined

/** The statements with other expressions. */
export const replaced = (stmts: readonly Stmt[], replace: Replace): Stmt[] =>
  new Copier(replace, undefined).stmts(stmts)

/** A second set of the statements, which shares no node with the first: what they declare is declared anew. */
export function copied(stmts: readonly Stmt[]): { readonly stmts: Stmt[]; readonly variables: Variable[] } {
  const own = new Map<Variable, Variable>()
  const copier = new Copier((e) => {
    const twin = e.kind === 'variable' ? own.get(e.variable) : undefined
    return twin && { kind: 'variable', variable: twin, loc: e.loc }
  }, own)
  return { stmts: copier.stmts(stmts), variables: [...own.values()] }
}

class Copier {
  private readonly replace: Replace
  /** What is declared anew; undefined where declarations and labels stay what they are. */
  private readonly own: Map<Variable, Variable> | undefined
  private readonly labels = new Map<Label, Label>()

  constructor(replace: Replace, own: Map<Variable, Variable> | undefined) {
    this.replace = replace
    this.own = own
  }

  stmts(stmts: readonly Stmt[]): Stmt[] {
    return stmts.map((s) => this.stmt(s))
  }

  private declared(variable: Variable): Variable {
    if (!this.own) return variable
    const twin = this.own.get(variable) ?? { ...variable }
    this.own.set(variable, twin)
    return twin
  }

  /** A label that is brought here; jumps to labels around the statements stay. */
  private brought(label: Label): Label {
    if (!this.own) return label
    const twin = { ...label }
    this.labels.set(label, twin)
    return twin
  }

  private stmt(s: Stmt): Stmt {
    switch (s.kind) {
      case 'declare': {
        const init = s.init && this.expr(s.init)
        return { ...s, variable: this.declared(s.variable), init }
      }
      case 'expr':
        return { ...s, expr: this.expr(s.expr) }
      case 'if':
        return { ...s, test: this.expr(s.test), then: this.stmts(s.then), else: this.stmts(s.else) }
      case 'while':
      case 'doWhile': {
        const label = this.brought(s.label)
        return { ...s, label, test: this.expr(s.test), body: this.stmts(s.body) }
      }
      case 'for': {
        const label = this.brought(s.label)
        const init = this.stmts(s.init)
        const test = s.test && this.expr(s.test)
        const update = s.update && this.expr(s.update)
        return { ...s, label, init, test, update, body: this.stmts(s.body) }
      }
      case 'prange': {
        const label = this.brought(s.label)
        const start = s.start && this.expr(s.start)
        const stop = this.expr(s.stop)
        const step = s.step && this.expr(s.step)
        return { ...s, label, variable: this.declared(s.variable), start, stop, step, body: this.stmts(s.body) }
      }
      case 'block': {
        const label = s.label && this.brought(s.label)
        return { ...s, label, body: this.stmts(s.body) }
      }
      case 'break':
      case 'continue':
        return { ...s, label: this.labels.get(s.label) ?? s.label }
      case 'return':
        return { ...s, value: s.value && this.expr(s.value) }
      default:
        return s satisfies never
    }
  }

  private expr(e: Expr): Expr {
    const other = this.replace(e)
    if (other) return other
    switch (e.kind) {
      case 'number':
      case 'boolean':
      case 'undefined':
      case 'variable':
        return { ...e }
      case 'unary':
        return { ...e, value: this.expr(e.value) }
      case 'binary':
      case 'logical':
        return { ...e, left: this.expr(e.left), right: this.expr(e.right) }
      case 'conditional':
        return { ...e, test: this.expr(e.test), then: this.expr(e.then), else: this.expr(e.else) }
      case 'assign':
        return { ...e, target: this.expr(e.target) as Target, value: this.expr(e.value) }
      case 'update':
        return { ...e, target: this.expr(e.target) as Target }
      case 'sequence':
        return { ...e, exprs: e.exprs.map((part) => this.expr(part)) }
      case 'intrinsic':
      case 'invoke':
        return { ...e, args: e.args.map((arg) => this.expr(arg)) }
      case 'new':
        return { ...e, length: e.length && this.expr(e.length) }
      case 'index':
        return { ...e, array: this.expr(e.array), index: this.expr(e.index) }
      case 'length':
        return { ...e, array: this.expr(e.array) }
      default:
        return e satisfies never
    }
  }
}
