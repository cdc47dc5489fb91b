/**
 * Logarithms.
 *
 * a = 2ᵏ·(1 + f) with 1 + f in about [√½, √2), so log(a) = k·ln 2 + log(1 + f). With s = f/(2 + f) and h = f²/2,
 *
 *   log(1 + f) = log((1 + s)/(1 − s)) = f − h + s·h + s³·p(s²),
 *
 * where f is exact and all else is small. k·ln 2 is added in two parts, of which the first and f leave no error.
 */

import { quickSum } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { twoChains } from './polynomial.ts'

/** ln 2 = HEAD + TAIL. HEAD ends in 21 zero bits, so that its multiples by up to 2²¹ are exact. */
const LN2_HEAD = 0.6931471803691238
const LN2_TAIL = 1.9082149292705877e-10
/** p: (log((1 + s)/(1 − s)) − 2s)/s³ in powers of s², |s| ≤ 0.1716. Minimax: log(1 + f) is within 2⁻⁵⁹ of itself. */
const ATANH = [
  0.6666666666666734, 0.3999999999941707, 0.28571428741885996, 0.22222198622356165, 0.18183561867892095,
  0.15314111328344482, 0.1479536012188083,
]
const SOURCE = 'fdlibm, e_log.c: reduction and series; polynomial by Sollya; sums compensated; within 0.95 ulp'

/** f − h + between + last = log(1 + f); each smaller than the one before, `last` known last. */
interface Terms<V> {
  readonly h: V
  readonly between: V
  readonly last: V
}

function terms<V, M>(l: Lanes<V, M>, f: V): Terms<V> {
  const s = l.div(f, l.add(l.c(2), f))
  const square = l.mul(s, s)
  const h = l.mul(l.c(0.5), l.mul(f, f))
  return { h, between: l.mul(s, h), last: l.mul(l.mul(s, square), twoChains(l, square, ATANH)) }
}

/** first + rest + (log(1 + f) − f), where `first` is f, or f and what outweighs it, and `rest` is tiny. Keeps −0. */
function sumOf<V, M>(l: Lanes<V, M>, first: V, rest: V, f: V): V {
  const { h, between, last } = terms(l, f)
  return l.sub(first, l.sub(h, l.add(l.add(rest, between), last)))
}

/** k·ln 2 + log(1 + f), for f in about [√½ − 1, √2 − 1). */
function logOf<V, M>(l: Lanes<V, M>, k: V, f: V): V {
  const sum = quickSum(l, l.mul(k, l.c(LN2_HEAD)), f)
  return sumOf(l, sum.hi, l.add(sum.lo, l.mul(k, l.c(LN2_TAIL))), f)
}

/** The number's f. */
const fractionOf = <V, M>(l: Lanes<V, M>, a: V): V => l.sub(l.nearSignificand(a), l.c(1))

/** Whether a is positive, and neither too large nor too small for its exponent and that exponent's opposite. */
const isUsual = <V, M>(l: Lanes<V, M>, a: V): M => l.le(l.abs(l.nearExponent(a)), l.c(1021))

/** A logarithm of any number, given that of all numbers brought to usual size, 2ᵏ times too large. */
function anywhere<V, M>(l: Lanes<V, M>, a: V, log: (scaled: V, k: V) => V): V {
  const small = l.lt(a, l.c(1))
  const scaled = l.mul(a, l.select(small, l.c(2 ** 54), l.c(2 ** -54)))
  const value = log(scaled, l.select(small, l.c(54), l.c(-54)))
  // NaN and Infinity are their own.
  const positive = l.select(l.lt(a, l.c(Infinity)), value, a)
  return l.select(l.le(a, l.c(0)), l.select(l.eq(a, l.c(0)), l.c(-Infinity), l.c(NaN)), positive)
}

export const log: Expansion = {
  name: 'log',
  source: SOURCE,
  fast: (l, x) => logOf(l, l.nearExponent(x!), fractionOf(l, x!)),
  usual: (l, x) => isUsual(l, x!),
  rare: (l, x) => anywhere(l, x!, (scaled, k) => logOf(l, l.sub(l.nearExponent(scaled), k), fractionOf(l, scaled))),
}

