import { describe, expect, test } from 'vitest'
import { WasmEnv } from '../../../test/house/wasm-env.ts'
import { Symbols } from '../../analysis/symbols.ts'
import { interpret } from '../../ir/interpret.ts'
import type { Fn, For, Module, Stmt, While } from '../../ir/ir.ts'
import { read } from '../../ir/read.ts'
import { verify } from '../../ir/verify.ts'
import { stmtBodies, visitStmts } from '../../ir/walk.ts'
import { type Pointer, planOf } from './places.ts'
import type { Sum } from './sums.ts'

/** A function of two arrays and sizes; its accesses are proven, which the calls below have to keep. */
function moduleOf(body: string): Module {
  const lines = body.split('\n').map((line) => `  ${line}`)
  const module = read(`module f target entry f
source 0 "f" line 1
  | x[i]
site 0 bounds "x" 0:0-4

func f(x: float64[], y: float64[], q: int32[], n: index, m: i32, l: i64) {
  local i: index
  local j: index
  local k: index
  local at: i64
  local to: index
  local v: f64
${lines.join('\n')}
  return
}
`)
  verify(module)
  return module
}

const loopsIn = (stmts: readonly Stmt[]): (For | While)[] =>
  stmts.flatMap((s) => [
    ...(s.kind === 'for' || s.kind === 'while' ? [s] : []),
    ...stmtBodies(s).flatMap((body) => loopsIn(body)),
  ])

const text = (sum: Sum): string =>
  [...sum].map(([key, { coef }]) => (key === '' ? `${coef}` : coef === 1 ? key : `${coef} * ${key}`)).join(' + ') || '0'

/** The pointers of the innermost loops, and the accesses at each: array, rest and offset. */
function planned(body: string): string[] {
  const fn: Fn = moduleOf(body).functions[0]!
  const symbols = new Symbols(fn)
  return loopsIn(fn.body).flatMap((loop) => {
    const { spots, pointers } = planOf(loop, () => symbols)
    const accessesAt = (pointer: Pointer | undefined) =>
      [...spots]
        .filter(([, spot]) => spot.pointer === pointer)
        .map(([access, { rest, offset }]) => `${pointer ? '' : access.array.name}[${text(rest)}] ${offset}`)
        .join(', ')
    const base = accessesAt(undefined)
    return [
      ...pointers.map((p) => {
        const moves = p.moves.size > 0 ? ` moving ${text(p.moves)}` : ''
        return `${p.array.name} + ${text(p.start)}${moves}: ${accessesAt(p)}`
      }),
      ...(base === '' ? [] : [`no pointer: ${base}`]),
    ]
  })
}

/** Runs the module with pointers, and in the interpreter, on arrays that hold their own indices. */
function expectRight(body: string, n: number, m: number, l: number, length: number): void {
  const args = () => [
    Float64Array.from({ length }, (_, k) => k),
    Float64Array.from({ length }, (_, k) => 100 + k),
    Int32Array.from({ length }, (_, k) => (7 * k) % length),
    n,
    m,
  ]
  const module = moduleOf(body)
  const expected = [...args(), l]
  interpret(module, expected)
  const actual = args()
  new WasmEnv(module).call(...(actual as never[]), BigInt(l))
  expect(actual.slice(0, 3)).toEqual(expected.slice(0, 3))
}

const loop = (of: string, ...body: string[]) =>
  [`loop: for ${of} span 0:0-4 {`, ...body.map((b) => `  ${b}`), '}'].join('\n')
const loop1 = (of: string, ...body: string[]) => loop(of, ...body).replace('loop:', 'loop.1:')
const rows = (...body: string[]) => loop('i in 0..n', ...loop1('k in 1..(n - 1)', ...body).split('\n'))

interface Case {
  readonly body: string
  readonly plan: readonly string[]
  readonly n?: number
  readonly m?: number
  readonly l?: number
  readonly length?: number
}

