/**
 * Makes one IR function: its locals, its statement list, its failure sites. Expressions of the IR are pure, so what a
 * kernel's expression does on the way goes into the list; `ordered` keeps JavaScript's left-to-right evaluation.
 */

import { assign, cast, Names, num, ref } from '../../ir/build.ts'
import type { Expr, FailureCode, Label, Local, ScalarType, Site, SourceText, Span, Stmt, Type } from '../../ir/ir.ts'
import { BOOL, F64, isInteger } from '../../ir/types.ts'
import { assignedLocals, exprReads } from '../../ir/walk.ts'
import type { FnSource, KernelFn, Loc } from '../ast.ts'
import { locate } from '../locate.ts'

/** What the functions of one module share. */
export class ModuleParts {
  readonly sites: Site[] = []
  readonly sources: SourceText[] = []
  private readonly known = new Map<FnSource, number>()

  source({ fn, source }: KernelFn): number {
    let at = this.known.get(source)
    if (at === undefined) {
      at = this.sources.length
      this.known.set(source, at)
      // The engine is asked for file and line once an error or an explanation shows them: it takes the inspector.
      const place = () => locate(fn, source)
      this.sources.push({
        name: source.name,
        text: source.text,
        get line() {
          return place().line
        },
        get file() {
          return place().file
        },
      })
    }
    return at
  }
}

export class Builder {
  readonly locals: Local[] = []
  readonly names = new Names()
  /** Locals that get their value in one place: naming one is keeping its value. */
  readonly once = new Set<Local>()
  out: Stmt[] = []
  readonly source: SourceText
  private readonly parts: ModuleParts
  private readonly sourceIndex: number

  constructor(parts: ModuleParts, kernel: KernelFn) {
    this.parts = parts
    this.sourceIndex = parts.source(kernel)
    this.source = parts.sources[this.sourceIndex]!
  }

  span(loc: Loc): Span {
    return { source: this.sourceIndex, start: loc.start, end: loc.end }
  }
  text(loc: Loc): string {
    return this.source.text.slice(loc.start, loc.end)
  }
  site(code: FailureCode, subject: string, loc: Loc): number {
    this.parts.sites.push({ code, subject, span: this.span(loc) })
    return this.parts.sites.length - 1
  }

  local(name: string, type: Type): Local {
    const made: Local = { name: this.names.fresh(name), type }
    this.locals.push(made)
    return made
  }
  label(name: string): Label {
    return { name: this.names.fresh(name || 'L') }
  }

  emit(stmt: Stmt): void {
    this.out.push(stmt)
  }
  /** `value` kept as it is now. */
  temp(value: Expr, name = 't'): Expr {
    if (value.kind === 'const' || (value.kind === 'local' && this.once.has(value.local))) return value
    const made = this.local(name, value.type)
    this.once.add(made)
    this.emit(assign(made, value))
    return ref(made)
  }

  /** Runs `make` with an empty statement list; what it emits is returned beside its result. */
  apart<T>(make: () => T): { value: T; stmts: Stmt[] } {
    const outer = this.out
    this.out = []
    try {
      const value = make()
      return { value, stmts: this.out }
    } finally {
      this.out = outer
    }
  }

  /**
   * Evaluates the parts in order. Where the statements of a later part change what an earlier one's expression reads,
   * the earlier value is kept in a local first.
   */
  ordered(parts: readonly (() => Expr)[]): Expr[] {
    const values: Expr[] = []
    for (const part of parts) {
      const { value, stmts } = this.apart(part)
      if (stmts.length > 0) {
        const changed = assignedLocals(stmts)
        for (let k = 0; k < values.length; k++) {
          const earlier = values[k]!
          if ([...exprReads(earlier)].some((local) => changed.has(local))) values[k] = this.temp(earlier, 'kept')
        }
        this.out.push(...stmts)
      }
      values.push(value)
    }
    return values
  }
}

/** A whole-number constant that integer types hold exactly, whatever its type; −0 is none. */
export const isWholeConst = (e: Expr): boolean =>
  e.kind === 'const' && typeof e.value !== 'boolean' && Number.isSafeInteger(Number(e.value)) && !Object.is(e.value, -0)

/** `e` in type `to`. From f64 to an integer only where the value is known to be a whole number in range. */
export function coerce(e: Expr, to: ScalarType): Expr {
  if (e.type === to) return e
  if (e.kind === 'const' && typeof e.value !== 'boolean') {
    const value = Number(e.value)
    return num(to, isInteger(to) ? value + 0 : value)
  }
  // i32 → f64 → f32 would round twice; every integer here is exact in f64, so the way through it is right.
  if (to.name === 'f32' && e.type !== F64) return cast(to, cast(F64, e))
  return cast(to, e)
}

/** `e` as a local of the type holds it: a number in its representation; truth values and arrays have but one. */
export const held = (e: Expr, type: Type): Expr => (type.kind === 'scalar' && type !== BOOL ? coerce(e, type) : e)
