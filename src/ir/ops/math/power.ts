/**
 * Powers: xʸ = 2^(y · log₂ x). The logarithm and its product with y are double-doubles, so that the power is right
 * within 0.56 ulp even where y · log₂ x is a thousand, and powers that are representable are exact. Squares and square
 * roots, x ** 2 and x ** 0.5, are the product and the root: nothing else stays of them where the exponent is constant.
 *
 * All of it is short rather than small: what waits for nothing is computed beside what does.
 */

import type { Double } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { pairs } from './polynomial.ts'

// x = 2ᵏ · m, m in [√½, √2], is seen from one of three centres c, about 2^−⅓, 1 and 2^⅓; with s = (m − c) / (m + c)
// and z = s² ≤ tanh²(ln 2 / 12), log₂ x = k + log₂ c + s · (2/ln 2 + z · (1 + A(z))). That the second coefficient is
// close to 1 lets z, which is known exactly, be added as it is.

/** A, minimax for the relative error of log₂ (m/c), which is 2⁻⁷³ (Sollya's fpminimax). */
const LOG2 = [
  -0.0382033060740244, 0.5770780163555994, 0.4121985830824332, 0.32059892348525015, 0.2622970411762101,
  0.2243107688637585,
]
/** 2/ln 2 to twice the digits. */
const TWO_OVER_LN2 = 2.8853900817779268
const TWO_OVER_LN2_LOW = 4.0710547481862066e-17
/** Numbers whose logarithms to base 2 end after 40 bits, as far as the next 35 show (Gal's accurate points). */
const LOWER = { centre: 0.7937006837146643, log2: -366503560691 / 2 ** 40, below: 0.8908987181403393 }
const UPPER = { centre: 1.2599212277613925, log2: 366504099862 / 2 ** 40, above: 1.122462048309373 }

// 2^g = 1 + g · HEAD + g² / 4 + g · B(g), |g| ≤ 0.546.

/** ln 2 to 27 bits: its products with heads are exact. */
const LN2_HEAD = 0.6931471824645996
/** B, minimax for the relative error of 2^g, which is 2⁻⁶¹ (Sollya's fpminimax). */
const EXP2 = [
  -1.9046543004330813e-9, -0.009773493040899289, 0.055504108664821694, 0.009618129107628529, 0.001333355814638386,
  0.00015403530393283673, 0.00001525273386777797, 0.0000013215486875350231, 1.0178044830941671e-7, 7.054874186946594e-9,
  4.457804158433688e-10, 2.5759156452835048e-11,
]

/** 1.5 · 2⁵²: what is added to it and taken away again is rounded to an integer. */
const SHIFTER = 6755399441055744

const rounded = <V, M>(l: Lanes<V, M>, a: V): V => l.sub(l.add(a, l.c(SHIFTER)), l.c(SHIFTER))

/** k + log₂ m, good to 2⁻⁶⁶; the high part has 26 bits, the low part at most 2⁻¹⁴ of it. */
function logarithm<V, M>(l: Lanes<V, M>, k: V, m: V): Double<V> {
  const { c, add, sub, mul } = l
  const lower = l.lt(m, c(LOWER.below))
  const upper = l.gt(m, c(UPPER.above))
  const centre = l.select(lower, c(LOWER.centre), l.select(upper, c(UPPER.centre), c(1)))
  const whole = add(k, l.select(lower, c(LOWER.log2), l.select(upper, c(UPPER.log2), c(0))))

  const difference = sub(m, centre)
  const sum = add(m, centre)
  const sumHead = l.head(sum)
  const sumTail = sub(m, sub(sumHead, centre))
  const reciprocal = l.div(c(1), sum)
  const s = mul(difference, reciprocal)
  const sHead = l.head(s)
  const sTail = mul(sub(sub(difference, mul(sHead, sumHead)), mul(sHead, sumTail)), reciprocal)

  const z = mul(s, s)
  const square = mul(sHead, sHead)
  const squareTail = mul(sTail, add(s, sHead))
  const rest = add(add(squareTail, c(TWO_OVER_LN2_LOW)), mul(z, pairs(l, z, LOG2)))
  const factorHead = l.head(add(c(TWO_OVER_LN2), square))
  const factorTail = add(sub(square, sub(factorHead, c(TWO_OVER_LN2))), rest)

  const product = mul(sHead, factorHead)
  const productTail = add(mul(sTail, factorHead), mul(s, factorTail))
  const hi = l.head(add(whole, product))
  return { hi, lo: add(sub(product, sub(hi, whole)), productTail) }
}

/** y times a logarithm; the high part is exact. */
function times<V, M>(l: Lanes<V, M>, y: V, log: Double<V>): Double<V> {
  const yHead = l.head(y)
  return { hi: l.mul(yHead, log.hi), lo: l.add(l.mul(l.sub(y, yHead), log.hi), l.mul(y, log.lo)) }
}

