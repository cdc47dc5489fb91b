/**
 * What an operation is. Each is declared once, in the tables beside this file, with all that anybody needs to know of
 * it: compilers of targets read its column, the interpreter its meaning, tests enumerate the tables.
 */

import type { Expansion } from './math/lanes.ts'

/** The code of one overload. Targets without a column cannot have the operation. */
export interface Lowering {
  /** JavaScript with `$0`, `$1`, … each used at most once; an expression that needs parentheses around it. */
  readonly js?: string
  /**
   * WebAssembly text. One mnemonic: operands are pushed in order, then it runs. Several words: operands are first
   * stored in temporaries that `$0`, `$1`, … push; the other words are instructions, with `host:NAME` for a call of an
   * engine function and `if:TYPE … else … end` for a choice.
   */
  readonly wasm?: string
  /** The meaning at this type where it is not the record's. */
  readonly meaning?: (...args: never[]) => unknown
}

/** `T` stands for the overload's own type; `bool` becomes a mask at vector types. */
export type Slot = 'T' | 'bool' | 'i32' | 'i64' | 'f32' | 'f64'

export interface Op {
  readonly name: string
  readonly doc: string
  readonly args: readonly Slot[]
  readonly result: Slot
  /**
   * On JavaScript values: numbers for floats and every integer type, booleans for bool. A result is then brought into
   * its type (f32 rounds, i32 wraps). For an atomic: (old, ...values) → new.
   */
  readonly meaning: (...args: never[]) => unknown
  /** By type name (`f64`, `i32x4`, …); atomics by element type (`int32`). */
  readonly at: Readonly<Record<string, Lowering>>
  /**
   * `expanded`: no target has code for it, since passes/expand.ts writes out what `expand` says. `relaxed`: rounded once
   * or twice, as the engine likes, so only where the user allows it.
   */
  readonly kind: 'exact' | 'expanded' | 'relaxed' | 'atomic'
  /** What the operation is made of; its meaning is this program over numbers. */
  readonly expand?: Expansion
}
