/**
 * Arrays in chunks: each chunk is the value of one task, operations add tasks, nothing runs before `compute` or
 * `persist`. Names as in Dask and the Array API standard.
 *
 * Law: the bits of a result depend on the shape of the chunks only. Trees are pairs of neighbours, level by level.
 */

import { TsumbaError } from '../../errors.ts'
import { dtypeInfo, type NumberArray } from '../../types.ts'
import type { Client } from '../client/client.ts'
import { Delayed, delayed, isDelayed } from '../client/delayed.ts'
import type { Future } from '../client/future.ts'
import {
  type ChunkSpec,
  type Chunks,
  checkShape,
  chunksOf,
  commonChunks,
  flatIndex,
  overlaps,
  positions,
  product,
  sameChunks,
  show,
  starts,
} from './chunks.ts'
import { floating, type NumberDType, numberDtype, promote, promoteScalar } from './dtypes.ts'
import {
  addBlocks,
  apply,
  assemble,
  type Block,
  block,
  combine,
  convert,
  cut,
  multiplyBlocks,
  type Operation,
  type Piece,
  permute,
} from './kernels.ts'
import { finish, type Partial, type Reduction, reduceBlock, reducePair } from './reductions.ts'

/** A chunk to come, or one on the cluster. */
type Node = Delayed<Block> | Future<Block>

/** What `compute` brings: elements in the order of rows. */
export interface ArrayValue {
  readonly data: NumberArray
  readonly shape: readonly number[]
  readonly dtype: NumberDType
}

/** An index, `[start, stop, step]` with ends that may be left out or count from the end, or nothing: the whole axis. */
export type Range = number | readonly [start?: number, stop?: number, step?: number] | undefined

export interface ReductionOptions {
  /** The axes that go; all unless told. Negative ones count from the end. */
  readonly axis?: number | readonly number[] | undefined
  /** They stay as axes of one element. */
  readonly keepdims?: boolean | undefined
  /** For var and std: subtracted from the number of elements; 0 unless told. */
  readonly correction?: number | undefined
}

const MAKE = delayed(block)
const COMBINE = delayed(combine)
const PERMUTE = delayed(permute)
const CUT = delayed(cut)
const ASSEMBLE = delayed(assemble)
const APPLY = delayed(apply)
const MULTIPLY = delayed(multiplyBlocks)
const ADD = delayed(addBlocks)
const CONVERT = delayed(convert)
const REDUCE = delayed(reduceBlock)
const PAIR = delayed(reducePair)

function finished(
  kind: Reduction,
  partial: Partial,
  count: number,
  correction: number,
  root: boolean,
  dtype: NumberDType,
  shape: readonly number[],
): Block {
  return convert(dtype, block(finish(kind, partial, count, correction, root), shape))
}
const FINISH = delayed(finished)

/** Neighbours in pairs, level by level; an odd last one goes up as it is. */
function tree<T>(leaves: readonly T[], pair: (a: T, b: T) => T): T {
  let level = leaves
  while (level.length > 1) {
    const next: T[] = []
    for (let k = 0; k + 1 < level.length; k += 2) next.push(pair(level[k]!, level[k + 1]!))
    if (level.length % 2 === 1) next.push(level[level.length - 1]!)
    level = next
  }
  return level[0]!
}

export class ChunkedArray {
  readonly shape: readonly number[]
  readonly dtype: NumberDType
  /** The sizes of the chunks along each axis. */
  readonly chunks: Chunks
  /** One for each position of the grid of chunks, the last axis fastest. */
  readonly #nodes: readonly Node[]

  /** @internal */
  constructor(dtype: NumberDType, chunks: Chunks, nodes: readonly Node[]) {
    this.dtype = dtype
    this.chunks = chunks
    this.shape = chunks.map((sizes) => sizes.reduce((a, b) => a + b, 0))
    this.#nodes = nodes
  }

  get ndim(): number {
    return this.shape.length
  }

  get size(): number {
    return product(this.shape)
  }

  /** How many chunks along each axis. */
  get numBlocks(): readonly number[] {
    return this.chunks.map((sizes) => sizes.length)
  }

