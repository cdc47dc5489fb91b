import type { Regression } from '../regression.ts'

export default {
  why: 'accumulators proven small whole numbers have type index, and the verifier knew no reductions of that type',
  functions: [
    `function kernel(x0) {
      let s = 0
      let least = 0
      let most = 0
      for (const p of prange(x0.length)) {
        s += 1
        least = Math.min(least, x0[p])
        most = Math.max(most, p)
      }
      return s * 1000 + least * 100 + most
    }`,
  ],
  inputs: [{ kind: 'array', type: 'Int8Array', data: [3, -7, 5] }],
} satisfies Regression
