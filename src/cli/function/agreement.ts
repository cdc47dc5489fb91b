/** Whether two calls came to the same: what they returned, and what they left in the arrays they were given. */

import { dtypeOf, type NumberArray, type TypedArray } from '../../types.ts'
import { check } from '../compare/check.ts'
import { ulps64 } from '../compare/ulps.ts'

/** A call's result and its arguments afterwards. */
export interface Outcome {
  readonly result: unknown
  readonly args: readonly unknown[]
}

export interface Agreement {
  /** `rounding`: floats differ, but share half of their digits; `no`: something else differs. */
  readonly agree: 'every bit' | 'rounding' | 'no'
  /** The largest distance of two floats, in units in the last place; null where one is NaN and the other is not. */
  readonly ulps: number | null
  /** The first thing that differs. */
  readonly problem?: string
}

/** Of two floats, relative to the largest of their array, this much may differ by rounding: half of the digits. */
const HALF_OF_DIGITS = { float64: 2 ** -26, float32: 2 ** -12 }

export function agreement(plain: Outcome, other: Outcome): Agreement {
  const parts = [
    part('the result', plain.result, other.result),
    ...plain.args.map((arg, k) => part(`argument ${k + 1} afterwards`, arg, other.args[k])),
  ]
  const worst = parts.find(({ agree }) => agree === 'no') ?? parts.find(({ agree }) => agree === 'rounding')
  const ulps = parts.reduce<number | null>(
    (most, { ulps }) => (most === null || ulps === null ? null : Math.max(most, ulps)),
    0,
  )
  return worst === undefined ? { agree: 'every bit', ulps } : { ...worst, ulps }
}

const SAME: Agreement = { agree: 'every bit', ulps: 0 }
const different = (problem: string): Agreement => ({ agree: 'no', ulps: null, problem })

function part(what: string, plain: unknown, other: unknown): Agreement {
  const [a, b] = [dtypeOf(plain), dtypeOf(other)]
  if (a !== undefined && a === b) return arrays(what, plain as TypedArray, other as TypedArray)
  if (typeof plain === 'number' && typeof other === 'number') return numbers(what, plain, other)
  if (a === undefined && b === undefined && typeof plain === typeof other) {
    // Truth values and undefined; what else a plain function may return is compared as text.
    const [p, o] = [show(plain), show(other)]
    return p === o ? SAME : different(`${what} is ${o}, plain's ${p}`)
  }
  return different(`${what} is ${kind(other)}, plain's is ${kind(plain)}`)
}

function arrays(what: string, plain: TypedArray, other: TypedArray): Agreement {
  if (plain.length !== other.length) {
    return different(`${what} has ${other.length} elements, plain's ${plain.length}`)
  }
  if (plain instanceof Float64Array || plain instanceof Float32Array) {
    const digits = plain instanceof Float64Array ? HALF_OF_DIGITS.float64 : HALF_OF_DIGITS.float32
    const exact = check(other as typeof plain, plain)
    if (exact.ok) return SAME
    const tolerance = digits * largest(plain)
    const near = check(other as typeof plain, plain, () => tolerance)
    const ulps = Number.isFinite(near.ulps) ? near.ulps : null
    const problem = `${what}: ${(near.ok ? exact : near).problem}`
    return { agree: near.ok ? 'rounding' : 'no', ulps, problem }
  }
  const at = (plain as NumberArray).findIndex((value, i) => value !== other[i])
  return at < 0 ? SAME : different(`${what}: element ${at} is ${other[at]}, plain's ${plain[at]}`)
}

function numbers(what: string, plain: number, other: number): Agreement {
  const ulps = ulps64(plain, other)
  if (ulps === 0) return SAME
  const near = Math.abs(plain - other) <= HALF_OF_DIGITS.float64 * Math.abs(plain)
  const problem = `${what} is ${show(other)}, plain's ${show(plain)}`
  return { agree: near ? 'rounding' : 'no', ulps: Number.isFinite(ulps) ? ulps : null, problem }
}

function largest(values: NumberArray): number {
  let most = 0
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value))
  return most
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'object' ? (JSON.stringify(value) ?? 'an object') : String(value)
}

const kind = (value: unknown): string => {
  if (dtypeOf(value) !== undefined) return `a ${(value as TypedArray)[Symbol.toStringTag]}`
  return value === undefined || value === null ? String(value) : `a ${typeof value}`
}
