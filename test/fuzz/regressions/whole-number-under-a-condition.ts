import type { Regression } from '../regression.ts'

export default {
  why: 'a number that is whole where a condition holds was cut to an integer where it does not: both arms of a select run',
  functions: [
    `function kernel(out, c) {
      out[0] = c == 0 ? c | 0 : 0
      let k = 0
      for (let i = 0; i < 3; i++) k = Math.asin(i)
      out[1] = k === 0 ? k | 0 : 1
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float64Array', data: [5, 5] },
    { kind: 'scalar', value: Infinity },
  ],
} satisfies Regression
