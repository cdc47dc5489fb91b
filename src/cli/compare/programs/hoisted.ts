/**
 * rootsSum as a compiler would make it that moves the inner loop, whose sum is the same for every i, out of the outer
 * one. The strict order of the sum allows it; tsumba does not do it. Same answer, n times less work.
 */
export function rootsSum(x: Float64Array): Float64Array {
  const n = x.length
  const r = new Float64Array(n)
  let total = 0
  for (let j = 0; j < n; j++) total += Math.sqrt(x[j]!)
  for (let i = 0; i < n; i++) r[i] = total
  return r
}
