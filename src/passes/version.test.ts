import { describe, expect, test } from 'vitest'
import { checkedSites, passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered, outcome } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module, Stmt } from '../ir/ir.ts'
import { printExpr } from '../ir/print.ts'
import { stmtBodies } from '../ir/walk.ts'
import { prange } from '../prange.ts'
import { annotate } from './annotate.ts'
import { bounds } from './bounds.ts'
import { inline } from './inline.ts'
import { version } from './version.ts'

type Kernel = (...args: never[]) => unknown
type Call = readonly unknown[]

const x = (n = 12) => Float64Array.from({ length: n }, (_, i) => ((i * 7) % 5) * 1.5 - 2)
const zeros = (n: number) => new Float64Array(n)

function prepared(kernel: Kernel, types: readonly ArgType[]): { before: Module; after: Module; notes: string[] } {
  const context = passContext()
  const before = bounds(annotate(inline(lowered(kernel, types, true)), context), context)
  const after = version(before, context)
  return { before, after, notes: context.notes.map((note) => note.text) }
}

/** The statements `if` with a loop on either side: what this pass writes. */
function versions(module: Module): { fast: Stmt; slow: Stmt }[] {
  const found: { fast: Stmt; slow: Stmt }[] = []
  const visit = (stmts: readonly Stmt[]) => {
    for (const s of stmts) {
      if (s.kind === 'if' && s.then[0]?.kind === 'for' && s.else[0]?.kind === 'for') {
        found.push({ fast: s.then[0], slow: s.else[0] })
      }
      for (const body of stmtBodies(s)) visit(body)
    }
  }
  for (const fn of module.functions) visit(fn.body)
  return found
}

const checkedIn = (module: Module, stmt: Stmt) =>
  checkedSites({ ...module, functions: [{ ...module.functions[0]!, body: [stmt] }] })

/** A module whose slow copies fail at once: what still runs took the fast ones. */
function fastOnly(module: Module): Module {
  const cut = (stmts: readonly Stmt[]): Stmt[] =>
    stmts.map((s): Stmt => {
      if (s.kind !== 'if') return 'body' in s ? { ...s, body: cut(s.body) } : s
      const twice = s.then[0]?.kind === 'for' && s.else[0]?.kind === 'for'
      return { ...s, then: cut(s.then), else: twice ? [{ kind: 'fail', site: 0, values: [] }] : cut(s.else) }
    })
  return { ...module, functions: module.functions.map((fn) => ({ ...fn, body: cut(fn.body) })) }
}

interface Case {
  readonly kernel: Kernel
  readonly types: readonly ArgType[]
  /** Calls that the fast copies serve. */
  readonly fast: readonly Call[]
  /** Calls that the checks before a loop send to the copy with checks. */
  readonly slow?: readonly Call[]
  /** What stays checked even in the fast copy. */
  readonly left?: readonly string[]
}

function check({ kernel, types, fast, slow = [], left = [] }: Case): void {
  const { before, after } = prepared(kernel, types)
  const [only, ...more] = versions(after)
  expect(more).toEqual([])
  expect(checkedIn(after, only!.fast)).toEqual(left)
  expect(checkedIn(after, only!.slow).length).toBeGreaterThan(left.length)
  expectSame(after, before, [...fast, ...slow])
  expectPlain(after, kernel, fast)
  expectPlain(fastOnly(after), kernel, fast)
  for (const call of slow) {
    expect(outcome(fastOnly(after), call).failure, 'slow').toMatchObject({ code: after.sites[0]!.code })
  }
}

