import { describe, expect, test } from 'vitest'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { Module } from '../ir/ir.ts'
import { printFn } from '../ir/print.ts'
import { read } from '../ir/read.ts'
import { verify } from '../ir/verify.ts'
import { visitStmts } from '../ir/walk.ts'
import { inline } from './inline.ts'

const square = (v: number): number => v * v
const clamp = (v: number, lo: number, hi: number): number => {
  if (v < lo) return lo
  if (v > hi) return hi
  return v
}
const find = (x: Float64Array, v: number): number => {
  for (let i = 0; i < x.length; i++) if (x[i] === v) return i
  return -1
}
const total = (x: Float64Array, from: number): number => {
  let s = 0
  for (let i = from; i < x.length; i++) s += x[i]!
  return s
}
const longer = (x: Float64Array, y: Float64Array): Float64Array => (x.length > y.length ? x : y)
const doubled = (x: Float64Array): Float64Array => {
  const r = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = 2 * x[i]!
  return r
}
const put = (x: Float64Array, i: number, v: number): void => {
  if (i < 0) return
  x[i] = v
}

function callsLeft(module: Module): string[] {
  const left: string[] = []
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'call') left.push(s.fn)
      },
    })
  }
  return left
}

const x = () => Float64Array.of(3, -1, 4, 1, -5, 9, 2, 6)

describe('inline', () => {
  test('an expression in a loop', () => {
    const kernel = (x: Float64Array, n: number) => {
      let s = 0
      for (let i = 0; i < n; i++) s += square(x[i]!) + square(2)
      return s
    }
    const before = lowered(kernel, ['float64[]', 'int32'])
    const after = inline(before)
    expect(after.functions.map((fn) => fn.name)).toEqual(['kernel'])
    expectSame(after, before, [
      [x(), 8],
      [x(), 9],
      [x(), 0],
    ])
    expectPlain(after, kernel, [[x(), 8]])
  })

  test('early returns become ifs without jumps', () => {
    const kernel = (x: Float64Array) => {
      for (let i = 0; i < x.length; i++) x[i] = clamp(x[i]!, -1.5, square(2))
    }
    const before = lowered(kernel, ['float64[]'])
    const after = inline(before)
    let jumps = 0
    visitStmts(after.functions[0]!.body, {
      stmt: (s) => {
        if (s.kind === 'break' || s.kind === 'block') jumps++
      },
    })
    expect(jumps).toBe(0)
    expectSame(after, before, [[x()]])
    expectPlain(after, kernel, [[x()]])
  })

  test('a return out of a loop leaves a block', () => {
    const kernel = (x: Float64Array, v: number) => find(x, v) * 10 + find(x, v + 1)
    const before = lowered(kernel, ['float64[]', 'int32'])
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    expect(after.functions[0]!.body.filter((s) => s.kind === 'block')).toHaveLength(2)
    const calls = [-5, 1, 9, 77].map((v) => [x(), v])
    expectSame(after, before, calls)
    expectPlain(after, kernel, calls)
  })

  test('failures keep their place in the helper', () => {
    const kernel = (x: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) put(x, n - i - 2, i)
      return total(x, -n + 4)
    }
    const before = lowered(kernel, ['float64[]', 'int32'])
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    expectSame(after, before, [
      [x(), 4],
      [x(), 5],
      [x(), 9],
      [x(), 12],
    ])
    expectPlain(after, kernel, [[x(), 4]])
  })

  test('arrays come and go, a parameter keeps its identity', () => {
    const kernel = (x: Float64Array, y: Float64Array, n: number) => {
      let a = x
      for (let t = 0; t < n; t++) {
        const b = doubled(longer(a, y))
        put(b, t, total(a, 0))
        a = b
      }
      return longer(a, y)
    }
    const before = lowered(kernel, ['float64[]', 'float64[]', 'int32'])
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    const calls = [0, 1, 3].map((n) => [x(), Float64Array.of(7, 8), n])
    expectSame(after, before, calls)
    expectPlain(after, kernel, calls)
  })

  test('a helper that assigns its parameter has its own', () => {
    const halve = (v: number): number => {
      let n = 0
      while (v > 1) {
        v /= 2
        n++
      }
      return n
    }
    const kernel = (v: number) => {
      let all = 0
      for (let k = 0; k < 3; k++) {
        all += halve(v) * 100
        v += halve(v)
      }
      return all + v
    }
    const before = lowered(kernel, ['float64'])
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    expectPlain(after, kernel, [[1000], [3.5]])
  })

  const HAND = (calls: string) => `module m portable entry f
source 0 "f" line 1
  | 0123456789
site 0 call "f" 0:0-1

func f(n: index) -> index {
  local i: index
  local s: index
  local t: index
${calls}
  return s + t
}

func counted(by: index) -> index {
  local c: index
  if by > 2 {
    c = c + by
  }
  return c + 1
}

func swapped(a: index, b: index) -> index, index {
  return b, a + b
}
`

  test('locals start anew in each iteration', () => {
    const before = read(HAND('L: for i in 0..n span 0:0-1 {\nt = call counted(i)@0\ns = s + t\n}'))
    verify(before)
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    expectSame(after, before, [[3], [7]])
    expect(printFn(after.functions[0]!)).toContain('c = 0')
  })

  test('several results may go where arguments came from', () => {
    const before = read(HAND('s = 1\nt = n\nL: for i in 0..n span 0:0-1 {\ns, t = call swapped(s, t)@0\n}'))
    verify(before)
    const after = inline(before)
    expect(callsLeft(after)).toEqual([])
    expectSame(after, before, [[1], [5]])
  })

  const RECURSIVE = HAND('t = call down(n)@0').replace(
    'func swapped',
    `func down(k: index) -> index {
  local d: index
  if k == 0 {
    return 0
  }
  d = call once(k)@0
  return d + 2
}

func once(k: index) -> index {
  local d: index
  d = call down(k - 1)@0
  return d
}

func swapped`,
  )

  test('recursive functions stay calls, unused ones go', () => {
    const before = read(RECURSIVE)
    verify(before)
    const after = inline(before)
    expect(after.functions.map((fn) => fn.name)).toEqual(['f', 'down', 'once'])
    expectSame(after, before, [[0], [5]])
    expect(inline(after)).toBe(after)
  })

  test('large helpers are written out once at most', () => {
    const big = (v: number): number => {
      let s = v
      s += Math.sqrt(s) + s * 2 + s * 3 + s * 4 + s * 5 + s * 6 + s * 7 + s * 8 + s * 9 + s * 10
      s += Math.sqrt(s) + s * 2 + s * 3 + s * 4 + s * 5 + s * 6 + s * 7 + s * 8 + s * 9 + s * 10
      s += Math.sqrt(s) + s * 2 + s * 3 + s * 4 + s * 5 + s * 6 + s * 7 + s * 8 + s * 9 + s * 10
      return s
    }
    const once = lowered((v: number) => big(v), ['float64'])
    const twice = lowered((v: number) => big(v) + big(-v), ['float64'])
    expect(callsLeft(inline(once))).toEqual([])
    expect(callsLeft(inline(twice))).toEqual(['big', 'big'])
    expectSame(inline(once), once, [[2]])
  })
})
