/**
 * Cube roots. |x| = 2^(3q + r) · m with r = 0, 1, 2 and m in [1, 2). An approximation y of m's root has 17 bits, so that
 * its cube is exact; a short series of what then is missing of m gives the other digits. The factors 2^(r/3) have 36
 * bits, so that their products with y are exact, and a rest. Nothing is rounded but the last sum.
 */

import type { Expansion, Lanes } from './lanes.ts'
import { pairs, polynomial } from './polynomial.ts'

/** m^⅓ within 2⁻¹²·⁵ of itself and no more than 1 for m = 1, as zeros need it (Sollya's remez, moved down). */
const ROOT = [0.5527503, 0.587114292522062, -0.16296967251467898, 0.0231049642568112]
/** 1.5 · 2³⁶: what is added to it and taken away again is rounded to multiples of 2⁻¹⁶. */
const TO_17_BITS = 1.5 * 2 ** 36
/** ((1 − u)^−⅓ − 1) / u, of Taylor. */
const SERIES = [1 / 3, 2 / 9, 14 / 81, 35 / 243]
/** 2^(r/3) for r = 0, 1, 2 is what these two polynomials add up to; values of the first have 36 bits. */
const FACTOR = [1, 7770165310 / 2 ** 35, 1160653961 / 2 ** 35]
const FACTOR_REST = [2.612912434828771e-12, -1.065383961231268e-11]

/** The root of |x|, a normal number, or of 0; with the sign of x. */
function root<V, M>(l: Lanes<V, M>, x: V): V {
  const { c, add, sub, mul } = l
  const size = l.abs(x)
  const k = l.exponent(size)
  const m = l.significand(size)
  const q = l.floor(add(mul(k, c(1 / 3)), c(1 / 6)))
  const r = sub(k, mul(q, c(3)))
  const scale = l.copysign(l.select(l.eq(x, c(0)), c(0), l.pow2(q)), x)
  const factor = mul(scale, polynomial(l, r, FACTOR))
  const factorRest = mul(scale, mul(r, polynomial(l, r, FACTOR_REST)))

  const y = sub(add(pairs(l, m, ROOT), c(TO_17_BITS)), c(TO_17_BITS))
  const cube = mul(mul(y, y), y)
  const u = mul(sub(m, cube), l.div(c(1), m))
  const hi = mul(y, factor)
  const lo = mul(y, factorRest)
  return add(hi, add(lo, mul(mul(add(hi, lo), u), pairs(l, u, SERIES))))
}

export const cbrt: Expansion = {
  name: 'cbrt',
  source: 'an approximation with an exact cube, corrected by a series; constants by Sollya; within 0.52 ulp',
  fast: (l, x) => root(l, x!),
  usual: (l, x) => l.or(l.eq(x!, l.c(0)), l.le(l.abs(l.exponent(l.abs(x!))), l.c(1022))),
  rare: (l, x) => {
    const size = l.abs(x!)
    const small = l.lt(size, l.c(1))
    const scaled = root(l, l.mul(x!, l.select(small, l.c(2 ** 54), l.c(2 ** -54))))
    const finite = l.lt(size, l.c(Infinity))
    return l.select(finite, l.mul(scaled, l.select(small, l.c(2 ** -18), l.c(2 ** 18))), x!)
  },
}
