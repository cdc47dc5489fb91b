/**
 * Kernels whose loops take every way out and in, with calls that do not fail: for tests of passes that move loops and
 * helpers about. Trips are chosen around the sizes at which loops are cut into ranges (passes/chunk.ts).
 */

import type { ArgType } from '../../src/frontend/program.ts'

export interface LoopKernel {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
  readonly kernel: (...args: any[]) => unknown
  readonly types: readonly ArgType[]
  readonly calls: () => readonly (readonly unknown[])[]
}

const numbers = (n: number, at = (i: number) => ((i * 7919) % 1013) - 500): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => at(i))

const find = (x: Float64Array, v: number): number => {
  for (let i = 0; i < x.length; i++) if (x[i] === v) return i
  return -1
}
const step = (a: Float64Array, b: Float64Array): void => {
  for (let i = 1; i < a.length - 1; i++) b[i] = (a[i - 1]! + a[i]! + a[i + 1]!) / 3
}
const norm = (x: Float64Array): number => {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i]! * x[i]!
  return Math.sqrt(s)
}

export const LOOPS: readonly LoopKernel[] = [
  {
    name: 'sum',
    kernel: (x: Float64Array) => {
      let s = 0
      for (let i = 0; i < x.length; i++) s += x[i]!
      return s
    },
    types: ['float64[]'],
    calls: () => [0, 1, 255, 256, 257, 1000].map((n) => [numbers(n)]),
  },
  {
    name: 'backward in steps',
    kernel: (x: Float64Array, from: number) => {
      let s = 0
      for (let i = from; i > 2; i -= 3) {
        s = s / 2 + x[i]!
        x[i] = s
      }
      return s
    },
    types: ['float64[]', 'int32'],
    calls: () => [-5, 2, 3, 900, 2999].map((from) => [numbers(3000), from]),
  },
  {
    name: 'nest with what it leaves',
    kernel: (x: Float64Array, rows: number, columns: number) => {
      let best = -Infinity
      let last = 0
      for (let i = 0; i < rows; i++) {
        let row = 0
        for (let j = 0; j < columns; j++) {
          last = x[i * columns + j]!
          row += last * (j + 1)
        }
        if (row > best) best = row
      }
      return best + last / 1024
    },
    types: ['float64[]', 'int32', 'int32'],
    calls: () =>
      [
        [1, 2000],
        [3, 700],
        [31, 60],
        [32, 60],
        [200, 3],
        [0, 9],
      ].map(([rows, columns]) => [numbers(2100), rows, columns]),
  },
  {
    name: 'one within one within many',
    kernel: (n: number, m: number, o: number) => {
      let s = 0
      for (let k = 0; k < o; k++) for (let i = 1; i <= n; i++) for (let j = 1; j <= m; j++) s += Math.sqrt(i * j + k)
      return s
    },
    types: ['int32', 'int32', 'int32'],
    calls: () => [
      [2, 600, 1],
      [40, 5, 2],
      [3, 3, 40],
    ],
  },
  {
    name: 'break and continue',
    kernel: (x: Float64Array, limit: number) => {
      let s = 0
      for (let i = 0; i < x.length; i++) {
        if (x[i]! < 0) continue
        s += x[i]!
        if (s > limit) break
      }
      return s
    },
    types: ['float64[]', 'int32'],
    calls: () => [-1, 1000, 20000, 1000000].map((limit) => [numbers(900), limit]),
  },
  {
    name: 'out of two loops',
    kernel: (x: Float64Array, n: number, v: number) => {
      let at = -1
      let looked = 0
      rows: for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          looked++
          if (x[i * n + j] === -v) continue rows
          if (x[i * n + j] === v) {
            at = i * n + j
            break rows
          }
        }
      }
      return at * 10000 + looked
    },
    types: ['float64[]', 'int32', 'int32'],
    calls: () => [-499, 3, 77, 12345].flatMap((v) => [1, 20, 33].map((n) => [numbers(1200), n, v])),
  },
  {
    name: 'return out of loops',
    kernel: (x: Float64Array, n: number, v: number) => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          if (x[i * n + j] === v) return i * 1000 + j
        }
        x[i] = i
      }
      return -1
    },
    types: ['float64[]', 'int32', 'int32'],
    calls: () => [-499, 3, 77, 12345].flatMap((v) => [1, 20, 34].map((n) => [numbers(1200), n, v])),
  },
  {
    name: 'helpers with loops',
    kernel: (x: Float64Array, v: number) => find(x, v) * 2 + norm(x) + find(x, v - 1),
    types: ['float64[]', 'int32'],
    calls: () => [-500, 100, 9999].map((v) => [numbers(700), v]),
  },
  {
    name: 'steps in time',
    kernel: (x: Float64Array, n: number) => {
      let a = x
      let b: Float64Array = new Float64Array(x.length)
      for (let t = 0; t < n; t++) {
        step(a, b)
        const c = a
        a = b
        b = c
      }
      return a
    },
    types: ['float64[]', 'int32'],
    calls: () => [0, 1, 2, 5].flatMap((n) => [10, 400].map((size) => [numbers(size), n])),
  },
  {
    name: 'until it settles',
    kernel: (x: Float64Array) => {
      let before = 0
      let now = norm(x)
      let rounds = 0
      while (Math.abs(before - now) > 1 && rounds < 20) {
        for (let i = 0; i < x.length; i++) x[i] = x[i]! / 2
        before = now
        now = norm(x)
        rounds++
      }
      return rounds
    },
    types: ['float64[]'],
    calls: () => [0, 30, 600].map((n) => [numbers(n)]),
  },
  {
    name: 'a block in each row',
    kernel: (x: Float64Array, rows: number) => {
      const all = new Float64Array(rows)
      for (let i = 0; i < rows; i++) {
        const row = new Float64Array(8)
        for (let j = 0; j < 8; j++) row[j] = x[(i + j) % x.length]!
        let s = 0
        for (let j = 0; j < 8; j++) s = s * 0.5 + row[j]!
        all[i] = s
      }
      return all
    },
    types: ['float64[]', 'int32'],
    calls: () => [3, 60].map((rows) => [numbers(50), rows]),
  },
  {
    name: 'wide constant bounds',
    kernel: (x: Float64Array) => {
      let s = 0
      for (let i = -2000000000; i < 2000000000; i += 1000000) s += i / 3 + x[0]!
      for (let k = 0; k < 2; k++) for (let i = 2000000000; i >= -2000000000; i -= 1000000) s -= i / (7 + k)
      return s
    },
    types: ['float64[]'],
    calls: () => [[numbers(1)]],
  },
]

/** Kernels of which these calls fail, after effects that plain JavaScript has too. */
export const FAILING: readonly LoopKernel[] = [
  {
    name: 'past the end',
    kernel: (x: Float64Array, n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        s += x[i + 1]!
        x[i] = s
      }
      return s
    },
    types: ['float64[]', 'int32'],
    calls: () => [299, 300, 5000].map((n) => [numbers(300), n]),
  },
  {
    name: 'in a nest',
    kernel: (x: Float64Array, y: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) x[i * n + j] = y[j]! + i
        y[i] = x[i * n]!
      }
    },
    types: ['float64[]', 'float64[]', 'int32'],
    calls: () => [
      [numbers(900), numbers(40), 31],
      [numbers(900), numbers(20), 25],
      [numbers(2000), numbers(40), 40],
      [numbers(1500), numbers(40), 40],
    ],
  },
  {
    name: 'in a helper in a loop',
    kernel: (x: Float64Array, y: Float64Array, n: number) => {
      for (let t = 0; t < n; t++) {
        step(x, y)
        y[0] = t
      }
    },
    types: ['float64[]', 'float64[]', 'int32'],
    calls: () => [
      [numbers(500), numbers(400), 2],
      [numbers(50), numbers(40), 2],
    ],
  },
]
