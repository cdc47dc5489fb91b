import type { Regression } from '../regression.ts'

export default {
  why: 'what the last iteration leaves stayed in a lane where a sum’s tree ran in vectors',
  functions: [
    `function kernel(out, n) {
      let s = 0
      let v = 0
      for (let i = 1; i < n; i++) {
        s += i * 0.5
        v = i
      }
      out[0] = v
      out[1] = s
    }`,
  ],
  inputs: [
    { kind: 'array', type: 'Float64Array', data: [0, 0] },
    { kind: 'scalar', value: 97 },
  ],
  options: { fastmath: true },
} satisfies Regression
