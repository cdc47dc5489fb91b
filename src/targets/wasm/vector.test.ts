import { describe, expect, it } from 'vitest'
import { env, fn, i } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Expr, Type, VecType } from '../../ir/ir.ts'
import { OPS } from '../../ir/ops/index.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, mask, scalar, vec } from '../../ir/types.ts'
import type { DType, TypedArray } from '../../types.ts'
import { Unsupported } from '../target.ts'

const { ref, op } = b
const ELEMENTS = {
  f64x2: [vec('f64', 2), 'float64', [1.5, -0, NaN, 2.5, -3.5, 0, 7, Infinity], Float64Array],
  f32x4: [vec('f32', 4), 'float32', [1.5, -0, NaN, 2.5, -3.5, 0, 7, Infinity], Float32Array],
  i32x4: [vec('i32', 4), 'int32', [1, -1, 2147483647, -2147483648, 5, 5, 0, 77], Int32Array],
  i64x2: [vec('i64', 2), 'int64', [1, -1, 9, -8, 5, 5, 0, 77], BigInt64Array],
} as const satisfies Record<string, [VecType, DType, number[], unknown]>

describe('vector operations are the scalar ones, lane by lane', () => {
  for (const record of OPS) {
    for (const [name, [type, dtype, values, Ctor]] of Object.entries(ELEMENTS)) {
      if (!record.at[name]?.wasm) continue
      it(`${record.name} of ${name}`, () => {
        const x = b.local('x', array(dtype))
        const y = b.local('y', array(dtype))
        const out = b.local('out', array(dtype))
        const args = [x, y].slice(0, record.args.length)
        const result = (e: Expr, at: Type): Expr => (record.result === 'bool' ? b.select(e, one(at), one(at, 0)) : e)
        const one = (at: Type, value = 1): Expr =>
          at.kind === 'vec' ? b.splat(at, one(scalar(at.of), value)) : b.num(at as typeof F64, value)
        const store = (at: Type, index: number) => {
          const loads = args.map((a) => b.load(a, i(index), 'proven', 0, at))
          return b.store(out, i(index), result(op(record.name, ...loads), at), 'proven', 0)
        }
        const inVectors = env(
          fn(
            'f',
            [x, y, out],
            [],
            [],
            Array.from({ length: values.length / type.lanes }, (_, k) => store(type, k * type.lanes)),
            false,
          ),
        )
        const make = (from: readonly number[]) =>
          (Ctor as unknown as { from(v: readonly unknown[]): TypedArray }).from(
            dtype === 'int64' ? from.map(BigInt) : from,
          )
        const left = make(values)
        const right = make(values.map((_, k) => values[(k * 3 + 1) % values.length]!))
        const got = make(values.map(() => 0))
        inVectors.call(left, right, got)
        const lane = scalar(type.of)
        const bitwise = !record.at[type.of]
        const want = make(values.map(() => 0))
        if (bitwise)
          return expect(bits(got)).toEqual(bits(left).map((v, k) => meaning(record.name, v, bits(right)[k]!)))
        env(
          fn(
            'f',
            [x, y, out],
            [],
            [],
            values.map((_, k) => store(lane, k)),
            false,
          ),
        ).call(left, right, want)
        expect(got).toEqual(want)
      })
    }
  }
})

const bits = (a: TypedArray): bigint[] => [...new BigInt64Array(a.buffer as ArrayBuffer)]
function meaning(name: string, l: bigint, r: bigint): bigint {
  switch (name) {
    case 'and':
      return l & r
    case 'or':
      return l | r
    case 'xor':
      return l ^ r
    case 'not':
      return ~l
    default:
      throw new Error(`${name} has no scalar code to compare with`)
  }
}

