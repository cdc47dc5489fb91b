import { describe, expect, it } from 'vitest'
import { env, fn, i } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Expr, Type, VecType } from '../../ir/ir.ts'
import { OPS, opRecord } from '../../ir/ops/index.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, mask, scalar, vec } from '../../ir/types.ts'
import { type DType, dtypeInfo, type TypedArray } from '../../types.ts'
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
      // Of four lanes of 32 bits, those of 64 would fill two registers.
      if (!record.at[name]?.wasm || record.result === 'i64' || record.kind === 'relaxed') continue
      it(`${record.name} of ${name}`, () => {
        const x = b.local('x', array(dtype))
        const y = b.local('y', array(dtype))
        const out = b.local('out', array(dtype))
        const args = [x, y].slice(0, record.args.length)
        const result = (e: Expr, at: Type): Expr =>
          record.result === 'bool' ? b.select(e, one(at), one(at, 0)) : b.cast(at, e)
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

describe('two lanes of 32 bits keep company with lanes of 64', () => {
  const ends = b.local('out', array('float64'))
  const run = (from: DType, values: TypedArray, make: (loaded: Expr) => Expr, type: VecType) => {
    const x = b.local('x', array(from))
    const body = [b.store(ends, i(0), make(b.load(x, i(0), 'proven', 0, type)), 'proven', 0)]
    const out = new Float64Array(2)
    env(fn('f', [x, ends], [], [], body, false)).call(values, out)
    return [...out]
  }
  const f64x2 = vec('f64', 2)
  const i32x2 = vec('i32', 2)
  const f32x2 = vec('f32', 2)
  const wide = (e: Expr) => b.cast(f64x2, e)

  it('elements of every width', () => {
    expect(run('float32', new Float32Array([1.5, -2]), wide, f32x2)).toEqual([1.5, -2])
    expect(run('int32', new Int32Array([-7, 2147483647]), wide, i32x2)).toEqual([-7, 2147483647])
    expect(run('int16', new Int16Array([-7, 32767]), wide, i32x2)).toEqual([-7, 32767])
    expect(run('uint16', new Uint16Array([7, 65535]), wide, i32x2)).toEqual([7, 65535])
    expect(run('int8', new Int8Array([-7, 127]), wide, i32x2)).toEqual([-7, 127])
    expect(run('uint8', new Uint8Array([7, 255]), wide, i32x2)).toEqual([7, 255])
  })

  it('compared, chosen, counted', () => {
    const three = b.splat(i32x2, b.num(I32, 3))
    const larger = (e: Expr) => op('gt', e, three)
    expect(run('int32', new Int32Array([2, 4]), (e) => wide(larger(e)), i32x2)).toEqual([0, 1])
    expect(run('int32', new Int32Array([2, 4]), (e) => wide(b.select(larger(e), e, three)), i32x2)).toEqual([3, 4])
    expect(run('int32', new Int32Array([4, 2]), (e) => wide(b.cast(i32x2, larger(e))), i32x2)).toEqual([1, 0])
    const mixed = (e: Expr) => b.select(larger(e), b.splat(f64x2, b.num(F64, 0.5)), wide(e))
    expect(run('int32', new Int32Array([2, 4]), mixed, i32x2)).toEqual([2, 0.5])
    const turned = (e: Expr) => wide(b.shuffle(f32x2, e, b.splat(f32x2, b.num(F32, 9)), [1, 2]))
    expect(run('float32', new Float32Array([2, 4]), turned, f32x2)).toEqual([4, 9])
    const ramp = b.ramp(i32x2, b.num(I32, 5), b.num(I32, -3))
    expect(run('int32', new Int32Array([10, 20]), (e) => wide(op('add', e, ramp)), i32x2)).toEqual([15, 22])
  })

  it('to and from lanes of 64 bits', () => {
    const low = (e: Expr) => wide(b.cast(i32x2, b.cast(vec('i64', 2), e)))
    expect(run('int32', new Int32Array([-7, 2147483647]), low, i32x2)).toEqual([-7, 2147483647])
    const unsigned = (e: Expr) => wide(b.cast(i32x2, op('uint32', e)))
    expect(run('int32', new Int32Array([-7, 7]), unsigned, i32x2)).toEqual([-7, 7])
    expect(run('float64', new Float64Array([0.1, 3]), (e) => wide(b.cast(f32x2, e)), f64x2)).toEqual([
      Math.fround(0.1),
      3,
    ])
    expect(run('float64', new Float64Array([-5, 3]), (e) => wide(b.cast(i32x2, e)), f64x2)).toEqual([-5, 3])
  })

  it('into elements of every width, the low bits', () => {
    for (const dtype of ['int32', 'int16', 'uint16', 'int8', 'uint8'] as const) {
      for (const lanes of [2, 4]) {
        const x = b.local('x', array('int32'))
        const out = b.local('out', array(dtype))
        const loaded = b.load(x, i(0), 'proven', 0, vec('i32', lanes))
        const e = env(fn('f', [x, out], [], [], [b.store(out, i(1), loaded, 'proven', 0)], false))
        const values = [70000, -3, 130, -70001]
        const { ctor } = dtypeInfo(dtype)
        const got = new ctor(6).fill(9 as never)
        e.call(new Int32Array(values), got)
        const low = (ctor as Int32ArrayConstructor).from(values.slice(0, lanes))
        expect([...got], dtype).toEqual([9, ...low, ...[9, 9, 9].slice(0, 5 - lanes)])
      }
    }
  })
})

describe('lanes a stride apart', () => {
  const CASES = {
    float64: ['f64', 2],
    float32: ['f32', 4],
    int32: ['i32', 4],
    int16: ['i32', 4],
    uint8: ['i32', 2],
  } as const
  for (const [dtype, [of, lanes]] of Object.entries(CASES)) {
    it(`${dtype} as ${of}x${lanes}`, () => {
      const type = vec(of, lanes)
      const x = b.local('x', array(dtype as DType))
      const out = b.local('out', array(dtype as DType))
      const [from, by] = [b.local('from', INDEX), b.local('by', INDEX)]
      const { ctor } = dtypeInfo(dtype as DType)
      const data = new ctor(40).map((_, k) => (k * 7) as never) as TypedArray
      for (const stride of [-3, -1, 0, 1, 2, 5]) {
        for (const known of [true, false]) {
          const apart = known ? i(stride) : ref(by)
          const loaded: Expr = { ...b.load(x, ref(from), 'proven', 0, type), stride: apart }
          const stored = { ...b.store(out, ref(from), loaded, 'proven', 0), stride: apart }
          const got = new ctor(40) as TypedArray
          env(fn('f', [x, out, from, by], [], [], [stored], false)).call(data, got, 16, stride)
          const want = new ctor(40) as TypedArray
          for (let k = 0; k < lanes; k++) want[16 + k * stride] = data[16 + k * stride]!
          expect(got).toEqual(want)
        }
      }
    })
  }
})

describe('shifts of lanes', () => {
  it('by one count for all, or by each its own', () => {
    const x = b.local('x', array('int32'))
    const by = b.local('by', array('int32'))
    const type = vec('i32', 4)
    const values = [1, -8, 2147483647, -2147483648]
    for (const name of ['shl', 'shr_s', 'shr_u']) {
      for (const counts of [
        [1, 1, 1, 1],
        [0, 3, 31, 33],
      ]) {
        const count = counts[0] === 1 ? b.splat(type, b.num(I32, 1)) : b.load(by, i(0), 'proven', 0, type)
        const shifted = op(name, b.load(x, i(0), 'proven', 0, type), count)
        const got = new Int32Array(values)
        env(fn('f', [x, by], [], [], [b.store(x, i(0), shifted, 'proven', 0)], false)).call(got, new Int32Array(counts))
        const meaning = opRecord(name).meaning as (a: number, b: number) => number
        expect([...got]).toEqual(values.map((v, k) => meaning(v, counts[k]!)))
      }
    }
  })
})
