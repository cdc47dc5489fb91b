/** Where chunks lie: sizes along each axis, and which chunks a region meets. No data here. */

import { TsumbaError } from '../../errors.ts'

/** For each axis the sizes of its chunks, in order. */
export type Chunks = readonly (readonly number[])[]
/** A size for all axes, one for each, or the sizes of all chunks of each; −1 is the whole axis. */
export type ChunkSpec = number | readonly (number | readonly number[])[]

export const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1)

/** Bytes of a chunk where the user says nothing: large beside a task's cost of some 100 µs, small beside memory. */
export const DEFAULT_BYTES = 2 ** 23

export function checkShape(shape: readonly number[], length: number): void {
  const fine = Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n > 0)
  if (!fine) throw new TsumbaError(`A shape is a list of whole numbers from 1 on; it got ${show(shape)}.`, 'shape')
  if (product(shape) === length) return
  throw new TsumbaError(`An array of ${length} elements has not the shape ${show(shape)}.`, 'shape')
}

export function chunksOf(shape: readonly number[], spec: ChunkSpec | undefined, bytes = 8): Chunks {
  if (spec === undefined) return automatic(shape, bytes)
  if (typeof spec !== 'number' && spec.length !== shape.length) {
    throw new TsumbaError(
      `chunks ${show(spec)} are for ${spec.length} axes, and the array has ${shape.length}.`,
      'chunks',
    )
  }
  return shape.map((n, axis) => {
    const own = typeof spec === 'number' ? spec : spec[axis]!
    if (typeof own !== 'number') {
      if (own.every((size) => Number.isInteger(size) && size > 0) && own.reduce((a, b) => a + b, 0) === n) return own
      throw new TsumbaError(`The chunks ${show(own)} of axis ${axis} do not add up to ${n}.`, 'chunks')
    }
    const size = own === -1 ? n : own
    if (!Number.isInteger(size) || size < 1) {
      throw new TsumbaError(`A size of chunks is a whole number from 1 on, or -1; it got ${own}.`, 'chunks')
    }
    return even(n, size)
  })
}

const even = (n: number, size: number): number[] =>
  Array.from({ length: Math.ceil(n / size) }, (_, k) => Math.min(size, n - k * size))

/** Whole rows, as many as fit: first axes are cut first, so that chunks are stretches of memory. */
function automatic(shape: readonly number[], bytes: number): Chunks {
  let left = Math.max(1, Math.floor(DEFAULT_BYTES / bytes))
  const sizes: number[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = Math.min(shape[axis]!, Math.max(1, left))
    sizes.unshift(size)
    left = Math.floor(left / size)
  }
  return shape.map((n, axis) => even(n, sizes[axis]!))
}

export const sameChunks = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, k) => size === b[k])

/** The cuts of both. */
export function commonChunks(a: readonly number[], b: readonly number[]): readonly number[] {
  const ends = new Set([...starts(a), ...starts(b)])
  const total = a.reduce((x, y) => x + y, 0)
  const cuts = [...ends, total].sort((x, y) => x - y)
  return cuts.slice(1).map((end, k) => end - cuts[k]!)
}

/** Where each chunk begins. */
export function starts(sizes: readonly number[]): number[] {
  let at = 0
  return sizes.map((size) => (at += size) - size)
}

/** All positions of a grid, the last axis fastest. */
export function* positions(grid: readonly number[]): Generator<number[]> {
  const at = grid.map(() => 0)
  if (grid.some((n) => n === 0)) return
  for (;;) {
    yield [...at]
    let axis = grid.length - 1
    while (axis >= 0 && ++at[axis]! === grid[axis]) at[axis--] = 0
    if (axis < 0) return
  }
}

export const flatIndex = (grid: readonly number[], at: readonly number[]): number =>
  at.reduce((index, k, axis) => index * grid[axis]! + k, 0)

export interface Overlap {
  readonly chunk: number
  /** First element within the chunk, and how many. */
  readonly from: number
  readonly count: number
  /** Where they go within the region. */
  readonly to: number
}

/** The chunks that [start, start + length) meets. */
export function overlaps(sizes: readonly number[], start: number, length: number): Overlap[] {
  const found: Overlap[] = []
  for (const [chunk, begin] of starts(sizes).entries()) {
    const low = Math.max(start, begin)
    const high = Math.min(start + length, begin + sizes[chunk]!)
    if (low < high) found.push({ chunk, from: low - begin, count: high - low, to: low - start })
  }
  return found
}

export const show = (value: unknown): string => JSON.stringify(value) ?? String(value)
