import { seeded } from '../random.ts'
import { rootsSum as hoisted } from './hoisted.ts'
import { rootsSum as plain } from './plain.ts'
import { rootsSum as withPrange } from './prange.ts'
import { EPSILON, fill, type Program } from './program.ts'

const about = 'r[i] = Σ sqrt(x[j]) over all j, for every i'

export const rootsSum: Program = {
  name: 'rootsSum',
  about,
  cases: (size) => {
    const n = size === 'quick' ? 2000 : 10_000
    return [
      {
        program: 'rootsSum',
        about,
        n,
        plain,
        withPrange,
        hoisted: {
          kernel: hoisted,
          note: 'computes the sum once: shown to say what hoisting would gain; it is not the same work',
        },
        inputs: (newArray) => [fill(newArray(n), seeded(2), (u) => 500 * u)],
        bytes: n * (8 + 8),
        // All terms are positive: Σ|terms| is the sum itself.
        allowed: (result, i) => n * EPSILON * result[i]!,
      },
    ]
  },
}
