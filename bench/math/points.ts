/**
 * Arguments at which functions are held against the truth: everything special, and random ones where functions are
 * used, where they change their ways of computing, where results cancel, overflow or go below the normal numbers.
 */

import type { Rng } from '../../test/fuzz/rng.ts'

/** One argument, or all of them at once. */
type Sample = (rng: Rng) => number
type Tuple = (rng: Rng) => readonly number[]
type Weighted<T> = readonly (readonly [weight: number, region: T])[]

// ─────────────────────────── regions ───────────────────────────

/** In [0, 1), all 53 bits. */
const unit: Sample = (rng) => (rng.bits() * 2 ** 21 + (rng.bits() >>> 11)) / 2 ** 53
const sign: Sample = (rng) => (rng.chance(0.5) ? 1 : -1)

const word = new Uint32Array(2)
const asFloat = new Float64Array(word.buffer)
/** Any bits: all magnitudes and signs alike, NaN and infinities now and then. */
const anything: Sample = (rng) => {
  word[0] = rng.bits()
  word[1] = rng.bits()
  return asFloat[0]!
}
const uniform =
  (lo: number, hi: number): Sample =>
  (rng) =>
    lo + (hi - lo) * unit(rng)
/** Positive, every power of two in the range alike; subnormal numbers too. */
const magnitudes =
  (lo: number, hi: number): Sample =>
  (rng) => {
    const e = rng.int(lo, hi)
    const scaled = (1 + unit(rng)) * 2 ** Math.max(e, -1022)
    return e < -1022 ? scaled * 2 ** (e + 1022) : scaled
  }
const signed =
  (sample: Sample): Sample =>
  (rng) =>
    sign(rng) * sample(rng)
/** A point and its neighbourhood, at all distances down to the next float. */
const around =
  (...points: readonly number[]): Sample =>
  (rng) => {
    const p = rng.pick(points)
    return p + sign(rng) * unit(rng) * (Math.abs(p) || 1) * 2 ** -rng.int(3, p === 0 ? 200 : 53)
  }
/** Whole multiples of a step, all magnitudes alike up to 2^bits steps, and their neighbourhood. */
const multiples =
  (step: (n: number) => number, bits: number): Sample =>
  (rng) => {
    const n = sign(rng) * Math.floor(2 ** (unit(rng) * bits))
    const at = step(n)
    return at + sign(rng) * Math.floor(unit(rng) * 4) * Math.abs(at) * 2 ** (-52 + rng.int(-1, 20))
  }

/** n·π/4, the nearest float; n < 2²⁵ keeps the first product exact. */
const QUARTER_HEAD = 0.7853981554508209
const QUARTER_TAIL = 7.946627386764098e-9
const quarterTurns = (n: number): number => n * QUARTER_HEAD + n * QUARTER_TAIL

const tuples =
  (...samples: readonly Sample[]): Tuple =>
  (rng) =>
    samples.map((sample) => sample(rng))

// ─────────────────────────── functions ───────────────────────────

const TINY = signed(magnitudes(-1074, -1))
const ALL = signed(magnitudes(-1074, 1023))

const LOG: Weighted<Sample> = [
  [3, magnitudes(-1074, 1023)],
  [3, uniform(0.5, 2)],
  [2, uniform(0, 100)],
  [2, around(1)],
  [1, around(Math.SQRT1_2, Math.SQRT2, 2 * Math.SQRT2, 2 ** -1022, 2 ** -1021, 2 ** 1022)],
]
const TURNS: Weighted<Sample> = [
  [3, uniform(-10, 10)],
  [2, uniform(-1e5, 1e5)],
  [2, multiples(quarterTurns, 25)],
  [2, signed(magnitudes(0, 60))],
  [2, signed(magnitudes(20, 1023))],
  [1, TINY],
]
const ARC: Weighted<Sample> = [
  [4, uniform(-1, 1)],
  [2, around(0.5, -0.5, 1, -1)],
  [1, TINY],
]
const HYPERBOLIC: Weighted<Sample> = [
  [3, uniform(-711, 711)],
  [3, uniform(-2, 2)],
  [3, uniform(-40, 40)],
  [1, around(0.3, 0.34657359, 1, 18.5, 22, 37, 709, 709.782712893384, 710.4758600739439)],
  [1, ALL],
]

