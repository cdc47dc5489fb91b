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
