import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomModule } from '../../test/ir/arbitrary.ts'
import { bool, extract, label, length, load, local, num, op, ref, select } from './build.ts'
import type { Expr, ForKind, Local, Module, Stmt } from './ir.ts'
import { print, printExpr, printFn, printStmt } from './print.ts'
import { ReadError, read } from './read.ts'
import { array, F32, F64, I32, I64, INDEX, mask, scalar, vec } from './types.ts'
import { verify } from './verify.ts'
import { visitStmts } from './walk.ts'

const ROOTS = `module roots portable entry roots
source 0 "roots" line 7 file "demo/π.ts"
  | (x) => {
  |   const r = new Float32Array(x.length)
  |
  |   for (const i of prange(x.length)) r[i] = Math.sqrt(x[i])
  | }
site 0 bounds "x" 0:12-16
site 1 memory "new Float32Array(x.length)" 0:20-30

func sum(x: float64[]) -> f64, index canfail {
  local s: f64
  local i: index
  local \`step\`: index
  L0: for i in 0..length(x) step 2 reduce(tree add s, ordered max \`step\`) span 0:4-9 {
    s = s + (x[i] * -2.5e-7)
    if s > 1e+300 {
      fail(s, -0.0)@0
    } else if s != s {
      continue L0
    } else {
      s = NaN
    }
  }
  return s, \`step\`
}

func body(lo: index, hi: index, x: shared float32[:, :]) {
  local m: mask4
  local v: f32x4
  local k: i32
  v = load(f32x4, x[lo], m)
  store(x[lo + 4]@0, m) = v
  k = 3i32 >>> -1i32
  L: block {
    break L
  }
}

func roots(x: float64[]) -> float32[] canfail {
  local i: index
  local r: float32[]
  local t: f64
  local old: f64
  r = alloc(length(x))@1 raw
  L0: for parallel i in 0..length(x) serialif overlap(r, x) span 0:4-9 {
    t = checked x[i]@0
    checked r[i]@0 = f32(sqrt(t * 2.0))
    old = do atomic.add(checked x[i]@0, 1.0)
    do atomic.compareExchange(x[i], 1.0, 2.0)
  }
  L1: while t < 4.5 span 0:4-9 {
    t, i = call sum(x)@0
  }
  launch body(1..(i + 1), r)@0 serialif true
  return r
}
`

/** Bit for bit; a thousand times faster than a matcher that prepares its report. */
const same = (a: Module, b: Module): boolean => isDeepStrictEqual(structuredClone(a), structuredClone(b))

describe('print and read', () => {
  test('a module as it is documented', () => {
    expect(print(read(ROOTS))).toBe(ROOTS)
  })

  test('any module comes back as it was', () => {
    fc.assert(
      fc.property(fc.gen(), fc.constantFrom('portable' as const, 'target' as const), (g, stage) => {
        const module = randomModule(g, { stage })
        verify(module)
        const again = read(print(module))
        expect(print(again)).toBe(print(module))
        expect(same(again, module)).toBe(true)
        verify(again)
      }),
      { numRuns: 150 },
    )
  })

  test('random modules have every kind of expression and statement', () => {
    const seen = new Set<string>()
    for (const module of fc.sample(
      fc.gen().map((g) => randomModule(g)),
      { numRuns: 150, seed: 1 },
    )) {
      for (const fn of module.functions) {
        visitStmts(fn.body, {
          stmt: (s) => void seen.add(s.kind === 'for' ? `for ${s.forKind}` : s.kind),
          expr: (e) => void seen.add(e.kind),
        })
      }
    }
    const exprs: Record<Expr['kind'], true> = {
      const: true,
      local: true,
      load: true,
      op: true,
      cast: true,
      select: true,
      cond: true,
      ramp: true,
      splat: true,
      shuffle: true,
      extract: true,
      reduce: true,
      length: true,
      overlap: true,
    }
    const stmts: Record<Exclude<Stmt['kind'], 'for'> | `for ${ForKind}`, true> = {
      assign: true,
      store: true,
      do: true,
      call: true,
      alloc: true,
      if: true,
      'for serial': true,
      'for vector': true,
      'for parallel': true,
      'for grid': true,
      'for block': true,
      while: true,
      block: true,
      break: true,
      continue: true,
      return: true,
      fail: true,
      launch: true,
      barrier: true,
    }
    expect([...seen].sort()).toEqual([...Object.keys(exprs), ...Object.keys(stmts)].sort())
  })

  test('locals and labels keep their identity', () => {
    const [sum] = read(ROOTS).functions
    const [s] = sum!.locals
    const [loop] = sum!.body
    if (loop?.kind !== 'for') throw new Error('the first statement is a for')
    expect(loop.reductions[0]!.local).toBe(s)
    const [assign, choice] = loop.body
    expect(assign).toHaveProperty('local', s)
    if (choice?.kind !== 'if' || choice.else[0]?.kind !== 'if') throw new Error('the second is an if')
    const [jump] = choice.else[0].then
    if (jump?.kind !== 'continue') throw new Error('which continues')
    expect(jump.label).toBe(loop.label)
  })
})

