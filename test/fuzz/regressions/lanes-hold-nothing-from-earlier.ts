import type { Regression } from '../regression.ts'

export default {
  why: 'a vector that lanes which are off keep seemed to be handed from turn to turn, which a parallel loop may not do',
  functions: [
    `function kernel(x0, x1) {
      for (let t = 0; t < 2; t++) {
        for (const p of prange(x1.length)) {
          if (((0 < x1[p]) && (x0[p] >= 0)) || Number.isNaN(x0[p])) {
            x1[p] -= 3
          }
        }
      }
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float64Array', data: [1, -1, 3, 4, NaN, 6, 7] },
    { kind: 'array', type: 'Float64Array', data: [2, 1, -3, 4, -5, 6, 7] },
  ],
} satisfies Regression