describe('lanes', () => {
  const x = b.local('x', array('float32'))
  const f32x4 = vec('f32', 4)
  const v = b.load(x, i(0), 'proven', 0, f32x4)
  const of = (e: Expr, ...args: TypedArray[]) =>
    env(fn('f', args.length > 0 ? [x] : [], [e.type], [], [b.ret(e)], false)).call(...args).value

  it('are spread, counted, moved and taken', () => {
    const data = new Float32Array([1, 2, 4, 8])
    for (let lane = 0; lane < 4; lane++) {
      expect(of(b.extract(b.splat(f32x4, b.num(F32, 3)), lane))).toBe(3)
      expect(of(b.extract(b.ramp(vec('f64', 2), b.num(F64, 0.1), b.num(F64, 0.2)), lane & 1))).toBe(
        0.1 + 0.2 * (lane & 1),
      )
      expect(of(b.extract(b.ramp(vec('i32', 4), b.num(I32, 7), b.num(I32, -2)), lane))).toBe(7 - 2 * lane)
      expect(of(b.extract(b.ramp(vec('i64', 2), b.num(I64, 7n), b.num(I64, -2n)), lane & 1))).toBe(
        BigInt(7 - 2 * (lane & 1)),
      )
      const turned = b.shuffle(f32x4, v, b.splat(f32x4, b.num(F32, 9)), [3, 4, 1, 0])
      expect(of(b.extract(turned, lane), data)).toBe([8, 9, 2, 1][lane])
    }
  })

  it('are reduced pairwise', () => {
    const data = new Float32Array([1e8, 1, -1e8, 1])
    expect(of(b.reduce('add', v), data)).toBe(Math.fround(Math.fround(1e8 + 1) + Math.fround(-1e8 + 1)))
    expect(of(b.reduce('mul', v), data)).toBe(Math.fround(1e8 * -1e8))
    expect(of(b.reduce('min', v), data)).toBe(-1e8)
    expect(of(b.reduce('max', v), data)).toBe(1e8)
  })

  it('hold truth values', () => {
    const compared = op('gt', v, b.splat(f32x4, b.num(F32, 3)))
    const cases: [number[], number, number][] = [
      [[1, 2, 3, 0], 0, 0],
      [[1, 2, 4, 0], 1, 0],
      [[5, 6, 7, 8], 1, 1],
    ]
    for (const [values, any, all] of cases) {
      const data = new Float32Array(values)
      expect(of(b.reduce('any', compared), data)).toBe(any)
      expect(of(b.reduce('all', compared), data)).toBe(all)
      const not: Expr = { kind: 'op', type: mask(4), op: 'not', args: [compared] }
      expect(of(b.reduce('any', not), data)).toBe(1 - all)
      for (let lane = 0; lane < 4; lane++) expect(of(b.extract(compared, lane), data)).toBe(values[lane]! > 3 ? 1 : 0)
    }
    const flag = b.local('flag', BOOL)
    for (const lanes of [2, 4, 8, 16]) {
      const e = env(fn('f', [flag], [BOOL], [], [b.ret(b.extract(b.splat(mask(lanes), ref(flag)), lanes - 1))], false))
      expect([e.call(true).value, e.call(false).value]).toEqual([1, 0])
    }
  })

  it('are loaded and stored under a mask, without touching what lies off it', () => {
    const y = b.local('y', array('float32'))
    const flags = b.local('flags', array('float32'))
    const n = b.local('n', INDEX)
    const m = op('gt', b.load(flags, i(0), 'proven', 0, f32x4), b.splat(f32x4, b.num(F32, 0)))
    const loaded = b.load(x, ref(n), 'proven', 0, f32x4, m)
    const e = env(fn('f', [x, y, flags, n], [], [], [b.store(y, ref(n), loaded, 'proven', 0, m)], false))
    for (let set = 0; set < 16; set++) {
      const on = [0, 1, 2, 3].map((lane) => (set >> lane) & 1)
      const out = new Float32Array([9, 9, 9, 9, 9])
      e.call(new Float32Array([1, 2, 3, 4, 5]), out, new Float32Array(on), 1)
      expect([...out]).toEqual([9, ...on.map((flag, lane) => (flag ? lane + 2 : 9))])
    }
    const lanes = env(
      fn('g', [x, flags], [F32], [], [b.ret(b.extract(b.load(x, i(0), 'proven', 0, f32x4, m), 2))], false),
    )
    expect(lanes.call(new Float32Array(4).fill(7), new Float32Array(4)).value).toBe(0)
  })

  it('are refused where a vector is not of 128 bits, or its bounds are open', () => {
    expect(() => of(b.extract(b.splat(vec('f64', 4), b.num(F64, 1)), 0))).toThrow(Unsupported)
    const t = b.local('t', f32x4)
    const checked = b.assign(t, b.load(x, i(0), 'checked', 0, f32x4))
    expect(() => env(fn('f', [x], [], [t], [checked]))).toThrow(Unsupported)
  })
})
