import { describe, expect, test } from 'vitest'
import { numbersFrom } from '../../test/ir/nests.ts'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered, outcome } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { print } from '../ir/print.ts'
import { verify } from '../ir/verify.ts'
import { bounds } from './bounds.ts'
import { carry } from './carry.ts'
import { inline } from './inline.ts'
import { version } from './version.ts'

type Kernel = (...args: never[]) => unknown

const context = passContext()
const prepared = (kernel: Kernel, types: readonly ArgType[]): Module =>
  version(bounds(inline(lowered(kernel, types)), context), context)

/** The innermost loops' statements, from the first that names `carried`, `stored` or asks for overlaps. */
function written(module: Module): string[] {
  const lines = print(module).split('\n')
  return lines.map((line) => line.trim()).filter((line) => /carried|stored|overlap/.test(line) && !/^local /.test(line))
}

const x = (n = 8) => Float64Array.from({ length: n }, (_, i) => ((i * 7) % 5) * 1.5 - 2)

describe('what one turn stores and the next one loads', () => {
  const cases: Record<string, { kernel: Kernel; types: ArgType[]; calls: unknown[][]; written: string[] }> = {
    'a running sum': {
      kernel: (x: Float64Array) => {
        for (let i = 1; i < x.length; i++) x[i] = x[i - 1]! + x[i]!
      },
      types: ['float64[]'],
      calls: [[x()], [x(1)], [x(0)], [x(2)]],
      written: ['carried = x[1 - 1]@0', 'e = carried', 'carried = e + e.1', 'x[i]@2 = carried'],
    },
    'downward, in a row': {
      kernel: (x: Float64Array, n: number) => {
        for (let i = 0; i < n; i++) for (let j = n - 2; j >= 0; j--) x[i * n + j] = x[i * n + j + 1]! * 2 - i
      },
      types: ['float64[]', 'int32'],
      calls: [
        [x(9), 3],
        [x(4), 2],
        [x(1), 1],
        [x(), -1],
        [x(8), 3],
      ],
      written: [
        'carried = x[((i64(i) * i64(n)) + i64(from)) + 1i64]@0',
        'e = carried',
        'carried = (e * 2.0) - f64(i)',
        'x[(i64(i) * i64(n)) + i64(j)]@1 = carried',
      ],
    },
    'beside an array that may be the same': {
      kernel: (x: Float64Array, y: Float64Array, n: number) => {
        for (let i = 1; i < n; i++) {
          y[i] = 1
          x[i] = x[i - 1]! + 3
        }
      },
      types: ['float64[]', 'float64[]', 'int32'],
      calls: [
        [x(), x(), 8],
        [x(), x(), 0],
        [x(), x(4), 8],
      ],
      written: [
        'if not(overlap(y, x)) {',
        'carried = x[1 - 1]@1',
        'e = carried',
        'carried = e + 3.0',
        'x[i]@2 = carried',
      ],
    },
    'loaded again after the store': {
      kernel: (x: Float64Array, n: number) => {
        let s = 0
        for (let i = 1; i < n; i++) {
          x[i] = x[i - 1]! + 3
          if (x[i]! > 5) s += x[i - 1]!
        }
        return s
      },
      types: ['float64[]', 'int32'],
      calls: [
        [x(), 8],
        [x(), 1],
        [x(), 9],
      ],
      written: [
        'carried = x[1 - 1]@0',
        'e = carried',
        'stored = e + 3.0',
        'x[i]@1 = stored',
        'e.2 = carried',
        'carried = stored',
      ],
    },
    'rounded to single': {
      kernel: (x: Float32Array) => {
        for (let i = 1; i < x.length; i++) x[i] = x[i - 1]! * 0.1 + i
      },
      types: ['float32[]'],
      calls: [[new Float32Array(7)]],
      written: ['carried = x[1 - 1]@0', 'e = carried', 'carried = f32((f64(e) * 0.1) + f64(i))', 'x[i]@1 = carried'],
    },
  }
  for (const [name, { kernel, types, calls, written: expected }] of Object.entries(cases)) {
    test(name, () => {
      const before = prepared(kernel, types)
      const after = carry(before)
      verify(after)
      expect(written(after)).toEqual(expected)
      expectSame(after, before, calls)
      const plain = calls.filter((args) => outcome(before, args).failure === undefined)
      expectPlain(after, kernel, plain)
    })
  }

  test('one array twice runs in order', () => {
    const { kernel, types } = cases['beside an array that may be the same']!
    const before = prepared(kernel, types)
    const after = carry(before)
    const one = x()
    expectSame(after, before, [
      [one, one, 8],
      [one, one.subarray(1), 7],
    ])
  })
})

