import { describe, expect, test } from 'vitest'
import { checkedSites, passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import { read } from '../ir/read.ts'
import { prange } from '../prange.ts'
import { bounds } from './bounds.ts'
import { inline } from './inline.ts'

type Kernel = (...args: never[]) => unknown
interface Case {
  readonly kernel: Kernel
  readonly types: readonly ArgType[]
  /** What stays checked, as the user wrote it. */
  readonly left: readonly string[]
  /** Calls that end well: the same as plain JavaScript. */
  readonly plain?: readonly (readonly unknown[])[]
  /** Calls that may fail: as before the pass. */
  readonly calls?: readonly (readonly unknown[])[]
}

const x = (n = 8) => Float64Array.from({ length: n }, (_, i) => i * 1.5 - 2)
const ints = (...values: number[]) => Int32Array.of(...values)

function check({ kernel, types, left, plain = [], calls = [] }: Case): void {
  const before = inline(lowered(kernel, types))
  const after = bounds(before, passContext())
  expect(checkedSites(after)).toEqual(left)
  expectSame(after, before, [...plain, ...calls])
  expectPlain(after, kernel, plain)
}

const doubled = (x: Float64Array): Float64Array => {
  const r = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = 2 * x[i]!
  return r
}

describe('accesses that ranges prove', () => {
  const cases: Record<string, Case> = {
    'to the length': { kernel: doubled, types: ['float64[]'], left: [], plain: [[x()], [x(0)]] },
    'down from the end': {
      kernel: (x: Float64Array) => {
        for (let i = x.length - 1; i >= 0; i--) x[i]! += i
      },
      types: ['float64[]'],
      left: [],
      plain: [[x()], [x(0)]],
    },
    'neighbours within the rim': {
      kernel: (x: Float64Array) => {
        const r = new Float64Array(x.length)
        for (let i = 1; i < x.length - 1; i++) r[i] = x[i - 1]! + x[i]! + x[i + 1]!
        return r
      },
      types: ['float64[]'],
      left: [],
      plain: [[x()], [x(1)], [x(0)]],
    },
    'every second': {
      kernel: (x: Float64Array) => {
        let s = 0
        for (let i = 0; i + 0 < x.length; i += 1) s += x[i]!
        for (let i = 1; i < x.length; i += 2) s += x[i]! * x[i - 1]!
        return s
      },
      types: ['float64[]'],
      left: ['x[i]'],
      plain: [[x()], [x(7)], [x(0)]],
    },
    'rows and columns of a new array': {
      kernel: (n: number, m: number) => {
        const r = new Float64Array(n * m)
        for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) r[i * m + j] = i - j
        return r
      },
      types: ['int32', 'int32'],
      left: [],
      plain: [
        [3, 4],
        [0, 4],
        [-2, -3],
      ],
      calls: [[-2, 3]],
    },
    'a triangle': {
      kernel: (n: number) => {
        const r = new Float64Array(n * n)
        for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[j * n + i] = r[i * n + j]! + 1
        return r
      },
      types: ['int32'],
      left: [],
      plain: [[5], [0]],
    },
    'in a helper': {
      kernel: (x: Float64Array) => {
        const y = doubled(x)
        for (let i = 0; i < y.length; i++) x[i] = y[i]!
      },
      types: ['float64[]'],
      left: [],
      plain: [[x()]],
    },
    'in a prange': {
      kernel: (x: Float64Array) => {
        for (const i of prange(x.length)) x[i] = Math.abs(x[i]!)
      },
      types: ['float64[]'],
      left: [],
      plain: [[x()]],
    },
    constants: {
      kernel: () => {
        const t = new Float64Array(4)
        t[3] = t[0]! + 1
        for (let i = 0; i < 4; i++) t[3 - i]! += i
        return t
      },
      types: [],
      left: [],
      plain: [[]],
    },
  }
  for (const [name, one] of Object.entries(cases)) test(name, () => check(one))
})

