/**
 * Powers of e.
 *
 * x = n·ln 2 + r with |r| ≤ ½ ln 2, so exp(x) = 2ⁿ·exp(r). n·ln 2 is taken off in two parts: the first leaves an exact
 * difference `head`, the second, `tail`, is added where it meets small terms only. What is wrong with exp(r) is then
 * little more than the rounding of its last sum.
 *
 * There is no 2ˣ of its own: `2 ** x` and `b ** x` with b = 2 have to agree bit for bit, so both are `pow`.
 */

import { quickSum } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { twoChains } from './polynomial.ts'

/** ln 2 = HEAD + TAIL. HEAD ends in 21 zero bits, so that its multiples by up to 2²¹ are exact. */
const LN2_HEAD = 0.6931471803691238
const LN2_TAIL = 1.9082149292705877e-10
/** 1.5 · 2⁵²: what is added to it and taken away again is rounded to an integer. */
const SHIFTER = 6755399441055744
/** (r·(eʳ + 1)/(eʳ − 1) − 2) / r² in powers of r², within 2⁻⁵⁹: fdlibm's. */
const RATIO = [
  0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6, 4.1381367970572385e-8,
]

/** exp(x) = 2ⁿ·(1 + head + rest). */
interface Parts<V> {
  readonly n: V
  /** x less a multiple of ln 2, exactly; at most ½ ln 2. */
  readonly head: V
  /** What exp(r) − 1 has besides. */
  readonly rest: V
}

/** The integer next to x / ln 2. */
const nearest = <V, M>(l: Lanes<V, M>, x: V): V => l.sub(l.add(l.mul(x, l.c(Math.LOG2E)), l.c(SHIFTER)), l.c(SHIFTER))

function parts<V, M>(l: Lanes<V, M>, x: V): Parts<V> {
  const n = nearest(l, x)
  const head = l.sub(x, l.mul(n, l.c(LN2_HEAD)))
  const tail = l.mul(n, l.c(LN2_TAIL))
  const r = l.sub(head, tail)
  const square = l.mul(r, r)
  const c = l.sub(r, l.mul(square, twoChains(l, square, RATIO)))
  const rest = l.sub(l.div(l.mul(r, c), l.sub(l.c(2), c)), tail)
  return { n, head, rest }
}

/** exp(x) = 2ⁿ·fraction, fraction in about [√½, √2] and within 0.7 ulp; for |x| < 2²⁰. */
function expParts<V, M>(l: Lanes<V, M>, x: V): { readonly n: V; readonly fraction: V } {
  const { n, head, rest } = parts(l, x)
  const sum = quickSum(l, l.c(1), head)
  return { n, fraction: l.add(sum.hi, l.add(sum.lo, rest)) }
}

export const exp: Expansion = {
  name: 'exp',
  source: 'fdlibm, e_exp.c: reduction and rational form; sums compensated; within 0.9 ulp, below normal numbers 0.95',
  fast: (l, x) => {
    const { n, fraction } = expParts(l, x!)
    return l.mul(fraction, l.pow2(n))
  },
  /** Results are normal numbers. */
  usual: (l, x) => l.lt(l.abs(x!), l.c(708)),
  rare: (l, x) => {
    const { n, fraction } = expParts(l, clamped(l, x!))
    const [first, second] = halves(l, n)
    return l.mul(l.mul(fraction, l.pow2(first)), l.pow2(second))
  },
}

/** x, or a number that gives 0 or Infinity as x does; NaN is itself. */
function clamped<V, M>(l: Lanes<V, M>, x: V): V {
  const low = l.c(-746)
  const high = l.c(710)
  const least = l.select(l.lt(x, low), low, x)
  return l.select(l.gt(least, high), high, least)
}

/**
 * n as a sum of two about as large. A product with 2ⁿ is made of two then: the first is exact, the second rounds once,
 * below the normal numbers, or overflows.
 */
function halves<V, M>(l: Lanes<V, M>, n: V): readonly [V, V] {
  const first = l.floor(l.mul(n, l.c(0.5)))
  return [first, l.sub(n, first)]
}

/** (exp(r) − 1 − r − r²/2) / r³ in powers of r. Minimax: exp(r) − 1 is within 2⁻⁶¹ of itself for −0.2885 < r < 0.4065. */
const CUBIC = [
  0.16666666666666666, 0.04166666666666752, 0.008333333333335222, 0.001388888888817132, 0.00019841269836349382,
  2.4801589374782812e-5, 2.755731397520707e-6, 2.755479877301356e-7, 2.507581850545366e-8, 2.1991810485154492e-9,
]
/**
 * n is rounded up from this fraction on, log₂ 1.5, not from ½. Positive results below 0.5 and negative ones above −0.25,
 * with their small ulps, then all come from n = 0, where r is exact.
 */
const UP_FROM = 0.5849625007211562

/** exp(x) − 1 = 2ⁿ·(head + rest) + 2ⁿ − 1. */
const roundedUp = <V, M>(l: Lanes<V, M>, x: V): V => l.floor(l.add(l.mul(x, l.c(Math.LOG2E)), l.c(1 - UP_FROM)))

function partsLess1<V, M>(l: Lanes<V, M>, x: V): Parts<V> {
  const n = roundedUp(l, x)
  const head = l.sub(x, l.mul(n, l.c(LN2_HEAD)))
  const tail = l.mul(n, l.c(LN2_TAIL))
  const r = l.sub(head, tail)
  const square = l.mul(r, r)
  const cubic = l.mul(l.mul(r, square), twoChains(l, r, CUBIC))
  return { n, head, rest: l.add(l.mul(square, l.c(0.5)), l.sub(cubic, tail)) }
}

export const expm1: Expansion = {
  name: 'expm1',
  source: 'reduction of fdlibm, e_exp.c; polynomial by Sollya; sums compensated; within 0.9 ulp',
  fast: (l, x) => {
    const { n, head, rest } = partsLess1(l, x!)
    const scale = l.pow2(n)
    // 2ⁿ·head + (2ⁿ − 1) with the error of that sum; so written, −0 stays what it is.
    const scaled = l.mul(head, scale)
    const missing = l.sub(l.c(1), scale)
    const sum = l.sub(scaled, missing)
    const error = l.sub(l.add(sum, missing), scaled)
    return l.sub(sum, l.sub(error, l.mul(rest, scale)))
  },
  /** 2ⁿ − 1 is exact. */
  usual: (l, x) => l.lt(l.abs(x!), l.c(37)),
  rare: (l, x) => {
    const { n, head, rest } = partsLess1(l, clamped(l, x!))
    const [first, second] = halves(l, n)
    const sum = quickSum(l, l.c(1), head)
    const scale = l.pow2(first)
    const low = l.sub(l.mul(l.add(sum.lo, rest), scale), l.pow2(l.neg(second)))
    return l.mul(l.add(l.mul(sum.hi, scale), low), l.pow2(second))
  },
  short: (l, x) => l.eq(roundedUp(l, x!), l.c(0)),
}