/** 2^(e − n) of e = hi + lo, n being hi rounded to an integer. */
function power2<V, M>(l: Lanes<V, M>, e: Double<V>, n: V): V {
  const { c, add, sub, mul } = l
  const left = sub(e.hi, n)
  const g = add(left, e.lo)
  const gHead = l.head(g)
  const gTail = add(sub(left, gHead), e.lo)
  const first = mul(gHead, c(LN2_HEAD))
  const second = mul(c(0.25), mul(gHead, gHead))
  const crossed = mul(gTail, add(c(LN2_HEAD), mul(c(0.25), add(g, gHead))))
  const tail = add(crossed, mul(g, pairs(l, g, EXP2)))
  const one = add(c(1), first)
  const oneTail = sub(first, sub(one, c(1)))
  const two = add(one, second)
  const twoTail = sub(second, sub(two, one))
  return add(two, add(add(oneTail, twoTail), tail))
}

/** Whether y is an integer that `odd` can tell about. */
const isShortInteger = <V, M>(l: Lanes<V, M>, y: V): M => l.and(l.eq(rounded(l, y), y), isShort(l, y))
const isShort = <V, M>(l: Lanes<V, M>, y: V): M => l.lt(l.abs(y), l.c(2 ** 50))

/** y · log₂ |x| where |x| and y are usual. */
function usualExponent<V, M>(l: Lanes<V, M>, x: V, y: V): Double<V> {
  const size = l.abs(x)
  return times(l, y, logarithm(l, l.nearExponent(size), l.nearSignificand(size)))
}

export const pow: Expansion = {
  name: 'pow',
  source:
    'log₂ x in twice the digits by its odd series, as in fdlibm’s e_pow.c (Sun 1993), but seen from three centres; 2^g by a polynomial; within 0.56 ulp, 0.8 of subnormal results',

  fast(l, x, y) {
    const e = usualExponent(l, x!, y!)
    const n = rounded(l, e.hi)
    const size = l.select(l.eq(x!, l.c(0)), l.c(0), l.mul(power2(l, e, n), l.pow2(n)))
    const power = l.select(l.and(l.odd(y!), isShortInteger(l, y!)), l.copysign(size, x!), size)
    const isRoot = l.eq(y!, l.c(0.5))
    return l.select(l.eq(y!, l.c(2)), l.mul(x!, x!), l.select(isRoot, l.sqrt(l.abs(x!)), power))
  },

  usual(l, x, y) {
    const normal = l.le(l.abs(l.nearExponent(l.abs(x!))), l.c(1021))
    const moderate = l.le(l.abs(usualExponent(l, x!, y!).hi), l.c(1020))
    const vanishes = l.and(l.eq(x!, l.c(0)), l.and(l.gt(y!, l.c(0)), isShort(l, y!)))
    const served = l.or(l.or(l.eq(y!, l.c(0.5)), vanishes), l.and(normal, moderate))
    const real = l.or(l.ge(x!, l.c(0)), isShortInteger(l, y!))
    return l.or(l.eq(y!, l.c(2)), l.and(served, real))
  },

  rare(l, x, y) {
    const { c, select, and, or, eq, lt, mul } = l
    const size = l.abs(x!)
    // Powers of 2 carry subnormals up and the largest numbers down, to where exponents can be told.
    const small = lt(size, c(1))
    const scaled = mul(size, select(small, c(2 ** 64), c(2 ** -64)))
    const k = l.sub(l.nearExponent(scaled), select(small, c(64), c(-64)))
    const e = times(l, y!, logarithm(l, k, l.nearSignificand(scaled)))
    const n = rounded(l, e.hi)
    // In two steps, since 2ⁿ itself may be subnormal or too large.
    const half = l.floor(mul(n, c(0.5)))
    const scaledBack = mul(mul(power2(l, e, n), l.pow2(half)), l.pow2(l.sub(n, half)))
    const limit = select(l.gt(e.hi, c(0)), c(Infinity), c(0))
    const finite = select(lt(l.abs(e.hi), c(1100)), scaledBack, limit)

    // 0 and Infinity, of x or of y, give one of the two.
    const infinite = c(Infinity)
    const edge = or(or(eq(size, c(0)), eq(size, infinite)), eq(l.abs(y!), infinite))
    const vanishes = or(and(small, l.gt(y!, c(0))), and(l.not(small), lt(y!, c(0))))
    const power = select(edge, select(vanishes, c(0), infinite), finite)

    const integral = eq(l.floor(y!), y!)
    const halfY = mul(y!, c(0.5))
    const odd = and(integral, l.ne(l.floor(halfY), halfY))
    const signed = select(odd, l.copysign(power, x!), power)
    const negative = and(lt(x!, c(0)), l.gt(x!, c(-Infinity)))
    const nothing = or(
      or(l.ne(x!, x!), l.ne(y!, y!)),
      or(and(negative, l.not(integral)), and(eq(size, c(1)), eq(l.abs(y!), infinite))),
    )
    const result = select(nothing, c(NaN), signed)
    return select(eq(y!, c(2)), mul(x!, x!), select(eq(y!, c(0)), c(1), result))
  },
}
