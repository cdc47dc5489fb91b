import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import { print } from '../ir/print.ts'
import { verify } from '../ir/verify.ts'
import { prange } from '../prange.ts'
import { annotate } from './annotate.ts'
import { bounds } from './bounds.ts'
import { hoist } from './hoist.ts'
import { rejoin } from './rejoin.ts'
import { separate } from './separate.ts'

type Kernel = (...args: never[]) => unknown

function separated(kernel: Kernel, types: readonly ArgType[]) {
  const context = passContext()
  const before = bounds(annotate(lowered(kernel, types, true), context), context)
  const after = separate(before)
  verify(after)
  return { before, after, text: print(after) }
}
const count = (s: string, what: RegExp): number => s.match(what)?.length ?? 0
const x = (n: number) => Float64Array.from({ length: n }, (_, k) => (((k * 7) % 11) - 4) / 2)

function sums(a: Float64Array, r: Float64Array) {
  for (let i = 0; i < r.length; i++) for (let k = 0; k < a.length; k++) r[i]! += a[k]!
}

describe('a nest', () => {
  test('is asked about once, and is there as it was where arrays overlap', () => {
    const { before, after, text } = separated(sums, ['float64[]', 'float64[]'])
    expect(count(text, /overlap\(/g)).toBe(1)
    const a = x(9)
    expectSame(after, before, [
      [x(4), x(5)],
      [a, a],
      [a.subarray(0, 5), a.subarray(3, 7)],
    ])
    expectPlain(hoist(after), sums, [[a.subarray(0, 5), a.subarray(3, 7)]])
  })

  test('is there once again where nobody has relied on the answer', () => {
    const { before, after } = separated(sums, ['float64[]', 'float64[]'])
    expect(print(rejoin(after))).toBe(print(before))
    expect(print(rejoin(hoist(after)))).toContain('overlap(')
  })

  test('needs no question where its arrays cannot overlap', () => {
    const made = (a: Float64Array) => {
      const r = new Float64Array(a.length)
      for (let i = 0; i < r.length; i++) for (let k = 0; k < a.length; k++) r[i]! += a[k]!
      return r
    }
    const { before, after } = separated(made, ['float64[]'])
    expect(after).toBe(before)
  })

  test('is left alone where its arrays change', () => {
    const swapped = (a: Float64Array, b: Float64Array, n: number) => {
      let from = a
      let to = b
      for (let t = 0; t < n; t++) {
        for (let i = 0; i < to.length; i++) to[i] = t
        const other = from
        from = to
        to = other
      }
    }
    const { before, after } = separated(swapped, ['float64[]', 'float64[]', 'int32'])
    expect(after).toBe(before)
  })
})

describe('a prange', () => {
  test('asks no more than the nest around it', () => {
    const kernel = (a: Float64Array, r: Float64Array) => {
      for (const i of prange(r.length)) {
        let s = 0
        for (let k = 0; k < a.length; k++) s += a[k]!
        r[i] = s
      }
    }
    const { text } = separated(kernel, ['float64[]', 'float64[]'])
    expect(count(text, /overlap\(/g)).toBe(1)
    expect(count(text, /for parallel/g)).toBe(1)
    expect(text).not.toContain('serialif')
  })

  test('keeps its tree of sums where arrays overlap', () => {
    const kernel = (a: Float64Array, r: Float64Array) => {
      let s = 0
      for (const i of prange(r.length)) {
        let t = 0
        for (let k = 0; k < a.length; k++) t += a[k]!
        r[i] = t
        s += t
      }
      return s
    }
    const { text } = separated(kernel, ['float64[]', 'float64[]'])
    expect(count(text, /for parallel .* reduce\(tree add s\)/g)).toBe(2)
  })
})
