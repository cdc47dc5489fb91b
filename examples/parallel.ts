/** π by the midpoint rule: `prange` says that iterations are independent, `parallel: true` runs them on all cores. */

import { getNumThreads, jit, prange } from 'tsumba'

const pi = jit(
  (steps: number) => {
    const width = 1 / steps
    let sum = 0
    for (const i of prange(steps)) {
      const x = (i + 0.5) * width
      sum += 4 / (1 + x * x)
    }
    return sum * width
  },
  { parallel: true },
)

// The sum is a tree of fixed shape, so its bits do not depend on the number of threads.
console.log(`π ≈ ${pi(100_000_000)} on ${getNumThreads()} threads`)
