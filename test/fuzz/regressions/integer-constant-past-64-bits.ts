import type { Regression } from '../regression.ts'

export default {
  why: 'whole constants past 2⁵³ became integers of 64 bits, which do not hold them',
  functions: [
    `function help0(a0, a1) {
      return -2.5 < a0 ? 2.350988701644575e262 : a1
    }`,
    `function kernel(x0) {
      let v = Math.min(x0[0], 10000000000000000)
      v += Math.min(Math.clz32(v), 9223372036854776000)
      if (x0.length < 1.88e263) v += help0(v, x0[1])
      return v
    }`,
  ],
  inputs: [{ kind: 'array', type: 'Uint8ClampedArray', data: [76, 91] }],
} satisfies Regression
