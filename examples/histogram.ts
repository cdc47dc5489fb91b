/** Counting on all cores: iterations meet in the same element, so they use `atomic.add`. */

import { atomic, jit, prange } from 'tsumba'

const histogram = jit(
  (values: Float64Array, counts: Int32Array) => {
    for (const i of prange(values.length)) atomic.add(counts, Math.floor(values[i]! * counts.length), 1)
  },
  { parallel: true },
)

const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.abs(Math.sin(i)))
const counts = new Int32Array(10)
histogram(values, counts)
for (const [bin, count] of counts.entries()) {
  console.log(`${(bin / 10).toFixed(1)}  ${'█'.repeat(count / 10_000)} ${count}`)
}
