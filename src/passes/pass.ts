/** What a pass is, and what it is told. */

import type { Module, Span } from '../ir/ir.ts'

/** What was decided about a piece of the source, and why: the words of `explain()`. */
export interface Note {
  readonly span: Span
  readonly text: string
}

export interface PassContext {
  readonly target: 'wasm' | 'js'
  /** Pranges may run on many threads. */
  readonly parallel: boolean
  /** Sums and products may be reordered. */
  readonly reassociate: boolean
  /** `a · b + c` of vectors may be rounded once, where the engine has an instruction for it. */
  readonly contract?: boolean
  /** Arrays whose iterations the user declares independent. */
  readonly independent: readonly string[]
  readonly boundscheck: boolean
  /** Microseconds of work from which a parallel loop is worth a launch; 0, or absent: any work is. */
  readonly grain?: number
  note(span: Span, text: string): void
}

export interface Pass {
  readonly name: string
  /** Only for these targets; for all where it is absent. */
  readonly targets?: readonly PassContext['target'][]
  readonly run: (module: Module, context: PassContext) => Module
  readonly why: string
}