describe('what stays', () => {
  const stays = (name: string, types: ArgType[], kernel: Kernel) =>
    test(name, () => {
      const before = prepared(kernel, types)
      expect(carry(before)).toBe(before)
    })

  stays('what may run in lanes', ['float64[]', 'float64[]', 'int32'], (x: Float64Array, y: Float64Array, n: number) => {
    for (let i = 1; i < n; i++) {
      x[i] = y[i]! * 2
      y[i] = x[i - 1]! + x[i]!
    }
  })
  stays('a store that not every turn makes', ['float64[]', 'int32'], (x: Float64Array, n: number) => {
    for (let i = 1; i < n; i++) if (x[i - 1]! > 0) x[i] = i
  })
  stays('an element of two turns before', ['float64[]', 'int32'], (x: Float64Array, n: number) => {
    for (let i = 2; i < n; i++) x[i] = x[i - 2]! + 1
  })
  stays(
    'what another store may change in between',
    ['float64[]', 'int32', 'int32'],
    (x: Float64Array, n: number, k: number) => {
      for (let i = 1; i < n; i++) {
        x[i] = x[i - 1]! + 1
        x[k] = 0
      }
    },
  )
  stays('bytes, which are cut off', ['uint8[]', 'int32'], (x: Uint8Array, n: number) => {
    for (let i = 1; i < n; i++) x[i] = x[i - 1]! + 100
  })
})

test('random recurrences mean the same before and after', () => {
  let carried = 0
  for (let seed = 1; seed <= 200; seed++) {
    const below = numbersFrom(seed * 104729)
    const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
    const index = () => {
      const by = below(5) - 2
      return by === 0 ? 'i' : `i ${by < 0 ? '-' : '+'} ${Math.abs(by)}`
    }
    const element = () => `${pick(['x', 'x', 'y'])}[${index()}]`
    const statement = (): string =>
      pick([
        () => `${element()} = ${element()} + ${element()} * s`,
        () => `x[i] = x[i - ${pick([1, 1, 2])}] + ${element()}`,
        () => `x[i + 1] = x[i] - ${element()}`,
        () => `s = (s + ${element()}) * 0.5`,
        () => `if (${element()} > 0) ${element()} = ${element()}`,
        () => `s += ${element()} > 1 ? ${element()} : i`,
      ])()
    const step = pick([1, 1, 1, 2])
    const head = pick([
      `let i = m; i < n; i += ${step}`,
      `let i = n - 1; i >= m; i -= ${step}`,
      `let i = m; i <= n; i += ${step}`,
    ])
    const body = Array.from({ length: 1 + below(4) }, statement).join('; ')
    const source = `(function kernel(x, y, n, m) { let s = 0; for (${head}) { ${body} }; return s })`
    // biome-ignore lint/security/noGlobalEval: the kernel is text
    // biome-ignore lint/complexity/noCommaOperator: indirect, so that it sees no variable of this file
    const kernel = (0, eval)(source) as Kernel
    const before = prepared(kernel, ['float64[]', 'float64[]', 'int32', 'int32'])
    const after = carry(before)
    verify(after)
    if (after !== before) carried++
    const both = Float64Array.from({ length: 24 }, (_, k) => (k % 7) - 3)
    for (const [a, b] of [
      [both.slice(0, 14), both.slice(3, 17)],
      [both, both],
      [both.subarray(0, 14), both.subarray(1, 15)],
    ]) {
      for (const [n, m] of [
        [10, 3],
        [3, 10],
        [12, 2],
        [14, 0],
      ]) {
        const args = [a, b, n, m]
        expect(outcome(after, args), source).toStrictEqual(outcome(before, args))
      }
    }
  }
  // Else the kernels show nothing.
  expect(carried).toBeGreaterThan(20)
})
