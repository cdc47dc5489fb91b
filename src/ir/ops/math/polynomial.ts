/** Polynomials. */

import type { Lanes } from './lanes.ts'

/** c₀ + x·(c₁ + x·(c₂ + …)), Horner's rule. */
export function polynomial<V, M>(l: Lanes<V, M>, x: V, coefficients: readonly number[]): V {
  let sum = l.c(coefficients[coefficients.length - 1]!)
  for (let k = coefficients.length - 2; k >= 0; k--) sum = l.add(l.mul(sum, x), l.c(coefficients[k]!))
  return sum
}

/** The same polynomial in two chains of half the length, over x²: what waits for a chain has it sooner. */
export function twoChains<V, M>(l: Lanes<V, M>, x: V, coefficients: readonly number[]): V {
  const square = l.mul(x, x)
  const chain = (parity: number) =>
    polynomial(
      l,
      square,
      coefficients.filter((_, k) => k % 2 === parity),
    )
  return l.add(chain(0), l.mul(x, chain(1)))
}

/** The same polynomial by Estrin's rule, pairs of pairs: where a long wait for it costs more than a product or two. */
export function pairs<V, M>(l: Lanes<V, M>, x: V, coefficients: readonly number[]): V {
  let terms = coefficients.map(l.c)
  for (let power = x; terms.length > 1; power = l.mul(power, power)) {
    const paired: V[] = []
    for (let k = 0; k < terms.length; k += 2) {
      const odd = terms[k + 1]
      paired.push(odd === undefined ? terms[k]! : l.add(terms[k]!, l.mul(odd, power)))
    }
    terms = paired
  }
  return terms[0]!
}
