/**
 * What tasks do with blocks. These functions travel: they use nothing but each other and the language. Loops run in
 * the order of memory, so that sums do not depend on who runs them.
 */

import type { NumberArray } from '../../types.ts'
import type { NumberDType } from './dtypes.ts'

/** One chunk as it travels: elements in the order of rows. */
export interface Block {
  readonly data: NumberArray
  readonly shape: readonly number[]
}

export function make(dtype: NumberDType, length: number): NumberArray {
  switch (dtype) {
    case 'float64':
      return new Float64Array(length)
    case 'float32':
      return new Float32Array(length)
    case 'int8':
      return new Int8Array(length)
    case 'uint8':
      return new Uint8Array(length)
    case 'uint8c':
      return new Uint8ClampedArray(length)
    case 'int16':
      return new Int16Array(length)
    case 'uint16':
      return new Uint16Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'uint32':
      return new Uint32Array(length)
    default:
      throw dtype satisfies never
  }
}

function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const n of shape) size *= n
  return size
}

/** Elements between neighbours along each axis; 0 where an axis of one element is repeated. */
function stridesFor(shape: readonly number[], into: readonly number[]): number[] {
  const strides = into.map(() => 0)
  let stride = 1
  for (let k = 1; k <= shape.length; k++) {
    const n = shape[shape.length - k]!
    if (n > 1) strides[into.length - k] = stride
    stride *= n
  }
  return strides
}

/** Calls with the offsets of `a` and `b` for each element of a shape, in the order of rows. */
function each(
  shape: readonly number[],
  a: readonly number[],
  b: readonly number[],
  visit: (i: number, j: number, k: number) => void,
): void {
  const total = sizeOf(shape)
  const at = shape.map(() => 0)
  let i = 0
  let j = 0
  for (let k = 0; k < total; k++) {
    visit(i, j, k)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      i += a[axis]!
      j += b[axis]!
      if (++at[axis]! < shape[axis]!) break
      i -= a[axis]! * shape[axis]!
      j -= b[axis]! * shape[axis]!
      at[axis] = 0
    }
  }
}

export const block = (data: NumberArray, shape: readonly number[]): Block => ({ data, shape })

export type Operation =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'pow'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'

function operate(op: Operation, x: number, y: number): number {
  switch (op) {
    case 'add':
      return x + y
    case 'subtract':
      return x - y
    case 'multiply':
      return x * y
    case 'divide':
      return x / y
    case 'pow':
      return x ** y
    case 'equal':
      return x === y ? 1 : 0
    case 'notEqual':
      return x !== y ? 1 : 0
    case 'less':
      return x < y ? 1 : 0
    case 'lessEqual':
      return x <= y ? 1 : 0
    case 'greater':
      return x > y ? 1 : 0
    case 'greaterEqual':
      return x >= y ? 1 : 0
    default:
      throw op satisfies never
  }
}

/** `x op y` with broadcasting; numbers stand for arrays of one element. */
export function combine(op: Operation, dtype: NumberDType, x: Block | number, y: Block | number): Block {
  const a = typeof x === 'number' ? { data: Float64Array.of(x), shape: [] } : x
  const b = typeof y === 'number' ? { data: Float64Array.of(y), shape: [] } : y
  const ndim = Math.max(a.shape.length, b.shape.length)
  const shape: number[] = []
  for (let k = 0; k < ndim; k++) {
    const m = a.shape[k - ndim + a.shape.length] ?? 1
    const n = b.shape[k - ndim + b.shape.length] ?? 1
    shape.push(m === 1 ? n : m)
  }
  const out = make(dtype, sizeOf(shape))
  const p = a.data
  const q = b.data
  each(shape, stridesFor(a.shape, shape), stridesFor(b.shape, shape), (i, j, k) => {
    out[k] = operate(op, p[i]!, q[j]!)
  })
  return { data: out, shape }
}