describe('nests whose extremes are known before them', () => {
  const cases: Record<string, Case> = {
    'up to a size': {
      kernel: (x: Float64Array, n: number) => {
        let s = 0
        for (let i = 0; i < n; i++) s += x[i]!
        return s
      },
      types: ['float64[]', 'int32'],
      fast: [
        [x(), 12],
        [x(), 1],
      ],
      slow: [[x(), 13]],
    },
    'rows by a stride': {
      kernel: (x: Float64Array, n: number, f: number) => {
        const r = new Float64Array(n)
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) for (let k = 0; k < f; k++) r[i]! += x[i * f + k]! * x[j * f + k]!
        return r
      },
      types: ['float64[]', 'int32', 'int32'],
      fast: [
        [x(), 4, 3],
        [x(), 3, 0],
        [x(), 3, -5],
      ],
      slow: [[x(), 4, 4]],
    },
    'a product of matrices': {
      kernel: (a: Float64Array, b: Float64Array, n: number) => {
        const c = new Float64Array(n * n)
        for (let i = 0; i < n; i++)
          for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!
        return c
      },
      types: ['float64[]', 'float64[]', 'int32'],
      fast: [
        [x(9), x(9), 3],
        [x(9), x(9), 0],
      ],
      slow: [
        [x(9), x(8), 3],
        [x(8), x(9), 3],
      ],
    },
    'an offset and a stride that may be negative': {
      kernel: (x: Float64Array, n: number, stride: number, offset: number) => {
        for (let i = 0; i < n; i++) x[i * stride + offset] = i
      },
      types: ['float64[]', 'int32', 'int32', 'int32'],
      fast: [
        [x(), 4, 3, 2],
        [x(), 12, 1, 0],
        [x(), 3, 0, 11],
      ],
      slow: [
        [x(), 4, 3, 3],
        [x(), 4, -3, 11],
        [x(), 4, -3, 8],
        [x(), 4, 3, -1],
      ],
    },
    'downward, in steps': {
      kernel: (x: Float64Array, n: number, m: number) => {
        for (let i = n; i > m; i -= 2) x[i] = x[i - 1]!
      },
      types: ['float64[]', 'int32', 'int32'],
      fast: [
        [x(), 11, 0],
        [x(), 4, 2],
      ],
      slow: [
        [x(), 12, 0],
        [x(), 3, -1],
      ],
    },
    'sizes whose products take 53 bits': {
      kernel: (x: Float64Array, n: number, m: number, k: number) => {
        for (let i = 0; i < 2; i++) x[(i + n) * m - k] = i
      },
      types: ['float64[]', 'int32', 'int32', 'int32'],
      fast: [[x(), 3, 2, 5]],
      slow: [
        [x(), 2 ** 26, 2 ** 26, 2 ** 26],
        [x(), 3, 4, 4],
        [x(), 3, 2, 7],
      ],
    },
    'three axes, whose index is a double': {
      kernel: (a: Float64Array, b: Float64Array, n: number, m: number, l: number) => {
        for (let i = 1; i < n; i++) {
          for (let j = 0; j < m - 1; j++) {
            for (let k = 0; k < l; k++)
              b[(i * m + j) * l + k] = a[((i - 1) * m + j) * l + k]! + a[(i * m + j + 1) * l + k]!
          }
        }
      },
      types: ['float64[]', 'float64[]', 'int32', 'int32', 'int32'],
      fast: [
        [x(24), x(24), 2, 3, 4],
        [x(24), x(24), 2, 4, 3],
        [x(0), x(0), 2, 0, 3],
        [x(24), x(24), -2, -3, 4],
      ],
      slow: [
        [x(23), x(24), 2, 3, 4],
        [x(24), x(19), 2, 3, 4],
        [x(24), x(24), 2 ** 26, 2 ** 26, 2 ** 26],
      ],
    },
    'four axes, with a row in a variable': {
      kernel: (a: Float64Array, n: number, m: number, l: number) => {
        let s = 0
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < m; j++) {
            for (let k = 0; k < l; k++) {
              const row = ((i * m + j) * l + k) * n
              for (let o = 0; o < n; o++) s += a[row + o]! * a[o + row]!
            }
          }
        }
        return s
      },
      types: ['float64[]', 'int32', 'int32', 'int32'],
      fast: [
        [x(24), 2, 2, 3],
        [x(24), 2, 3, 2],
      ],
      slow: [
        [x(23), 2, 3, 2],
        [x(1), 2 ** 26, 2 ** 26, 2 ** 26],
      ],
    },
    'a factor of a double that may be 0 or negative': {
      kernel: (x: Float64Array, n: number, m: number, z: number) => {
        let s = 0
        for (let i = 0; i < 2; i++) s += x[(((i + n) * m + n) * m + n) * z + i]!
        return s
      },
      types: ['float64[]', 'int32', 'int32', 'int32'],
      fast: [[x(), 1, 1, 1]],
      slow: [
        [x(), 2 ** 26, 2 ** 26, 0],
        [x(), 1, 1, 0],
        [x(), 1, -1, -1],
        [x(), 2, 2, 2],
      ],
    },
    'a difference of doubles that were rounded stays checked': {
      kernel: (x: Float64Array, n: number) => {
        let s = 0
        for (let i = 0; i < 2; i++) s += x[i]! + x[(n + i) * n * n - n * n * n]!
        return s
      },
      types: ['float64[]', 'int32'],
      fast: [[x(), 1]],
      slow: [[x(1), 1]],
      left: ['x[(n + i) * n * n - n * n * n]'],
    },
    'in a prange': {
      kernel: (x: Float64Array, y: Float64Array, n: number) => {
        for (const i of prange(n)) x[i] = y[i + 1]!
      },
      types: ['float64[]', 'float64[]', 'int32'],
      fast: [[x(), x(), 11]],
      slow: [[x(), x(), 12]],
    },
    'with ways out, and what it leaves behind': {
      kernel: (x: Float64Array, n: number, v: number) => {
        let at = -1
        let seen = 0
        rows: for (let i = 0; i < n; i++) {
          for (let j = 0; j < 3; j++) {
            seen += j
            if (x[i * 3 + j]! < v) continue
            at = i
            if (j === 2) break rows
            if (v < -1) return -5
          }
        }
        return at * 100 + seen
      },
      types: ['float64[]', 'int32', 'int32'],
      fast: [
        [x(), 4, 2],
        [x(), 4, 9],
        [x(), 4, -2],
      ],
      slow: [[x(), 5, 9]],
    },
    'what a condition on the loop keeps inside stays checked': {
      kernel: (x: Float64Array, n: number, o: number) => {
        let s = 0
        for (let i = 0; i < n; i++) {
          s += x[i]!
          if (i > o) s -= x[i - o]!
        }
        return s
      },
      types: ['float64[]', 'int32', 'int32'],
      fast: [
        [x(), 12, 3],
        [x(), 12, 20],
      ],
      slow: [[x(), 13, 3]],
      left: ['x[i - o]'],
    },
    'what is looked up stays checked': {
      kernel: (x: Float64Array, at: Int32Array, n: number) => {
        for (let i = 0; i < n; i++) x[at[i]!] = i
      },
      types: ['float64[]', 'int32[]', 'int32'],
      fast: [[x(), Int32Array.of(3, 11), 2]],
      slow: [[x(), Int32Array.of(3, 12), 3]],
      left: ['x[at[i]]'],
    },
  }
  for (const [name, one] of Object.entries(cases)) test(name, () => check(one))
})

