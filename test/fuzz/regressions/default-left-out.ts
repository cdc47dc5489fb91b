import type { Regression } from '../regression.ts'

export default {
  why: 'a call that left a parameter to its default was refused',
  functions: [
    `function kernel(c0, d = c0 * 2) {
      return c0 + d
    }`,
  ],
  inputs: [{ kind: 'scalar', value: 4 }, { kind: 'omitted' }],
} satisfies Regression