const UNARY: Readonly<Record<string, Weighted<Sample>>> = {
  exp: [
    [4, uniform(-750, 720)],
    [3, uniform(-1, 1)],
    [2, uniform(-20, 20)],
    [2, multiples((n) => ((n % 1075) + 0.5) * Math.LN2, 11)],
    [1, around(-708.3964185322641, -745.1332191019411, 709.782712893384, -708, 708)],
    [1, ALL],
  ],
  expm1: [
    [3, uniform(-1, 1)],
    [3, uniform(-40, 40)],
    [2, uniform(-745, 720)],
    [2, multiples((n) => ((n % 60) + 0.5) * Math.LN2, 7)],
    [1, around(Math.LN2 / 2, -Math.LN2 / 2, -37, 37, 709.782712893384)],
    [1, ALL],
  ],
  log: LOG,
  log2: LOG,
  log10: LOG,
  log1p: [
    [3, uniform(-1, 1)],
    [3, uniform(-0.5, 3)],
    [2, around(-1, Math.SQRT1_2 - 1, Math.SQRT2 - 1, 1)],
    [1, magnitudes(-1074, 1023)],
    [1, TINY],
    [1, uniform(-1, 100)],
  ],
  sin: TURNS,
  cos: TURNS,
  tan: TURNS,
  asin: ARC,
  acos: ARC,
  atan: [
    [4, uniform(-10, 10)],
    [2, uniform(-1, 1)],
    [2, ALL],
    [1, around(7 / 16, 0.5464, 11 / 16, 19 / 16, 2, 39 / 16, Math.SQRT2 - 1, 1, Math.SQRT2 + 1)],
  ],
  sinh: HYPERBOLIC,
  cosh: HYPERBOLIC,
  tanh: [
    [4, uniform(-25, 25)],
    [4, uniform(-1, 1)],
    [1, around(0.3, 0.55, 0.625, 1, 19, 22)],
    [1, ALL],
  ],
  asinh: [
    [4, uniform(-10, 10)],
    [4, uniform(-1, 1)],
    [2, ALL],
    [1, around(2 ** -28, 0.125, 0.5, 1, 2, 2 ** 28)],
  ],
  acosh: [
    [4, uniform(1, 10)],
    [3, magnitudes(0, 1023)],
    [2, around(1, 2, 2 ** 28)],
  ],
  atanh: [
    [5, uniform(-1, 1)],
    [2, around(-1, 1, 0.5, -0.5)],
    [1, TINY],
  ],
  cbrt: [
    [4, ALL],
    [3, uniform(-10, 10)],
    [1, around(1, 2, 4, 8, 27, 64)],
  ],
}

/** xʸ near 2ᵗ. */
const power =
  (base: Sample, log2: Sample): Tuple =>
  (rng) => {
    const x = base(rng)
    const steps = Math.log2(Math.abs(x))
    return [x, log2(rng) / steps]
  }
/** The second argument is the first, and nearly the first, and anything up to 2^apart times as large or small. */
const related =
  (first: Sample, apart: number): Tuple =>
  (rng) => {
    const a = first(rng)
    const near = a * (1 + sign(rng) * unit(rng) * 2 ** -rng.int(0, 53))
    return [sign(rng) * a, sign(rng) * near * 2 ** rng.int(-apart, apart)]
  }

const MANY: Readonly<Record<string, (arity: number) => Weighted<Tuple>>> = {
  atan2: () => [
    [3, tuples(ALL, ALL)],
    [3, tuples(uniform(-10, 10), uniform(-10, 10))],
    [2, related(magnitudes(-1000, 1000), 3)],
    [2, related(magnitudes(-900, 900), 60)],
    [1, tuples(signed(magnitudes(-1074, -1010)), signed(magnitudes(-1074, -1010)))],
    [1, tuples(signed(magnitudes(1000, 1023)), signed(magnitudes(-1074, 1023)))],
  ],
  pow: () => [
    [3, tuples(uniform(0, 10), uniform(-10, 10))],
    [3, power(magnitudes(-1074, 1023), uniform(-1080, 1030))],
    [3, power((rng) => 1 + sign(rng) * unit(rng) * 2 ** -rng.int(1, 52), uniform(-1080, 1030))],
    [2, power(magnitudes(-40, 40), around(1024, -1022, -1074, 0))],
    [2, power(magnitudes(-40, 40), uniform(-2, 2))],
    [1, tuples(uniform(-100, 100), (rng) => rng.int(-160, 160))],
    [1, tuples(uniform(0, 100), (rng) => rng.int(-40, 40) / 2)],
    [1, tuples(magnitudes(-1074, 1023), TINY)],
    [1, tuples(ALL, (rng) => rng.int(-3, 3))],
  ],
  hypot: (arity) => [
    [3, tuples(...Array.from({ length: arity }, () => uniform(-10, 10)))],
    [2, tuples(...Array.from({ length: arity }, () => ALL))],
    [2, (rng) => [...related(magnitudes(-1000, 1000), 3)(rng), ...others(rng, arity - 2)]],
    [2, (rng) => [...related(magnitudes(-900, 900), 40)(rng), ...others(rng, arity - 2)]],
    [1, tuples(...Array.from({ length: arity }, () => signed(magnitudes(1019, 1023))))],
    [1, tuples(...Array.from({ length: arity }, () => signed(magnitudes(-1074, -1000))))],
  ],
}
const others = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => ALL(rng))

