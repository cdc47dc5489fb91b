/**
 * What is known of a value at one place of a kernel: its type, and for numbers the interval it lies in and whether it
 * can be a fraction, NaN or −0. These facts decide where a `number` may be computed as an integer (DESIGN: integers by
 * proof), so every rule here must hold for all values, rounding included: round-to-nearest is monotone, so the ends of
 * an interval are computed in doubles as the values are.
 */

import type { DType } from '../types.ts'

export interface NumberFact {
  readonly kind: 'number'
  /** Every finite value is a whole number. */
  readonly int: boolean
  /** Bounds, −0 counting as 0; infinite where unknown or where infinities can occur. */
  readonly lo: number
  readonly hi: number
  readonly nan: boolean
  readonly negZero: boolean
}
export type Fact =
  | NumberFact
  | { readonly kind: 'boolean' }
  | { readonly kind: 'array'; readonly dtype: DType }
  | { readonly kind: 'undefined' }
  /** A variable that has this on some paths and no value on others. */
  | { readonly kind: 'maybe'; readonly of: Fact }
  /** Different types on different paths: an error once it is read. */
  | { readonly kind: 'mixed'; readonly a: Fact; readonly b: Fact }

/** Integers up to here are exact, and so is every sum that stays within: past it, 2⁵³ + 1 would round to 2⁵³. */
export const EXACT = 2 ** 53 - 1
/**
 * An `int32` argument is no larger: the product of two, and an index `i * n + j` made of them, stay exact. Larger
 * numbers are float64.
 */
export const SMALL_ARGUMENT = 2 ** 26
/**
 * Arrays that compiled code indexes with 32 bits are no longer; longer ones take the JavaScript target. Twice as much is
 * still an int32, so that what doubles until it has passed a length is one.
 */
export const MAX_LENGTH = 2 ** 30 - 1

const number = (f: Omit<NumberFact, 'kind'>): NumberFact => ({ kind: 'number', ...f })
export const ANY_NUMBER: NumberFact = number({ int: false, lo: -Infinity, hi: Infinity, nan: true, negZero: true })
export const BOOLEAN: Fact = { kind: 'boolean' }
export const UNDEFINED: Fact = { kind: 'undefined' }

export const integerFact = (lo: number, hi: number): NumberFact =>
  number({ int: true, lo, hi, nan: false, negZero: false })
export const INT32 = integerFact(-(2 ** 31), 2 ** 31 - 1)

export function constantFact(value: number): NumberFact {
  return number({
    int: Number.isInteger(value),
    lo: Number.isNaN(value) ? Infinity : value + 0,
    hi: Number.isNaN(value) ? -Infinity : value + 0,
    nan: Number.isNaN(value),
    negZero: Object.is(value, -0),
  })
}

export function elementFact(dtype: DType): NumberFact {
  switch (dtype) {
    case 'int8':
      return integerFact(-128, 127)
    case 'uint8':
    case 'uint8c':
      return integerFact(0, 255)
    case 'int16':
      return integerFact(-32768, 32767)
    case 'uint16':
      return integerFact(0, 65535)
    case 'int32':
      return INT32
    case 'uint32':
      return integerFact(0, 2 ** 32 - 1)
    default:
      return ANY_NUMBER
  }
}

/** Always a whole number that a double holds exactly; −0 is to be looked at apart. */
export const isIntegral = (f: NumberFact): boolean => f.int && !f.nan && f.lo >= -EXACT && f.hi <= EXACT
export const fitsInt32 = (f: NumberFact): boolean => f.lo >= -(2 ** 31) && f.hi <= 2 ** 31 - 1
const hasZero = (f: NumberFact): boolean => f.lo <= 0 && f.hi >= 0
const isEmpty = (f: NumberFact): boolean => f.lo > f.hi
const finite = (f: NumberFact): boolean => f.lo > -Infinity && f.hi < Infinity

export function join(a: Fact, b: Fact): Fact {
  if (a === b) return a
  if (a.kind === 'maybe' || b.kind === 'maybe') {
    const of = join(a.kind === 'maybe' ? a.of : a, b.kind === 'maybe' ? b.of : b)
    return of.kind === 'maybe' || of.kind === 'undefined' ? of : { kind: 'maybe', of }
  }
  if (a.kind === 'undefined') return b.kind === 'undefined' ? a : { kind: 'maybe', of: b }
  if (b.kind === 'undefined') return { kind: 'maybe', of: a }
  if (a.kind === 'number' && b.kind === 'number') {
    if (covers(a, b)) return a
    if (covers(b, a)) return b
    return number({
      int: (a.int || isEmpty(a)) && (b.int || isEmpty(b)),
      lo: Math.min(a.lo, b.lo),
      hi: Math.max(a.hi, b.hi),
      nan: a.nan || b.nan,
      negZero: a.negZero || b.negZero,
    })
  }
  if (a.kind === 'boolean' && b.kind === 'boolean') return a
  if (a.kind === 'array' && b.kind === 'array' && a.dtype === b.dtype) return a
  return { kind: 'mixed', a, b }
}

