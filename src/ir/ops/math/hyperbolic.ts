/**
 * sinh, cosh and tanh. |x| or 2|x| is n·ln 2 + r with r from −0.183 to 0.4812, and e^r = cosh r + sinh r; from these two the
 * functions are put together such that all large parts are exact.
 */

import { quickSum } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { pairs } from './polynomial.ts'

/** ln 2 = HEAD + TAIL. HEAD ends in 21 zero bits, so that its multiples by up to 2²¹ are exact. */
const LN2_HEAD = 0.6931471803691238
const LN2_TAIL = 1.9082149292705877e-10
/**
 * The largest r. From there on sinh and, of half the number, tanh have ulps that are larger than those of the numbers
 * they are put together of; below, n is 0 and nothing has to be put together.
 */
const LIMIT = 0.4812
/** (cosh r − 1 − r²/2)/r⁴ and (sinh r − r)/r³ in powers of r², within 2⁻⁶⁰ of cosh r and 2⁻⁶² of sinh r (Sollya's fpminimax). */
const COSH = [
  0.041666666666666685, 0.0013888888888854381, 0.000024801587416842306, 2.755718209559934e-7, 2.0943737692686393e-9,
]
const SINH = [
  0.16666666666666666, 0.008333333333334143, 0.00019841269839268138, 0.0000027557321273290472, 2.5051158254192382e-8,
  1.623942993140227e-10,
]
const SOURCE =
  'reduction by ln 2 in two parts as in fdlibm’s e_exp.c; even and odd parts of e^r; polynomials by Sollya; within 0.8 ulp'

/** size = n·ln 2 + r, e^r = 1 + head + half + quartic + odd. */
interface Parts<V> {
  readonly n: V
  /** Nearly r, and exact. */
  readonly head: V
  /** r²/2. */
  readonly half: V
  /** cosh r − 1 − half. */
  readonly quartic: V
  /** sinh r − head. */
  readonly odd: V
}

function parts<V, M>(l: Lanes<V, M>, size: V): Parts<V> {
  const { c, add, sub, mul } = l
  const n = l.floor(add(mul(size, c(Math.LOG2E)), c(1 - LIMIT / Math.LN2)))
  const head = sub(size, mul(n, c(LN2_HEAD)))
  const tail = mul(n, c(LN2_TAIL))
  const r = sub(head, tail)
  const square = mul(r, r)
  const quartic = mul(mul(square, square), pairs(l, square, COSH))
  const odd = sub(mul(mul(r, square), pairs(l, square, SINH)), tail)
  return { n, head, half: mul(square, c(0.5)), quartic, odd }
}

/** ½e^size of size above 700: in three factors, as 2ⁿ may be too large; 711 already gives Infinity. */
function halfExp<V, M>(l: Lanes<V, M>, size: V): V {
  const { c, add, mul } = l
  const { n, head, half, quartic, odd } = parts(l, l.select(l.gt(size, c(711)), c(711), size))
  const sum = quickSum(l, c(1), head)
  const power = add(sum.hi, add(sum.lo, add(half, add(quartic, odd))))
  return mul(mul(power, c(2 ** 512)), l.pow2(l.sub(n, c(513))))
}

/**
 * With p = 2ⁿ and m = 2⁻ⁿ, twice sinh is (p − m)·cosh r + (p + m)·sinh r, and twice cosh is the same with p − m and p + m
 * in each other's place. Halves come last: products with p and m are exact, subnormal ones too.
 */
function combined<V, M>(l: Lanes<V, M>, size: V, name: 'sinh' | 'cosh'): V {
  const { c, add, sub, mul } = l
  const { n, head, half, quartic, odd } = parts(l, size)
  const p = l.pow2(n)
  const m = l.pow2(l.neg(n))
  const signed = name === 'cosh' ? m : l.neg(m)
  // p ± m and what it loses, which counts about n = 27.
  const ofCosh = add(p, signed)
  const lost = add(sub(p, ofCosh), signed)
  const ofSinh = sub(p, signed)
  const linear = quickSum(l, mul(p, head), mul(l.neg(signed), head))
  const sum = quickSum(l, ofCosh, linear.hi)
  const small = add(add(mul(ofCosh, add(half, quartic)), mul(ofSinh, odd)), add(linear.lo, lost))
  return mul(add(sum.hi, add(sum.lo, small)), c(0.5))
}

const isModerate = <V, M>(l: Lanes<V, M>, x: V): M => l.lt(l.abs(x), l.c(700))

export const sinh: Expansion = {
  name: 'sinh',
  source: SOURCE,
  fast: (l, x) => l.copysign(combined(l, l.abs(x!), 'sinh'), x!),
  usual: (l, x) => isModerate(l, x!),
  rare: (l, x) => l.copysign(halfExp(l, l.abs(x!)), x!),
}

export const cosh: Expansion = {
  name: 'cosh',
  source: SOURCE,
  fast: (l, x) => combined(l, l.abs(x!), 'cosh'),
  usual: (l, x) => isModerate(l, x!),
  rare: (l, x) => halfExp(l, l.abs(x!)),
}

export const tanh: Expansion = {
  name: 'tanh',
  source: `${SOURCE}, 0.65 by a quotient with its remainder`,
  fast(l, x) {
    const { c, add, sub, mul, head } = l
    const size = l.abs(x!)
    // The same float from 18.71 to where 1 is closer; past that the denominator could not be told from the numerator.
    const limited = l.select(l.gt(size, c(18.71)), c(18.71), size)
    const { n, head: r, half, quartic, odd } = parts(l, l.mul(limited, c(2)))
    // The numerator e^(2|x|) − 1 is hi + low, the denominator is larger by 2.
    const power = l.pow2(n)
    const first = quickSum(l, sub(power, c(1)), mul(power, r))
    const { hi, lo } = quickSum(l, first.hi, mul(power, half))
    const low = add(add(first.lo, lo), mul(power, add(quartic, odd)))
    const above = add(hi, low)
    const below = add(above, c(2))
    const belowHead = head(below)
    const belowTail = add(sub(hi, sub(belowHead, c(2))), low)
    const reciprocal = l.div(c(1), below)
    const quotient = head(mul(above, reciprocal))
    const remainder = sub(add(sub(hi, mul(quotient, belowHead)), low), mul(quotient, belowTail))
    const value = add(quotient, mul(remainder, reciprocal))
    return l.copysign(l.select(l.gt(size, c(19.061547465398498)), c(1), value), x!)
  },
}