describe('accesses that must stay checked', () => {
  const cases: Record<string, Case> = {
    'a size that is not the length': {
      kernel: (x: Float64Array, n: number) => {
        for (let i = 0; i < n; i++) x[i] = i
      },
      types: ['float64[]', 'int32'],
      left: ['x[i]'],
      plain: [
        [x(), 8],
        [x(), -3],
      ],
      calls: [[x(), 9]],
    },
    'an array of another size': {
      kernel: (n: number, m: number) => {
        const r = new Float64Array(n)
        for (let i = 0; i < m; i++) r[i] = i
        return r
      },
      types: ['int32', 'int32'],
      left: ['r[i]'],
      plain: [[4, 4]],
      calls: [
        [4, 5],
        [-1, 0],
      ],
    },
    'one past the end': {
      kernel: (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i + 1]!
        for (let i = 0; i <= x.length; i++) s += x[i]!
        return s
      },
      types: ['float64[]'],
      left: ['x[i + 1]', 'x[i]'],
      calls: [[x()], [x(0)]],
    },
    'one before the start': {
      kernel: (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i - 1]!
        return s
      },
      types: ['float64[]'],
      left: ['x[i - 1]'],
      plain: [[x(0)]],
      calls: [[x()]],
    },
    'down from the length': {
      kernel: (x: Float64Array) => {
        for (let i = x.length; i >= 0; i--) x[i] = i
        for (let i = x.length - 1; i >= -1; i--) x[i] = i
      },
      types: ['float64[]'],
      left: ['x[i]', 'x[i]'],
      calls: [[x()]],
    },
    'two steps at a time, reaching ahead': {
      kernel: (x: Float64Array) => {
        for (let i = 0; i < x.length; i += 2) x[i] = x[i + 1]!
      },
      types: ['float64[]'],
      left: ['x[i + 1]'],
      plain: [[x()], [x(0)]],
      calls: [[x(7)]],
    },
    'a shorter array under the same name': {
      kernel: (x: Float64Array, y: Float64Array) => {
        let a = x
        const n = a.length
        a = y
        for (let i = 0; i < n; i++) a[i] = i
      },
      types: ['float64[]', 'float64[]'],
      left: ['a[i]'],
      calls: [
        [x(4), x(2)],
        [x(4), x(8)],
      ],
    },
    'a parameter given another array': {
      kernel: (x: Float64Array, y: Float64Array) => {
        const n = x.length
        if (n > 2) x = y
        for (let i = 0; i < n; i++) x[i] = i
      },
      types: ['float64[]', 'float64[]'],
      left: ['x[i]'],
      calls: [
        [x(4), x(2)],
        [x(2), x(1)],
      ],
    },
    'an array exchanged in the loop': {
      kernel: (x: Float64Array, y: Float64Array) => {
        let a = x
        for (let i = 0; i < x.length; i++) {
          a[i] = i
          if (i > 1) a = y
        }
      },
      types: ['float64[]', 'float64[]'],
      left: ['a[i]'],
      calls: [
        [x(4), x(2)],
        [x(4), x(4)],
      ],
    },
    'a size that changes after the array is made': {
      kernel: (n: number) => {
        const r = new Float64Array(n)
        n += 1
        for (let i = 0; i < n; i++) r[i] = i
        return r
      },
      types: ['int32'],
      left: ['r[i]'],
      calls: [[3], [0], [-1]],
    },
    'a limit noted before its size changes': {
      kernel: (x: Float64Array, n: number) => {
        let m = x.length
        const last = m - 1
        m = n
        for (let i = 0; i < m; i++) x[i] = last - i
        return x[last - m]!
      },
      types: ['float64[]', 'int32'],
      left: ['x[i]', 'x[last - m]'],
      calls: [
        [x(4), 3],
        [x(4), 5],
      ],
    },
    'a value of the turn before': {
      kernel: (x: Float64Array) => {
        let last = x.length
        for (let i = 0; i < x.length; i++) {
          x[last] = i
          last = i
        }
      },
      types: ['float64[]'],
      left: ['x[last]'],
      calls: [[x()], [x(0)]],
    },
    'a product of two negative sizes': {
      kernel: (n: number, m: number, i: number) => {
        const r = new Float64Array(n * m)
        r[i * m] = 1
        return r
      },
      types: ['int32', 'int32', 'int32'],
      left: ['r[i * m]'],
      calls: [
        [-2, -3, -1],
        [-2, -3, 0],
      ],
    },
    'an index that is read': {
      kernel: (x: Float64Array, at: Int32Array) => {
        for (let i = 0; i < at.length; i++) x[at[i]!] = i
      },
      types: ['float64[]', 'int32[]'],
      left: ['x[at[i]]'],
      plain: [[x(), ints(3, 1, 0)]],
      calls: [
        [x(), ints(3, 8)],
        [x(), ints(-1)],
      ],
    },
    'an index that wraps': {
      kernel: (x: Float64Array, k: number) => {
        for (let i = 0; i < x.length; i++) x[(i + k) | 0] = i
      },
      types: ['float64[]', 'int32'],
      left: ['x[i + k | 0]'],
      calls: [
        [x(), 0],
        [x(), -1],
      ],
    },
    'a length rounded in doubles': {
      kernel: (n: number, big: number) => {
        const r = new Float64Array(n + big - big)
        for (let i = 0; i < n; i++) r[i] = i
        return r
      },
      types: ['int32', 'float64'],
      left: ['r[i]'],
      calls: [
        [3, 2 ** 60],
        [3, 0.5],
      ],
    },
    'columns counted past the row': {
      kernel: (n: number, m: number) => {
        const r = new Float64Array(n * m)
        for (let i = 0; i < n; i++) for (let j = 0; j <= m; j++) r[i * m + j] = j
        return r
      },
      types: ['int32', 'int32'],
      left: ['r[i * m + j]'],
      calls: [[2, 3]],
    },
    'rows of another stride': {
      kernel: (n: number, m: number) => {
        const r = new Float64Array(n * m)
        for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) r[i * n + j] = j
        return r
      },
      types: ['int32', 'int32'],
      left: ['r[i * n + j]'],
      calls: [
        [3, 2],
        [2, 3],
      ],
    },
  }
  for (const [name, one] of Object.entries(cases)) test(name, () => check(one))
})

