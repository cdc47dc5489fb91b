import { describe, expect, it } from 'vitest'
import { env, fn, i } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Expr } from '../../ir/ir.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX } from '../../ir/types.ts'

const { ref, op } = b

describe('elements', () => {
  it.each([
    ['float64', F64, Float64Array, [1.5, -0, NaN]],
    ['float32', F32, Float32Array, [1.5, -0, NaN]],
    ['int8', I32, Int8Array, [127, -128, -1]],
    ['uint8', I32, Uint8Array, [255, 128, 1]],
    ['uint8c', I32, Uint8ClampedArray, [255, 128, 1]],
    ['int16', I32, Int16Array, [32767, -32768, -1]],
    ['uint16', I32, Uint16Array, [65535, 32768, 1]],
    ['int32', I32, Int32Array, [2147483647, -2147483648, -1]],
    ['uint32', I64, Uint32Array, [4294967295, 2147483648, 1]],
    ['int64', I64, BigInt64Array, [2n ** 62n, -1n, 5n]],
  ] as const)('%s is loaded as its value and stored again', (dtype, type, Ctor, values) => {
    const x = b.local('x', array(dtype))
    const y = b.local('y', array(dtype))
    const k = b.local('k', INDEX)
    const t = b.local('t', type)
    const stored = dtype === 'uint32' ? b.cast(I32, ref(t)) : ref(t)
    const e = env(
      fn(
        'copy',
        [x, y, k],
        [type],
        [t],
        [b.assign(t, b.load(x, ref(k), 'checked', 0)), b.store(y, ref(k), stored, 'checked', 1), b.ret(ref(t))],
      ),
    )
    const Any = Ctor as unknown as { from(values: readonly unknown[]): Float64Array; new (n: number): Float64Array }
    const from = Any.from(values)
    const to = new Any(3)
    values.forEach((value, at) => {
      const { status, value: got } = e.call(from, to, at)
      expect(status).toBe(0)
      expect(got).toEqual(type === I64 ? BigInt(value) : value)
    })
    expect(to).toEqual(from)
  })

  it('finds proven elements by index, i64 and f64, constant offsets included', () => {
    const x = b.local('x', array('float64'))
    const k = b.local('k', INDEX)
    const at = (index: Expr) => b.load(x, index, 'proven', 0)
    const sum: Expr[] = [
      at(op('add', ref(k), i(1))),
      at(b.cast(I64, ref(k))),
      at(b.cast(F64, ref(k))),
      at(op('add', i(2), ref(k))),
    ]
    const e = env(fn('sum', [x, k], [F64], [], [b.ret(sum.reduce((l, r) => op('add', l, r)))], false))
    expect(e.call(new Float64Array([1, 10, 100, 1000]), 1).value).toBe(100 + 10 + 10 + 1000)
    // A negative variable part that the constant brings into range.
    const g = env(fn('first', [x, k], [F64], [], [b.ret(at(op('add', ref(k), i(5))))], false))
    expect(g.call(new Float64Array([7, 8]), -5).value).toBe(7)
  })

  it.each([
    ['index', INDEX, [0, 2], [-1, 3, 2147483647, -2147483648]],
    ['i64', I64, [0n, 2n], [-1n, 3n, 4294967296n, 4294967297n, -4294967296n]],
    [
      'f64',
      F64,
      [0, -0, 2],
      // Where doubles are added to 2⁵², and around it.
      [
        -1,
        3,
        1.5,
        NaN,
        Infinity,
        -Infinity,
        4294967296,
        -5e-324,
        1e300,
        -0.1,
        0.1,
        0.5,
        2 - 2 ** -52,
        2 + 2 ** -51,
      ].concat([51, 52, 53, 54, 63, 64].flatMap((e) => [2 ** e, -(2 ** e), 2 ** e + 2 ** (e - 52), 2 - 2 ** e])),
    ],
  ] as const)('fails on a bad index of type %s and says which', (_, type, good, bad) => {
    const x = b.local('x', array('int32'))
    const k = b.local('k', type)
    const t = b.local('t', I32)
    const reads = env(fn('f', [x, k], [I32], [t], [b.assign(t, b.load(x, ref(k), 'checked', 4)), b.ret(ref(t))]))
    const writes = env(fn('f', [x, k], [], [], [b.store(x, ref(k), b.num(I32, 77), 'checked', 5)]))
    for (const at of good)
      expect(reads.call(new Int32Array([5, 6, 7]), at)).toMatchObject({ status: 0, value: 5 + Number(at) })
    for (const at of bad) {
      const x3 = new Int32Array(3)
      expect(reads.call(x3, at)).toMatchObject({ status: 1, failure: { site: 4, value0: Number(at), value1: 3 } })
      expect(writes.call(x3, at)).toMatchObject({ status: 1, failure: { site: 5, value0: Number(at), value1: 3 } })
      expect([...x3]).toEqual([0, 0, 0])
    }
    expect(reads.call(new Int32Array(0), good[0]).status).toBe(1)
  })

  it('sees arrays that overlap, and none where one is empty', () => {
    const x = b.local('x', array('float64'))
    const y = b.local('y', array('uint8'))
    const e = env(fn('f', [x, y], [BOOL], [], [b.ret(b.overlap(x, y))], false))
    const raw = (xBase: number, xLength: number, yBase: number, yLength: number) =>
      (e.exports['entry']!(1, xBase, xLength, 1, yBase, yLength) as [number, number])[1]
    expect(raw(64, 2, 80, 5)).toBe(0)
    expect(raw(64, 2, 79, 5)).toBe(1)
    expect(raw(64, 2, 60, 4)).toBe(0)
    expect(raw(64, 2, 60, 5)).toBe(1)
    expect(raw(64, 0, 60, 50)).toBe(0)
    expect(raw(64, 2, 70, 0)).toBe(0)
    expect(raw(-16, 2, -1, 1)).toBe(1)
    expect(raw(-16, 2, 0, 1)).toBe(0)
  })
})
