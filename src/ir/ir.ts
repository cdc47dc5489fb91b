/**
 * The intermediate representation: structured and typed, one for all targets. No control-flow graph and no SSA,
 * because WebAssembly and WGSL need structure, and their locals (like PTX registers and LLVM allocas) are mutable.
 *
 * Laws
 * 1. Expressions are pure and cannot fail. What can fail or write is a statement. A checked load is only ever the
 *    whole right side of an `assign`; a proven one may stand in any expression that no store runs in between.
 * 2. Evaluation is in order: statements top to bottom; `select` evaluates both arms, `cond` only the taken one
 *    (which, arms being pure, shows in time alone).
 * 3. f64 and f32 are IEEE 754 binary64 and binary32, round to nearest even, subnormals kept, no contraction unless an
 *    operation's record says so. All NaNs are one value.
 * 4. i32 operations wrap modulo 2³². i64 values that stand for a `number` stay within ±2⁵³ by proof, so that a target
 *    may hold them in a double; the interpreter fails on a violation. `index` is a signed integer wide enough for any
 *    length: i32 where arrays have fewer than 2³¹ elements, i64 elsewhere; it never overflows, by proof.
 * 5. An array value is (handle, base, length, strides): `assign` copies all of it; two locals may name one block.
 * 6. `for` is canonical: lo, hi and step are evaluated once before the first iteration, the body never assigns the
 *    variable; iterations are lo, lo + step, … < hi (> hi when step < 0). step is a non-zero constant.
 * 7. A function that can fail returns a status beside its results; `call` and `launch` pass a failure on at once.
 *    Nothing relies on traps.
 * 8. `reductions` of order `tree` are evaluated by the tree in reduction.ts's words (in serial loops of at least
 *    SHORT_LOOP iterations); of order `ordered` one by one.
 */

import type { DType } from '../types.ts'

// ───────────────────────────── types ─────────────────────────────

export type ScalarName = 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'index'

export interface ScalarType {
  readonly kind: 'scalar'
  readonly name: ScalarName
}
export interface VecType {
  readonly kind: 'vec'
  readonly of: Exclude<ScalarName, 'bool' | 'index'>
  readonly lanes: number
}
/** One truth value a lane. */
export interface MaskType {
  readonly kind: 'mask'
  readonly lanes: number
}
export type Space = 'global' | 'shared' | 'local'
export interface ArrayType {
  readonly kind: 'array'
  readonly dtype: DType
  readonly rank: number
  readonly space: Space
}
export interface TupleType {
  readonly kind: 'tuple'
  readonly items: readonly Type[]
}
export type Type = ScalarType | VecType | MaskType | ArrayType | TupleType

// ─────────────────────────── expressions ───────────────────────────

/** A mutable variable of one function, known by identity; `name` is for people and unique within its function. */
export interface Local {
  readonly name: string
  readonly type: Type
}

/** Where in the user's source something stands: offsets into `Module.sources[source].text`. */
export interface Span {
  readonly source: number
  readonly start: number
  readonly end: number
}

/** i64 constants are bigint, bool constants boolean, all others number. */
export interface Const {
  readonly kind: 'const'
  readonly type: ScalarType
  readonly value: number | bigint | boolean
}
export interface LocalRef {
  readonly kind: 'local'
  readonly type: Type
  readonly local: Local
}
export type Bounds = 'checked' | 'proven'
/**
 * One element (scalar type) or consecutive elements (vec type). An element's value type is `valueType(dtype)`.
 * `index` is i32, i64 or index; a checked one may also be f64 (a non-integer or NaN is out of range, −0 is 0).
 * With `stride`, lane k is the element at index + k · stride. Masked-off lanes are not touched and read 0.
 */
