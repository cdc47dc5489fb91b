import { describe, expect, it } from 'vitest'
import { env, fn } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Do } from '../../ir/ir.ts'
import { atomics } from '../../ir/ops/atomics.ts'
import { array, F64, I32, I64, INDEX, valueType } from '../../ir/types.ts'
import { type DType, dtypeInfo } from '../../types.ts'

const INTEGERS: readonly DType[] = ['int8', 'uint8', 'uint8c', 'int16', 'uint16', 'int32', 'uint32']
const FLOATS: readonly DType[] = ['float32', 'float64']

const OLD = [0, 1, 5, 100, 127, 128, 255, 40000, 65535, 2147483647, 4294967295, -1, -128, -2147483648]
const VALUES = [0, 1, -1, 5, 100, 200, -300, 70000, 2147483647, -2147483648]
const OLD_FLOATS = [0, -0, 1.5, -2.25, 1e10, Infinity, NaN, 5]
const FLOAT_VALUES = [0, -0, 0.5, 254.5, -1e12, 3e9, NaN, 5]

function check(
  name: string,
  dtype: DType,
  type: typeof I32 | typeof F64,
  olds: readonly number[],
  values: readonly number[],
): void {
  const record = atomics.find((r) => r.name === name)!
  const x = b.local('x', array(dtype))
  const k = b.local('k', INDEX)
  const result = b.local('old', valueType(dtype))
  const params = record.args.map((_, n) => b.local(`v${n}`, type))
  const change: Do = {
    kind: 'do',
    op: name,
    array: x,
    index: b.ref(k),
    args: params.map(b.ref),
    bounds: 'checked',
    result,
    site: 3,
  }
  const e = env(fn('f', [x, k, ...params], [result.type], [result], [change, b.ret(b.ref(result))]))
  const silent = env(fn('f', [x, k, ...params], [], [], [{ ...change, result: undefined }]))
  const { ctor } = dtypeInfo(dtype)
  const meaning = record.meaning as (...args: number[]) => number
  for (const old of olds) {
    for (const value of values) {
      const args = record.args.length === 2 ? [value, 77] : [value]
      const elements = (middle: number) => (ctor as unknown as Float64ArrayConstructor).from([11, middle, 33])
      const array = elements(old)
      const before = array[1]!
      const want = elements(meaning(before, ...args))
      const { status, value: got } = e.call(array, 1, ...args)
      const what = `${name} of ${before} and ${args} in ${dtype}`
      expect(status, what).toBe(0)
      expect(valueType(dtype) === I64 ? Number(got) : got, what).toBe(before)
      expect(array, what).toEqual(want)
      const again = elements(old)
      silent.call(again, 1, ...args)
      expect(again, what).toEqual(want)
    }
  }
  expect(e.call(elements3(ctor), 3, ...record.args.map(() => 1))).toMatchObject({
    status: 1,
    failure: { site: 3, value0: 3, value1: 3 },
  })
}
const elements3 = (ctor: unknown) => new (ctor as Float64ArrayConstructor)(3)

describe('atomics leave what a store of their meaning would', () => {
  for (const { name } of atomics) {
    for (const dtype of INTEGERS) {
      it(`${name} of ${dtype}, integer values`, () => check(name, dtype, I32, OLD, VALUES))
      it(`${name} of ${dtype}, any values`, () => check(name, dtype, F64, OLD, FLOAT_VALUES))
    }
    for (const dtype of FLOATS) it(`${name} of ${dtype}`, () => check(name, dtype, F64, OLD_FLOATS, FLOAT_VALUES))
  }
})
