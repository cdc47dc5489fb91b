/** nussinov of PolyBench/C 4.2.1: how many bases of an RNA strand can pair, for each of its parts; 0 to 3 stand for AGCT. */

import type { Program } from '../polybench.ts'

const match = (b1: number, b2: number): number => (b1 + b2 === 3 ? 1 : 0)
// biome-ignore lint/complexity/useMathMinMax: as PolyBench has it
const maxScore = (s1: number, s2: number): number => (s1 >= s2 ? s1 : s2)

function kernelNussinov(n: number, seq: Int8Array, table: Int32Array): void {
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) {
      if (j - 1 >= 0) table[i * n + j] = maxScore(table[i * n + j]!, table[i * n + j - 1]!)
      if (i + 1 < n) table[i * n + j] = maxScore(table[i * n + j]!, table[(i + 1) * n + j]!)
      if (j - 1 >= 0 && i + 1 < n) {
        // Neighbours do not pair.
        if (i < j - 1) {
          table[i * n + j] = maxScore(table[i * n + j]!, table[(i + 1) * n + j - 1]! + match(seq[i]!, seq[j]!))
        } else {
          table[i * n + j] = maxScore(table[i * n + j]!, table[(i + 1) * n + j - 1]!)
        }
      }
      for (let k = i + 1; k < j; k++) {
        table[i * n + j] = maxScore(table[i * n + j]!, table[i * n + k]! + table[(k + 1) * n + j]!)
      }
    }
  }
}

export const program: Program = {
  name: 'nussinov',
  category: 'medley',
  sizes: {
    MINI: { n: 60 },
    SMALL: { n: 180 },
    MEDIUM: { n: 500 },
    LARGE: { n: 2500 },
    EXTRALARGE: { n: 5500 },
  },
  make: ({ n }) => [n, Int8Array.from({ length: n }, (_, i) => (i + 1) % 4), new Int32Array(n * n)],
  kernel: kernelNussinov,
  outputs: [2],
}
