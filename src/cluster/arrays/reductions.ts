/**
 * Reductions of blocks: a partial result for each block, two partial results to one, and the result at the end. A
 * partial result is a list of columns of doubles, one entry for each element of what is left. They travel.
 *
 * Laws: within a block elements come in the order of rows; blocks are combined by trees that only the positions of the
 * chunks give (array.ts). Hence the bits of a result depend on the chunks, not on workers or timing.
 */

import type { Block } from './kernels.ts'

export type Reduction = 'sum' | 'prod' | 'mean' | 'var' | 'min' | 'max' | 'argmin' | 'argmax'

export interface Partial {
  readonly columns: readonly Float64Array[]
  readonly shape: readonly number[]
}

/** Whether `x` comes before `best`: the first NaN before all else, as Math.min and the Array API have it. */
function before(least: boolean, x: number, best: number): boolean {
  if (Number.isNaN(best)) return false
  return Number.isNaN(x) || (least ? x < best : x > best)
}

/**
 * The partial result of one block. `axes` are reduced, and stay as axes of one element; for argmin and argmax, `start`
 * and `whole` say where the block lies in the whole array.
 */
export function reduceBlock(
  kind: Reduction,
  axes: readonly number[],
  { data, shape }: Block,
  start: readonly number[],
  whole: readonly number[],
): Partial {
  const kept = shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
  let size = 1
  for (const n of kept) size *= n
  const strides = kept.map(() => 0)
  let stride = 1
  for (let axis = kept.length - 1; axis >= 0; axis--) {
    if (!axes.includes(axis)) strides[axis] = stride
    stride *= kept[axis]!
  }
  const at = shape.map(() => 0)
  let target = 0
  const walk = (visit: (i: number, target: number) => void) => {
    at.fill(0)
    target = 0
    for (let i = 0; i < data.length; i++) {
      visit(i, target)
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        target += strides[axis]!
        if (++at[axis]! < shape[axis]!) break
        target -= strides[axis]! * shape[axis]!
        at[axis] = 0
      }
    }
  }
  const first = new Float64Array(size)
  switch (kind) {
    case 'sum':
    case 'mean':
      walk((i, k) => {
        first[k]! += data[i]!
      })
      return { columns: [first], shape: kept }
    case 'prod':
      first.fill(1)
      walk((i, k) => {
        first[k]! *= data[i]!
      })
      return { columns: [first], shape: kept }
    case 'min':
    case 'max': {
      first.fill(kind === 'min' ? Infinity : -Infinity)
      const pick = kind === 'min' ? Math.min : Math.max
      walk((i, k) => {
        first[k] = pick(first[k]!, data[i]!)
      })
      return { columns: [first], shape: kept }
    }
    case 'var': {
      const count = data.length / size
      walk((i, k) => {
        first[k]! += data[i]!
      })
      for (let k = 0; k < size; k++) first[k]! /= count
      const squares = new Float64Array(size)
      walk((i, k) => {
        const d = data[i]! - first[k]!
        squares[k]! += d * d
      })
      return { columns: [new Float64Array(size).fill(count), first, squares], shape: kept }
    }
    case 'argmin':
    case 'argmax': {
      const where = new Float64Array(size).fill(-1)
      walk((i, k) => {
        if (where[k] !== -1 && !before(kind === 'argmin', data[i]!, first[k]!)) return
        first[k] = data[i]!
        let index = 0
        for (const axis of axes) index = index * whole[axis]! + start[axis]! + at[axis]!
        where[k] = index
      })
      return { columns: [first, where], shape: kept }
    }
    default:
      throw kind satisfies never
  }
}

/** Of two neighbours, the one with the lower position first. */
export function reducePair(kind: Reduction, a: Partial, b: Partial): Partial {
  const columns = a.columns.map((column) => column.slice())
  const [x, y, z] = columns as [Float64Array, Float64Array, Float64Array]
  const [p, q, r] = b.columns as [Float64Array, Float64Array, Float64Array]
  for (let k = 0; k < x.length; k++) {
    switch (kind) {
      case 'sum':
      case 'mean':
        x[k]! += p[k]!
        break
      case 'prod':
        x[k]! *= p[k]!
        break
      case 'min':
        x[k] = Math.min(x[k]!, p[k]!)
        break
      case 'max':
        x[k] = Math.max(x[k]!, p[k]!)
        break
      case 'var': {
        // Chan, Golub and LeVeque (1979): counts, means and sums of squares of two halves.
        const count = x[k]! + p[k]!
        const delta = q[k]! - y[k]!
        z[k] = z[k]! + r[k]! + (delta * delta * x[k]! * p[k]!) / count
        y[k]! += (delta * p[k]!) / count
        x[k] = count
        break
      }
      case 'argmin':
      case 'argmax': {
        // Blocks of several axes interleave: of equal values, the lower index is the first.
        const equal = x[k] === p[k] || (Number.isNaN(x[k]) && Number.isNaN(p[k]))
        if (equal ? q[k]! < y[k]! : before(kind === 'argmin', p[k]!, x[k]!)) {
          x[k] = p[k]!
          y[k] = q[k]!
        }
        break
      }
      default:
        throw kind satisfies never
    }
  }
  return { columns, shape: a.shape }
}

/** The result, in doubles. `count`: elements that each was made of; `correction`: of the variance's divisor. */
export function finish(
  kind: Reduction,
  { columns }: Partial,
  count: number,
  correction: number,
  root: boolean,
): Float64Array {
  const out = columns[0]!.slice()
  if (kind === 'mean') for (let k = 0; k < out.length; k++) out[k]! /= count
  else if (kind === 'argmin' || kind === 'argmax') out.set(columns[1]!)
  else if (kind === 'var') {
    for (let k = 0; k < out.length; k++) {
      const variance = columns[2]![k]! / Math.max(0, count - correction)
      out[k] = root ? Math.sqrt(variance) : variance
    }
  }
  return out
}
