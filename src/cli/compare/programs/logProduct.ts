import { seeded } from '../random.ts'
import { logProduct as plain } from './plain.ts'
import { logProduct as withPrange } from './prange.ts'
import { EPSILON, fill, type Program } from './program.ts'
import { ends } from './spread.ts'

const about = 'r[i] = log(x)·log(y)·log(z) of row i'

export const logProduct: Program = {
  name: 'logProduct',
  about,
  cases: (size) => {
    const n = size === 'quick' ? 1e6 : 1e7
    return [
      {
        program: 'logProduct',
        about,
        n,
        plain,
        withPrange,
        inputs: (newArray) => [fill(newArray(3 * n), seeded(3), (u) => 100 * (1 - u))],
        bytes: n * (3 * 8 + 8),
        spread: {
          kernel: plain,
          tasks: ([xyz], parts) => ends(n, parts).map(([from, to]) => [(xyz as Float64Array).slice(3 * from, 3 * to)]),
        },
        // A product of three factors, in any order.
        allowed: (result, i) => 3 * EPSILON * 2 * Math.abs(result[i]!),
        // Three logarithms, within 4 units in the last place (of 2ε at most) there and 2 in the engine; two products each.
        mathError: (result, i) => (3 * (4 + 2) * 2 + 2 * 2) * EPSILON * Math.abs(result[i]!),
      },
    ]
  },
}
