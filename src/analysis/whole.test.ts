import { describe, expect, test } from 'vitest'
import { numbersFrom } from '../../test/ir/nests.ts'
import { cast, num, op, ref } from '../ir/build.ts'
import type { Expr, Fn, Local } from '../ir/ir.ts'
import { F64, I64, INDEX } from '../ir/types.ts'
import { visitExpr } from '../ir/walk.ts'
import { type Atom, type Poly, show } from './poly.ts'
import { Symbols } from './symbols.ts'
import { type Whole, wholeIndex } from './whole.ts'

const locals: Local[] = ['a', 'b', 'c'].map((name) => ({ name, type: INDEX }))
const large: Local = { name: 'l', type: I64 }
const fraction: Local = { name: 'f', type: F64 }
const params = [...locals, large, fraction]
const fn: Fn = { name: 'f', params, results: [], locals: [], body: [], canFail: false }
const [a, b, c] = locals.map((l) => cast(F64, ref(l))) as [Expr, Expr, Expr]
const l = cast(F64, ref(large))

const found = (e: Expr) => {
  const whole = wholeIndex(new Symbols(fn), e)
  return whole && { poly: show(whole.poly), conditions: whole.conditions.map(show) }
}

describe('which doubles are whole', () => {
  test('sums and products of integers', () => {
    expect(found(op('add', op('mul', op('add', op('mul', a, b), c), b), a))).toEqual({
      poly: 'a·b·b + b·c + a',
      conditions: ['b + -1'],
    })
  })

  test('the exact factor is the one that must be at least 1', () => {
    expect(found(op('mul', op('sub', a, b), op('mul', op('mul', b, c), c)))?.conditions).toEqual([
      'c + -1',
      'a + -1·b + -1',
    ])
  })

  test('neither of two large parts is known when their sum is', () => {
    const cube = op('mul', op('mul', a, b), c)
    expect(found(op('sub', cube, cube))).toBeUndefined()
    expect(found(op('sub', cube, l))).toBeUndefined()
    expect(found(op('sub', l, l))).toBeDefined()
  })

  test('no fractions', () => {
    expect(found(ref(fraction))).toBeUndefined()
    expect(found(op('add', a, ref(fraction)))).toBeUndefined()
    expect(found(op('mul', a, num(F64, 0.5)))).toBeUndefined()
    expect(found(op('div', a, b))).toBeUndefined()
  })
})

// ───────────────────────────── by value ─────────────────────────────

type Values = ReadonlyMap<string, number>

function inDoubles(e: Expr, values: Values): number {
  switch (e.kind) {
    case 'const':
      return Number(e.value)
    case 'local':
      return values.get(e.local.name)!
    case 'cast':
      return inDoubles(e.value, values)
    case 'op': {
      const [x, y] = e.args.map((arg) => inDoubles(arg, values)) as [number, number]
      return e.op === 'add' ? x + y : e.op === 'sub' ? x - y : x * y
    }
    default:
      throw new Error(e.kind)
  }
}

const exactly = (e: Expr, values: Values): bigint => {
  switch (e.kind) {
    case 'op': {
      const [x, y] = e.args.map((arg) => exactly(arg, values)) as [bigint, bigint]
      return e.op === 'add' ? x + y : e.op === 'sub' ? x - y : x * y
    }
    case 'cast':
      return exactly(e.value, values)
    default:
      return BigInt(inDoubles(e, values))
  }
}

const ofPoly = (p: Poly, values: Values): bigint =>
  p.reduce(
    (sum, { coef, atoms }) => sum + atoms.reduce((x, atom: Atom) => x * BigInt(values.get(atom.name)!), BigInt(coef)),
    0n,
  )

test('an index within an array is the integer, and nothing on its way is too large', () => {
  const below = numbersFrom(4711)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!
  const random = (depth: number): Expr => {
    if (depth === 0) return pick([a, b, c, a, b, c, l, num(F64, below(5) - 1)])
    return op(pick(['add', 'sub', 'mul', 'mul']), random(below(depth)), random(below(depth)))
  }
  const sizes = [0, 1, -1, 2, 3, 7, -5, 2 ** 26, 2 ** 31 - 1, -(2 ** 31), 2 ** 30 + 1]
  const done = { whole: 0, within: 0, large: 0 }
  for (let k = 0; k < 4000; k++) {
    const e = random(4)
    const whole: Whole | undefined = e.kind === 'op' ? wholeIndex(new Symbols(fn), e) : undefined
    if (!whole) continue
    done.whole++
    for (let call = 0; call < 20; call++) {
      const values = new Map(locals.map(({ name }) => [name, pick(sizes)]))
      values.set('l', pick([...sizes, 2 ** 53 - 1, 2 ** 52 + 1, 1 - 2 ** 53]))
      const at = ofPoly(whole.poly, values)
      if (at < 0n || at >= 2n ** 30n) {
        done.large++
        continue
      }
      if (whole.conditions.some((p) => ofPoly(p, values) < 0n)) continue
      done.within++
      const text = JSON.stringify([...values])
      expect(inDoubles(e, values) + 0, text).toBe(Number(at))
      visitExpr(whole.index, (node) => {
        const value = exactly(node, values)
        expect(value <= 2n ** 53n && value >= -(2n ** 53n), text).toBe(true)
      })
    }
  }
  // Else the expressions show nothing.
  expect(done.whole).toBeGreaterThan(1000)
  expect(done.within).toBeGreaterThan(1000)
  expect(done.large).toBeGreaterThan(1000)
})
