/** Reductions give the bits of the tree that the laws fix: on every target and number of threads. */

import { afterAll, describe, expect, test } from 'vitest'
import { jit, prange, setNumThreads } from '../../src/index.ts'
import { expectSame, interpreted, type Kernel, sharedCopy } from './run.ts'

afterAll(() => setNumThreads(2))

const THREADS = [1, 2, 5, 8]

/** The law, written straight down: lanes, then blocks, pairwise; the initial value last. */
function tree(values: Float64Array, initial: number, identity: number, op: (a: number, b: number) => number): number {
  const n = values.length
  let block = 1024
  while (block < n / 4096) block *= 2
  const pairwise = (level: number[]): number => {
    if (level.length === 1) return level[0]!
    const next: number[] = []
    for (let k = 0; k < level.length; k += 2) {
      next.push(k + 1 < level.length ? op(level[k]!, level[k + 1]!) : level[k]!)
    }
    return pairwise(next)
  }
  const blocks: number[] = []
  for (let from = 0; from < n; from += block) {
    const lanes = new Array<number>(16).fill(identity)
    for (let i = from; i < Math.min(from + block, n); i++) lanes[i % 16] = op(lanes[i % 16]!, values[i]!)
    blocks.push(pairwise(lanes))
  }
  return blocks.length === 0 ? initial : op(initial, pairwise(blocks))
}
const plus = (a: number, b: number) => a + b
const times = (a: number, b: number) => a * b

const noise = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 10 ** ((i * 7) % 9))
const factors = (n: number) => Float64Array.from({ length: n }, (_, i) => 1 + Math.sin(i * 1.7) / 50)

const sum = (x: Float64Array) => {
  let s = 0.1
  for (const i of prange(x.length)) s += x[i]!
  return s
}
const product = (x: Float64Array) => {
  let p = 1.1
  for (const i of prange(x.length)) p *= x[i]!
  return p
}
const serialSum = (x: Float64Array) => {
  let s = 0.1
  for (let i = 0; i < x.length; i++) s += x[i]!
  return s
}

describe('the shape of the tree', () => {
  test.each([0, 1, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 2048, 3073, 10_000])('of %i iterations', (n) => {
    expectSame(sum, [noise(n)], {}, { threads: THREADS, wanted: (x) => tree(x, 0.1, -0, plus) })
    expectSame(product, [factors(n)], {}, { threads: THREADS, wanted: (x) => tree(x, 1.1, 1, times) })
    expectSame(sum, [noise(n)], { fastmath: true }, { threads: [2], wanted: (x) => tree(x, 0.1, -0, plus) })
    if (n <= 1025) expect(interpreted(sum)(noise(n))).toBe(tree(noise(n), 0.1, -0, plus))
    const ordered = n < 64 ? serialSum : (x: Float64Array) => tree(x, 0.1, -0, plus)
    expectSame(serialSum, [noise(n)], { parallel: false, fastmath: true }, { threads: [1], wanted: ordered })
    expectSame(sum, [noise(n)], { parallel: false, fastmath: true }, { threads: [1], wanted: ordered })
  })

  test('of blocks longer than 1024', () => {
    const x = noise(5_000_000)
    const wanted = tree(x, 0.1, -0, plus)
    expect(wanted).not.toBe(sum(x))
    const [given] = sharedCopy([x])
    for (const target of ['wasm', 'js'] as const) {
      for (const threads of [1, 2, 5]) {
        setNumThreads(threads)
        expect(jit(sum, { parallel: true, target })(given as Float64Array)).toBe(wanted)
      }
      expect(jit(serialSum, { fastmath: true, target })(given as Float64Array)).toBe(wanted)
    }
  })

  test('without fastmath serial loops and serial pranges stay in order', () => {
    const x = noise(5000)
    expect(tree(x, 0.1, -0, plus)).not.toBe(serialSum(x))
    expectSame(serialSum, [x], { parallel: true })
    expectSame(sum, [x], { parallel: false })
  })
})

type Row = [name: string, fn: Kernel, args: () => unknown[]]
const ints = (n: number) => Int32Array.from({ length: n }, (_, i) => Math.imul(i + 7, 0x9e3779b1))
const least = () => new Int32Array(3000).fill(-(2 ** 31))
const special = (...at: [number, number][]) => {
  const x = new Float64Array(2500).fill(-0)
  for (const [k, value] of at) x[k] = value
  return x
}

