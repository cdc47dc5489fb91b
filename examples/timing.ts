/** `timeit` prints what IPython's %timeit prints: mean ± standard deviation over runs, many loops each. */

import { jit, timeit } from 'tsumba'

function norm(x: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return Math.sqrt(sum)
}
const compiled = jit(norm)
const fast = jit(norm, { fastmath: true })

const x = Float64Array.from({ length: 1_000_000 }, (_, i) => 1 / (i + 1))
console.log('plain')
timeit(() => norm(x))
console.log('compiled')
timeit(() => compiled(x))
console.log('compiled, sums may be reordered')
const result = timeit(() => fast(x))
console.log(`its median is ${result.medianMs.toFixed(3)} ms`)