describe('in modules that others make', () => {
  const module = (locals: string, body: string) =>
    read(`module f portable entry f
source 0 "f" line 1
  | x[i]
site 0 bounds "x" 0:0-4

func f(x: float64[], n: index) canfail {
${locals}
${body}
  return
}
`)

  test('a local that is read before the only place that assigns it', () => {
    const before = module(
      '  local i: index\n  local last: index',
      `  loop: for i in 0..length(x) span 0:0-4 {
    if i > 0 {
      checked x[last - i]@0 = 1.0
    }
    last = i
  }`,
    )
    const after = bounds(before, passContext())
    expect(checkedSites(after)).toEqual(['x[i]'])
    expectSame(after, before, [[x(3), 0]])
  })

  test('the variable of a loop that has ended', () => {
    const before = module(
      '  local i: index\n  local j: index\n  local k: index',
      `  out: block {
    loop: for i in 0..length(x) span 0:0-4 {
      j = i + 1
      break out
    }
  }
  loop.1: for k in 0..length(x) span 0:0-4 {
    checked x[j + k]@0 = 1.0
  }`,
    )
    const after = bounds(before, passContext())
    expect(checkedSites(after)).toEqual(['x[i]'])
    expectSame(after, before, [[x(3), 0]])
  })
})

describe('without checks', () => {
  const kernel = (x: Float64Array, n: number, at: number) => {
    for (let i = 0; i < n; i++) x[i] = x[at]!
  }

  test('whole indices are trusted, others still looked at', () => {
    const before = inline(lowered(kernel, ['float64[]', 'int32', 'float64']))
    const after = bounds(before, passContext({ boundscheck: false }))
    expect(checkedSites(after)).toEqual(['x[at]'])
    expectSame(after, before, [
      [x(), 8, 1],
      [x(), 8, 1.5],
    ])
  })

  test('three axes are whole however large', () => {
    const cube = (x: Float64Array, n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) s += x[(i * n + j) * n + i]!
      return s
    }
    const before = inline(lowered(cube, ['float64[]', 'int32']))
    expect(checkedSites(bounds(before, passContext()))).toEqual(['x[(i * n + j) * n + i]'])
    const after = bounds(before, passContext({ boundscheck: false }))
    expect(checkedSites(after)).toEqual([])
    expectPlain(after, cube, [
      [x(8), 2],
      [x(8), -1],
    ])
  })

  test('nothing left to fail at', () => {
    const after = bounds(inline(lowered(kernel, ['float64[]', 'int32', 'int32'])), passContext({ boundscheck: false }))
    expect(after.functions[0]!.canFail).toBe(false)
  })

  test('the same module where nothing can be proven', () => {
    const before = lowered((x: Float64Array, i: number) => x[i], ['float64[]', 'int32'])
    expect(bounds(before, passContext())).toBe(before)
  })
})