describe('reductions whose order does not show give the plain result', () => {
  test.each<Row>([
    [
      'min',
      (x: Float64Array) => {
        let m = Infinity
        for (const i of prange(x.length)) m = Math.min(m, x[i]!)
        return m
      },
      () => [noise(5000)],
    ],
    [
      'max, turned round',
      (x: Float64Array) => {
        let m = -Infinity
        for (const i of prange(x.length)) m = Math.max(x[i]!, m)
        return m
      },
      () => [noise(5000)],
    ],
    [
      'the smaller zero',
      (x: Float64Array) => {
        let m = 0
        for (const i of prange(x.length)) m = Math.min(m, x[i]!)
        return m
      },
      () => [special()],
    ],
    [
      'the larger zero',
      (x: Float64Array) => {
        let m = -0
        for (const i of prange(x.length)) m = Math.max(m, x[i]!)
        return m
      },
      () => [special([1999, 0])],
    ],
    [
      'NaN',
      (x: Float64Array) => {
        let m = -0
        for (const i of prange(x.length)) m = Math.max(m, x[i]!)
        return m
      },
      () => [special([1999, Number.NaN])],
    ],
    [
      'integer max',
      (x: Int32Array) => {
        let m = -(2 ** 31)
        for (const i of prange(x.length)) m = Math.max(m, x[i]!)
        return m
      },
      () => [ints(5000)],
    ],
    [
      'the least integer',
      (x: Int32Array) => {
        let m = -(2 ** 31)
        for (const i of prange(x.length)) m = Math.max(m, x[i]!)
        return m
      },
      () => [least()],
    ],
    [
      'a count',
      (x: Float64Array) => {
        let n = 0
        for (const i of prange(x.length)) if (x[i]! > 0) n++
        return n
      },
      () => [noise(5000)],
    ],
    [
      'a count with continue',
      (x: Float64Array) => {
        let n = 5
        for (const i of prange(x.length)) {
          if (x[i]! > 0) continue
          n += 2
        }
        return n
      },
      () => [noise(5000)],
    ],
    [
      'an integer sum',
      (x: Int32Array) => {
        let s = 0
        for (const i of prange(x.length)) s += x[i]!
        return s
      },
      () => [ints(5000)],
    ],
    [
      'a sum that wraps',
      (x: Int32Array) => {
        let s = 9
        for (const i of prange(x.length)) s = (s + x[i]!) | 0
        return s
      },
      () => [ints(5000)],
    ],
    [
      'a difference that wraps',
      (x: Int32Array) => {
        let s = 9
        for (const i of prange(x.length)) s = (s - x[i]!) | 0
        return s
      },
      () => [ints(5000)],
    ],
    [
      'a product that wraps',
      (x: Int32Array) => {
        let s = 9
        for (const i of prange(x.length)) s = Math.imul(x[i]! | 1, s)
        return s
      },
      () => [ints(5000)],
    ],
    [
      'bits and',
      (x: Int32Array) => {
        let s = -1
        for (const i of prange(x.length)) s &= x[i]! | 0xff00
        return s
      },
      () => [ints(5000)],
    ],
    [
      'bits or',
      (x: Int32Array) => {
        let s = 1
        for (const i of prange(x.length)) s |= x[i]! & 0xf0f0
        return s
      },
      () => [ints(5000)],
    ],
    [
      'bits xor',
      (x: Int32Array) => {
        let s = 1
        for (const i of prange(x.length)) s ^= x[i]!
        return s
      },
      () => [ints(5000)],
    ],
    [
      'strided and downward',
      (x: Int32Array) => {
        let s = 1
        for (const i of prange(x.length - 1, -1, -3)) s = (s + Math.imul(x[i]!, i)) | 0
        return s
      },
      () => [ints(5000)],
    ],
    [
      'without iterations',
      (x: Int32Array, n: number) => {
        let s = 7
        let f = 0.5
        for (const i of prange(n, 3)) {
          s ^= x[i]!
          f += i
        }
        return s + f
      },
      () => [ints(5), 4],
    ],
    [
      'several',
      (x: Float64Array) => {
        let a = Infinity
        let b = -Infinity
        let n = 0
        for (const i of prange(x.length)) {
          a = Math.min(a, x[i]!)
          b = Math.max(b, x[i]!)
          n++
        }
        return a + b * n
      },
      () => [noise(5000)],
    ],
  ])('%s', (_, fn, args) => expectSame(fn, args(), {}, { threads: THREADS }))
})

