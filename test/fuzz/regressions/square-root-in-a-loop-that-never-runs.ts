import type { Regression } from '../regression.ts'

export default {
  why: 'inference went round for ever: the square root of an empty interval had NaN as its end',
  functions: [
    `function kernel(c) {
      for (let i = 1; i < -1; i++) {
        c = Math.sqrt(i)
      }
      return c
    }`,
  ],
  inputs: [{ kind: 'scalar', value: 2.5 }],
} satisfies Regression