  #node(at: readonly number[]): Node {
    return this.#nodes[flatIndex(this.numBlocks, at)]!
  }

  /** An array of the same type whose chunk at each position is what `node` makes. */
  #made(chunks: Chunks, node: (at: readonly number[]) => Node, dtype = this.dtype): ChunkedArray {
    const grid = chunks.map((sizes) => sizes.length)
    return new ChunkedArray(dtype, chunks, Array.from(positions(grid), node))
  }

  /** A function of each chunk's elements; `dtype` says what it gives, the type of this array unless told. */
  mapBlocks(
    fn: (data: NumberArray, info: { shape: readonly number[]; index: readonly number[] }) => NumberArray,
    options: { readonly dtype?: NumberDType } = {},
  ): ChunkedArray {
    if (typeof fn !== 'function')
      throw new TsumbaError(`mapBlocks needs a function; it got ${typeof fn}.`, 'argument-type')
    const { dtype = this.dtype } = options
    return this.#made(this.chunks, (at) => APPLY(fn, dtype, this.#node(at), at), dtype)
  }

  rechunk(spec: ChunkSpec): ChunkedArray {
    const chunks = chunksOf(this.shape, spec)
    if (chunks.every((sizes, axis) => sameChunks(sizes, this.chunks[axis]!))) return this
    const begins = chunks.map(starts)
    return this.#made(chunks, (at) => {
      const shape = at.map((k, axis) => chunks[axis]![k]!)
      const met = at.map((k, axis) => overlaps(this.chunks[axis]!, begins[axis]![k]!, shape[axis]!))
      const nodes: Node[] = []
      const pieces: Piece[] = []
      for (const pick of positions(met.map((list) => list.length))) {
        const parts = pick.map((k, axis) => met[axis]![k]!)
        nodes.push(this.#node(parts.map(({ chunk }) => chunk)))
        const [from, count, to] = [parts.map((p) => p.from), parts.map((p) => p.count), parts.map((p) => p.to)]
        pieces.push({ from, count, to })
      }
      return ASSEMBLE(this.dtype, shape, nodes, pieces)
    })
  }

  /** `x.slice([0, 10], 3)`: rows 0 to 9 of column 3. Chunks stay where they are; those without elements go. */
  slice(...ranges: readonly Range[]): ChunkedArray {
    if (ranges.length > this.ndim) {
      throw new TsumbaError(`slice has ${ranges.length} ranges, and the array ${this.ndim} axes.`, 'slice')
    }
    const cuts = this.shape.map((n, axis) => this.#cuts(axis, n, ranges[axis]))
    const drop = this.shape.map((_, axis) => axis).filter((axis) => typeof ranges[axis] === 'number')
    const chunks = cuts.map((list) => list.map(({ count }) => count))
    const nodes = Array.from(positions(chunks.map((sizes) => sizes.length)), (at) => {
      const parts = at.map((k, axis) => cuts[axis]![k]!)
      return CUT(
        this.#node(parts.map(({ chunk }) => chunk)),
        parts.map(({ from, count, step }) => ({ from, count, step })),
        drop,
      )
    })
    return new ChunkedArray(
      this.dtype,
      chunks.filter((_, axis) => !drop.includes(axis)),
      nodes,
    )
  }

  #cuts(axis: number, n: number, range: Range) {
    const bad = (why: string) =>
      new TsumbaError(`slice, axis ${axis} of ${n} elements: ${show(range)} ${why}.`, 'slice')
    const whole = (k: number | undefined) => k === undefined || Number.isInteger(k)
    let [start, stop, step] = [0, n, 1]
    if (typeof range === 'number') {
      start = range < 0 ? range + n : range
      if (!whole(range) || start < 0 || start >= n) throw bad('is no index of it')
      stop = start + 1
    } else if (range !== undefined) {
      if (!range.every(whole)) throw bad('has ends that are not whole')
      const end = (k: number) => Math.min(n, Math.max(0, k < 0 ? k + n : k))
      step = range[2] ?? 1
      if (step < 1) throw bad('has a step below 1, which slices do not have')
      start = end(range[0] ?? 0)
      stop = end(range[1] ?? n)
      if (start >= stop) throw bad('is empty, and chunked arrays have at least one element')
    }
    const begins = starts(this.chunks[axis]!)
    return begins.flatMap((begin, chunk) => {
      const end = Math.min(stop, begin + this.chunks[axis]![chunk]!)
      const first = start + Math.ceil(Math.max(0, begin - start) / step) * step
      return first < end ? [{ chunk, from: first - begin, count: Math.ceil((end - first) / step), step }] : []
    })
  }

  /** Axes in another order; reversed unless told. */
  transpose(axes: readonly number[] = this.shape.map((_, k) => this.ndim - 1 - k)): ChunkedArray {
    const order = axes.map((axis) => this.#axis(axis))
    if (order.length !== this.ndim || new Set(order).size !== this.ndim) {
      throw new TsumbaError(`transpose needs each of the ${this.ndim} axes once; it got ${show(axes)}.`, 'axis')
    }
    const chunks = order.map((axis) => this.chunks[axis]!)
    return this.#made(chunks, (at) => {
      const source = this.shape.map(() => 0)
      for (const [k, axis] of order.entries()) source[axis] = at[k]!
      return PERMUTE(this.#node(source), order)
    })
  }

  add(other: ChunkedArray | number): ChunkedArray {
    return this.#with('add', other)
  }
  subtract(other: ChunkedArray | number): ChunkedArray {
    return this.#with('subtract', other)
  }
  multiply(other: ChunkedArray | number): ChunkedArray {
    return this.#with('multiply', other)
  }
  /** Of integers too, the quotient is a float64. */
  divide(other: ChunkedArray | number): ChunkedArray {
    return this.#with('divide', other)
  }
  pow(other: ChunkedArray | number): ChunkedArray {
    return this.#with('pow', other)
  }
  negative(): ChunkedArray {
    return this.multiply(-1)
  }
  /** Comparisons give 1 and 0, as uint8. */
  equal(other: ChunkedArray | number): ChunkedArray {
    return this.#with('equal', other)
  }
  notEqual(other: ChunkedArray | number): ChunkedArray {
    return this.#with('notEqual', other)
  }
  less(other: ChunkedArray | number): ChunkedArray {
    return this.#with('less', other)
  }
  lessEqual(other: ChunkedArray | number): ChunkedArray {
    return this.#with('lessEqual', other)
  }
  greater(other: ChunkedArray | number): ChunkedArray {
    return this.#with('greater', other)
  }
  greaterEqual(other: ChunkedArray | number): ChunkedArray {
    return this.#with('greaterEqual', other)
  }

  #with(op: Operation, other: ChunkedArray | number): ChunkedArray {
    if (typeof other === 'number') {
      const dtype = resultOf(op, promoteScalar(this.dtype, other))
      return this.#made(this.chunks, (at) => COMBINE(op, dtype, this.#node(at), other), dtype)
    }
    if (!(other instanceof ChunkedArray)) {
      throw new TsumbaError(`${op} takes a chunked array or a number. Remedy: fromArray(x).`, 'argument-type')
    }
    const dtype = resultOf(op, promote(this.dtype, other.dtype))
    const ndim = Math.max(this.ndim, other.ndim)
    const [p, q] = [this.chunks, other.chunks].map((c) => [...Array(ndim - c.length).fill([1]), ...c] as Chunks)
    const chunks = p!.map((mine, axis) => {
      const theirs = q![axis]!
      const [m, n] = [mine, theirs].map((sizes) => sizes.reduce((a, b) => a + b, 0))
      if (m === n) return commonChunks(mine, theirs)
      if (m === 1) return theirs
      if (n === 1) return mine
      throw new TsumbaError(
        `${op}: the shapes ${show(this.shape)} and ${show(other.shape)} do not go together.`,
        'shape',
      )
    })
    const aligned = (x: ChunkedArray) =>
      x.rechunk(chunks.slice(ndim - x.ndim).map((sizes, axis) => (x.shape[axis] === 1 ? [1] : sizes)))
    const [a, b] = [aligned(this), aligned(other)]
    const nodeOf = (x: ChunkedArray, at: readonly number[]) =>
      x.#node(at.slice(ndim - x.ndim).map((k, axis) => (x.shape[axis] === 1 ? 0 : k)))
    return this.#made(chunks, (at) => COMBINE(op, dtype, nodeOf(a, at), nodeOf(b, at)), dtype)
  }

  /** In doubles, as `let s = 0; for (…) s += x[i]` within each chunk. */
  sum(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('sum', options, 'float64')
  }
  prod(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('prod', options, 'float64')
  }
  mean(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('mean', options, 'float64')
  }
  var(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('var', options, 'float64')
  }
  std(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('var', options, 'float64', true)
  }
  min(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('min', options, this.dtype)
  }
  max(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('max', options, this.dtype)
  }
  /** The first index of the smallest; NaN is smaller than all. Over several axes: of these axes in the order of rows. */
  argmin(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('argmin', options, 'float64')
  }
  argmax(options: ReductionOptions = {}): ChunkedArray {
    return this.#reduce('argmax', options, 'float64')
  }

  #axis(axis: number): number {
    const own = axis < 0 ? axis + this.ndim : axis
    if (Number.isInteger(own) && own >= 0 && own < this.ndim) return own
    throw new TsumbaError(`The array has ${this.ndim} axes, and none is ${show(axis)}.`, 'axis')
  }

  #reduce(kind: Reduction, options: ReductionOptions, dtype: NumberDType, root = false): ChunkedArray {
    const { axis, keepdims = false, correction = 0 } = options
    const chosen = axis === undefined ? this.shape.map((_, k) => k) : typeof axis === 'number' ? [axis] : axis
    const axes = [...new Set(chosen.map((k) => this.#axis(k)))].sort((a, b) => a - b)
    const kept = (k: number) => !axes.includes(k)
    const count = axes.reduce((n, k) => n * this.shape[k]!, 1)
    const begins = this.chunks.map(starts)
    const grid = this.numBlocks
    const chunks = this.chunks.map((sizes, k) => (kept(k) ? sizes : [1]))
    const shapeOf = (at: readonly number[]) => at.map((k, a) => chunks[a]![k]!).filter((_, a) => keepdims || kept(a))
    const nodes = Array.from(positions(chunks.map((sizes) => sizes.length)), (at) => {
      const inner = Array.from(positions(grid.map((n, k) => (kept(k) ? 1 : n))), (step) => {
        const place = step.map((s, k) => (kept(k) ? at[k]! : s))
        const start = place.map((c, k) => begins[k]![c]!)
        return REDUCE(kind, axes, this.#node(place), start, this.shape)
      })
      const partial = tree(inner, (a, b) => PAIR(kind, a, b))
      return FINISH(kind, partial, count, correction, root, dtype, shapeOf(at))
    })
    const left = chunks.filter((_, k) => keepdims || kept(k))
    return new ChunkedArray(dtype, left, nodes)
  }

  /** The matrix product of arrays of two axes; in doubles, rounded at the end. */
  matmul(other: ChunkedArray): ChunkedArray {
    if (this.ndim !== 2 || other.ndim !== 2 || this.shape[1] !== other.shape[0]) {
      throw new TsumbaError(
        `matmul: the shapes ${show(this.shape)} and ${show(other.shape)} do not go together.`,
        'shape',
      )
    }
    const inner = commonChunks(this.chunks[1]!, other.chunks[0]!)
    const a = this.rechunk([this.chunks[0]!, inner])
    const b = other.rechunk([inner, other.chunks[1]!])
    const dtype = floating(promote(this.dtype, other.dtype))
    return this.#made(
      [a.chunks[0]!, b.chunks[1]!],
      ([i, j]) => {
        const terms = inner.map((_, k) => MULTIPLY(a.#node([i!, k]), b.#node([k, j!])))
        const sum = tree(terms, (x, y) => ADD(x, y))
        return dtype === 'float64' ? sum : CONVERT(dtype, sum)
      },
      dtype,
    )
  }

  /** Runs what the array needs, and brings it here. */
  async compute(client: Client): Promise<ArrayValue> {
    const { dtype, shape } = this
    const begins = this.chunks.map(starts)
    const blocks = await client.gather([...this.#started(client)])
    const pieces = Array.from(positions(this.numBlocks), (at, n) => ({
      from: at.map(() => 0),
      count: blocks[n]!.shape,
      to: at.map((k, axis) => begins[axis]![k]!),
    }))
    return { data: assemble(dtype, shape, blocks, pieces).data, shape, dtype }
  }

  /** Runs what the array needs, and keeps its chunks on the cluster: what is made of it starts from there. */
  persist(client: Client): ChunkedArray {
    return new ChunkedArray(this.dtype, this.chunks, this.#started(client))
  }

  #started(client: Client): readonly Future<Block>[] {
    const nodes = this.#nodes.filter(isDelayed)
    const futures = nodes.length === 0 ? [] : client.compute(nodes)
    let next = 0
    return this.#nodes.map((node) => (node instanceof Delayed ? futures[next++]! : node))
  }
}

const COMPARISONS: ReadonlySet<Operation> = new Set([
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
])

function resultOf(op: Operation, dtype: NumberDType): NumberDType {
  if (COMPARISONS.has(op)) return 'uint8'
  return op === 'divide' ? floating(dtype) : dtype
}

/** A typed array as a chunked one: `fromArray(x, { shape: [1000, 100], chunks: [100, 100] })`. */
export function fromArray(
  data: NumberArray,
  options: { readonly shape?: readonly number[]; readonly chunks?: ChunkSpec } = {},
): ChunkedArray {
  const dtype = numberDtype(data, 'fromArray')
  const { shape = [data.length] } = options
  checkShape(shape, data.length)
  const chunks = chunksOf(shape, options.chunks, dtypeInfo(dtype).size)
  const begins = chunks.map(starts)
  const whole = block(data, shape)
  const nodes = Array.from(positions(chunks.map((sizes) => sizes.length)), (at) => {
    const own = at.map((k, axis) => chunks[axis]![k]!)
    const ranges = at.map((k, axis) => ({ from: begins[axis]![k]!, count: own[axis]!, step: 1 }))
    return MAKE(cut(whole, ranges, []).data, own)
  })
  return new ChunkedArray(dtype, chunks, nodes)
}
