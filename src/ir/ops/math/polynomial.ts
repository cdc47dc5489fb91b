/** Polynomials. */

import type { Lanes } from './lanes.ts'

/** c₀ + x·(c₁ + x·(c₂ + …)), Horner's rule. */
export function polynomial<V, M>(l: Lanes<V, M>, x: V, coefficients: readonly number[]): V {
  let sum = l.c(coefficients[coefficients.length - 1]!)
  for (let k = coefficients.length - 2; k >= 0; k--) sum = l.add(l.mul(sum, x), l.c(coefficients[k]!))
  return sum
}
