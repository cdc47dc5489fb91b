/** How far a reordered sum may be from the one in order: n·ε·Σ|x|. */

import { same } from './inputs.ts'
import type { Plain } from './oracle.ts'
import type { Case, Ending } from './verdict.ts'

/**
 * Whether what came of reordered sums is near what plain JavaScript has. Of programs that return a sum of their only
 * loop that can be told; what else may have come of a reordered sum cannot be judged by itself.
 */
export function isNear(program: Case, plain: Plain, { outcome }: Ending): boolean {
  const expected = plain.outcome
  if (expected.kind !== 'value' || outcome.kind !== 'value') return true
  const [a, b] = [expected.value, outcome.value]
  if (typeof a !== 'number' || typeof b !== 'number' || same(a, b)) return true
  const start = startOfSum(program)
  if (start === undefined) return true
  const { count } = plain.sums
  const magnitude = plain.sums.magnitude + Math.abs(start)
  // Partial sums may pass the largest number in one order and not in another.
  return !(magnitude * 2 < Infinity) || Math.abs(a - b) <= (count + 2) * 2 ** -52 * magnitude
}

/** What the returned sum begins with; undefined where something else is returned. */
function startOfSum({ functions }: Case): number | undefined {
  if ((functions.join('\n').match(/\b(for|while|do)\b/g)?.length ?? 0) !== 1) return undefined
  const text = functions[functions.length - 1]!
  const name = /return (\w+)\n}$/.exec(text)?.[1]
  const declared = name && new RegExp(`^ {2}let ${name} = (-?[\\w.]+)$`, 'm').exec(text)
  if (!declared) return undefined
  const all = text.match(new RegExp(`\\b${name} \\S*= |\\b${name}(\\+\\+|--)|(\\+\\+|--)${name}\\b`, 'g'))?.length ?? 0
  const sums = text.match(new RegExp(`^ {4,}${name} [+-]= `, 'gm'))?.length ?? 0
  const start = Number(declared[1])
  return sums > 0 && all === sums + 1 && !Number.isNaN(start) ? start : undefined
}
