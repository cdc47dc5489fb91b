import type { Regression } from '../regression.ts'

export default {
  why: 'a number that is supposed to be whole counted as whole where that is asked: places shared a node, and so facts',
  functions: [
    `function kernel(c1) {
      const v0 = 1 / (-(c1 * 0))
      do {
      } while ((c1 <= v0) && false)
    }`,
  ],
  inputs: [{ kind: 'scalar', value: -1 }],
} satisfies Regression
