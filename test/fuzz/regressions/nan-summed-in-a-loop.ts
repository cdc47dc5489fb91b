import type { Regression } from '../regression.ts'

export default {
  why: 'inference went round for ever: the facts of a sum and of the constant NaN never settled',
  functions: [
    `function kernel(x0) {
      let s = 0
      for (const p of prange(x0.length)) {
        s += NaN + x0[p]
      }
      return s
    }`,
  ],
  inputs: [{ kind: 'array', type: 'Int8Array', data: [1, 2] }],
} satisfies Regression
