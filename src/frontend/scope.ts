/** The names of one function: which variable an identifier means, and from where on it may be used. */

import type { Variable } from './ast.ts'

export interface Binding {
  readonly variable: Variable
  /** Position in the parsed text up to which JavaScript throws a ReferenceError; there are no closures, so text order tells. */
  readonly readyAt: number
}

export class Scope {
  private readonly names = new Map<string, Binding>()
  readonly parent: Scope | undefined

  constructor(parent?: Scope) {
    this.parent = parent
  }

  declare(binding: Binding): void {
    this.names.set(binding.variable.name, binding)
  }

  lookup(name: string): Binding | undefined {
    return this.names.get(name) ?? this.parent?.lookup(name)
  }
}