describe('trees give what the interpreter gives', () => {
  test.each<Row>([
    [
      'differences',
      (x: Float64Array) => {
        let s = 0.3
        for (const i of prange(x.length)) s -= x[i]!
        return s
      },
      () => [noise(2500)],
    ],
    [
      'the value on the left',
      (x: Float64Array) => {
        let s = 0.3
        for (const i of prange(x.length)) s = x[i]! + s
        return s
      },
      () => [noise(2500)],
    ],
    [
      'a conditional sum',
      (x: Float64Array) => {
        let s = 0
        let n = 0
        for (const i of prange(x.length)) {
          if (x[i]! < 0) continue
          s += x[i]!
          n++
        }
        return s / n
      },
      () => [noise(2500)],
    ],
    [
      'negative zeros',
      (x: Float64Array) => {
        let s = -0
        for (const i of prange(x.length)) s += x[i]!
        return s
      },
      () => [special()],
    ],
    [
      'negative zeros from 0',
      (x: Float64Array) => {
        let s = 0
        for (const i of prange(x.length)) s += x[i]!
        return s
      },
      () => [special()],
    ],
    [
      'NaN',
      (x: Float64Array) => {
        let s = 0
        for (const i of prange(x.length)) s += x[i]!
        return s
      },
      () => [special([77, Number.NaN])],
    ],
    [
      'strides',
      (x: Float64Array) => {
        let s = 0
        for (const i of prange(1, x.length, 3)) s += x[i]!
        return s
      },
      () => [noise(5000)],
    ],
    [
      'downward',
      (x: Float64Array) => {
        let s = 0
        for (const i of prange(x.length - 1, -1, -1)) s += x[i]!
        return s
      },
      () => [noise(2500)],
    ],
    [
      'from a large start',
      (x: Float64Array, n: number) => {
        let s = 0
        for (const i of prange(n, n + x.length)) s += x[i - n]! * i
        return s
      },
      () => [noise(2500), 2 ** 26],
    ],
    [
      'past int32',
      (n: number) => {
        let s = 0
        for (const i of prange(2 ** 33 + 1, 2 ** 33 + n, 2)) s += Math.sqrt(i)
        return s
      },
      () => [5000],
    ],
    [
      'two of them',
      (x: Float64Array) => {
        let s = 0
        let p = 1
        for (const i of prange(x.length)) {
          s += x[i]!
          p *= 1 + x[i]! * 1e-12
        }
        return s + p
      },
      () => [noise(2500)],
    ],
    [
      'over a serial loop',
      (x: Float64Array, n: number) => {
        let s = 0
        for (const i of prange(n)) for (let j = 0; j < n; j++) s += x[i]! / x[j]!
        return s
      },
      () => [noise(70), 70],
    ],
    [
      'nested pranges, one sum',
      (x: Float64Array, n: number) => {
        let s = 0
        for (const i of prange(n)) for (const j of prange(n)) s += x[i]! / x[j]!
        return s
      },
      () => [noise(70), 70],
    ],
    [
      'nested pranges, a sum each',
      (x: Float64Array, r: Float64Array, n: number) => {
        for (const i of prange(n)) {
          let s = 0.5
          for (const j of prange(n)) s += x[i]! / x[j]!
          r[i] = s
        }
      },
      () => [noise(70), noise(70), 70],
    ],
    [
      'in a serial loop',
      (x: Float64Array, n: number) => {
        let s = 0
        for (let t = 0; t < n; t++) {
          s *= 0.5
          for (const i of prange(x.length)) s += x[i]! * t
        }
        return s
      },
      () => [noise(2000), 3],
    ],
    [
      'overlapping arrays',
      (x: Float64Array, r: Float64Array) => {
        let s = 0
        for (const i of prange(r.length - 1)) {
          r[i] = x[i + 1]!
          s += r[i]!
        }
        return s
      },
      () => {
        const x = noise(2000)
        return [x, x]
      },
    ],
  ])('%s', (_, fn, args) => {
    for (const fastmath of [false, true]) {
      expectSame(fn, args(), { fastmath }, { threads: THREADS, wanted: interpreted(fn, { fastmath }) })
    }
  })

  test.each<Row>([
    [
      'a nest of sums',
      (x: Float64Array, n: number) => {
        let s = 0
        for (let i = 0; i < n; i++) {
          let t = 0
          for (let j = 0; j < n; j++) t += x[i]! / x[j]!
          s += t
        }
        return s
      },
      () => [noise(70), 70],
    ],
    [
      'a sum over a nest',
      (x: Float64Array, n: number) => {
        let s = 0
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) s += x[i]! / x[j]!
        return s
      },
      () => [noise(70), 70],
    ],
    [
      'a loop left early',
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) {
          if (s > 1e9) break
          s += x[i]!
        }
        return s
      },
      () => [noise(2000)],
    ],
    [
      'a loop left by a jump',
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) {
          s += x[i]!
          if (x[i]! > 9e8) return s
        }
        return -s
      },
      () => [noise(2000)],
    ],
    [
      'a while loop',
      (x: Float64Array) => {
        let s = 0
        let i = 0
        while (i < x.length) {
          s += x[i]!
          i++
        }
        return s
      },
      () => [noise(2000)],
    ],
    [
      'a recurrence',
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) {
          s = s * 0.5 + x[i]!
        }
        return s
      },
      () => [noise(2000)],
    ],
    [
      'a sum that is stored',
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) {
          s += x[i]!
          x[i] = s
        }
      },
      () => [noise(2000)],
    ],
    [
      'several, downward',
      (x: Float64Array) => {
        let s = 0
        let p = 1
        for (let i = x.length - 1; i >= 0; i -= 2) {
          s += x[i]!
          p *= 1 + x[i]! * 1e-12
          x[i] = 0
        }
        return s + p
      },
      () => [noise(2000)],
    ],
  ])('fastmath on one thread: %s', (_, fn, args) => {
    const options = { parallel: false, fastmath: true }
    expectSame(fn, args(), options, { threads: [2], wanted: interpreted(fn, options) })
  })
})
