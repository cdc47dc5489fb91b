import { describe, expect, test } from 'vitest'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import { FAILING, LOOPS } from '../../test/support/loops.ts'
import type { Module } from '../ir/ir.ts'
import { printFn } from '../ir/print.ts'
import { visitStmts } from '../ir/walk.ts'
import { chunk, chunkBy } from './chunk.ts'
import { inline } from './inline.ts'

const names = (module: Module): string[] => module.functions.map((fn) => fn.name)

function count(module: Module, fn: number, kind: string): number {
  let found = 0
  visitStmts(module.functions[fn]!.body, {
    stmt: (s) => {
      if (s.kind === kind) found++
    },
  })
  return found
}

/** Loops of a few turns are cut up too, in every way. */
const SMALL = { calls: 3, callsAgain: 2, few: 3, leaf: 2, leafAgain: 2, nestAgain: 2, copied: 2000, levels: 4 }

describe('chunk', () => {
  test.each(LOOPS)('$name', ({ kernel, types, calls }) => {
    const before = lowered(kernel, types)
    for (const module of [before, inline(before)]) {
      const after = chunk(module)
      expect(after.functions.length).toBeGreaterThan(module.functions.length)
      expectSame(after, before, calls())
      expectPlain(after, kernel, calls())
      expectSame(chunkBy(module, SMALL), before, calls())
    }
  })

  test.each(FAILING)('a failure $name', ({ kernel, types, calls }) => {
    const before = lowered(kernel, types)
    for (const module of [before, inline(before)]) {
      const after = chunk(module)
      expect(after.functions.length).toBeGreaterThan(module.functions.length)
      expectSame(after, before, calls())
      expectSame(chunkBy(module, SMALL), before, calls())
    }
  })

  test('a sum: what the driver and the range look like', () => {
    const sum = (x: Float64Array, n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) s += x[i]!
      return s
    }
    const after = chunk(lowered(sum, ['float64[]', 'int32']))
    expect(after.functions.map(printFn).join('\n\n')).toMatchInlineSnapshot(`
      "func sum(x: float64[], n.in: i32) -> f64 canfail {
        local n: index
        local s: f64
        local at: index
        local end: index
        local next: index
        local stride: index
        n = index(n.in)
        s = 0.0
        at = 0
        end = n
        stride = index(max(floor((f64(end) - f64(at)) * 0.0078125), 256.0))
        chunks: while at < end span 0:29-67 {
          next = cond((f64(end) - f64(at)) > f64(stride), at + stride, end)
          s = call sum.i(at, next, s, x)@1
          at = next
        }
        return s
      }

      func sum.i(at: index, next: index, s.in: f64, x: float64[]) -> f64 canfail {
        local s: f64
        local i: index
        local e: f64
        s = s.in
        loop: for i in at..next span 0:29-67 {
          e = checked x[i]@0
          s = s + e
        }
        return s
      }"
    `)
  })

  test('a loop of few turns stays, the loops in it go', () => {
    const nest = (x: Float64Array, n: number) => {
      let s = 0
      for (let k = 0; k < 4; k++) for (let i = 0; i < n; i++) s += x[i]! * k
      return s
    }
    const after = chunk(lowered(nest, ['float64[]', 'int32']))
    expect(names(after)).toEqual(['nest', 'nest.i'])
    expectPlain(after, nest, [[Float64Array.from({ length: 300 }, (_, k) => k), 300]])
  })

  test('loops of few turns and no loops in them are left alone', () => {
    const few = (x: Float64Array) => {
      for (let i = 0; i < 100; i++) x[i] = i
      let n = 0
      while (x[n]! < 50) n++
      return n
    }
    const before = lowered(few, ['float64[]'])
    expect(chunk(before)).toBe(before)
  })

  test('a loop that swaps arrays stays, the loop in it goes', () => {
    const steps = LOOPS.find((loop) => loop.name === 'steps in time')!
    const after = chunk(inline(lowered(steps.kernel, steps.types)))
    expect(after.functions).toHaveLength(2)
    expect(count(after, 0, 'for')).toBe(2)
    expect(count(after, 1, 'for')).toBe(1)
  })

  test('code grows within bounds, however deep the nest', () => {
    const deep = (n: number) => {
      let s = 0
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++)
          for (let c = 0; c < n; c++) for (let d = 0; d < n; d++) for (let e = 0; e < n; e++) s += a + b * c - d * e
      return s
    }
    const before = lowered(deep, ['int32'])
    const after = chunk(before)
    expect(names(after)).toEqual(['deep', 'deep.c', 'deep.b', 'deep.a'])
    expectPlain(after, deep, [[4]])
  })

  test('launched functions and what runs in parallel stay as they are', () => {
    const before = lowered(
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i]!
        return s
      },
      ['float64[]'],
    )
    const sum = before.functions[0]!
    const other = { ...sum, name: 'other' }
    const after = chunk({ ...before, functions: [sum, other] })
    expect(after.functions.find((fn) => fn.name === 'other')).toBe(other)
  })
})
