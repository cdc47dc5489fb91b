import { seeded } from '../random.ts'
import { roots as plain } from './plain.ts'
import { roots as withPrange } from './prange.ts'
import { fill, type Program } from './program.ts'

const about = 'r[i] = sqrt(x[i]), float64 to float32'

export const roots: Program = {
  name: 'roots',
  about,
  cases: (size) => {
    const n = size === 'quick' ? 1e6 : 1e7
    return [
      {
        program: 'roots',
        about,
        n,
        plain,
        withPrange,
        inputs: (newArray) => [fill(newArray(n), seeded(1), (u) => 500 * u)],
        bytes: n * (8 + 4),
        // Nothing is summed, so there is nothing to reorder.
        allowed: () => 0,
      },
    ]
  },
}
