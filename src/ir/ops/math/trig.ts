/**
 * sin, cos, tan: the argument less a multiple of π/2, then polynomials. Their coefficients were found by the Remez exchange
 * in 60 digits, and rounded one after the other, the rest fitted anew each time.
 */

import { quickSum, quotient } from './double.ts'
import type { Expansion, Lanes, Part } from './lanes.ts'
import { type Quadrant, reduceHuge } from './payne-hanek.ts'
import { twoChains } from './polynomial.ts'

/**
 * π/2 in parts of which the first two have 35 bits, so that n · part is exact for |n| < 2¹⁸; the third has 53, of 2⁻⁷⁷
 * and below.
 */
const PARTS = [1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23] as const
/** 2¹⁸ · π/2: n stays below 2¹⁸. */
const NEAR = 411774
/** A sum with it leaves an integer: 1.5 · 2⁵². */
const SHIFTER = 6755399441055744

/** sin r = r + r³·S(r²): minimax on |r| ≤ π/4, relative error 2⁻⁵⁷·⁹. */
const SIN = [
  -0.1666666666666663, 0.00833333333332184, -0.00019841269829358528, 2.7557313538514234e-6, -2.5050734389257543e-8,
  1.5895433289345187e-10,
]
/** cos r = 1 − r²/2 + r⁴·C(r²): minimax on |r| ≤ π/4, relative error 2⁻⁶³·⁹. */
const COS = [
  0.041666666666666595, -0.0013888888888873338, 2.480158728899748e-5, -2.7557314215299134e-7, 2.087570511500033e-9,
  -1.135873277660174e-11,
]
/** 2 tan(r/2) = r + r³·T(r²): minimax on |r| ≤ π/4, relative error 2⁻⁵⁷·⁶. */
const TAN = [
  0.08333333333333376, 0.008333333333305715, 0.0008432539688701914, 8.542768286576523e-5, 8.655544907810401e-6,
  8.768306509336651e-7, 8.920608905584682e-8, 8.53139639930573e-9, 1.2540568613686483e-9,
]

const REDUCTION =
  'Reduction: Cody and Waite in three parts, n·π/2 to 35 + 35 + 53 bits, for |x| < 2¹⁸·π/2; there both differences are ' +
  'exact, and what rounding the third product and the cut leave, 2⁻¹¹¹ at most, is below 2⁻⁵⁷·⁹ of the rest of every double: ' +
  'computed for all n with the doubles around n·π/2 (no other is nearer); the closest is 2⁻⁶⁰·⁵ off, at 29·π/2. ' +
  'Beyond: Payne and Hanek. '

function nearestQuadrant<V, M>(l: Lanes<V, M>, x: V): V {
  const shifter = l.c(SHIFTER)
  return l.sub(l.add(l.mul(x, l.c(2 / Math.PI)), shifter), shifter)
}

/** x less the nearest multiple of π/2, for |x| < NEAR. excess is not below half an ulp of hi where hi is tiny. */
function reduceNear<V, M>(l: Lanes<V, M>, x: V): Quadrant<V> {
  const n = nearestQuadrant(l, x)
  const first = l.sub(x, l.mul(n, l.c(PARTS[0])))
  const second = l.mul(n, l.c(PARTS[1]))
  const hi = l.sub(first, second)
  const excess = l.sub(l.mul(n, l.c(PARTS[2])), l.sub(l.sub(first, hi), second))
  return { n, hi, excess }
}

/** sin of the rest; in ulp, the cube's error is 0.25, the last sum's 0.5. */
function sinKernel<V, M>(l: Lanes<V, M>, { hi, excess }: Quadrant<V>): V {
  const z = l.mul(hi, hi)
  const cube = l.mul(l.mul(z, hi), twoChains(l, z, SIN))
  return l.sub(hi, l.sub(l.mul(excess, mostOfCos(l, z)), cube))
}

/** cos of the rest; what rounding 1 − z/2 leaves is added again (W. Kahan's way, as fdlibm's k_cos.c has it). */
function cosKernel<V, M>(l: Lanes<V, M>, { hi, excess }: Quadrant<V>): V {
  const z = l.mul(hi, hi)
  const series = l.add(l.mul(l.mul(z, z), twoChains(l, z, COS)), l.mul(hi, excess))
  const most = mostOfCos(l, z)
  return l.add(most, l.add(l.sub(l.sub(l.c(1), most), half(l, z)), series))
}
const half = <V, M>(l: Lanes<V, M>, a: V): V => l.mul(l.c(0.5), a)
const mostOfCos = <V, M>(l: Lanes<V, M>, z: V): V => l.sub(l.c(1), half(l, z))