describe('constants', () => {
  test.each([
    ['-0.0', num(F64, -0)],
    ['3.0', num(F64, 3)],
    ['0.1', num(F64, 0.1)],
    ['1e+21', num(F64, 1e21)],
    ['5e-324', num(F64, 5e-324)],
    ['NaN', num(F64, NaN)],
    ['-Infinity', num(F64, -Infinity)],
    ['0.1f32', num(F32, 0.1)],
    ['1e-45f32', num(F32, 2 ** -149)],
    ['16777216.0f32', num(F32, 16777216)],
    ['-0.0f32', num(F32, -0)],
    ['NaNf32', num(F32, NaN)],
    ['-Infinityf32', num(F32, -Infinity)],
    ['-5i32', num(I32, -5)],
    ['9223372036854775807i64', num(I64, 2n ** 63n - 1n)],
    ['12', num(INDEX, 12)],
    ['-128i8', num(scalar('i8'), -128)],
    ['true', bool(true)],
  ])('%s', (text, constant) => {
    expect(printExpr(constant)).toBe(text)
    const back = read(`module m portable entry f\nfunc f() {\n return ${text}\n}`).functions[0]!.body[0]
    expect(back).toEqual({ kind: 'return', values: [constant] })
  })
})

describe('parts', () => {
  const i = local('i', INDEX)
  const x = local('x', array('int16'))
  const of = (e: Expr): string => printExpr(e)

  test('expressions', () => {
    expect(of(op('mul', op('add', ref(i), num(INDEX, 1)), ref(i)))).toBe('(i + 1) * i')
    expect(of(op('neg', op('sub', ref(i), num(INDEX, -1))))).toBe('neg(i - -1)')
    expect(of(load(x, ref(i), 'checked', 3))).toBe('checked x[i]@3')
    expect(of(load(x, ref(i), 'proven', -1, vec('i32', 4)))).toBe('load(i32x4, x[i])')
    expect(of(select(op('lt', length(x), ref(i)), ref(i), length(x)))).toBe('select(length(x) < i, i, length(x))')
    expect(of(extract(ref(local('m', mask(2))), 1))).toBe('extract(m, 1)')
  })

  test('an operation whose type does not follow shows it, so that dumps of broken IR tell', () => {
    expect(of({ kind: 'op', type: F64, op: 'add', args: [ref(i), ref(i)] })).toBe('add(i, i) :: f64')
    expect(of({ kind: 'op', type: F64, op: 'gamma', args: [] })).toBe('gamma() :: f64')
  })

  test('statements and functions stand alone too', () => {
    const L = label('L')
    const loop: Stmt = { kind: 'block', label: L, body: [{ kind: 'break', label: L }] }
    expect(printStmt(loop)).toBe('L: block {\n  break L\n}')
    const fn = { name: 'f', params: [x] as Local[], results: [], locals: [], body: [loop], canFail: false }
    expect(printFn(fn)).toBe('func f(x: int16[]) {\n  L: block {\n    break L\n  }\n}')
  })
})

describe('texts that are no module', () => {
  const inside = (line: string) => `module m portable entry f\nfunc f(x: float64[], i: index, t: f64) {\n  ${line}\n}\n`
  test.each([
    ['', 'line 1: the text ends where a module is expected'],
    ['module m early entry f', 'line 1:10: expected one of portable, target'],
    ['module m portable entry f\nsite 1 bounds "x" 0:0-0', 'line 2:6: expected site number 0'],
    ['module m portable entry f\nsite 0 bound "x" 0:0-0', 'line 2:8: expected one of bounds, length'],
    ['module m portable entry f\nsource 0 "x" line 1\nsite', 'expected the text of the source below'],
    ['module m portable entry f\nfunc f(x: float, y: f64) {', 'line 2:16: float is no type'],
    ['module m portable entry f\nfunc f(x: f64, x: f64) {', 'x is declared twice'],
    ['module m portable entry f\nfunc f() {', 'line 2: the text ends where } is expected'],
    [inside('t = u'), 'line 3:7: no local is named u'],
    [inside('t = t +'), 'expected an expression'],
    [inside('t = t + t * t'), 'expected the end of the line'],
    [inside('t = t + i'), 'add has no overload'],
    [inside('t = and(t, t)'), 'and has no overload for (f64, f64)'],
    [inside('t = gamma(t)'), 'no operation is named gamma'],
    [inside('t = i[0]'), 'i is no array'],
    [inside('t = 1.5i32'), '1.5 is no i32'],
    [inside('t = extract(t, 0)'), 'expected a vector or a mask'],
    [inside('t, i = t'), 'expected a call'],
    [inside('break L'), 'expected a label of a loop or block around this'],
    [inside('x[i] t'), 'expected ='],
    [inside('t = "\\q"'), 'line 3'],
    [inside('if t ~ {'), 'expected {'],
  ])('%j', (text, message) => {
    expect(() => read(text)).toThrow(ReadError)
    expect(() => read(text)).toThrow(message)
  })
})
