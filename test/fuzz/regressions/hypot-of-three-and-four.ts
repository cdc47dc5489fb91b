import type { Regression } from '../regression.ts'

export default {
  why: 'hypot3 and hypot4 had no engine function in wasm',
  functions: [
    `function help0(a0, a1) {
      return Math.hypot(a0, a1, 3)
    }`,
    `function kernel(c0) {
      return help0(c0, 1) - Math.hypot(c0, 2, 3, -4)
    }`,
  ],
  inputs: [{ kind: 'scalar', value: 2.5 }],
} satisfies Regression
