/**
 * asin, acos, atan, atan2: polynomials on a part of the range, to which identities bring the rest. Coefficients were found by
 * the Remez exchange in 60 digits, and rounded one after the other, the rest fitted anew each time.
 */

import { quickSum, quotient } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'
import { twoChains } from './polynomial.ts'

const HALF_PI = Math.PI / 2
/** π/2 − HALF_PI. π's and π/4's are twice and half of it. */
const HALF_PI_LOW = 6.123233995736766e-17
/** Added to a denominator it keeps 0 / 0 from being NaN; any other denominator here is too large to notice. */
const NOTHING = 2 ** -200

/** asin s = s + s³·A(s²): minimax on |s| ≤ ½, relative error 2⁻⁵⁵·⁹. */
const ASIN = [
  0.16666666666665408, 0.07500000000337141, 0.04464285682821853, 0.030381959141673548, 0.022371757933852855,
  0.01735970657110437, 0.013885217171196102, 0.012169334397366855, 0.006527433569473096, 0.01952977621356857,
  -0.016226667620447752, 0.03191395438409968,
]
/** atan t = t + t³·A(t²): minimax on |t| ≤ NEAR, relative error 2⁻⁵⁸·⁵. */
const ATAN = [
  -0.3333333333333317, 0.19999999999956372, -0.1428571428162049, 0.11111110917172393, -0.09090903654513346,
  0.0769220934530546, -0.06665457538215425, 0.05871932676073007, -0.05199153396212673, 0.04480156643106427,
  -0.03462356213838091, 0.02033825952367157, -0.00641493644111506,
]
/** tan ½ and a hair: from here on atan(x) > ½, and what is wrong with (x − 1) / (x + 1) is small against its ulp. */
const NEAR = 0.5464
/** From here on −1/x is no larger than ½. */
const FAR = 2

/**
 * What asin and acos share. Where `big`, they go by the chord of acos |x|, √(2 − 2|x|) = 2s: acos |x| = 2 asin s. `chord` has
 * 26 of its bits, `rest` the others.
 */
function chords<V, M>(l: Lanes<V, M>, x: V, big: M, small: V) {
  const square = l.sub(l.c(2), l.add(l.abs(x), l.abs(x)))
  const root = l.sqrt(square)
  const chord = l.head(root)
  const rest = l.div(l.sub(square, l.mul(chord, chord)), l.add(l.add(root, chord), l.c(NOTHING)))
  const z = l.select(big, l.mul(l.c(0.25), square), l.mul(x, x))
  /** asin(small) − small; where big, twice asin(s) − s. */
  const cube = l.mul(l.mul(l.select(big, root, small), z), twoChains(l, z, ASIN))
  return { chord, rest, cube }
}

export const asin: Expansion = {
  name: 'asin',
  source:
    'asin x for |x| < ½ by a minimax polynomial, π/2 − 2 asin √((1 − x)/2) above, whose root has 26 + 53 bits ' +
    '(the way of fdlibm, e_asin.c). Error < 0.9 ulp.',
  fast: (l, x) => {
    const a = l.abs(x!)
    const big = l.ge(a, l.c(0.5))
    const { chord, rest, cube } = chords(l, x!, big, a)
    const steep = l.sub(l.sub(l.c(HALF_PI), chord), l.sub(l.add(cube, rest), l.c(HALF_PI_LOW)))
    return l.copysign(l.select(big, steep, l.add(a, cube)), x!)
  },
  short: (l, x) => l.not(l.ge(l.abs(x!), l.c(0.5))),
}

export const acos: Expansion = {
  name: 'acos',
  source:
    'π/2 − asin x for |x| < ½ by a minimax polynomial, 2 asin √((1 − x)/2) above, whose root has 26 + 53 bits, and ' +
    'π − acos(−x) below (the way of fdlibm, e_acos.c). Error < 0.9 ulp.',
  fast: (l, x) => {
    const big = l.gt(l.abs(x!), l.c(0.5))
    const { chord, rest, cube } = chords(l, x!, big, x!)
    const tail = l.add(cube, rest)
    const obtuse = l.sub(l.c(Math.PI), l.add(chord, l.sub(tail, l.c(2 * HALF_PI_LOW))))
    const steep = l.select(l.lt(x!, l.c(0)), obtuse, l.add(chord, tail))
    return l.select(big, steep, l.sub(l.c(HALF_PI), l.add(x!, l.sub(cube, l.c(HALF_PI_LOW)))))
  },
  short: (l, x) => l.not(l.gt(l.abs(x!), l.c(0.5))),
}

/** atan t − t. */
function atanCube<V, M>(l: Lanes<V, M>, t: V): V {
  const z = l.mul(t, t)
  return l.mul(l.mul(t, z), twoChains(l, z, ATAN))
}