export interface Load {
  readonly kind: 'load'
  readonly type: Type
  readonly array: Local
  readonly index: Expr
  readonly stride?: Expr | undefined
  readonly bounds: Bounds
  readonly mask?: Expr | undefined
  readonly site: number
}
/** An operation of the table in ops/: elementwise on vectors. */
export interface OpExpr {
  readonly kind: 'op'
  readonly type: Type
  readonly op: string
  readonly args: readonly Expr[]
}
/**
 * A change of representation, exact or correctly rounded: int → float, i32 ↔ index ↔ i64 (narrowing takes the low
 * bits), f64 ↔ f32, bool → number (0, 1), f64 → int where the value is proven an integer in range.
 * Everything else (modular, saturating, truthiness) is an operation of its own.
 */
export interface Cast {
  readonly kind: 'cast'
  readonly type: Type
  readonly value: Expr
}
export interface Select {
  readonly kind: 'select'
  readonly type: Type
  readonly cond: Expr
  readonly then: Expr
  readonly else: Expr
}
export interface Cond {
  readonly kind: 'cond'
  readonly type: Type
  readonly cond: Expr
  readonly then: Expr
  readonly else: Expr
}
/** base, base + stride, base + 2·stride, … */
export interface Ramp {
  readonly kind: 'ramp'
  readonly type: VecType
  readonly base: Expr
  readonly stride: Expr
}
export interface Splat {
  readonly kind: 'splat'
  readonly type: VecType | MaskType
  readonly value: Expr
}
/** Lanes of a, then of b, chosen by constant positions. */
export interface Shuffle {
  readonly kind: 'shuffle'
  readonly type: VecType
  readonly a: Expr
  readonly b: Expr
  readonly lanes: readonly number[]
}
export interface Extract {
  readonly kind: 'extract'
  readonly type: ScalarType
  readonly value: Expr
  readonly lane: number
}
/** All lanes of a vector folded pairwise (`add mul min max`), or of a mask (`any all`). */
export interface Reduce {
  readonly kind: 'reduce'
  readonly type: ScalarType
  readonly op: 'add' | 'mul' | 'min' | 'max' | 'any' | 'all'
  readonly value: Expr
}
/** Elements along an axis (axis 0 of a rank-1 array: its length). Type `index`. */
export interface Length {
  readonly kind: 'length'
  readonly type: ScalarType
  readonly array: Local
  readonly axis: number
}
/** Whether the bytes of two arrays overlap. Pure; the entry checks of parallel loops are made of it. */
export interface Overlap {
  readonly kind: 'overlap'
  readonly type: ScalarType
  readonly a: Local
  readonly b: Local
}

export type Expr =
  | Const
  | LocalRef
  | Load
  | OpExpr
  | Cast
  | Select
  | Cond
  | Ramp
  | Splat
  | Shuffle
  | Extract
  | Reduce
  | Length
  | Overlap

// ─────────────────────────── statements ───────────────────────────

/** The target of break and continue, by identity; `name` is for people and unique within its function. */
export interface Label {
  readonly name: string
}

