/** How far results are from the truth, over special and random arguments. */

import { Rng } from '../../test/fuzz/rng.ts'
import { sampler, specials } from './points.ts'
import { Check, type Finding } from './reference.ts'
import type { Subject } from './subjects.ts'

export interface Accuracy {
  readonly subject: Subject
  readonly ours: Finding
  readonly engine: Finding
}

/** Records sent at once. */
const BATCH = 1 << 15

/** @param path the reference program's */
export async function accuracyOf(path: string, subject: Subject, points: number, seed: number): Promise<Accuracy> {
  const { called, arity, ours, engine } = subject
  const check = new Check(path, called, arity, 2)
  const width = arity + 2
  const send = async (count: number, at: (k: number) => readonly number[]) => {
    // A fresh one each time: the stream has not let go of the one before.
    const records = new Float64Array(count * width)
    for (let k = 0; k < count; k++) {
      const args = at(k)
      records.set(args, k * width)
      records[k * width + arity] = ours(...args)
      records[k * width + arity + 1] = engine(...args)
    }
    await check.write(records)
  }
  const listed = specials(arity)
  for (let k = 0; k < listed.length; k += BATCH) {
    await send(Math.min(BATCH, listed.length - k), (r) => listed[k + r]!)
  }
  const rng = new Rng(seed, 0)
  const sample = sampler(called, arity)
  for (let k = 0; k < points; k += BATCH) await send(Math.min(BATCH, points - k), () => sample(rng))
  const [first, second] = await check.end()
  return { subject, ours: first!, engine: second! }
}

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
