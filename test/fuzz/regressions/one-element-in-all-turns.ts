import type { Regression } from '../regression.ts'

export default {
  why: 'an element that all turns of a loop change was carried as if the next turn had another: a load saw the last turn',
  functions: [
    `function kernel(x3, q4, n0, n2) {
      for (let p1 = 0; p1 < n0; p1++) {
        let s5 = 0
        for (let i6 = 0; i6 < n2; i6++) {
          x3[q4[p1]] = (0 * x3[q4[p1]])
          s5 = x3[q4[p1]]
        }
        q4[p1] = s5
      }
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float32Array', data: [0, 1] },
    { kind: 'array', type: 'Int32Array', data: [0, 1] },
    { kind: 'scalar', value: 2 },
    { kind: 'scalar', value: 1 },
  ],
  options: { unchecked: true },
} satisfies Regression
