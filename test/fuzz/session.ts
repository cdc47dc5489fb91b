/** Runs generated programs until time, their number or a difference ends it. */

import { check, FUEL } from './check.ts'
import { type Coverage, cover, merge, noCoverage } from './coverage.ts'
import { generate } from './generate.ts'
import { quickCheck, type Seen } from './quick.ts'
import { describe } from './report.ts'
import { shrink } from './shrink.ts'
import { fnText, type Program } from './tree.ts'
import type { Case, Difference, Verdict } from './verdict.ts'

export interface Session {
  readonly seed: number
  /** The position of the first program. */
  readonly from?: number
  readonly count?: number
  readonly seconds?: number
  /** Each so-many-th program goes through everything (check.ts), the others through the quick comparison (quick.ts). */
  readonly every?: number
  /** How many differences to shrink before it ends. */
  readonly finds?: number
  /** Whether differences are cut down (true). */
  readonly shrinks?: boolean
  /** Kinds of differences that need no description any more. */
  readonly known?: readonly string[]
  readonly progress?: (tally: Tally) => void
  /** Called before each program, those of the shrinker too. */
  readonly began?: (position: number) => void
}

/** One program in so many is looked at for what it reaches: a prime, so that all families are. */
const LOOKED_AT = 5

export interface Found {
  readonly position: number
  /** Everything there is to say of it. */
  readonly text: string
}

/** Plain data, so that processes can send it. */
export interface Tally {
  programs: number
  skipped: number
  /** Programs whose plain function fails. */
  failing: number
  /** Programs that went through everything. */
  full: number
  /** By the code of the CompileError. */
  readonly refused: Record<string, number>
  /** One example each. */
  readonly refusals: Record<string, string>
  /** Programs that differ, those of a known kind too. */
  differing: number
  /** By their kind. */
  readonly differences: Record<string, Found>
  readonly coverage: Coverage
}

export const noTally = (): Tally => ({
  programs: 0,
  skipped: 0,
  failing: 0,
  full: 0,
  differing: 0,
  refused: {},
  refusals: {},
  differences: {},
  coverage: noCoverage(),
})

export function addTally(into: Tally, more: Tally): void {
  into.programs += more.programs
  into.skipped += more.skipped
  into.failing += more.failing
  into.full += more.full
  into.differing += more.differing
  for (const [code, n] of Object.entries(more.refused)) into.refused[code] = (into.refused[code] ?? 0) + n
  Object.assign(into.refusals, more.refusals)
  for (const [kind, found] of Object.entries(more.differences)) into.differences[kind] ??= found
  merge(into.coverage, more.coverage)
}

export const caseOf = (program: Program): Case => ({
  functions: [...program.helpers, program.entry].map(fnText),
  inputs: program.inputs,
  options: program.options,
})

export async function fuzz(session: Session): Promise<Tally> {
  const {
    seed,
    from = 0,
    count = Infinity,
    seconds = Infinity,
    finds = 1,
    every = 1,
    shrinks = true,
    known = [],
  } = session
  const tally = noTally()
  const see = (seen: Seen) => cover(tally.coverage, seen)
  const end = performance.now() + seconds * 1000
  for (let k = from; k < from + count && performance.now() < end; k++) {
    session.began?.(k)
    const program = generate(seed, k)
    const full = k % every === 0
    const judge = full ? check : (c: Case) => quickCheck(c, k, FUEL)
    const verdict = full
      ? check(caseOf(program))
      : quickCheck(caseOf(program), k, FUEL, k % LOOKED_AT === 0 ? see : undefined)
    record(tally, verdict, `${seed}:${k}`)
    if (full) tally.full++
    if (verdict.kind === 'differ' && !known.includes(family(verdict)) && !(family(verdict) in tally.differences)) {
      const origin = `seed ${seed}, position ${k}`
      const text = shrinks
        ? await shrunk(program, verdict, judge, origin, () => session.began?.(k))
        : describe(caseOf(program), verdict, origin)
      tally.differences[family(verdict)] = { position: k, text }
      if (Object.keys(tally.differences).length >= finds) break
    }
    session.progress?.(tally)
    // Workers, timers and finalizers get their turn.
    if (k % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 0))
  }
  return tally
}

function record(tally: Tally, verdict: Verdict, origin: string): void {
  tally.programs++
  if (verdict.kind === 'skipped') tally.skipped++
  if (verdict.kind === 'agree' && verdict.failing) tally.failing++
  if (verdict.kind === 'differ') tally.differing++
  if (verdict.kind !== 'refused') return
  tally.refused[verdict.code] = (tally.refused[verdict.code] ?? 0) + 1
  tally.refusals[verdict.code] ??= `${origin}\n${verdict.message}`
}

/** Cut down as long as the same execution differs; what the full comparison says of the result stands beside it. */
async function shrunk(
  program: Program,
  difference: Difference,
  judge: (candidate: Case) => Verdict,
  origin: string,
  began: () => void,
): Promise<string> {
  let last = difference
  const small = await shrink(program, async (candidate) => {
    began()
    const verdict = judge(caseOf(candidate))
    if (verdict.kind !== 'differ' || family(verdict) !== family(difference)) return false
    last = verdict
    return true
  })
  const all = check(caseOf(small))
  const whole = `By all comparisons: ${all.kind === 'differ' ? `${all.execution} differs` : all.kind}`
  return `${describe(caseOf(small), last, origin)}\n${whole}`
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
  return `${execution.replace(/,(?! outside).*/, '')} ${crash}`
}

export function tallyText({ programs, full, skipped, failing, refused, differing, differences }: Tally): string {
  const total = Object.values(refused).reduce((a, b) => a + b, 0)
  const codes = Object.entries(refused)
    .map(([code, n]) => `${code} ${n}`)
    .join(', ')
  const rate = ((100 * total) / Math.max(1, programs)).toFixed(1)
  const found = Object.keys(differences).length
  return [
    `${programs} programs (${full} of them through everything)`,
    `${skipped} skipped`,
    `${failing} fail alike`,
    `${rate} % refused${codes ? ` (${codes})` : ''}`,
    differing === 0 ? 'no difference' : `${differing} differ, in ${found} way${found === 1 ? '' : 's'}`,
  ].join(', ')
}
