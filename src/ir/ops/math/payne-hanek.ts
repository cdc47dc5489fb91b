/**
 * x − n·π/2 for huge x (Payne & Hanek 1983): x · 2/π modulo 4, of which only those bits of 2/π are looked at that can
 * be told in the result. For `rare` only.
 */

import { type Double, quickSum, twoProduct, twoSum } from './double.ts'
import type { Lanes } from './lanes.ts'

/** An argument as n·π/2 + hi − excess, n integral, |hi − excess| at most π/4 and a hair. Subtracting keeps −0. */
export interface Quadrant<V> {
  readonly n: V
  readonly hi: V
  readonly excess: V
}

/** 2/π = Σ chunkⱼ · 2^(−52·(j + 1)): integers of 52 bits, enough of them for the largest number. */
const CHUNKS: readonly number[] = [
  0xa2f9836e4e441, 0x529fc2757d1f5, 0x34ddc0db62959, 0x93c439041fe51, 0x63abdebbc561b, 0x7246e3a424dd2, 0xe006492eea09d,
  0x1921cfe1deb1c, 0xb129a73ee8823, 0x5f52ebb4484e9, 0x9c7026b45f7e4, 0x13991d6398353, 0x39f49c845f8bb, 0xdf9283b1ff897,
  0xffde05980fef2, 0xf118b5a0a6d1f, 0x6d367ecf27cb0, 0x9b74f463f669e, 0x5fea2d7527bac, 0x7ebe5f17b3d07, 0x39f78a5292ea6,
  0xbfb5fb11f8d5d, 0x0856033046fc7,
]
const BITS = 52
/** Chunks that are multiplied: those after them change x · 2/π by less than 2⁻¹⁵⁰. */
const USED = 5
/** x · chunk is a multiple of 4, and so of no account, where x has this exponent above that of the chunk's first bit. */
const WHOLE = 54

/** π/2 to 106 bits. */
const HALF_PI = 1.5707963267948966
const HALF_PI_LOW = 6.123233995736766e-17

/**
 * @param x of any finite magnitude from 1; n is in −3…3. Relative error of hi − excess: below 2⁻⁸⁰, as no double is closer
 * to a multiple of π/2 than 2⁻⁶¹ (Muller, Elementary Functions, 2016, table 11.1).
 */
export function reduceHuge<V, M>(l: Lanes<V, M>, x: V): Quadrant<V> {
  const magnitude = l.abs(x)
  const above = l.floor(l.mul(l.sub(l.exponent(magnitude), l.c(WHOLE)), l.c(1 / BITS)))
  const first = l.select(l.lt(above, l.c(0)), l.c(0), above)
  const scaled = l.mul(magnitude, l.pow2(l.mul(first, l.c(-BITS))))
  const modulo4 = (a: V): V => l.sub(a, l.mul(l.trunc(l.mul(a, l.c(0.25))), l.c(4)))

  // Integers of 53 and of 52 bits: tails have 27 and 26 bits, so these products are exact. Largest first.
  const terms: V[] = []
  for (let k = 0; k < USED; k++) {
    const chunk = l.mul(l.lookup(l.add(first, l.c(k)), CHUNKS), l.c(2 ** (-BITS * (k + 1))))
    const { hi, lo } = twoProduct(l, scaled, chunk)
    terms.push(k < 2 ? modulo4(hi) : hi, k < 1 ? modulo4(lo) : lo)
  }
  const about = terms.slice(0, 6).reduce((sum, term) => l.add(sum, term))
  const n = l.floor(l.add(about, l.c(0.5)))
  const { hi, lo } = sum([l.neg(n), ...terms], l)

  const product = twoProduct(l, hi, l.c(HALF_PI))
  const rest = l.add(l.mul(hi, l.c(HALF_PI_LOW)), l.mul(lo, l.c(HALF_PI)))
  const angle = quickSum(l, product.hi, l.add(product.lo, rest))
  const sign = l.copysign(l.c(1), x)
  return { n: l.mul(modulo4(n), sign), hi: l.mul(angle.hi, sign), excess: l.mul(l.neg(angle.lo), sign) }
}

/** The terms' sum as if computed with three times the bits: what two passes of 2Sum leave (Ogita, Rump, Oishi 2005). */
function sum<V, M>(terms: readonly V[], l: Lanes<V, M>): Double<V> {
  const distilled = [...terms]
  for (let pass = 0; pass < 2; pass++) {
    for (let k = 1; k < distilled.length; k++) {
      const { hi, lo } = twoSum(l, distilled[k]!, distilled[k - 1]!)
      distilled[k] = hi
      distilled[k - 1] = lo
    }
  }
  const hi = distilled.pop()!
  return quickSum(
    l,
    hi,
    distilled.reduce((total, term) => l.add(total, term)),
  )
}