/** −a where bit 1 of n is set, else a. */
function turned<V, M>(l: Lanes<V, M>, a: V, n: V): V {
  return l.select(l.odd(l.floor(half(l, n))), l.neg(a), a)
}

function sinOf<V, M>(l: Lanes<V, M>, rest: Quadrant<V>): V {
  const magnitude = l.select(l.odd(rest.n), cosKernel(l, rest), sinKernel(l, rest))
  return turned(l, magnitude, rest.n)
}
function cosOf<V, M>(l: Lanes<V, M>, rest: Quadrant<V>): V {
  const magnitude = l.select(l.odd(rest.n), sinKernel(l, rest), cosKernel(l, rest))
  return turned(l, magnitude, l.add(rest.n, l.c(1)))
}

/**
 * tan r = s / (1 − s²/4) of s = 2 tan(r/2), or less its inverse: one division in either case. What s and s² lack is
 * known, so that little but the last difference is rounded.
 */
function tanOf<V, M>(l: Lanes<V, M>, { n, hi, excess }: Quadrant<V>): V {
  const z = l.mul(hi, hi)
  const cube = l.mul(l.mul(z, hi), twoChains(l, z, TAN))
  const slope = l.add(l.c(1), l.mul(l.c(0.25), z))
  const s = quickSum(l, hi, l.sub(cube, l.mul(excess, slope)))
  const square = l.mul(l.c(0.25), l.mul(s.hi, s.hi))
  const rest = l.sub(l.c(1), square)
  const lost = l.sub(l.sub(l.sub(l.c(1), rest), square), half(l, l.mul(s.hi, s.lo)))
  const odd = l.odd(n)
  const above = { hi: l.select(odd, l.neg(rest), s.hi), lo: l.select(odd, l.neg(lost), s.lo) }
  const below = { hi: l.select(odd, s.hi, rest), lo: l.select(odd, s.lo, lost) }
  const { hi: most, excess: less } = quotient(l, above, below)
  return l.sub(most, less)
}

const near = <V, M>(l: Lanes<V, M>, x: V): M => l.lt(l.abs(x), l.c(NEAR))
/** Nothing is taken off. */
const inFirst = <V, M>(l: Lanes<V, M>, x: V): M => l.eq(nearestQuadrant(l, x), l.c(0))

/** Of infinities: NaN. */
const finite = <V, M>(l: Lanes<V, M>, x: V, result: V): V =>
  l.select(l.lt(l.abs(x), l.c(Number.POSITIVE_INFINITY)), result, l.sub(x, x))

/** The sine of x and so many right angles, for what is not near. */
const farSine: Part = {
  name: 'farSine',
  of(l, x, angles) {
    const rest = reduceHuge(l, x!)
    return finite(l, x!, sinOf(l, { ...rest, n: l.add(rest.n, angles!) }))
  },
}

export const sin: Expansion = {
  name: 'sin',
  source: `${REDUCTION}Minimax polynomials on |r| ≤ π/4. Error < 0.9 ulp.`,
  fast: (l, x) => sinOf(l, reduceNear(l, x!)),
  usual: (l, x) => near(l, x!),
  rare: (l, x) => l.part(farSine, x!, l.c(0)),
  short: (l, x) => inFirst(l, x!),
}

export const cos: Expansion = {
  name: 'cos',
  source: `${REDUCTION}Minimax polynomials on |r| ≤ π/4. Error < 0.9 ulp.`,
  fast: (l, x) => cosOf(l, reduceNear(l, x!)),
  usual: (l, x) => near(l, x!),
  rare: (l, x) => l.part(farSine, x!, l.c(1)),
  short: (l, x) => inFirst(l, x!),
}

export const tan: Expansion = {
  name: 'tan',
  source: `${REDUCTION}tan r by tan(r/2), minimax, and a division with 26 + 53 bits. Error < 0.99 ulp, greatest near tan r = 1.`,
  fast: (l, x) => tanOf(l, reduceNear(l, x!)),
  usual: (l, x) => near(l, x!),
  rare: (l, x) => finite(l, x!, tanOf(l, reduceHuge(l, x!))),
  short: (l, x) => inFirst(l, x!),
}