export function permute({ data, shape }: Block, axes: readonly number[]): Block {
  const strides = stridesFor(shape, shape)
  const to = axes.map((axis) => shape[axis]!)
  const out = data.slice()
  const none = to.map(() => 0)
  each(
    to,
    axes.map((axis) => strides[axis]!),
    none,
    (i, _, k) => {
      out[k] = data[i]!
    },
  )
  return { data: out, shape: to }
}

/** Every `step`th element of each axis from `from` on, `count` of them; axes in `drop` have one and go. */
export function cut(
  { data, shape }: Block,
  ranges: readonly { readonly from: number; readonly count: number; readonly step: number }[],
  drop: readonly number[],
): Block {
  const strides = stridesFor(shape, shape)
  const to = ranges.map(({ count }) => count)
  let start = 0
  for (const [axis, { from }] of ranges.entries()) start += from * strides[axis]!
  const out = data.slice(0, sizeOf(to))
  const none = to.map(() => 0)
  each(
    to,
    ranges.map(({ step }, axis) => step * strides[axis]!),
    none,
    (i, _, k) => {
      out[k] = data[start + i]!
    },
  )
  return { data: out, shape: to.filter((_, axis) => !drop.includes(axis)) }
}

/** Where a part of a block goes in a larger one. */
export interface Piece {
  readonly from: readonly number[]
  readonly count: readonly number[]
  readonly to: readonly number[]
}

export function assemble(
  dtype: NumberDType,
  shape: readonly number[],
  blocks: readonly Block[],
  pieces: readonly Piece[],
): Block {
  const out = make(dtype, sizeOf(shape))
  const into = stridesFor(shape, shape)
  for (const [n, { from, count, to }] of pieces.entries()) {
    const { data, shape: own } = blocks[n]!
    const strides = stridesFor(own, own)
    let source = 0
    let target = 0
    for (let axis = 0; axis < shape.length; axis++) {
      source += from[axis]! * strides[axis]!
      target += to[axis]! * into[axis]!
    }
    each(count, strides, into, (i, j) => {
      out[target + j] = data[source + i]!
    })
  }
  return { data: out, shape }
}

/** The user's function on one block; what it gives has to have as many elements. */
export function apply(
  fn: (data: NumberArray, info: { shape: readonly number[]; index: readonly number[] }) => NumberArray,
  dtype: NumberDType,
  { data, shape }: Block,
  index: readonly number[],
): Block {
  const out = fn(data, { shape, index })
  if (!ArrayBuffer.isView(out) || out.length !== data.length) {
    throw new TypeError(
      `mapBlocks: the function gave ${(out as NumberArray | undefined)?.length ?? typeof out} for a block of ${data.length} elements`,
    )
  }
  const wanted = make(dtype, 0)
  if (out.constructor === wanted.constructor) return { data: out, shape }
  throw new TypeError(
    `mapBlocks: the function gave a ${out.constructor.name}, not the ${wanted.constructor.name} that dtype says`,
  )
}

export function multiplyBlocks(a: Block, b: Block): Block {
  const [m = 1, n = 1] = a.shape
  const p = b.shape[1]!
  const out = new Float64Array(m * p)
  const x = a.data
  const y = b.data
  // For each element of the result the terms come in the order of the inner axis, as in the plain triple loop.
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < n; k++) {
      const v = x[i * n + k]!
      for (let j = 0; j < p; j++) out[i * p + j]! += v * y[k * p + j]!
    }
  }
  return { data: out, shape: [m, p] }
}

export function addBlocks(a: Block, b: Block): Block {
  const out = a.data.slice()
  for (let i = 0; i < out.length; i++) out[i]! += b.data[i]!
  return { data: out, shape: a.shape }
}

export function convert(dtype: NumberDType, { data, shape }: Block): Block {
  const out = make(dtype, data.length)
  out.set(data)
  return { data: out, shape }
}