/** Whether everything `b` allows is allowed by `a`. */
export function covers(a: Fact, b: Fact): boolean {
  if (a === b) return true
  if (a.kind === 'number' && b.kind === 'number') {
    return (
      (!a.int || b.int || isEmpty(b)) &&
      (isEmpty(b) || (a.lo <= b.lo && a.hi >= b.hi)) &&
      (a.nan || !b.nan) &&
      (a.negZero || !b.negZero)
    )
  }
  if (a.kind === 'maybe') return b.kind === 'undefined' || covers(a.of, b.kind === 'maybe' ? b.of : b)
  if (a.kind === 'array' && b.kind === 'array') return a.dtype === b.dtype
  if (a.kind === 'mixed') return true
  return a.kind === b.kind && a.kind !== 'number'
}

const STEPS = [0, 2 ** 31 - 1, EXACT, Infinity]
/** `next` grown so that a chain of such steps ends soon: each bound that moved jumps to the next of a few values. */
export function widen(before: Fact, next: Fact): Fact {
  if (before.kind !== 'number' || next.kind !== 'number') return next
  return {
    ...next,
    lo: next.lo < before.lo ? -(STEPS.find((s) => -s <= next.lo) ?? Infinity) : next.lo,
    hi: next.hi > before.hi ? (STEPS.find((s) => s >= next.hi) ?? Infinity) : next.hi,
  }
}

// ───────────────────────────── arithmetic ─────────────────────────────

const corners = (values: number[]): { lo: number; hi: number; nan: boolean } => {
  const real = values.filter((v) => !Number.isNaN(v))
  return { lo: Math.min(...real), hi: Math.max(...real), nan: real.length < values.length }
}

export function add(a: NumberFact, b: NumberFact): NumberFact {
  const lo = a.lo + b.lo
  const hi = a.hi + b.hi
  return number({
    int: a.int && b.int,
    lo: Number.isNaN(lo) ? -Infinity : lo,
    hi: Number.isNaN(hi) ? Infinity : hi,
    nan: a.nan || b.nan || (!finite(a) && !finite(b)),
    negZero: a.negZero && b.negZero,
  })
}

export function sub(a: NumberFact, b: NumberFact): NumberFact {
  const lo = a.lo - b.hi
  const hi = a.hi - b.lo
  return number({
    int: a.int && b.int,
    lo: Number.isNaN(lo) ? -Infinity : lo,
    hi: Number.isNaN(hi) ? Infinity : hi,
    nan: a.nan || b.nan || (!finite(a) && !finite(b)),
    negZero: a.negZero && hasZero(b),
  })
}

export function mul(a: NumberFact, b: NumberFact): NumberFact {
  const ends = corners([a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi])
  const nan = a.nan || b.nan || (hasZero(a) && !finite(b)) || (hasZero(b) && !finite(a))
  // The corner 0 · ∞ is NaN, but inside the interval the product can be anything.
  const wild = ends.nan
  const nonNegative = (f: NumberFact) => f.lo >= 0 && !f.negZero
  const int = a.int && b.int
  const exactZero =
    (hasZero(a) && (b.lo < 0 || b.negZero)) ||
    (hasZero(b) && (a.lo < 0 || a.negZero)) ||
    (a.negZero && b.hi >= 0) ||
    (b.negZero && a.hi >= 0)
  return number({
    int,
    lo: wild ? -Infinity : ends.lo + 0,
    hi: wild ? Infinity : ends.hi + 0,
    nan,
    // A product of fractions can underflow to a zero of either sign.
    negZero: int ? exactZero : !(nonNegative(a) && nonNegative(b)),
  })
}

export function div(a: NumberFact, b: NumberFact): NumberFact {
  const apart = b.lo > 0 || b.hi < 0
  const ends = apart && finite(a) ? corners([a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi]) : undefined
  return number({
    int: false,
    lo: ends && !ends.nan ? ends.lo + 0 : -Infinity,
    hi: ends && !ends.nan ? ends.hi + 0 : Infinity,
    nan: a.nan || b.nan || (hasZero(a) && hasZero(b)) || (!finite(a) && !finite(b)),
    negZero: !(a.lo >= 0 && b.lo >= 0 && !a.negZero && !b.negZero),
  })
}

export function rem(a: NumberFact, b: NumberFact): NumberFact {
  const int = a.int && b.int
  const size = Math.max(Math.abs(b.lo), Math.abs(b.hi)) - (int ? 1 : 0)
  return number({
    int,
    lo: a.lo >= 0 ? 0 : Math.max(a.lo, -size) + 0,
    hi: a.hi <= 0 ? 0 : Math.min(a.hi, size) + 0,
    nan: a.nan || b.nan || hasZero(b) || !finite(a),
    negZero: a.negZero || a.lo < 0,
  })
}

export const neg = (a: NumberFact): NumberFact => number({ ...a, lo: -a.hi + 0, hi: -a.lo + 0, negZero: hasZero(a) })

