/**
 * The passes in the order in which they run, each with its reason. A pass is one verb in one file: module in, module
 * out, the same object where it changed nothing.
 */

import type { Module } from '../ir/ir.ts'
import { inline } from './inline.ts'
import { legalise } from './legalise.ts'
import type { Pass, PassContext } from './pass.ts'

export const PASSES: readonly Pass[] = [
  {
    name: 'inline',
    run: inline,
    why: 'What is known of a loop ends at calls: helpers are written out first, so that every later pass sees through them.',
  },
  {
    name: 'legalise',
    run: legalise,
    why: 'Targets know launches, not parallel loops, and no reduction trees: what is left of them becomes plain loops.',
  },
]

/** Runs the list; `after` sees each module (dumps, verification under test). */
export function runPasses(
  module: Module,
  context: PassContext,
  after?: (module: Module, pass: Pass, before: Module) => void,
): Module {
  let now = module
  for (const pass of PASSES) {
    if (pass.targets && !pass.targets.includes(context.target)) continue
    const next = pass.run(now, context)
    after?.(next, pass, now)
    now = next
  }
  return now
}
