import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import { printFn } from '../ir/print.ts'
import { runPasses } from './index.ts'
import { reread } from './reread.ts'

interface Case {
  // biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
  readonly kernel: (...args: any[]) => unknown
  /** What the text has afterwards; undefined where it stays as it is. */
  readonly text: string | undefined
}

const CASES: Record<string, Case> = {
  'the largest, and where': {
    kernel: (x: Float64Array) => {
      let m = -Infinity
      let k = 0
      for (let i = 0; i < x.length; i++) {
        if (x[i]! > m) {
          m = x[i]!
          k = i
        }
      }
      return m + k
    },
    text: 'm = x[i]',
  },
  'the smallest of every other, in whole numbers': {
    kernel: (x: Float64Array) => {
      const r = new Int32Array(x.length)
      for (let i = 0; i < x.length; i++) r[i] = x[i]!
      let m = 1000
      for (let i = 0; i < x.length; i++) if (2 * r[i]! < m) m = r[i]!
      return m
    },
    text: 'm = index(r[i',
  },
  'not where it is used again': {
    kernel: (x: Float64Array) => {
      let m = 0
      let s = 0
      for (let i = 0; i < x.length; i++) {
        if (x[i]! < m) m = x[i]!
        s += x[i]!
      }
      return m + s
    },
    text: undefined,
  },
  'not where the element may have changed': {
    kernel: (x: Float64Array) => {
      let m = 0
      for (let i = 0; i < x.length; i++) {
        const v = x[i]!
        if (x[i]! < m) {
          x[i] = 7
          m = v
        }
      }
      return m
    },
    text: undefined,
  },
}

describe('reads an element again where it is compared and kept', () => {
  for (const [name, { kernel, text }] of Object.entries(CASES)) {
    test(name, () => {
      const types: readonly ArgType[] = ['float64[]']
      const lower = lowered(kernel, types)
      let before = lower
      const after = runPasses(lower, passContext({ target: 'js' }), (_, pass, given) => {
        if (pass.name === 'reread') before = given
      })
      const calls = [[Float64Array.of(3, -1, NaN, 8, -0, 8, -4)], [new Float64Array(0)]]
      if (text === undefined) expect(after).toBe(before)
      else {
        expect(printFn(before.functions[0]!)).not.toContain(text)
        expect(printFn(after.functions[0]!)).toContain(text)
      }
      expectSame(after, lower, calls)
      expectPlain(after, kernel, calls)
      expect(reread(after)).toBe(after)
    })
  }
})
