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
const SOURCE = 'fdlibm, e_log.c: reduction and series; polynomial by Sollya; sums compensated'

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

/** k·ln 2 + log(1 + f + tail), for f in about [√½ − 1, √2 − 1) and a tail within a few ulp of f. */
function logOf<V, M>(l: Lanes<V, M>, k: V, f: V, tail?: V): V {
  const { h, between, last } = terms(l, f)
  const sum = quickSum(l, l.mul(k, l.c(LN2_HEAD)), f)
  let rest = l.add(sum.lo, l.mul(k, l.c(LN2_TAIL)))
  if (tail !== undefined) rest = l.add(rest, tail)
  return l.add(sum.hi, l.add(l.add(l.sub(rest, h), between), last))
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