export const atan: Expansion = {
  name: 'atan',
  source:
    'atan x by a minimax polynomial for |x| < 0.5464, π/4 + atan((x − 1)/(x + 1)) for |x| < 2, π/2 + atan(−1/x) beyond. ' +
    'Errors from 0.5464 on, where the result is above ½, in ulp: the quotient, below 0.3, 0.25 for its own rounding ' +
    "and 0.16 for the denominator's, the rest of atan 0.04, the last sum 0.5. Error < 0.96 ulp.",
  fast: (l, x) => {
    const a = l.abs(x!)
    const [zero, one] = [l.c(0), l.c(1)]
    const past = l.gt(a, l.c(NEAR))
    const far = l.gt(a, l.c(FAR))
    // a / 1, (a − 1) / (a + 1), −1 / a: differences are exact.
    const above = l.sub(l.select(far, zero, a), l.select(past, one, zero))
    const below = l.add(l.select(past, a, zero), l.select(far, zero, one))
    const t = l.div(above, below)
    const base = l.select(past, l.select(far, l.c(HALF_PI), l.c(HALF_PI / 2)), zero)
    const sum = quickSum(l, base, t)
    const low = l.mul(base, l.c(HALF_PI_LOW / HALF_PI))
    return l.copysign(l.add(sum.hi, l.add(sum.lo, l.add(atanCube(l, t), low))), x!)
  },
  short: (l, x) => l.not(l.or(l.gt(l.abs(x!), l.c(NEAR)), l.gt(l.abs(x!), l.c(FAR)))),
}

/** π/4. It ends in three zero bits, so that products with 0…4 are exact. */
const EIGHTH = Math.PI / 4

/** |y| and |x| by their size. */
interface Legs<V, M> {
  readonly small: V
  readonly big: V
  /** |y| > |x|. */
  readonly steep: M
}
function legs<V, M>(l: Lanes<V, M>, y: V, x: V): Legs<V, M> {
  const [a, b] = [l.abs(y), l.abs(x)]
  const steep = l.gt(a, b)
  return { small: l.select(steep, b, a), big: l.select(steep, a, b), steep }
}

/**
 * The magnitude of the angle is base + low + sign · the angle that is left. base is a multiple of π/4, exactly.
 *
 * @param turned 0 where π/4 is off already, else −π/4
 */
function octant<V, M>(l: Lanes<V, M>, steep: M, x: V, turned: V) {
  const [one, zero] = [l.c(1), l.c(0)]
  const up = l.sub(one, l.select(steep, l.c(2), zero))
  const right = l.copysign(one, x)
  const base = l.add(l.c(HALF_PI), l.mul(right, l.sub(l.mul(up, turned), l.c(EIGHTH))))
  return { base, low: l.mul(base, l.c(HALF_PI_LOW / HALF_PI)), sign: l.mul(up, right) }
}

/** The magnitude of the angle, for legs whose products neither overflow nor lose bits. */
function angle<V, M>(l: Lanes<V, M>, { small, big, steep }: Legs<V, M>, x: V): V {
  const zero = l.c(0)
  const shift = l.gt(small, l.mul(l.c(0.5), big))
  const { base, low, sign } = octant(l, steep, x, l.select(shift, zero, l.c(-EIGHTH)))
  // small / big, or (small − big) / (big + small): the difference is exact.
  const above = l.mul(l.sub(small, l.select(shift, big, zero)), sign)
  const below = quickSum(l, big, l.select(shift, small, zero))
  const { hi, excess } = quotient(l, { hi: above }, below)
  const sum = quickSum(l, base, hi)
  const rest = l.sub(atanCube(l, l.sub(hi, excess)), excess)
  return l.add(sum.hi, l.add(sum.lo, l.add(rest, low)))
}

/** Legs as different as this have an angle that is their quotient, or but that off a multiple of π/2. */
const SLENDER = 2 ** -30
/** Legs between these have quotients and products with all their bits. */
const SHORTEST = 2 ** -700
const LONGEST = 2 ** 200

export const atan2: Expansion = {
  name: 'atan2',
  source:
    'The smaller leg over the larger, r, or (r − 1)/(r + 1) for r > ½, with 26 + 53 bits; atan of it by a minimax ' +
    'polynomial; the octant as a multiple of π/4. Error < 0.9 ulp.',
  fast: (l, y, x) => l.copysign(angle(l, legs(l, y!, x!), x!), y!),
  usual: (l, y, x) => {
    const { small, big } = legs(l, y!, x!)
    const scaled = l.and(l.lt(big, l.c(LONGEST)), l.gt(big, l.c(SHORTEST)))
    return l.and(scaled, l.or(l.gt(small, l.c(SHORTEST)), l.eq(small, l.c(0))))
  },
  rare: (l, y, x) => {
    const given = legs(l, y!, x!)
    const [zero, one] = [l.c(0), l.c(1)]
    // Two infinities are like two ones, two zeros like 0 and 1.
    const same = l.eq(given.small, given.big)
    const small = l.select(same, l.select(l.eq(given.big, zero), zero, one), given.small)
    const big = l.select(same, one, given.big)

    const slender = octant(l, given.steep, x!, l.c(-EIGHTH))
    const thin = l.add(slender.base, l.add(slender.low, l.mul(l.div(small, big), slender.sign)))

    const lift = l.select(l.lt(big, l.c(2 ** -900)), l.c(2 ** 1000), one)
    const scale = l.pow2(l.sub(one, l.exponent(l.mul(big, lift))))
    const scaled = (leg: typeof small) => l.mul(l.mul(leg, lift), scale)
    const wide = angle(l, { small: scaled(small), big: scaled(big), steep: given.steep }, x!)

    const magnitude = l.select(l.lt(small, l.mul(big, l.c(SLENDER))), thin, wide)
    const some = l.and(l.eq(x!, x!), l.eq(y!, y!))
    return l.select(some, l.copysign(magnitude, y!), l.add(x!, y!))
  },
}
