/**
 * The words in which expansions of Math functions are written: straight-line programs over one lane. An expansion is
 * one text; what it is made of decides what it is: over numbers (numbers.ts) it computes, and so is the function's
 * meaning; over expressions (passes/expand.ts) it becomes code, of scalars or of vectors. That makes all of them agree
 * bit for bit.
 *
 * All words are exact operations of IEEE 754 binary64 or move bits. No fused multiply-add, no minimum or maximum (slow
 * on some targets), no branch: `select` evaluates both arms. Shared values are found by their structure, so a value may
 * be written twice.
 */

/** `V`: a value a lane, `M`: a truth value a lane. */
export interface Lanes<V, M> {
  c(value: number): V
  add(a: V, b: V): V
  sub(a: V, b: V): V
  mul(a: V, b: V): V
  div(a: V, b: V): V
  sqrt(a: V): V
  abs(a: V): V
  neg(a: V): V
  floor(a: V): V
  trunc(a: V): V
  /** The magnitude of a with the sign of b. */
  copysign(a: V, b: V): V
  lt(a: V, b: V): M
  le(a: V, b: V): M
  gt(a: V, b: V): M
  ge(a: V, b: V): M
  eq(a: V, b: V): M
  ne(a: V, b: V): M
  and(a: M, b: M): M
  or(a: M, b: M): M
  not(a: M): M
  select(condition: M, then: V, otherwise: V): V
  /** The top twelve bits less 1023: ⌊log₂ a⌋ of a positive normal number (2048 more where the sign bit is set). */
  exponent(a: V): V
  /** The fraction's bits with the exponent of 1: a / 2^exponent(a), in [1, 2), of a positive normal number. */
  significand(a: V): V
  /** The integer n for which a / 2ⁿ is in [√½, √2), about; of NaN, infinities, negatives, zeros: out of −1021…1021. */
  nearExponent(a: V): V
  /** a / 2^nearExponent(a), in [√½, √2), about, of a positive normal number: the fewest steps that get logarithms there. */
  nearSignificand(a: V): V
  /** 2ⁿ for an integral n in −1022…1023; 0 for −1023 and Infinity for 1024. */
  pow2(n: V): V
  /** The number without its low 27 bits: a head of 26 bits; a − head(a) is exact and has 27 bits at most. */
  head(a: V): V
  /** Whether an integral n, |n| < 2⁵⁰, is odd. */
  odd(n: V): M
  /** table[n] for an integral n within the table. Slow: for `rare` only. */
  lookup(n: V, table: readonly number[]): V
  /** What a program gives that several others are made of: code has it once, as a function. For `rare` only. */
  part(part: Part, ...args: V[]): V
}

export interface Part {
  readonly name: string
  of<V, M>(l: Lanes<V, M>, ...args: V[]): V
}

/** A Math function as a program of lanes. */
export interface Expansion {
  /** The function's name in Math. */
  readonly name: string
  /** Where the algorithm and its constants are from, and the bound on its error. */
  readonly source: string
  /** The result wherever `usual` holds (everywhere, where `usual` is absent); anything elsewhere, at no cost. */
  fast<V, M>(l: Lanes<V, M>, ...args: V[]): V
  /** Which arguments `fast` serves: cheap to ask, true for nearly all that programs pass. NaN may be either. */
  usual?<V, M>(l: Lanes<V, M>, ...args: V[]): M
  /** The result where `usual` does not hold: specials, subnormals, huge arguments. Called lane by lane. */
  rare?<V, M>(l: Lanes<V, M>, ...args: V[]): V
  /**
   * Which arguments scalar code branches off for, as `fast` takes fewer steps once this is known to be true: choices are
   * made, and what is equal to a constant is that constant (so it may not be −0 and said to be 0). `usual` holds for all
   * of them.
   */
  short?<V, M>(l: Lanes<V, M>, ...args: V[]): M
}
