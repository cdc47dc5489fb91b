import { describe, expect, test } from 'vitest'
import { num, op, ret, slotType, splat } from './build.ts'
import { typeOfWord } from './cursor.ts'
import { interpret } from './interpret.ts'
import type { Expr, Module, ScalarName, ScalarType, Type } from './ir.ts'
import { OPS, opRecord } from './ops/index.ts'
import { verify } from './verify.ts'

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  3,
  1e10,
  -7.25,
  2 ** 31,
  -(2 ** 40) - 1,
  1e300,
  5e-324,
  NaN,
  Infinity,
  -Infinity,
]
const SAMPLES: Record<Exclude<ScalarName, 'i8' | 'i16'>, readonly (number | boolean)[]> = {
  f64: FLOATS,
  f32: FLOATS.map(Math.fround),
  i32: [0, 1, -1, 2, 7, 31, 33, 255, 65537, -12345, 2 ** 31 - 1, -(2 ** 31)],
  i64: [0, 1, -1, 3, 1000, -77, 2 ** 26, -(2 ** 26)],
  index: [0, 1, -1, 3, 1000, -77, 2 ** 15],
  bool: [false, true],
}
const constant = (type: ScalarType, value: number | boolean): Expr =>
  typeof value === 'boolean' ? { kind: 'const', type, value } : num(type, value)

function evaluate(e: Expr): unknown {
  const fn = { name: 'f', params: [], results: [e.type], locals: [], body: [ret(e)], canFail: false }
  const m: Module = { name: 'm', stage: 'target', functions: [fn], entry: 'f', sites: [], sources: [] }
  verify(m)
  return interpret(m, [])
}

/**
 * What the names of operations say, independently of the tables' own meanings and in exact integers. One that is not
 * listed is held against its record's meaning.
 */
const INTEGERS: Record<string, (a: bigint, b: bigint) => bigint | boolean> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  rem: (a, b) => a % b,
  neg: (a) => -a,
  abs: (a) => (a < 0n ? -a : a),
  min: (a, b) => [a, b].sort((p, q) => (p < q ? -1 : 1))[0]!,
  max: (a, b) => [a, b].sort((p, q) => (p < q ? 1 : -1))[0]!,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a) => ~a,
  shl: (a, b) => a << (b & 31n),
  shr_s: (a, b) => a >> (b & 31n),
  shr_u: (a, b) => BigInt.asUintN(32, a) >> (b & 31n),
  clz: (a) => BigInt(BigInt.asUintN(32, a).toString(2).padStart(32, '0').search(/1|$/)),
  ltu: (a, b) => BigInt.asUintN(32, a) < BigInt.asUintN(32, b),
  uint32: (a) => BigInt.asUintN(32, a),
}
const FLOATING: Record<string, (a: number, b: number) => number | boolean> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  rem: (a, b) => a % b,
  neg: (a) => -a,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  copysign: (a, b) => (1 / b < 0 || b < 0 ? -Math.abs(a) : Math.abs(a)),
  toint32: (a) => a | 0,
  clamp8: (a) => Uint8ClampedArray.of(a)[0]!,
  truthy: (a) => !!a,
  hypot3: Math.hypot,
  hypot4: Math.hypot,
}
const TRUTHS: Record<string, (a: boolean, b: boolean) => boolean> = {
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  xor: (a, b) => a !== b,
  not: (a) => !a,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
}

function expected(name: string, type: ScalarName, args: readonly (number | boolean)[]): unknown {
  if (type === 'bool') return TRUTHS[name]!(args[0] as boolean, args[1] as boolean)
  if (type === 'f64' || type === 'f32') {
    const record = opRecord(name)
    const f =
      (record.kind === 'expanded' ? record.meaning : undefined) ??
      FLOATING[name] ??
      (Math as never as Record<string, (...a: number[]) => number>)[name] ??
      opRecord(name).meaning
    const result = (f as (...a: unknown[]) => unknown)(...args)
    return type === 'f32' && typeof result === 'number' ? Math.fround(result) : result
  }
  const f = INTEGERS[name]
  if (!f) return (opRecord(name).meaning as (...a: unknown[]) => unknown)(...args)
  const [a, b = 0n] = args.map((arg) => BigInt(arg))
  const exact = f(a!, b)
  if (typeof exact === 'boolean' || name === 'uint32') return typeof exact === 'boolean' ? exact : Number(exact)
  return type === 'i32' ? Number(BigInt.asIntN(32, exact)) : Number(exact)
}

/** All ways to fill `arity` places, thinned out where they are many. */
function combinations<T>(values: readonly T[], arity: number): T[][] {
  let rows: T[][] = [[]]
  for (let k = 0; k < arity; k++) rows = rows.flatMap((row) => values.map((value) => [...row, value]))
  const every = Math.ceil(rows.length / 300)
  return rows.filter((_, k) => k % every === 0)
}

const overloads = OPS.filter((record) => record.kind !== 'atomic').flatMap((record) =>
  Object.keys(record.at).map((at) => [record.name, at] as const),
)

describe('every operation at every type of the tables', () => {
  test.each(overloads)('%s at %s', (name, at) => {
    const record = OPS.find((r) => r.name === name)!
    const type = typeOfWord(at)!
    const scalarName = (type.kind === 'vec' ? type.of : type.kind === 'mask' ? 'bool' : at) as keyof typeof SAMPLES
    const rows = combinations(SAMPLES[scalarName], record.args.length).filter(
      (row) => !(name === 'rem' && scalarName !== 'f64' && row[1] === 0),
    )
    expect(rows.length).toBeGreaterThan(1)
    for (const row of rows) {
      const args = row.map((value, k) => {
        const one = constant(typeOfWord(scalarName) as ScalarType, value)
        const slot: Type = slotType(record.args[k]!, type)
        return slot.kind === 'vec' || slot.kind === 'mask' ? splat(slot, one) : one
      })
      const result = evaluate(op(name, ...args))
      const wanted = expected(name, scalarName, row)
      const lanes = type.kind === 'vec' || type.kind === 'mask' ? new Array(type.lanes).fill(wanted) : wanted
      expect(result, `${name}(${row.map((v) => (Object.is(v, -0) ? '-0' : v)).join(', ')})`).toEqual(lanes)
    }
  })
})
