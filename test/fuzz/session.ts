/** Runs generated programs until time, their number or a difference ends it. */

import { type Case, check, type Difference } from './check.ts'
import { generate } from './generate.ts'
import { describe } from './report.ts'
import { shrink } from './shrink.ts'
import { fnText, type Program } from './tree.ts'

export interface Session {
  readonly seed: number
  /** The position of the first program. */
  readonly from?: number
  readonly count?: number
  readonly seconds?: number
  /** How many differences to shrink before it ends. */
  readonly finds?: number
  readonly progress?: (tally: Tally) => void
  /** Called before each program, those of the shrinker too. */
  readonly began?: (position: number) => void
}

export interface Tally {
  programs: number
  skipped: number
  failing: number
  /** By the code of the CompileError. */
  readonly refused: Map<string, number>
  /** One example each. */
  readonly refusals: Map<string, string>
  /** Descriptions of differences, shrunk. */
  readonly differences: string[]
}

export const caseOf = (program: Program): Case => ({
  functions: [...program.helpers, program.entry].map(fnText),
  inputs: program.inputs,
})

export async function fuzz(session: Session): Promise<Tally> {
  const { seed, from = 0, count = Infinity, seconds = Infinity, finds = 1 } = session
  const tally: Tally = {
    programs: 0,
    skipped: 0,
    failing: 0,
    refused: new Map(),
    refusals: new Map(),
    differences: [],
  }
  const families = new Set<string>()
  const end = performance.now() + seconds * 1000
  for (let k = from; k < from + count && performance.now() < end; k++) {
    session.began?.(k)
    const program = generate(seed, k)
    const verdict = check(caseOf(program))
    tally.programs++
    if (verdict.kind === 'skipped') tally.skipped++
    if (verdict.kind === 'refused') {
      tally.refused.set(verdict.code, (tally.refused.get(verdict.code) ?? 0) + 1)
      if (!tally.refusals.has(verdict.code)) tally.refusals.set(verdict.code, `${seed}:${k}\n${verdict.message}`)
    }
    if (verdict.kind === 'differ' && !families.has(family(verdict))) {
      families.add(family(verdict))
      tally.differences.push(await shrunk(program, verdict, `seed ${seed}, position ${k}`, () => session.began?.(k)))
      if (tally.differences.length >= finds) break
    }
    session.progress?.(tally)
    // Workers, timers and finalizers get their turn.
    if (k % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 0))
  }
  return tally
}

/** Cut down as long as the same execution differs. */
async function shrunk(program: Program, difference: Difference, origin: string, began: () => void): Promise<string> {
  let last = difference
  const small = await shrink(program, async (candidate) => {
    began()
    const verdict = check(caseOf(candidate))
    if (verdict.kind !== 'differ' || family(verdict) !== family(difference)) return false
    last = verdict
    return true
  })
  return describe(caseOf(small), last, origin)
}

/** Differences of the same kind: a crash stays a crash, with the same first words. */
function family({ execution, actual }: Difference): string {
  const { outcome } = actual
  const crash =
    outcome.kind === 'broken'
      ? String(outcome.error)
          .slice(0, 40)
          .replace(/[\d"'`]/g, '')
      : ''
  return `${execution.split(',')[0]} ${crash}`
}

export function tallyText({ programs, skipped, refused, differences }: Tally): string {
  const total = [...refused.values()].reduce((a, b) => a + b, 0)
  const codes = [...refused].map(([code, n]) => `${code} ${n}`).join(', ')
  const rate = ((100 * total) / Math.max(1, programs)).toFixed(1)
  const found = `${differences.length} difference${differences.length === 1 ? '' : 's'}`
  return `${programs} programs, ${skipped} skipped, ${rate} % refused${codes ? ` (${codes})` : ''}, ${found}`
}