// ─────────────────────────── specials ───────────────────────────

const NEIGHBOURED = [
  0,
  1,
  2,
  3,
  0.5,
  1.5,
  10,
  Math.PI,
  Math.PI / 2,
  Math.PI / 4,
  Math.E,
  Math.LN2,
  Math.LN2 / 2,
  Math.SQRT2,
  Math.SQRT1_2,
  2 ** -1022,
  2 ** -1074,
  2 ** 52,
  2 ** 53,
  2 ** 54,
  2 ** 1023,
  1e300,
  1e-300,
  709.782712893384,
  710.4758600739439,
  745.1332191019411,
  708,
  708.3964185322641,
  37,
  22,
  1e5,
  // The float nearest to a multiple of π/2 among all (Muller, Elementary Functions).
  6381956970095103 * 2 ** 797,
]
const next = (x: number, by: number): number => {
  const bits = new BigInt64Array(new Float64Array([x]).buffer)
  bits[0] = bits[0]! + BigInt(by)
  return new Float64Array(bits.buffer)[0]!
}
const withSigns = (values: readonly number[]): number[] => [...values, ...values.map((x) => -x)]
const FEW = withSigns([
  ...NEIGHBOURED.flatMap((x) => [x, next(x, 1), ...(x > 0 ? [next(x, -1)] : [])]),
  Number.MAX_VALUE,
  Infinity,
  NaN,
])
const POWERS = withSigns([
  ...Array.from({ length: 2098 }, (_, k) => 2 ** (k - 1074)),
  ...Array.from({ length: 632 }, (_, k) => Number(`1e${k - 323}`)),
  ...Array.from({ length: 1024 }, (_, k) => k),
  ...Array.from({ length: 1024 }, (_, k) => k / 16),
])

/** By operation, what is known here: the function of Math and how many arguments. */
export const FUNCTIONS: Readonly<Record<string, { readonly called: string; readonly arity: number }>> =
  Object.fromEntries([
    ...Object.keys(UNARY).map((name) => [name, { called: name, arity: 1 }]),
    ...Object.keys(MANY).map((name) => [name, { called: name, arity: 2 }]),
    ['hypot3', { called: 'hypot', arity: 3 }],
    ['hypot4', { called: 'hypot', arity: 4 }],
  ])

/** All arguments of interest that can be listed. */
export function specials(arity: number): number[][] {
  if (arity === 1) return [...FEW, ...POWERS].map((x) => [x])
  const rest = arity === 2 ? [[]] : specialsOfFew(arity - 2)
  return FEW.flatMap((x) => FEW.flatMap((y) => rest.map((others) => [x, y, ...others])))
}
const specialsOfFew = (arity: number): number[][] =>
  [0, -0, 1, 2 ** -1074, 2 ** 1023, Infinity, NaN].map((x) => Array.from({ length: arity }, () => x))

/** Random arguments in the neighbourhood of some, from next to them to a quarter of their size away. */
export const near =
  (args: readonly number[]): Tuple =>
  (rng) => {
    const distance = 2 ** -rng.int(2, 30)
    return args.map((a) => a + a * distance * (2 * unit(rng) - 1))
  }

/** Random arguments of a function: the generator of one more, as its regions' weights say. */
export function sampler(name: string, arity: number): Tuple {
  const regions = regionsOf(name, arity)
  const total = regions.reduce((sum, [weight]) => sum + weight, 0)
  return (rng) => {
    let at = rng.real() * total
    for (const [weight, region] of regions) {
      at -= weight
      if (at < 0) return region(rng)
    }
    return regions[0]![1](rng)
  }
}

function regionsOf(name: string, arity: number): Weighted<Tuple> {
  const many = MANY[name]?.(arity)
  if (many) return many
  const own = UNARY[name]!
  return [[1, tuples(anything)], ...own.map(([weight, sample]) => [weight, tuples(sample)] as const)]
}
