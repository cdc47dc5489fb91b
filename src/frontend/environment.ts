/** What inference knows at one place of a kernel: a fact for each variable in scope. */

import type { Label, Variable } from './ast.ts'
import { covers, type Fact, join, widen } from './facts.ts'

/** What is known of each variable at one place; undefined where the place is not reached. */
export type Env = Map<Variable, Fact> | undefined

export const joinEnv = (a: Env, b: Env): Env => {
  if (!a) return b
  if (!b) return a
  const out = new Map<Variable, Fact>()
  // A variable known on one side only is out of scope after the join.
  for (const [variable, fact] of a) {
    const other = b.get(variable)
    if (other) out.set(variable, join(fact, other))
  }
  return out
}

export const coversEnv = (a: Map<Variable, Fact>, b: Env): boolean => {
  if (!b) return true
  for (const [variable, fact] of a) {
    const other = b.get(variable)
    if (other && !covers(fact, other)) return false
  }
  return true
}

export const widenEnv = (before: Map<Variable, Fact>, next: Map<Variable, Fact>): Map<Variable, Fact> => {
  const out = new Map<Variable, Fact>()
  for (const [variable, fact] of before) {
    const grown = next.get(variable)
    out.set(variable, grown ? widen(fact, grown) : fact)
  }
  return out
}

const sameEnv = (a: Map<Variable, Fact>, b: Map<Variable, Fact>): boolean => {
  if (a.size !== b.size) return false
  for (const [variable, fact] of a) {
    const other = b.get(variable)
    if (!other || !covers(fact, other) || !covers(other, fact)) return false
  }
  return true
}

/**
 * The fixed points that loops have reached, by what was known at their entry: a loop around them asks again and again,
 * and without a memory the walks would multiply with each level of nesting.
 */
export class FixedPoints {
  private readonly known = new Map<Label, { entry: Map<Variable, Fact>; head: Map<Variable, Fact> }[]>()

  find(label: Label, entry: Map<Variable, Fact>): Map<Variable, Fact> | undefined {
    return this.known.get(label)?.find((point) => sameEnv(point.entry, entry))?.head
  }

  add(label: Label, entry: Map<Variable, Fact>, head: Map<Variable, Fact>): void {
    const points = this.known.get(label) ?? []
    this.known.set(label, [{ entry, head }, ...points.slice(0, 7)])
  }
}