export function abs(a: NumberFact): NumberFact {
  const size = Math.max(Math.abs(a.lo), Math.abs(a.hi))
  const least = hasZero(a) ? 0 : Math.min(Math.abs(a.lo), Math.abs(a.hi))
  return number({ ...a, lo: isEmpty(a) ? a.lo : least, hi: isEmpty(a) ? a.hi : size, negZero: false })
}

export function minimum(a: NumberFact, b: NumberFact): NumberFact {
  return number({
    int: a.int && b.int,
    lo: Math.min(a.lo, b.lo),
    hi: Math.min(a.hi, b.hi),
    nan: a.nan || b.nan,
    negZero: a.negZero || b.negZero,
  })
}

export function maximum(a: NumberFact, b: NumberFact): NumberFact {
  return number({
    int: a.int && b.int,
    lo: Math.max(a.lo, b.lo),
    hi: Math.max(a.hi, b.hi),
    nan: a.nan || b.nan,
    negZero: a.negZero || b.negZero,
  })
}

/** floor, ceil, trunc, round. */
export function integerPart(f: (x: number) => number, a: NumberFact): NumberFact {
  return number({
    int: true,
    lo: isEmpty(a) ? a.lo : f(a.lo) + 0,
    hi: isEmpty(a) ? a.hi : f(a.hi) + 0,
    nan: a.nan,
    negZero: a.negZero || (!a.int && a.lo < 0 && a.hi > -1),
  })
}

/** Infinities stay infinities, so `int` is only as good as the bounds are finite. */
export const fround = (a: NumberFact): NumberFact =>
  number({
    int: a.int,
    lo: isEmpty(a) ? a.lo : Math.fround(a.lo) + 0,
    hi: isEmpty(a) ? a.hi : Math.fround(a.hi) + 0,
    nan: a.nan,
    negZero: a.negZero || (!a.int && a.lo < 0),
  })

/** The 32-bit operations; operands are any numbers, taken modulo 2³² by JavaScript itself. */
export function bitwise(op: '&' | '|' | '^' | '<<' | '>>' | '>>>', a: NumberFact, b: NumberFact): NumberFact {
  const whole = (f: NumberFact) => isIntegral(f) && fitsInt32(f)
  const shift = b.int && b.lo === b.hi && b.lo >= 0 && b.lo < 32 && !b.nan ? b.lo : undefined
  switch (op) {
    case '&': {
      const masks = [a, b].filter((f) => whole(f) && f.lo >= 0).map((f) => f.hi)
      return masks.length > 0 ? integerFact(0, Math.min(...masks)) : INT32
    }
    case '|':
      if (b.lo === 0 && b.hi === 0 && !b.nan) return whole(a) ? number({ ...a, negZero: false }) : INT32
      if (a.lo === 0 && a.hi === 0 && !a.nan) return whole(b) ? number({ ...b, negZero: false }) : INT32
      return INT32
    case '^':
      return INT32
    case '<<':
      if (shift !== undefined && whole(a)) {
        const lo = a.lo * 2 ** shift
        const hi = a.hi * 2 ** shift
        if (lo >= INT32.lo && hi <= INT32.hi) return integerFact(lo, hi)
      }
      return INT32
    case '>>':
      if (whole(a) && shift !== undefined) return integerFact(a.lo >> shift, a.hi >> shift)
      return whole(a) && a.lo >= 0 ? integerFact(0, a.hi) : INT32
    case '>>>':
      if (whole(a) && a.lo >= 0) return integerFact(0, shift === undefined ? a.hi : a.hi >>> shift)
      return integerFact(0, 2 ** (32 - (shift ?? 0)) - 1)
    default:
      return op satisfies never
  }
}

/** What is left of `a` when `a op b` is known to hold (so neither is NaN). */
export function assume(a: NumberFact, op: '<' | '<=' | '>' | '>=' | '===', b: NumberFact): NumberFact {
  const whole = a.int && b.int
  switch (op) {
    case '<':
      return { ...a, nan: false, hi: Math.min(a.hi, whole ? b.hi - 1 : b.hi) }
    case '<=':
      return { ...a, nan: false, hi: Math.min(a.hi, b.hi) }
    case '>':
      return { ...a, nan: false, lo: Math.max(a.lo, whole ? b.lo + 1 : b.lo) }
    case '>=':
      return { ...a, nan: false, lo: Math.max(a.lo, b.lo) }
    case '===':
      return { ...a, nan: false, int: a.int || b.int, lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }
    default:
      return op satisfies never
  }
}

/** A fact in the user's words. */
export function describe(fact: Fact): string {
  switch (fact.kind) {
    case 'number':
      return 'a number'
    case 'boolean':
      return 'a truth value'
    case 'array': {
      const name = `${fact.dtype[0]!.toUpperCase()}${fact.dtype.slice(1)}Array`
      return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`
    }
    case 'undefined':
      return 'undefined'
    case 'maybe':
      return `${describe(fact.of)} on some paths and undefined on others`
    case 'mixed':
      return `${describe(fact.a)} on some paths and ${describe(fact.b)} on others`
    default:
      return fact satisfies never
  }
}
