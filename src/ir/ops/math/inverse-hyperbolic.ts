/**
 * asinh, acosh and atanh. Each value is k·ln 2 + 2·atanh(s): k and an s of plain precision are found the short way, and
 * what the equation of the function itself says of s then gives the digits that are missing: x is known exactly, and
 * the equation has neither roots nor logarithms.
 */

import { quickSum } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { pairs } from './polynomial.ts'

/** ln 2 = HEAD + TAIL. HEAD ends in 21 zero bits, so that its multiples by up to 2²¹ are exact. */
const LN2_HEAD = 0.6931471803691238
const LN2_TAIL = 1.9082149292705877e-10
/** (2·atanh(s) − 2s) / s³ in powers of s², |s| ≤ 0.2, within 2⁻⁶⁰ of atanh s (Sollya's fpminimax). */
const ATANH = [
  0.6666666666666666, 0.40000000000009234, 0.28571428566887835, 0.22222223098822066, 0.18181734298670285,
  0.1538898423149319, 0.1320764829129626, 0.13623528432160587,
]

/** k·ln 2 + 2·atanh(near + rest), given twice the tiny rest, and s, about near + rest. */
function combined<V, M>(l: Lanes<V, M>, k: V, s: V, near: V, twiceRest: V): V {
  const { add, mul } = l
  const square = mul(s, s)
  const cubic = mul(mul(s, square), pairs(l, square, ATANH))
  const sum = quickSum(l, mul(k, l.c(LN2_HEAD)), add(near, near))
  const tiny = add(mul(k, l.c(LN2_TAIL)), twiceRest)
  return add(sum.hi, add(add(sum.lo, tiny), cubic))
}

/** (a − 1) / (a + 1) of a = 2ᵏ·m is tanh of half the logarithm of m. */
function halfTangent<V, M>(l: Lanes<V, M>, m: V): V {
  return l.div(l.sub(m, l.c(1)), l.add(m, l.c(1)))
}

/** ln 2x. */
function logOfTwice<V, M>(l: Lanes<V, M>, x: V): V {
  const s = halfTangent(l, l.nearSignificand(x))
  return combined(l, l.add(l.nearExponent(x), l.c(1)), s, s, l.c(0))
}

/** Where squares do not overflow. */
const LARGE = 2 ** 500

export const asinh: Expansion = {
  name: 'asinh',
  source:
    'ln(x + √(x² + 1)) in plain precision, then a Newton step on sinh(κ + 2·atanh s) = x; polynomial by Sollya; within 0.75 ulp',
  fast(l, x) {
    const { c, add, sub, mul } = l
    const size = l.abs(x!)
    const root = l.sqrt(add(c(1), mul(size, size)))
    const power = add(size, root)
    const k = l.nearExponent(power)
    const s = halfTangent(l, l.nearSignificand(power))
    // With p = 2ᵏ, 1/p and sinh κ = (p − 1/p)/2: (x − sinh κ) − (p + 1/p)·s − (x + sinh κ)·s² is 0 for the true s.
    const p = l.pow2(k)
    const inverse = l.pow2(l.neg(k))
    const plus = add(p, inverse)
    const sinh = mul(c(0.5), sub(p, inverse))
    const near = l.head(s)
    const sum = add(size, sinh)
    const missing = sub(sub(sub(size, sinh), mul(plus, near)), mul(sum, mul(near, near)))
    const slope = add(plus, mul(sum, add(s, near)))
    return l.copysign(combined(l, k, s, near, l.div(add(missing, missing), slope)), x!)
  },
  usual: (l, x) => l.lt(l.abs(x!), l.c(LARGE)),
  rare(l, x) {
    const size = l.abs(x!)
    return l.copysign(l.select(l.lt(size, l.c(Infinity)), logOfTwice(l, size), size), x!)
  },
}

export const acosh: Expansion = {
  name: 'acosh',
  source:
    'ln(x + √(x² − 1)) in plain precision, then a Newton step on cosh(κ + 2·atanh s) = x; polynomial by Sollya; within 0.65 ulp',
  fast(l, x) {
    const { c, add, sub, mul } = l
    const power = add(x!, l.sqrt(mul(sub(x!, c(1)), add(x!, c(1)))))
    const k = l.nearExponent(power)
    const s = halfTangent(l, l.nearSignificand(power))
    // With p = 2ᵏ, 1/p and cosh κ = (p + 1/p)/2: (x − cosh κ)·(1 − s²) − (p − 1/p)·s − (p + 1/p)·s² is 0 for the
    // true s. About x = 1 nothing is left but squares of s, so that these have to be exact: those of a head are.
    const p = l.pow2(k)
    const inverse = l.pow2(l.neg(k))
    const minus = sub(p, inverse)
    const cosh = mul(c(0.5), add(p, inverse))
    const difference = sub(x!, cosh)
    const near = l.head(s)
    const square = mul(near, near)
    const linear = sub(difference, mul(minus, near))
    const missing = sub(sub(sub(linear, mul(p, square)), mul(inverse, square)), mul(difference, square))
    const slope = add(minus, mul(add(x!, cosh), add(s, near)))
    return combined(l, k, s, near, l.div(add(missing, missing), slope))
  },
  usual: (l, x) => l.and(l.gt(x!, l.c(1)), l.lt(x!, l.c(LARGE))),
  rare(l, x) {
    const { c } = l
    const large = l.select(l.lt(x!, c(Infinity)), logOfTwice(l, x!), x!)
    return l.select(l.gt(x!, c(1)), large, l.select(l.eq(x!, c(1)), c(0), c(NaN)))
  },
}

export const atanh: Expansion = {
  name: 'atanh',
  source: '½ ln((1 + x)/(1 − x)), the quotient reduced by 2ᵏ before it is one; polynomial by Sollya; within 0.65 ulp',
  fast(l, x) {
    const { c, add, sub, mul } = l
    const size = l.abs(x!)
    const over = quickSum(l, c(1), size)
    const under = quickSum(l, c(1), l.neg(size))
    // 0.47·(2 − x) is 1/(1 + x) within a sixteenth.
    const k = l.neg(l.nearExponent(mul(under.hi, sub(c(0.94), mul(c(0.47), size)))))
    const p = l.pow2(k)
    // s = (1 + x − p·(1 − x)) / (1 + x + p·(1 − x)), the difference exact.
    const scaled = mul(p, under.hi)
    const scaledTail = mul(p, under.lo)
    const top = sub(over.hi, scaled)
    const topTail = sub(over.lo, scaledTail)
    const below = add(over.hi, scaled)
    const belowHead = l.head(below)
    const belowTail = add(sub(scaled, sub(belowHead, over.hi)), add(over.lo, scaledTail))
    const reciprocal = l.div(c(1), below)
    const s = mul(add(top, topTail), reciprocal)
    const near = l.head(s)
    const remainder = sub(add(sub(top, mul(near, belowHead)), topTail), mul(near, belowTail))
    const twice = combined(l, k, s, near, mul(add(remainder, remainder), reciprocal))
    return l.copysign(mul(c(0.5), twice), x!)
  },
  usual: (l, x) => l.lt(l.abs(x!), l.c(1)),
  rare: (l, x) => l.select(l.eq(l.abs(x!), l.c(1)), l.div(x!, l.c(0)), l.c(NaN)),
}
