import { ulps32, ulps64 } from './ulps.ts'

export type Result = Float64Array | Float32Array

export interface Verdict {
  /** The largest distance of any element from plain's; Infinity where one is NaN and the other is not. */
  readonly ulps: number
  readonly ok: boolean
  /** What is wrong, when something is. */
  readonly problem?: string
}

/**
 * Compares an answer with plain's. Equal means every bit: NaN equals NaN, −0 does not equal 0.
 * @param allowed the absolute error that element i may have, for variants that may reorder; without it, none.
 */
export function check(answer: Result, plain: Result, allowed?: (i: number) => number): Verdict {
  if (answer.constructor.name !== plain.constructor.name || answer.length !== plain.length) {
    const name = (r: Result) => `${r.constructor.name} of ${r.length}`
    return { ulps: Infinity, ok: false, problem: `the answer is a ${name(answer)}, plain's a ${name(plain)}` }
  }
  const distance = plain instanceof Float32Array ? ulps32 : ulps64
  let ulps = 0
  let problem: string | undefined
  for (let i = 0; i < plain.length; i++) {
    const a = answer[i]!
    const b = plain[i]!
    if (Object.is(a, b)) continue
    const d = distance(a, b)
    if (d === 0) continue
    if (d > ulps) ulps = d
    // Written so that NaN, which is within nothing, counts as wrong.
    const within = allowed !== undefined && Math.abs(a - b) <= allowed(i)
    if (!within) problem ??= `element ${i} is ${show(a)}, plain's ${show(b)}`
  }
  return problem === undefined ? { ulps, ok: true } : { ulps, ok: false, problem }
}

const show = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))
