/** Arrays: every element type, array variables, new arrays. Each kernel runs plain and compiled. */

import { describe } from 'vitest'
import type { NumberArray } from '../../../src/index.ts'
import { DTYPES } from '../../../src/types.ts'
import { SPECIAL } from '../agree.ts'
import { f64, holds, i32, type Kernel } from './holds.ts'

const KINDS = DTYPES.filter((d) => d.size < 8 || d.name === 'float64')

describe.each(KINDS)('$arrayName', ({ arrayName, ctor }) => {
  const make = (values: readonly number[]) => Object.assign(new ctor(values.length) as NumberArray, values)
  const all = make(SPECIAL)
  const empty = new ctor(0)

  holds(
    'reads',
    (a: NumberArray) => {
      let s = 0
      for (let i = 0; i < a.length; i++) s = s * 0.5 + a[i]!
      return s
    },
    [[all], [empty]],
  )
  holds(
    'one read',
    (a: NumberArray, i: number) => a[i]!,
    SPECIAL.map((_, i) => [all, i]),
  )
  holds(
    'stores convert',
    (a: NumberArray, x: Float64Array) => {
      for (let i = 0; i < a.length; i++) a[i] = x[i]!
    },
    [
      [make(SPECIAL.map(() => 7)), f64(...SPECIAL)],
      [empty, f64()],
    ],
  )
  holds(
    'stores of scaled values convert',
    (a: NumberArray, x: Float64Array) => {
      for (let i = 0; i < a.length; i++) a[i] = x[i]! * 1.5 + 0.25
    },
    [[all, f64(...SPECIAL)]],
  )
  holds(
    'stores of integers convert',
    (a: NumberArray, x: Int32Array) => {
      for (let i = 0; i < a.length; i++) {
        a[i] = x[i]! * 3 - 1
        a[i]! += x[i]!
      }
    },
    [[all, Int32Array.from(SPECIAL)]],
  )
  holds(
    'stores of truth values',
    (a: NumberArray) => {
      for (let i = 0; i < a.length; i++) a[i] = Number(a[i]! > 1)
    },
    [[all]],
  )
  holds(
    'the value of a store is what was stored, unconverted',
    (a: NumberArray, x: number) => {
      const v = (a[0] = x)
      return v + (a[1] = x + 0.5)
    },
    SPECIAL.map((x) => [make([1, 2]), x]),
  )
  holds(
    'compound',
    (a: NumberArray, x: number) => {
      a[0]! += x
      a[1]! -= x
      a[2]! *= x
      a[3]! /= x
      a[4]! %= x
      a[5]! **= 2
      a[6]! |= x
      a[7]! <<= 3
      a[8]! >>>= 1
      a[9]! ^= x
      return (a[10]! += x)
    },
    SPECIAL.map((x) => [make(SPECIAL.slice(9, 20)), x]),
  )
  holds(
    '++ and --',
    (a: NumberArray) => {
      let s = 0
      for (let i = 0; i < a.length; i++) {
        s += a[i]!++
        s -= --a[i]!
        ++a[i]!
      }
      return s
    },
    [[all]],
  )
  holds(
    'a constant',
    (a: NumberArray) => {
      a[0] = 300
      a[1] = -1
      a[2] = 0.5
      a[3] = 1e10
      a[4] = NaN
      a[5] = -0
      a[6] = 1.5
      a[7] = 2.5
    },
    [[make([1, 2, 3, 4, 5, 6, 7, 8])]],
  )
  holds('-0 as an index', (a: NumberArray, z: number) => a[z * -1]! + a[-0]!, [[all, 0]])
  holds(
    'new',
    new Function(
      'n',
      `const a = new ${arrayName}(n); for (let i = 0; i < a.length; i++) a[i] = i * 1.5 - 2; return a`,
    ) as Kernel,
    [[0], [5], [-0]],
  )
  holds('new, zeroed', new Function('n', `return new ${arrayName}(n)`) as Kernel, [[3], [0]])
  holds('new, without a length', new Function(`const a = new ${arrayName}(); return a.length`) as Kernel, [[]])
  holds('length', (a: NumberArray) => a.length * 2 - 1, [[all], [empty]])
  holds('returned as it came', (a: NumberArray) => a, [[all], [empty]])
})