describe('where', () => {
  const smooth = (a: Float64Array, b: Float64Array, h: number, w: number, steps: number) => {
    for (let t = 0; t < steps; t++) {
      for (let y = 1; y < h - 1; y++) {
        for (let x = 1; x < w - 1; x++) b[y * w + x] = a[(y - 1) * w + x]! + a[(y + 1) * w + x]! + a[y * w + x - 1]!
      }
      const s = a
      a = b
      b = s
    }
    return a
  }
  const types: ArgType[] = ['float64[]', 'float64[]', 'int32', 'int32', 'int32']

  test('the outermost loop in which the arrays stay the same', () => {
    const { before, after, notes } = prepared(smooth, types)
    expect(versions(after).map(({ fast }) => fast.kind === 'for' && fast.variable.name)).toEqual(['y'])
    expect(notes).toContain('Indices into `a`, `b` are checked once, before the loop.')
    const calls = [
      [x(12), zeros(12), 3, 4, 2],
      [x(12), zeros(11), 3, 4, 2],
      [x(12), zeros(3), 3, 4, 2],
      [x(12), zeros(12), -3, -4, 2],
    ]
    expectSame(after, before, calls)
    expectPlain(fastOnly(after), smooth, [[x(12), zeros(12), 3, 4, 2]])
  })

  test('one check stands for those that it implies', () => {
    const { after } = prepared(smooth, types)
    const conditions: string[] = []
    const visit = (stmts: readonly Stmt[]) => {
      for (const s of stmts) {
        if (s.kind === 'if' && s.then[0]?.kind === 'for') conditions.push(printExpr(s.cond))
        for (const body of stmtBodies(s)) visit(body)
      }
    }
    visit(after.functions[0]!.body)
    expect(conditions).toMatchInlineSnapshot(`
      [
        "((f64(length(a)) + 1.0) >= (f64(w.in) * f64(h.in))) & (((f64(length(b)) + 1.0) + f64(w.in)) >= (f64(w.in) * f64(h.in)))",
      ]
    `)
  })

  describe('a row that is looked up, before an innermost loop', () => {
    const rows = (x: Float64Array, starts: Int32Array) => {
      let s = 0
      for (let i = 0; i < starts.length - 1; i++) {
        const end = starts[i + 1]!
        for (let k = starts[i]!; k < end; k++) s += x[k]!
      }
      return s
    }
    test('is asked for where the loop turns often', () => {
      const { before, after } = prepared(rows, ['float64[]', 'int32[]'])
      const [only, ...more] = versions(after)
      expect(more).toEqual([])
      expect(checkedIn(after, only!.fast)).toEqual([])
      const calls = [
        [x(40), Int32Array.of(0, 20, 40)],
        [x(40), Int32Array.of(0, 3, 40, 5, 30)],
        [x(39), Int32Array.of(0, 20, 40)],
        [x(40), Int32Array.of(-1, 20, 40)],
        [x(40), Int32Array.of()],
      ]
      expectSame(after, before, calls)
      expectPlain(after, rows, calls.slice(0, 2))
    })

    test('is not where a check would be left in it', () => {
      const sparse = (x: Float64Array, starts: Int32Array, columns: Int32Array) => {
        let s = 0
        for (let i = 0; i < starts.length - 1; i++) {
          for (let k = starts[i]!; k < 9; k++) s += x[columns[k]!]!
        }
        return s
      }
      expect(versions(prepared(sparse, ['float64[]', 'int32[]', 'int32[]']).after)).toEqual([])
    })
  })

  test('sizes that change in the nest', () => {
    const kernel = (x: Float64Array, n: number) => {
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < n; j++) x[j] = i
        n += 1
      }
    }
    const { before, after } = prepared(kernel, ['float64[]', 'int32'])
    expect(versions(after)).toEqual([])
    expectSame(after, before, [
      [x(5), 3],
      [x(5), 2],
    ])
  })

  test('a size that was another when a part of the index was made', () => {
    const kernel = (x: Float64Array, n: number) => {
      let m = n
      const half = m - 4
      m = n + 2
      for (let i = 0; i < m; i++) x[i + half] = m
      return m
    }
    const { before, after } = prepared(kernel, ['float64[]', 'int32'])
    for (let n = 0; n < 10; n++) expectSame(after, before, [[x(8), n]])
  })

  test('a size that was another when the array was made', () => {
    const kernel = (n: number, o: number) => {
      let m = n
      const r = new Float64Array(m)
      m = n + 2
      for (let i = 0; i < m; i++) r[i + o] = i
      return r
    }
    const { before, after } = prepared(kernel, ['int32', 'int32'])
    for (let o = -2; o < 3; o++) expectSame(after, before, [[5, o]])
  })

  test('on request, nothing is checked at all', () => {
    const context = passContext({ boundscheck: false })
    const module = inline(lowered(smooth, types))
    expect(version(module, context)).toBe(module)
  })
})

test('a failing call has the effects of plain JavaScript', () => {
  const kernel = (x: Float64Array, n: number) => {
    for (let i = 0; i < n; i++) x[i] = -i
  }
  const { after } = prepared(kernel, ['float64[]', 'int32'])
  const { args, failure } = outcome(after, [x(3), 5])
  expect(args[0]).toEqual(Float64Array.of(-0, -1, -2))
  expect(failure).toMatchObject({ code: 'bounds', subject: 'x', value0: 3, value1: 3 })
})