/**
 * 1 + x = 2ᵏ·(1 + f) with f = x·2⁻ᵏ − (1 − 2⁻ᵏ), x itself for k = 0. The product is exact, and so is the difference in
 * brackets until 1 is nothing beside x: all that f lacks is the tail of one sum. Which way things are subtracted keeps −0.
 */
export const log1p: Expansion = {
  name: 'log1p',
  source: SOURCE,
  fast: (l, x) => {
    const minusK = l.sub(l.c(0), l.nearExponent(l.add(l.c(1), x!)))
    const scale = l.pow2(minusK)
    const scaled = l.mul(x!, scale)
    const missing = l.sub(l.c(1), scale)
    const f = l.sub(scaled, missing)
    const tail = l.sub(scaled, l.add(f, missing))
    const less = l.mul(minusK, l.c(LN2_HEAD))
    const first = l.sub(f, less)
    const lost = l.sub(f, l.add(first, less))
    return sumOf(l, first, l.add(l.sub(lost, l.mul(minusK, l.c(LN2_TAIL))), tail), f)
  },
  usual: (l, x) => isUsual(l, l.add(l.c(1), x!)),
  // 1 is nothing beside what is too large; the rest are −1, numbers below, and NaN.
  rare: (l, x) => log.rare!(l, l.select(l.gt(x!, l.c(1)), x!, l.add(l.c(1), x!))),
  short: (l, x) => l.eq(l.nearExponent(l.add(l.c(1), x!)), l.c(0)),
}

/** log(1 + f) in two numbers, of which the first has 26 bits at most. */
function headAndTail<V, M>(l: Lanes<V, M>, f: V): { readonly head: V; readonly tail: V } {
  const { h, between, last } = terms(l, f)
  const head = l.head(l.sub(f, h))
  return { head, tail: l.add(l.add(l.sub(l.sub(f, head), h), between), last) }
}

/** 1/ln 2 = HEAD + TAIL, HEAD of 27 bits. */
const INVERSE2_HEAD = 1.4426950365304947
const INVERSE2_TAIL = 4.3584687174185184e-9

function log2Of<V, M>(l: Lanes<V, M>, k: V, f: V): V {
  const { head, tail } = headAndTail(l, f)
  const sum = quickSum(l, k, l.mul(head, l.c(INVERSE2_HEAD)))
  const small = l.add(l.mul(head, l.c(INVERSE2_TAIL)), l.mul(tail, l.c(Math.LOG2E)))
  return l.add(sum.hi, l.add(sum.lo, small))
}

export const log2: Expansion = {
  name: 'log2',
  source: 'FreeBSD msun, e_log2.c: products of heads are exact; the rest as log; within 0.9 ulp',
  fast: (l, x) => log2Of(l, l.nearExponent(x!), fractionOf(l, x!)),
  usual: (l, x) => isUsual(l, x!),
  rare: (l, x) => anywhere(l, x!, (scaled, k) => log2Of(l, l.sub(l.nearExponent(scaled), k), fractionOf(l, scaled))),
}

/** 1/ln 10 = HEAD + TAIL and log₁₀ 2 = HEAD + TAIL, HEADs such that products with heads and exponents are exact. */
const INVERSE10_HEAD = 0.434294480830431
const INVERSE10_TAIL = 1.0728208431540585e-9
const LOG10_2_HEAD = 0.30102999566395283
const LOG10_2_TAIL = 2.8363394551044964e-14

function log10Of<V, M>(l: Lanes<V, M>, k: V, f: V): V {
  const { head, tail } = headAndTail(l, f)
  const sum = quickSum(l, l.mul(k, l.c(LOG10_2_HEAD)), l.mul(head, l.c(INVERSE10_HEAD)))
  const small = l.add(l.mul(head, l.c(INVERSE10_TAIL)), l.mul(tail, l.c(Math.LOG10E)))
  return l.add(sum.hi, l.add(l.add(sum.lo, l.mul(k, l.c(LOG10_2_TAIL))), small))
}

export const log10: Expansion = {
  name: 'log10',
  source: 'FreeBSD msun, e_log10.c: products of heads are exact; the rest as log; within 0.9 ulp',
  fast: (l, x) => log10Of(l, l.nearExponent(x!), fractionOf(l, x!)),
  usual: (l, x) => isUsual(l, x!),
  rare: (l, x) => anywhere(l, x!, (scaled, k) => log10Of(l, l.sub(l.nearExponent(scaled), k), fractionOf(l, scaled))),
}
