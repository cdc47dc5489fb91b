import { TsumbaError } from './errors.ts'

/**
 * Steps of 1, which most loops take: with nothing but the end to decide, V8 makes of it what it makes of an index loop.
 * One object serves every step: a fresh result each time costs up to twice the loop itself.
 */
class Count implements Iterator<number, undefined>, Iterable<number> {
  private at: number
  private readonly stop: number
  private readonly result: { done: boolean; value: number } = { done: false, value: 0 }

  constructor(start: number, stop: number) {
    this.at = start
    this.stop = stop
  }

  next(): IteratorResult<number, undefined> {
    const result = this.result
    const at = this.at
    if (at < this.stop) {
      result.value = at
      this.at = at + 1
    } else {
      result.done = true
    }
    return result as IteratorResult<number, undefined>
  }

  [Symbol.iterator](): this {
    return this
  }
}

/** Any other step, forwards or backwards. */
class Stride implements Iterator<number, undefined>, Iterable<number> {
  private at: number
  private readonly stop: number
  private readonly by: number
  private readonly result: { done: boolean; value: number } = { done: false, value: 0 }

  constructor(start: number, stop: number, step: number) {
    this.at = start
    this.stop = stop
    this.by = step
  }

  next(): IteratorResult<number, undefined> {
    const result = this.result
    const at = this.at
    if (this.by > 0 ? at < this.stop : at > this.stop) {
      result.value = at
      this.at = at + this.by
    } else {
      result.done = true
    }
    return result as IteratorResult<number, undefined>
  }

  [Symbol.iterator](): this {
    return this
  }
}

function integer(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0 // −0 is 0
  throw new TsumbaError(
    `prange needs whole numbers; its ${what} is ${String(value)}. Remedy: round it (Math.floor) before the loop.`,
    'integer',
  )
}

/**
 * The integers from `start` (0) up to, not including, `stop`, by `step` (1): a loop over them says that its iterations
 * are independent of each other, so that `jit(fn, { parallel: true })` may run them on all cores. Uncompiled it is an
 * ordinary iterator.
 * @throws TsumbaError when an argument is not a whole number, or step is 0.
 */
export function prange(stop: number): Iterable<number>
export function prange(start: number, stop: number, step?: number): Iterable<number>
export function prange(a: number, b?: number, step = 1): Iterable<number> {
  const start = b === undefined ? 0 : integer(a, 'start')
  const stop = b === undefined ? integer(a, 'stop') : integer(b, 'stop')
  if (integer(step, 'step') === 0) {
    throw new TsumbaError(
      'prange needs a step that is not 0. Remedy: leave it out (1), or give the distance.',
      'integer',
    )
  }
  return step === 1 ? new Count(start, stop) : new Stride(start, stop, step)
}
