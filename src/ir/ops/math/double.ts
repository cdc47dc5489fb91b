/** Double-double arithmetic: unevaluated sums of two numbers, about 106 bits. Dekker 1971, Knuth, Joldes et al. 2017. */

import type { Lanes } from './lanes.ts'

/** hi + lo, |lo| at most half an ulp of hi. */
export interface Double<V> {
  readonly hi: V
  readonly lo: V
}

/** a + b exactly; needs |a| ≥ |b| or a = 0 (Fast2Sum). */
export function quickSum<V, M>(l: Lanes<V, M>, a: V, b: V): Double<V> {
  const hi = l.add(a, b)
  return { hi, lo: l.sub(b, l.sub(hi, a)) }
}

/** a + b exactly (2Sum). */
export function twoSum<V, M>(l: Lanes<V, M>, a: V, b: V): Double<V> {
  const hi = l.add(a, b)
  const t = l.sub(hi, a)
  return { hi, lo: l.add(l.sub(a, l.sub(hi, t)), l.sub(b, t)) }
}

/** a · b, exact but for the last bit of the product of the tails (Dekker). No overflow or underflow of parts, please. */
export function twoProduct<V, M>(l: Lanes<V, M>, a: V, b: V): Double<V> {
  const hi = l.mul(a, b)
  const aHead = l.head(a)
  const bHead = l.head(b)
  const aTail = l.sub(a, aHead)
  const bTail = l.sub(b, bHead)
  // Each sum is exact in this order alone: the two crossed products together may need 54 bits.
  const crossed = l.add(l.add(l.sub(l.mul(aHead, bHead), hi), l.mul(aHead, bTail)), l.mul(aTail, bHead))
  return { hi, lo: l.add(crossed, l.mul(aTail, bTail)) }
}

/**
 * a / b = hi − excess to about 75 bits, by one division: hi has 26 bits, so that hi · b − a is exact but for the low
 * parts. A difference, as that keeps −0.
 */
export function quotient<V, M>(
  l: Lanes<V, M>,
  a: { readonly hi: V; readonly lo?: V },
  b: Double<V>,
): { readonly hi: V; readonly excess: V } {
  const inverse = l.div(l.c(1), b.hi)
  const hi = l.head(l.mul(a.hi, inverse))
  const head = l.head(b.hi)
  const most = l.add(l.sub(l.mul(hi, head), a.hi), l.mul(hi, l.sub(b.hi, head)))
  const rest = l.add(a.lo === undefined ? most : l.sub(most, a.lo), l.mul(hi, b.lo))
  return { hi, excess: l.mul(rest, inverse) }
}
