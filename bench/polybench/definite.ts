/** The matrix that PolyBench's cholesky, lu and ludcmp begin with. */

/**
 * L·Lᵀ of shape [n, n] with L[i][j] = 1 − j/n below the diagonal, ones on it and zeros above. PolyBench sums all n
 * products of an element, in this order; those beyond min(r, s) are zeros, and leaving them out changes no bit.
 */
export function positiveDefinite(n: number): Float64Array {
  const L = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) L[i * n + j] = -j / n + 1
    L[i * n + i] = 1
  }
  const A = new Float64Array(n * n)
  for (let r = 0; r < n; r++) {
    for (let s = 0; s <= r; s++) {
      let sum = 0
      for (let t = 0; t <= s; t++) sum += L[r * n + t]! * L[s * n + t]!
      A[r * n + s] = sum
      A[s * n + r] = sum
    }
  }
  return A
}
