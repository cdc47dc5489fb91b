import type { Regression } from '../regression.ts'

export default {
  why: 'a truth value that only some lanes get was chosen by an operation that masks do not have',
  functions: [
    `function kernel(x0, x1) {
      let n = 0
      for (let i = 0; i < x1.length; i++) {
        if (0 >= x0[i] || (0 < x1[i] || x1[i] >= x0[i])) n++
      }
      return n
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float64Array', data: [1, 0, 3, -4, NaN, 6, 7] },
    { kind: 'array', type: 'Float64Array', data: [2, -1, -3, 4, 5, -6, NaN] },
  ],
} satisfies Regression
