/** How far results are from the truth, over special and random arguments. */

import { Rng } from '../../test/fuzz/rng.ts'
import { near, sampler, specials } from './points.ts'
import { Check, type Finding } from './reference.ts'
import type { Subject } from './subjects.ts'

export interface Accuracy {
  readonly subject: Subject
  readonly ours: Finding
  readonly engine: Finding
}

/** Records sent at once. */
const BATCH = 1 << 15

/** The random points come first, and another tenth as many near where errors were greatest. */
const AGAIN = 0.1

/** @param path the reference program's */
export async function accuracyOf(path: string, subject: Subject, points: number, seed: number): Promise<Accuracy> {
  const { called, arity } = subject
  const rng = new Rng(seed, 0)
  const listed = specials(arity)
  const sample = sampler(called, arity)
  const first = await hold(path, subject, listed.length + points, (k) => listed[k] ?? sample(rng))
  const [ours, engine] = first.map(({ where }) => near(where))
  const again = await hold(path, subject, Math.ceil(points * AGAIN), (k) => (k % 2 === 0 ? ours! : engine!)(rng))
  return { subject, ours: both(first[0]!, again[0]!), engine: both(first[1]!, again[1]!) }
}

/** Findings of our results and of the engine's. */
async function hold(
  path: string,
  { called, arity, ours, engine }: Subject,
  count: number,
  point: (k: number) => readonly number[],
): Promise<Finding[]> {
  const check = new Check(path, called, arity, 2)
  const width = arity + 2
  for (let sent = 0; sent < count; sent += BATCH) {
    const size = Math.min(BATCH, count - sent)
    // A fresh one each time: the stream has not let go of the one before.
    const records = new Float64Array(size * width)
    for (let k = 0; k < size; k++) {
      const args = point(sent + k)
      records.set(args, k * width)
      records[k * width + arity] = ours(...args)
      records[k * width + arity + 1] = engine(...args)
    }
    await check.write(records)
  }
  return check.end()
}

const both = (a: Finding, b: Finding): Finding => ({
  ...(b.worst > a.worst ? b : a),
  points: a.points + b.points,
  rounded: a.rounded + b.rounded,
  wrong: a.wrong + b.wrong,
  ...(a.wrong > 0 ? { wrongWhere: a.wrongWhere, wrongGave: a.wrongGave } : {}),
})

const call = ({ called }: Subject, args: readonly number[]): string => `${called}(${args.map(numeral).join(', ')})`
const numeral = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** Rows of a table of Markdown. */
export const HEADER = [
  '| function | points | greatest error, ulp | at | rounded right | specials wrong | the engine: greatest error | specials wrong |',
  '|---|--:|--:|---|--:|--:|--:|--:|',
]
export function row({ subject, ours, engine }: Accuracy): string {
  const share = `${((100 * ours.rounded) / ours.points).toFixed(1)} %`
  const worst = ours.worst === 0 ? 'nowhere' : `\`${call(subject, ours.where)}\``
  return `| ${subject.name} | ${ours.points.toLocaleString('en')} | ${ours.worst.toFixed(3)} | ${worst} | ${share} | ${ours.wrong} | ${engine.worst.toFixed(3)} | ${engine.wrong} |`
}

/** What breaks the guarantee, in words; empty where nothing does. */
export function complaints({ subject, ours }: Accuracy): string[] {
  const found: string[] = []
  if (ours.worst > 1) {
    found.push(`${call(subject, ours.where)} = ${numeral(ours.gave)} is ${ours.worst} ulp from the true value`)
  }
  if (ours.wrong > 0) {
    found.push(
      `${call(subject, ours.wrongWhere)} = ${numeral(ours.wrongGave)} is wrong, as are ${ours.wrong - 1} others`,
    )
  }
  return found
}
