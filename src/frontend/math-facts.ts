/** What the results of Math and Number functions are known to be. */

import {
  ANY_NUMBER,
  abs,
  BOOLEAN,
  type Fact,
  fround,
  INT32,
  integerFact,
  integerPart,
  maximum,
  minimum,
  type NumberFact,
} from './facts.ts'

const inRange = (lo: number, hi: number): NumberFact => ({ ...ANY_NUMBER, lo, hi })

/** Undefined for a name or a number of arguments that cannot be compiled. */
export function mathFact(name: string, args: readonly NumberFact[]): Fact | undefined {
  const [a, b] = args
  switch (name) {
    case 'isNaN':
    case 'isFinite':
    case 'Number.isNaN':
    case 'Number.isFinite':
    case 'Number.isInteger':
    case 'Number.isSafeInteger':
      return a ? BOOLEAN : undefined
    case 'Number':
      return a ?? integerFact(0, 0)
    case 'Math.min':
    case 'Math.max': {
      if (!a) return undefined
      return args.reduce(name === 'Math.min' ? minimum : maximum)
    }
    case 'Math.abs':
      return a && abs(a)
    case 'Math.sqrt':
      // Where a loop cannot run the interval is empty, and its upper end may be negative.
      if (a && a.lo >= 0 && a.hi >= a.lo) return { ...a, int: false, lo: Math.sqrt(a.lo), hi: Math.sqrt(a.hi) }
      return a && inRange(0, Infinity)
    case 'Math.floor':
      return a && integerPart(Math.floor, a)
    case 'Math.ceil':
      return a && integerPart(Math.ceil, a)
    case 'Math.trunc':
      return a && integerPart(Math.trunc, a)
    case 'Math.round':
      return a && integerPart(Math.round, a)
    case 'Math.sign':
      return a && { ...a, int: true, lo: a.lo > 0 ? 1 : a.lo < 0 ? -1 : 0, hi: a.hi > 0 ? 1 : a.hi < 0 ? -1 : 0 }
    case 'Math.fround':
      return a && fround(a)
    case 'Math.imul':
      return a && b && INT32
    case 'Math.clz32':
      return a && integerFact(0, 32)
    case 'Math.sin':
    case 'Math.cos':
    case 'Math.tanh':
      return a && inRange(-1, 1)
    case 'Math.exp':
    case 'Math.cosh':
      return a && inRange(0, Infinity)
    case 'Math.pow':
    case 'Math.atan2':
      return a && b && ANY_NUMBER
    case 'Math.hypot':
      return args.length >= 1 && args.length <= 4 ? inRange(0, Infinity) : undefined
    case 'Math.expm1':
    case 'Math.log':
    case 'Math.log2':
    case 'Math.log10':
    case 'Math.log1p':
    case 'Math.tan':
    case 'Math.asin':
    case 'Math.acos':
    case 'Math.atan':
    case 'Math.sinh':
    case 'Math.asinh':
    case 'Math.acosh':
    case 'Math.atanh':
    case 'Math.cbrt':
      return a && ANY_NUMBER
    default:
      return undefined
  }
}
