import { describe, expect, it } from 'vitest'
import { WasmEnv } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Fn, Module, ScalarType } from '../../ir/ir.ts'
import { OPS } from '../../ir/ops/index.ts'
import { scalar, typeName } from '../../ir/types.ts'

const SCALARS = ['f64', 'f32', 'i32', 'i64', 'index', 'bool'] as const

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -1.5,
  -2.5,
  0.49999999999999994,
  -0.49999999999999994,
  4503599627370495.5,
  254.5,
  255.5,
  2 ** 31,
  -(2 ** 31),
  2 ** 32 + 3,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  2 ** 70 + 2 ** 20,
  5e-324,
  2 ** -1022,
  1.7e308,
  -1.7e308,
  Infinity,
  -Infinity,
  NaN,
]
const INTEGERS = [0, 1, -1, 2, 7, -7, 31, 32, 33, 255, 65536, 0x7fffffff, -0x80000000, -0x7fffffff, 0x12345678]
/** mulberry32. */
function randoms(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function samples(type: ScalarType): (number | boolean)[] {
  const random = randoms(42)
  switch (type.name) {
    case 'bool':
      return [false, true]
    case 'f64':
    case 'f32': {
      const more = Array.from({ length: 12 }, () => (random() - 0.5) * 2 ** Math.round(random() * 80 - 40))
      const all = [...FLOATS, ...more]
      return type.name === 'f32' ? all.map(Math.fround) : all
    }
    default:
      return [...INTEGERS, ...Array.from({ length: 12 }, () => (random() * 2 ** 32) | 0)]
  }
}

/** A result brought into its type as op.ts says. */
function into(type: ScalarType, value: unknown): unknown {
  switch (type.name) {
    case 'f32':
      return Math.fround(value as number)
    case 'i32':
      return (value as number) | 0
    case 'i64':
      return BigInt(value as number)
    case 'bool':
      return value ? 1 : 0
    case 'index':
      return (value as number) + 0
    default:
      return value
  }
}

function moduleOf(fn: Fn): Module {
  return { name: 'test', stage: 'target', functions: [fn], entry: fn.name, sites: [], sources: [] }
}

describe('every operation with code for scalars does what its record means', () => {
  for (const record of OPS) {
    if (record.kind === 'atomic') continue
    for (const name of SCALARS) {
      const lowering = record.at[name]
      if (!lowering?.wasm) continue
      const at = scalar(name)
      it(`${record.name} of ${name}`, () => {
        const types = record.args.map((slot) => b.slotType(slot, at) as ScalarType)
        const result = b.slotType(record.result, at) as ScalarType
        const params = types.map((type, k) => b.local(`p${k}`, type))
        // The arguments are computed here, so that they must be kept in temporaries where they are used twice.
        const plain = params.map(b.ref)
        const kept = params.map((p) => b.select(b.bool(true), b.ref(p), b.ref(p)))
        for (const args of [plain, kept]) {
          const env = new WasmEnv(
            moduleOf({
              name: record.name,
              params,
              results: [result],
              locals: [],
              body: [b.ret(b.op(record.name, ...args))],
              canFail: false,
            }),
          )
          let compared = 0
          for (const values of combinations(types.map(samples))) {
            const meaning = (lowering.meaning ?? record.meaning) as (...args: unknown[]) => unknown
            const isFloat = typeName(result) === 'f64' || typeName(result) === 'f32'
            if (record.name === 'rem' && !typeName(at).startsWith('f') && values[1] === 0) continue
            const meant = meaning(...values)
            // By proof index never overflows and i64 stays within ±2⁵³.
            if (typeName(result) === 'i64' && !Number.isSafeInteger(meant)) continue
            if (name === 'index' && typeof meant === 'number' && (meant | 0) !== meant + 0) continue
            const want = into(result, meant)
            const passed = values.map((v, k) => (types[k]!.name === 'i64' ? BigInt(v as number) : v))
            const { status, value: got } = env.call(...passed)
            expect(status).toBe(0)
            const same = isFloat ? Object.is(got, want) : got === want
            if (!same) expect.fail(`${record.name}(${values.join(', ')}) is ${got}, not ${want}`)
            compared++
          }
          expect(compared).toBeGreaterThan(1)
        }
      })
    }
  }
})

function combinations(lists: readonly (readonly (number | boolean)[])[]): (number | boolean)[][] {
  if (lists.length <= 2) {
    return lists.reduce<(number | boolean)[][]>(
      (all, list) => all.flatMap((left) => list.map((v) => [...left, v])),
      [[]],
    )
  }
  const length = Math.max(...lists.map((list) => list.length))
  return Array.from({ length }, (_, k) => lists.map((list, n) => list[(k * (n + 1) + n) % list.length]!))
}
