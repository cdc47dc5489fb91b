import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { visitStmts } from '../ir/walk.ts'
import { prange } from '../prange.ts'
import { fill } from './fill.ts'
import { runPasses } from './index.ts'
import { inline } from './inline.ts'

function zeros(module: Module): boolean[] {
  const found: boolean[] = []
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'alloc') found.push(s.zero)
      },
    })
  }
  return found
}

interface Case {
  readonly kernel: (...args: never[]) => unknown
  readonly types: readonly ArgType[]
  /** Whether each array is made of zeros. */
  readonly zero: readonly boolean[]
  readonly plain: readonly (readonly unknown[])[]
}

function check({ kernel, types, zero, plain }: Case): void {
  const before = inline(lowered(kernel, types, true))
  const after = fill(before)
  expect(zeros(after)).toEqual(zero)
  expectSame(after, before, plain)
  expectPlain(after, kernel, plain)
  // With all passes, too.
  expectPlain(runPasses(lowered(kernel, types, true), passContext()), kernel, plain)
}

const x = (n = 6) => Float64Array.from({ length: n }, (_, i) => i * 1.5 - 2)

const doubled = (x: Float64Array): Float64Array => {
  const r = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = 2 * x[i]!
  return r
}

describe('arrays that are written as a whole', () => {
  const cases: Record<string, Case> = {
    'to the length it was made with': { kernel: doubled, types: ['float64[]'], zero: [false], plain: [[x()], [x(0)]] },
    'to its own length, on both ways': {
      kernel: (x: Float64Array) => {
        const r = new Float32Array(x.length)
        for (let i = 0; i < r.length; i++) {
          if (x[i]! > 1) r[i] = x[i]!
          else r[i] = -1
        }
        return r
      },
      types: ['float64[]'],
      zero: [false],
      plain: [[x()], [x(0)]],
    },
    'in a prange, other work before it': {
      kernel: (x: Float64Array, n: number) => {
        const r = new Float64Array(n)
        let s = 0
        for (let i = 0; i < x.length; i++) {
          if (i > 3) break
          s += x[i]!
        }
        for (const i of prange(n)) r[i] = s + i
        return r
      },
      types: ['float64[]', 'int32'],
      zero: [false],
      plain: [
        [x(), 5],
        [x(), 0],
      ],
    },
    'by a helper, again and again': {
      kernel: (x: Float64Array, n: number) => {
        let s = 0
        for (let k = 0; k < n; k++) {
          const y = doubled(x)
          s += y[k]!
        }
        return s
      },
      types: ['float64[]', 'int32'],
      zero: [false],
      plain: [[x(), 4]],
    },
  }
  for (const [name, one] of Object.entries(cases)) test(name, () => check(one))
})

describe('arrays that keep some of their zeros', () => {
  const types = ['float64[]', 'int32'] as const
  const plain = [
    [x(), 3],
    [x(), 0],
    [x(), 6],
  ]
  const kernels: Record<string, (x: Float64Array, n: number) => unknown> = {
    'fewer written than made': (x, n) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < n; i++) r[i] = x[i]!
      return r
    },
    'the first left out': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 1; i < x.length; i++) r[i] = x[i]!
      return r
    },
    'every second': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i += 2) r[i] = x[i]!
      return r
    },
    'under a condition': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) if (x[i]! > 0) r[i] = x[i]!
      return r
    },
    'after a continue': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) {
        if (x[i]! < 0) continue
        r[i] = x[i]!
      }
      return r
    },
    'until a break': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) {
        if (x[i]! > 2) break
        r[i] = x[i]!
      }
      return r
    },
    'read in the loop': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) r[i] = x[i]! + r[(i + 1) % 6]!
      return r
    },
    'added to': (x) => {
      const r = new Float64Array(x.length)
      for (let i = 0; i < x.length; i++) r[i]! += x[i]!
      return r
    },
    'read before': (x, n) => {
      const r = new Float64Array(x.length + 1)
      const s = r[n]!
      for (let i = 0; i < r.length; i++) r[i] = s
      return r
    },
    'returned before': (x, n) => {
      const r = new Float64Array(x.length)
      if (n > 3) return r
      for (let i = 0; i < x.length; i++) r[i] = 1
      return r
    },
    'under another name': (x, n) => {
      const r = new Float64Array(x.length)
      let s = x
      if (n > 3) s = r
      for (let i = 0; i < x.length; i++) r[i] = s[x.length - 1 - i]!
      return r
    },
    'left for a label': (x, n) => {
      const r = new Float64Array(x.length)
      for (let k = 0; k < 1; k++) {
        if (n > 3) break
        for (let i = 0; i < x.length; i++) r[i] = 1
      }
      return r
    },
    'rows and columns, which may both be negative': (_x, n) => {
      const m = n - 3
      const r = new Float64Array(m * m)
      for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) r[i * m + j] = 1
      return r
    },
  }
  for (const [name, kernel] of Object.entries(kernels)) {
    test(name, () => check({ kernel, types, zero: [true], plain }))
  }
})