export interface Assign {
  readonly kind: 'assign'
  readonly local: Local
  readonly value: Expr
}
/** Value type `storeType(dtype)`: narrower integers take the low bits. `stride` and `mask` as of a load. */
export interface Store {
  readonly kind: 'store'
  readonly array: Local
  readonly index: Expr
  readonly stride?: Expr | undefined
  readonly value: Expr
  readonly bounds: Bounds
  readonly mask?: Expr | undefined
  readonly site: number
}
/** An operation with effects (atomics): `args` as its record says, the array first, its index second. */
export interface Do {
  readonly kind: 'do'
  readonly op: string
  readonly array: Local
  readonly index: Expr
  readonly args: readonly Expr[]
  readonly bounds: Bounds
  readonly result?: Local | undefined
  readonly site: number
}
export interface Call {
  readonly kind: 'call'
  /** Name of a function of this module. */
  readonly fn: string
  readonly args: readonly Expr[]
  readonly results: readonly Local[]
  readonly site: number
}
/** A new block; zero-filled unless `zero` is false. A negative or fractional length (f64) or one too large fails. */
export interface Alloc {
  readonly kind: 'alloc'
  readonly local: Local
  readonly length: Expr
  readonly zero: boolean
  readonly site: number
}
export interface If {
  readonly kind: 'if'
  readonly cond: Expr
  readonly then: readonly Stmt[]
  readonly else: readonly Stmt[]
}
export type ForKind = 'serial' | 'vector' | 'parallel' | 'grid' | 'block'
export type ReductionOp = 'add' | 'mul' | 'min' | 'max' | 'and' | 'or' | 'xor'
export interface Reduction {
  readonly local: Local
  readonly op: ReductionOp
  readonly order: 'ordered' | 'tree'
}
export interface For {
  readonly kind: 'for'
  readonly forKind: ForKind
  readonly variable: Local
  readonly lo: Expr
  readonly hi: Expr
  /** A non-zero constant. */
  readonly step: number
  readonly reductions: readonly Reduction[]
  /** `parallel` only: runs in order on the calling thread where this is true. */
  readonly serialIf?: Expr | undefined
  readonly label: Label
  readonly body: readonly Stmt[]
  readonly span: Span
}
export interface While {
  readonly kind: 'while'
  readonly cond: Expr
  readonly label: Label
  readonly body: readonly Stmt[]
  readonly span: Span
}
/** `break` to its label leaves it. */
export interface Block {
  readonly kind: 'block'
  readonly label: Label
  readonly body: readonly Stmt[]
}
export interface Break {
  readonly kind: 'break'
  readonly label: Label
}
export interface Continue {
  readonly kind: 'continue'
  readonly label: Label
}
export interface Return {
  readonly kind: 'return'
  readonly values: readonly Expr[]
}
/** Ends the call with the failure that `site` describes; up to two values (f64) go into its message. */
export interface Fail {
  readonly kind: 'fail'
  readonly site: number
  readonly values: readonly Expr[]
}
/**
 * Runs `fn(lo', hi', …args)` for ranges that cover [lo, hi) exactly, on many threads where `serialIf` is false, else
 * in order on this one. `fn` takes two `index` parameters first, returns nothing, and its arguments may not be written
 * to. Ranges are no longer than `chunk` where that is given. The lowest failing range decides the failure.
 */
export interface Launch {
  readonly kind: 'launch'
  readonly fn: string
  readonly lo: Expr
  readonly hi: Expr
  readonly args: readonly Expr[]
  readonly serialIf?: Expr | undefined
  readonly site: number
}
/** All threads of a block meet (`block` loops only). */
export interface Barrier {
  readonly kind: 'barrier'
}

export type Stmt =
  | Assign
  | Store
  | Do
  | Call
  | Alloc
  | If
  | For
  | While
  | Block
  | Break
  | Continue
  | Return
  | Fail
  | Launch
  | Barrier

// ───────────────────────── functions, modules ─────────────────────────

export interface Fn {
  readonly name: string
  readonly params: readonly Local[]
  readonly results: readonly Type[]
  /** Every local but the parameters. They start as 0, false, or the empty array. */
  readonly locals: readonly Local[]
  readonly body: readonly Stmt[]
  readonly canFail: boolean
}

export interface SourceText {
  /** The name for messages: the function's, or its file's. */
  readonly name: string
  readonly text: string
  /** The line of the file on which `text` starts (1 when the file is not known). */
  readonly line: number
  readonly file?: string | undefined
}

export type FailureCode = 'bounds' | 'length' | 'memory' | 'integer' | 'freed' | 'depth' | 'worker' | 'call'
/**
 * What can go wrong at one place of the source. `subject` is the user's expression (the array's name for bounds).
 * Values recorded at run time: bounds → index, length; length and memory → the length asked; integer → the value.
 */
export interface Site {
  readonly code: FailureCode
  readonly subject: string
  readonly span: Span
}

export interface Module {
  readonly name: string
  /** portable: as lowered. target: what the emitters take (after legalise). */
  readonly stage: 'portable' | 'target'
  readonly functions: readonly Fn[]
  /** The function that calls from outside reach. */
  readonly entry: string
  readonly sites: readonly Site[]
  readonly sources: readonly SourceText[]
}