const cases: Record<string, Case> = {
  'a row and its neighbours have one pointer': {
    body: rows(
      'v = x[(i64(i) * i64(n)) + i64(k)]@0 + x[((i64(i) * i64(n)) + i64(k)) - 1i64]@0',
      'y[(i * n) + (k + 1)]@0 = v',
    ),
    plan: ['x + i * n + -1: [k] 0, [k] 8', 'y + i * n + 1: [k] 0'],
  },
  'a column moves': {
    body: rows('y[k]@0 = x[(k * n) + i]@0 + x[((k - 1) * n) + i]@0'),
    plan: ['x + k * n + i moving n: [0] 0', 'x + k * n + -1 * n + i moving n: [0] 0', 'no pointer: y[k] 0'],
  },
  'downward, in steps': {
    body: loop('i in 0..n', ...loop1('k in (n - 1)..0 step -2', 'y[(i * n) + k]@0 = x[(k * n) + i]@0').split('\n')),
    plan: ['y + i * n: [k] 0', 'x + k * n + i moving n: [0] 0'],
  },
  'three axes': {
    body: loop(
      'i in 0..2',
      ...loop1(
        'j in 0..n',
        ...loop('k in 0..n', 'x[(((i64(i) * i64(n)) + i64(j)) * i64(n)) + i64(k)]@0 = f64(k)')
          .replace('loop:', 'loop.2:')
          .split('\n'),
      ).split('\n'),
    ),
    plan: ['x + i * n * n + j * n: [k] 0'],
    n: 3,
    length: 18,
  },
  'a local of the body stands for what it was assigned': {
    body: rows('at = (i64(i) * i64(n)) + i64(k)', 'x[at]@0 = y[at - 1i64]@0'),
    plan: ['x + i * n: [k] 0', 'y + i * n + -1: [k] 0'],
  },
  'what is looked up is added': {
    body: rows('x[(i * n) + index(q[k]@0)]@0 = y[index(q[(i * n) + k]@0)]@0'),
    plan: ['x + i * n: [q[k]@0] 0', 'q + i * n: [k] 0', 'no pointer: q[k] 0, y[q[(i * n) + k]@0] 0'],
    n: 4,
    length: 40,
  },
  'a part that changes in the loop stays': {
    body: ['to = 0', rows('x[(i * n) + to]@0 = f64(k)', 'to = k')].join('\n'),
    plan: ['x + i * n: [to] 0'],
  },
  'constants out of reach have pointers of their own': {
    body: loop('k in 0..4', 'x[k]@0 = (x[k + 4096]@0 + x[k + 4097]@0) + (x[k + 9000]@0 + x[k + 4095]@0)'),
    plan: ['x + 4097: [k] 0', 'x + 9000: [k] 0', 'no pointer: x[k] 0, x[k] 32760, x[k] 32768'],
    length: 9004,
  },
  'sizes of other types': {
    body: loop('k in 0..n', 'x[(i64(m) * l) - i64(k)]@0 = y[index(i32(l) * m)]@0'),
    plan: ['x + l * m: [-1 * k] 0', 'y + l * m: [0] 0'],
    m: 3,
    l: 4,
    n: 5,
  },
  'a remainder may divide by 0 before the loop': {
    body: rows('if m > 0i32 {', '  x[index(i32(i) % m) + k]@0 = f64(k)', '}'),
    plan: ['no pointer: x[i32(i) % m + k] 0'],
    m: 0,
  },
  'as long as a condition holds': {
    body: [
      'k = 1',
      'loop: while (x[(n * n) - k]@0 > 3.0) & (k < n) span 0:0-4 {',
      '  y[(n * n) - k]@0 = 1.0',
      '  k = k + 1',
      '}',
    ].join('\n'),
    plan: ['y + n * n: [-1 * k] 0', 'x + n * n: [-1 * k] 0'],
  },
}

describe('pointers of loops', () => {
  for (const [name, { body, plan, n = 5, m = 2, l = 1, length = 26 }] of Object.entries(cases)) {
    test(name, () => {
      expect(planned(body)).toEqual(plan)
      expectRight(body, n, m, l, length)
    })
  }

  test('none where a loop stands in the loop, and none for an array that the loop chooses', () => {
    const { functions } = moduleOf(rows('y = x', 'y[k]@0 = x[k]@0'))
    const places: (string | undefined)[] = []
    const [outer, inner] = loopsIn(functions[0]!.body) as [For, For]
    expect(planOf(outer, () => new Symbols(functions[0]!)).spots.size).toBe(0)
    for (const access of planOf(inner, () => new Symbols(functions[0]!)).spots.keys()) places.push(access.array.name)
    expect(places).toEqual(['x'])
    let stores = 0
    visitStmts(inner.body, { stmt: (s) => void (stores += s.kind === 'store' ? 1 : 0) })
    expect(stores).toBe(1)
  })
})
