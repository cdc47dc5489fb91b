import type { Regression } from '../regression.ts'

export default {
  why: 'of a sum that is added to twice in a turn, all lanes got the first part before any got the second',
  functions: [
    `function kernel(x, c) {
      let s = 0
      for (let i = 0; i < x.length; i++) {
        s += 1 / x[i]
        s -= c * x[i]
      }
      return s
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float64Array', data: [6, 0.3, 7, 0.1, 3, 11, 13, 17, 0.7] },
    { kind: 'scalar', value: 0.1 },
  ],
} satisfies Regression
