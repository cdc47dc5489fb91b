/** floyd-warshall of PolyBench/C 4.2.1: lengths of the shortest paths between all pairs of n nodes. */

import type { Program } from '../polybench.ts'

function kernelFloydWarshall(n: number, path: Int32Array): void {
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        path[i * n + j] =
          // biome-ignore lint/complexity/useMathMinMax: as PolyBench has it
          path[i * n + j]! < path[i * n + k]! + path[k * n + j]!
            ? path[i * n + j]!
            : path[i * n + k]! + path[k * n + j]!
      }
    }
  }
}

/** An edge of this length stands for none. */
const FAR = 999

export const program: Program = {
  name: 'floyd-warshall',
  category: 'medley',
  sizes: {
    MINI: { n: 60 },
    SMALL: { n: 180 },
    MEDIUM: { n: 500 },
    LARGE: { n: 2800 },
    EXTRALARGE: { n: 5600 },
  },
  make: ({ n }) => {
    const path = new Int32Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const far = (i + j) % 13 === 0 || (i + j) % 7 === 0 || (i + j) % 11 === 0
        path[i * n + j] = far ? FAR : ((i * j) % 7) + 1
      }
    }
    return [n, path]
  },
  kernel: kernelFloydWarshall,
  outputs: [1],
}
