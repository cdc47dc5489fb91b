/**
 * The kernel's syntax after normalisation: what is left of JavaScript once tools' traces are gone, names are resolved
 * and captures are known. Small on purpose: inference and lowering switch over it completely.
 * It is still JavaScript in its meaning: expressions may assign, and evaluation is left to right.
 */

import type { DType } from '../types.ts'

/** Offsets into the text of the function (`FnSource.text`). */
export interface Loc {
  readonly start: number
  readonly end: number
}

export interface FnSource {
  /** The function's name, or `<anonymous>`. */
  readonly name: string
  /** Exactly `fn.toString()`. */
  readonly text: string
  readonly file?: string | undefined
  /** Line of the file on which `text` starts; 1 when the file is not known. */
  readonly line: number
}

export interface Variable {
  readonly name: string
  readonly kind: 'param' | 'let' | 'const' | 'var'
  /** Assigned anywhere after its declaration (for a parameter: anywhere). */
  assigned: boolean
  readonly loc: Loc
}

export interface Param {
  readonly variable: Variable
  readonly default?: Expr | undefined
}

export interface KernelFn {
  readonly source: FnSource
  /** The function itself: the key by which helpers are known. */
  readonly fn: (...args: never[]) => unknown
  readonly params: readonly Param[]
  readonly variables: readonly Variable[]
  readonly body: readonly Stmt[]
}

/** The target of break and continue, by identity. */
export interface Label {
  readonly name: string
}

// ─────────────────────────── expressions ───────────────────────────

export type ArithOp = '+' | '-' | '*' | '/' | '%' | '**'
export type BitOp = '&' | '|' | '^' | '<<' | '>>' | '>>>'
export type CompareOp = '<' | '<=' | '>' | '>=' | '===' | '!==' | '==' | '!='

export type Expr =
  | { readonly kind: 'number'; readonly value: number; readonly loc: Loc }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly loc: Loc }
  | { readonly kind: 'undefined'; readonly loc: Loc }
  | { readonly kind: 'variable'; readonly variable: Variable; readonly loc: Loc }
  | { readonly kind: 'unary'; readonly op: '-' | '+' | '~' | '!'; readonly value: Expr; readonly loc: Loc }
  | {
      readonly kind: 'binary'
      readonly op: ArithOp | BitOp | CompareOp
      readonly left: Expr
      readonly right: Expr
      readonly loc: Loc
    }
  | { readonly kind: 'logical'; readonly op: '&&' | '||'; readonly left: Expr; readonly right: Expr; readonly loc: Loc }
  | { readonly kind: 'conditional'; readonly test: Expr; readonly then: Expr; readonly else: Expr; readonly loc: Loc }
  /** `op` is that of a compound assignment (`+=` → '+'); logical ones are rewritten by normalisation. */
  | {
      readonly kind: 'assign'
      readonly target: Target
      readonly op?: ArithOp | BitOp | undefined
      readonly value: Expr
      readonly loc: Loc
    }
  | {
      readonly kind: 'update'
      readonly target: Target
      readonly op: '++' | '--'
      readonly prefix: boolean
      readonly loc: Loc
    }
  | { readonly kind: 'sequence'; readonly exprs: readonly Expr[]; readonly loc: Loc }
  /** A call of an intrinsic: `name` as in builtins.ts (`Math.sin`, `Number.isInteger`, `isNaN`, `atomic.add`). */
  | { readonly kind: 'intrinsic'; readonly name: string; readonly args: readonly Expr[]; readonly loc: Loc }
  /** A call of a captured helper (a jitted one stands for its plain function). */
  | {
      readonly kind: 'invoke'
      readonly fn: (...args: never[]) => unknown
      readonly name: string
      readonly args: readonly Expr[]
      readonly loc: Loc
    }
  | { readonly kind: 'new'; readonly dtype: DType; readonly length?: Expr | undefined; readonly loc: Loc }
  | { readonly kind: 'index'; readonly array: Expr; readonly index: Expr; readonly loc: Loc }
  | { readonly kind: 'length'; readonly array: Expr; readonly loc: Loc }

export type Target = Extract<Expr, { kind: 'variable' | 'index' }>

// ─────────────────────────── statements ───────────────────────────

export type Stmt =
  /** `let x` without a value: `init` is absent, and x is undefined until assigned. */
  | { readonly kind: 'declare'; readonly variable: Variable; readonly init?: Expr | undefined; readonly loc: Loc }
  | { readonly kind: 'expr'; readonly expr: Expr; readonly loc: Loc }
  | {
      readonly kind: 'if'
      readonly test: Expr
      readonly then: readonly Stmt[]
      readonly else: readonly Stmt[]
      readonly loc: Loc
    }
  | {
      readonly kind: 'while'
      readonly test: Expr
      readonly label: Label
      readonly body: readonly Stmt[]
      readonly loc: Loc
    }
  | {
      readonly kind: 'doWhile'
      readonly test: Expr
      readonly label: Label
      readonly body: readonly Stmt[]
      readonly loc: Loc
    }
  | {
      readonly kind: 'for'
      readonly init: readonly Stmt[]
      readonly test?: Expr | undefined
      readonly update?: Expr | undefined
      readonly label: Label
      readonly body: readonly Stmt[]
      readonly loc: Loc
    }
  /** `for (const variable of prange(start, stop, step))`; start defaults to 0, step to 1. */
  | {
      readonly kind: 'prange'
      readonly variable: Variable
      readonly start?: Expr | undefined
      readonly stop: Expr
      readonly step?: Expr | undefined
      readonly label: Label
      readonly body: readonly Stmt[]
      readonly loc: Loc
    }
  | { readonly kind: 'block'; readonly label?: Label | undefined; readonly body: readonly Stmt[]; readonly loc: Loc }
  | { readonly kind: 'break'; readonly label: Label; readonly loc: Loc }
  | { readonly kind: 'continue'; readonly label: Label; readonly loc: Loc }
  | { readonly kind: 'return'; readonly value?: Expr | undefined; readonly loc: Loc }