describe('array variables', () => {
  holds(
    'swapped',
    (u: Float64Array, v: Float64Array, n: number) => {
      let a = u
      let b = v
      for (let i = 0; i < n; i++) {
        for (let j = 1; j < a.length - 1; j++) b[j] = (a[j - 1]! + a[j + 1]!) / 2
        const t = a
        a = b
        b = t
      }
      return a
    },
    [0, 1, 2, 7].map((n) => [f64(1, 2, 3, 4, 9), f64(0, 0, 0, 0, 0), n]),
  )
  holds(
    'parameters swapped',
    (a: Float64Array, b: Float64Array) => {
      const t = a
      a = b
      b = t
      a[0] = 1
      b[0] = 2
      return b
    },
    [[f64(5, 5), f64(6)]],
  )
  holds(
    'chosen',
    (a: Float64Array, b: Float64Array, first: boolean) => {
      const t = first ? a : b
      t[0]! += 1
      return t
    },
    [
      [f64(1), f64(2), true],
      [f64(1), f64(2), false],
    ],
  )
  holds(
    'chosen by the path',
    (a: Float64Array, n: number) => {
      let t = a
      if (n > 0) t = new Float64Array(n)
      t[0] = 7
      return t
    },
    [
      [f64(1), 0],
      [f64(1), 2],
    ],
  )
  holds(
    'the lengths change',
    (a: Float64Array, b: Float64Array) => {
      let t = a
      let s = 0
      for (let i = 0; i < t.length; i++) {
        s += t[i]!
        if (i === 0) t = b
      }
      return s * 10 + t.length
    },
    [
      [f64(1, 2), f64(3, 4, 5, 6)],
      [f64(1, 2, 3), f64(9)],
    ],
  )
  holds(
    'new arrays in a loop',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        const a = new Int32Array(i + 1)
        a[i] = i
        s += a[i]! + a[0]! + a.length
      }
      return s
    },
    [[0], [1], [20]],
  )
  holds(
    'new arrays swapped in a loop',
    (n: number) => {
      let a = new Float64Array(4)
      a[1] = 1
      for (let i = 0; i < n; i++) {
        const b = new Float64Array(4)
        for (let j = 1; j < 3; j++) b[j] = a[j - 1]! + a[j + 1]!
        a = b
      }
      return a
    },
    [[0], [1], [9]],
  )
  holds(
    'one array under two names',
    (a: Float64Array) => {
      const b = a
      b[0] = 5
      a[1] = b[0]! + 1
      return a[0]! * 10 + b[1]!
    },
    [[f64(1, 2)]],
  )
  holds(
    'fresh arrays are zeroed each time',
    (n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) {
        const a = new Uint8Array(8)
        for (let j = 0; j < 8; j++) {
          s += a[j]!
          a[j] = 9
        }
      }
      return s
    },
    [[5]],
  )
  holds(
    'elements as indices',
    (a: Float64Array, p: Uint8Array) => {
      let s = 0
      for (let i = 0; i < p.length; i++) s = s * 3 + a[p[i]!]!
      return s
    },
    [[f64(1, 2, 3), Uint8Array.of(2, 0, 1, 2)]],
  )
  holds(
    'whole floats as indices',
    (a: Float64Array, p: Float64Array) => {
      let s = 0
      for (let i = 0; i < p.length; i++) s = s * 3 + a[p[i]!]! + a[Math.floor(p[i]! / 2)]!
      return s
    },
    [[f64(1, 2, 3), f64(2, 0, 1, -0)]],
  )
  holds(
    'sorting in place',
    (a: Int32Array) => {
      for (let i = 1; i < a.length; i++) {
        const x = a[i]!
        let j = i - 1
        while (j >= 0 && a[j]! > x) {
          a[j + 1] = a[j]!
          j--
        }
        a[j + 1] = x
      }
    },
    [[i32(5, -3, 9, 0, 5)], [i32()]],
  )
  holds(
    'counting',
    (a: Uint8Array) => {
      const c = new Uint32Array(256)
      for (let i = 0; i < a.length; i++) c[a[i]!]!++
      return c
    },
    [[Uint8Array.of(1, 255, 1)]],
  )
  holds(
    'a prefix sum in float32',
    (a: Float32Array) => {
      for (let i = 1; i < a.length; i++) a[i]! += a[i - 1]!
    },
    [[Float32Array.of(0.1, 0.2, 1e8, 1, -1e8)]],
  )
})

describe('arguments that overlap', () => {
  const bytes = () => Uint8Array.from({ length: 64 }, (_, k) => k * 7).buffer
  const shift: Kernel = (a: NumberArray, b: NumberArray) => {
    for (let i = 0; i < b.length && i < a.length; i++) b[i] = a[i]! + 1
    return a[0]!
  }
  const overlapping = (make: (b: ArrayBuffer) => [NumberArray, NumberArray]) => make(bytes())
  holds('by some elements', shift, [overlapping((b) => [new Int32Array(b, 0, 12), new Int32Array(b, 8, 12)])])
  holds('of two types', shift, [overlapping((b) => [new Uint8Array(b, 3, 40), new Int16Array(b, 8, 20)])])
  holds('the very same array', shift, [
    (() => {
      const a = f64(1, 2, 3)
      return [a, a]
    })(),
  ])
  holds('two views of the same bytes', shift, [overlapping((b) => [new Float64Array(b), new Float64Array(b)])])
  holds('which of two equal arrays comes back', (a: Float64Array, b: Float64Array) => (a[0] === 1 ? b : a), [
    [f64(1), f64(1)],
  ])
})
