import type { Regression } from '../regression.ts'

export default {
  why: 'what `independent` promises of pranges was taken for ordinary loops too, which then ran in lanes',
  functions: [
    `function kernel(x4) {
      for (let i8 = 0; i8 < 10; i8++) {
        x4[i8] = 0
        x4[i8 + 1] = 1
      }
    }`,
  ],
  inputs: [{ kind: 'array', type: 'Int32Array', data: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
  options: { independent: ['x4'] },
} satisfies Regression
