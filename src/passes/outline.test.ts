import { describe, expect, test } from 'vitest'
import { liveAfter } from '../analysis/liveness.ts'
import { forStmt, local, ref } from '../ir/build.ts'
import { interpret } from '../ir/interpret.ts'
import type { Fn, For, Local, Module } from '../ir/ir.ts'
import { printFn } from '../ir/print.ts'
import { read } from '../ir/read.ts'
import { INDEX } from '../ir/types.ts'
import { verify } from '../ir/verify.ts'
import { jumpsOut, outline } from './outline.ts'

const MODULE = `module m portable entry f
source 0 "f" line 1
  | 0123456789
site 0 bounds "a" 0:0-1

func f(n: index, a: float64[]) -> f64 canfail {
  local s: f64
  local t: f64
  local last: index
  local b: float64[]
  local i: index
  b = a
  L: for i in 0..n span 0:0-1 {
    if i == 3 {
      continue L
    }
    t = checked b[i]@0
    checked a[i]@0 = t + 1.5
    s = s + t
    last = i
  }
  return s + f64(last)
}
`
const module = read(MODULE)
const f = module.functions[0]!
const loop = f.body[1] as For
const lo = local('lo', INDEX)
const hi = local('hi', INDEX)
const ranged: For = { ...loop, lo: ref(lo), hi: ref(hi) }
const named = (locals: Iterable<Local>): string[] => [...locals].map((l) => l.name)

describe('outline', () => {
  test('what is read comes in, what is read afterwards goes out, the rest is its own', () => {
    const { fn, args, results } = outline({
      module,
      name: 'f',
      body: [ranged],
      lead: [lo, hi],
      liveAfter: liveAfter(f, loop),
    })
    expect(named(args.map((arg) => arg.local)).sort()).toEqual(['a', 'b', 'last', 's'])
    expect(named(results)).toEqual(['s', 'last'])
    expect(fn.canFail).toBe(true)
    expect(printFn(fn)).toMatchInlineSnapshot(`
      "func f.1(lo: index, hi: index, s.in: f64, last.in: index, a: float64[], b: float64[]) -> f64, index canfail {
        local s: f64
        local last: index
        local i: index
        local t: f64
        s = s.in
        last = last.in
        L: for i in lo..hi span 0:0-1 {
          if i == 3 {
            continue L
          }
          t = checked b[i]@0
          checked a[i]@0 = t + 1.5
          s = s + t
          last = i
        }
        return s, last
      }"
    `)
  })

  test('the function with a call in the place of the region means the same', () => {
    const { fn, args, results } = outline({
      module,
      name: 'f',
      body: [ranged],
      lead: [lo, hi],
      liveAfter: liveAfter(f, loop),
    })
    const call = { kind: 'call', fn: fn.name, args: [loop.lo, loop.hi, ...args], results, site: 0 } as const
    const caller: Fn = { ...f, body: [f.body[0]!, call, f.body[2]!] }
    const outlined: Module = { ...module, functions: [caller, fn] }
    verify(outlined)
    const [before, after] = [Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(1, 2, 3, 4, 5)]
    expect(interpret(outlined, [5, after])).toBe(interpret(module, [5, before]))
    expect(after).toEqual(before)
    expect(interpret(outlined, [0, after])).toBe(0)
  })

  test('where nothing is read afterwards nothing goes out, and no parameter is assigned', () => {
    const { fn, results } = outline({ module, name: 'g', body: [ranged], lead: [lo, hi], liveAfter: new Set() })
    expect(results).toEqual([])
    expect(fn.name).toBe('g')
    verify({ ...module, functions: [f, fn] })
    expect(named(fn.params).slice(0, 2)).toEqual(['lo', 'hi'])
    expect(named(fn.params)).toContain('s.in')
  })

  test('a region that jumps out of itself is refused', () => {
    expect(jumpsOut([loop])).toBe(false)
    expect(jumpsOut(loop.body)).toBe(true)
    expect(jumpsOut(f.body)).toBe(true)
    const region = { module, name: 'g', body: loop.body, lead: [], liveAfter: new Set<Local>() }
    expect(() => outline(region)).toThrow('jumps out of itself')
  })

  test('one local is another in the new function, its label too', () => {
    const inner = forStmt(loop.label, loop.variable, ref(lo), ref(hi), loop.body, loop.span)
    const { fn } = outline({ module, name: 'g', body: [inner], lead: [lo, hi], liveAfter: new Set() })
    for (const l of [...fn.params, ...fn.locals]) expect([...f.params, ...f.locals, lo, hi]).not.toContain(l)
    expect((fn.body.find((s) => s.kind === 'for') as For).label).not.toBe(loop.label)
  })
})
