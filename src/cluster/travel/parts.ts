/** What a function is made of on its way: texts and what their free names mean. A tree of plain values (values.ts). */

import type { Known } from './known.ts'

/** What a free name means. Numbers are positions in the lists of Parts. */
export type Ref =
  | { readonly is: 'value'; readonly value: unknown }
  | { readonly is: 'function'; readonly at: number }
  | { readonly is: 'object'; readonly at: number }
  | { readonly is: 'known'; readonly known: Known }
  /** `import()` as test runners call it, `import.meta`, `require`, a coverage tool's counters. */
  | { readonly is: 'import' | 'meta' | 'require' | 'counters' }

export interface FunctionPart {
  readonly name: string
  readonly text: string
  readonly form: 'expression' | 'method'
  /** Of the text's beginning: what stack traces show, and what `import()` in it starts from. Line is 1-based. */
  readonly file: string | undefined
  readonly line: number
  readonly captures: readonly (readonly [name: string, ref: Ref])[]
  /** Options of `jit`; undefined for plain functions. */
  readonly jit: Readonly<Record<string, unknown>> | undefined
}

/** A frozen object or list, or those exports of a module that are used. */
export interface ObjectPart {
  readonly is: 'object' | 'list'
  readonly entries: readonly (readonly [name: string, ref: Ref])[]
}

export interface Parts {
  readonly version: 1
  readonly entry: Ref
  readonly functions: readonly FunctionPart[]
  readonly objects: readonly ObjectPart[]
  /** By position of the entry's parameters: what it is proven not to write to (readonly.ts). */
  readonly reads: { readonly numbers: readonly boolean[]; readonly anything: readonly boolean[] }
}

/** The name under which `import.meta` stands in a text. */
export const META_NAME = '__import_meta__'
