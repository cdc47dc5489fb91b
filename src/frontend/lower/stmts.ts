/** Statements but for the canonical loops (loops.ts). */

import { block, bool, breakTo, cast, continueTo, fail, ifStmt, num, op, ret, TRUE, whileStmt } from '../../ir/build.ts'
import type { Expr as IrExpr, Label as IrLabel, Stmt as IrStmt, Local } from '../../ir/ir.ts'
import { F64, I32, I64, isInteger } from '../../ir/types.ts'
import type { Expr, Label, Stmt } from '../ast.ts'
import { fitsInt32, isIntegral } from '../facts.ts'
import { coerce, held } from './builder.ts'
import type { Exprs } from './exprs.ts'
import { canonicalFor, prangeLoop } from './loops.ts'

export class Stmts {
  readonly x: Exprs
  readonly parallel: boolean
  private readonly result: Local['type'] | undefined
  /** Where break and continue of a source label go. */
  private readonly breaks = new Map<Label, IrLabel>()
  private readonly continues = new Map<Label, { label: IrLabel; how: 'continue' | 'break' }>()

  constructor(exprs: Exprs, result: Local['type'] | undefined, parallel: boolean) {
    this.x = exprs
    this.result = result
    this.parallel = parallel
  }

  list(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) if (this.x.inferred.reached.has(stmt)) this.stmt(stmt)
  }
  body(stmts: readonly Stmt[]): IrStmt[] {
    return this.x.b.apart(() => this.list(stmts)).stmts
  }

  /** A loop's label: where its `break` goes, and its `continue` unless `target` says otherwise. */
  loopLabel(label: Label, continues?: IrLabel): IrLabel {
    const made = this.x.b.label(label.name)
    this.breaks.set(label, made)
    this.continues.set(label, continues ? { label: continues, how: 'break' } : { label: made, how: 'continue' })
    return made
  }

  private stmt(stmt: Stmt): void {
    const { x } = this
    const { b } = x
    switch (stmt.kind) {
      case 'declare':
        if (stmt.init) x.set(stmt.variable, x.value(stmt.init))
        return
      case 'expr':
        x.effects(stmt.expr)
        return
      case 'if': {
        const when = x.truth(stmt.test)
        const then = this.body(stmt.then)
        const other = this.body(stmt.else)
        if (then.length + other.length > 0) b.emit(ifStmt(when, then, other))
        return
      }
      case 'while': {
        const label = this.loopLabel(stmt.label)
        const test = b.apart(() => x.truth(stmt.test))
        const body = this.body(stmt.body)
        const span = b.span(stmt.loc)
        if (test.stmts.length === 0) b.emit(whileStmt(label, test.value, body, span))
        else b.emit(whileStmt(label, TRUE, [...test.stmts, this.exitUnless(test.value, label), ...body], span))
        return
      }
      case 'doWhile': {
        const inner = b.label(`${stmt.label.name || 'L'}.next`)
        const label = this.loopLabel(stmt.label, inner)
        const body = this.body(stmt.body)
        const test = b.apart(() => (x.inferred.exprs.has(stmt.test) ? x.truth(stmt.test) : bool(false)))
        const all = [block(inner, body), ...test.stmts, this.exitUnless(test.value, label)]
        b.emit(whileStmt(label, TRUE, all, b.span(stmt.loc)))
        return
      }
      case 'for': {
        if (canonicalFor(this, stmt)) return
        this.list(stmt.init)
        const inner = b.label(`${stmt.label.name || 'L'}.next`)
        const label = this.loopLabel(stmt.label, inner)
        const test = b.apart(() => (stmt.test ? x.truth(stmt.test) : TRUE))
        const body = this.body(stmt.body)
        const update = b.apart(() => {
          if (stmt.update && x.inferred.exprs.has(stmt.update)) x.effects(stmt.update)
        }).stmts
        const pure = test.stmts.length === 0
        const head = pure ? [] : [...test.stmts, this.exitUnless(test.value, label)]
        b.emit(whileStmt(label, pure ? test.value : TRUE, [...head, block(inner, body), ...update], b.span(stmt.loc)))
        return
      }
      case 'prange':
        prangeLoop(this, stmt)
        return
      case 'block': {
        if (!stmt.label) {
          this.list(stmt.body)
          return
        }
        const label = b.label(stmt.label.name)
        this.breaks.set(stmt.label, label)
        b.emit(block(label, this.body(stmt.body)))
        return
      }
      case 'break':
        b.emit(breakTo(this.breaks.get(stmt.label)!))
        return
      case 'continue': {
        const target = this.continues.get(stmt.label)!
        b.emit(target.how === 'continue' ? continueTo(target.label) : breakTo(target.label))
        return
      }
      case 'return': {
        if (!this.result) {
          if (stmt.value) x.effects(stmt.value)
          b.emit(ret())
          return
        }
        b.emit(ret(held(x.value(stmt.value!), this.result)))
        return
      }
      default:
        stmt satisfies never
    }
  }

  private exitUnless(when: IrExpr, label: IrLabel): IrStmt {
    return ifStmt(op('not', when), [breakTo(label)])
  }

  /** The integer that an expression's value is; fails unless it is one, and doubles count exactly so far. */
  requireWhole(value: IrExpr, subject: Expr): IrExpr {
    if (isInteger(value.type) || value.kind === 'const') return value
    const { b } = this.x
    const { loc } = subject
    const fact = this.x.numberFact(subject)
    const type = fitsInt32(fact) ? I32 : I64
    if (isIntegral(fact)) return cast(type, coerce(value, F64))
    const kept = b.temp(coerce(value, F64), 'whole')
    const whole = op('eq', op('sub', kept, op('trunc', kept)), num(F64, 0))
    const exact = op('le', op('abs', kept), num(F64, Number.MAX_SAFE_INTEGER))
    b.emit(ifStmt(op('not', op('and', whole, exact)), [fail(b.site('integer', b.text(loc), loc), kept)]))
    return b.temp(cast(type, kept), 'whole')
  }
}
