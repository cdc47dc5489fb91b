import { describe, expect, it } from 'vitest'
import { jit } from '../index.ts'
import type { TypedArray } from '../types.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of every signature
type Kernel = (...args: any[]) => unknown

const f64 = () => new Float64Array(64).fill(0.5)
const said = (fn: Kernel, args: (number | TypedArray)[], options: object = {}): string[] =>
  jit(fn, { target: 'wasm', ...options })
    .explain(...args)
    .loops.map((l) => l.text)

describe('explain() says why a loop is not in vectors', () => {
  const cases: [string, Kernel, (number | TypedArray)[], string][] = [
    [
      'a value handed on',
      (x: Float64Array) => {
        let v = 1
        for (let i = 0; i < x.length; i++) {
          v = Math.sqrt(v / 2 + x[i]!)
          x[i] = v
        }
      },
      [f64()],
      '`v` hands a value from one iteration to the next',
    ],
    [
      'an element handed on',
      (x: Float64Array) => {
        for (let i = 1; i < x.length; i++) x[i] = Math.sqrt(x[i - 1]!)
      },
      [f64()],
      'an iteration needs the element of `x` that one shortly before it writes',
    ],
    [
      'places that depend on data',
      (x: Float64Array, at: Int32Array, out: Float64Array) => {
        for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(x[at[i]! & 7]!)
      },
      [f64(), new Int32Array(64), f64()],
      'the index into `x` is within the array is known only inside the loop',
    ],
    [
      'the remainder of floats',
      (x: Float64Array) => {
        for (let i = 0; i < x.length; i++) x[i] = x[i]! % 3
      },
      [f64()],
      '`%` has no vector form',
    ],
    [
      'steps other than 1',
      (x: Float64Array) => {
        for (let i = 0; i < x.length; i += 2) x[i] = Math.sqrt(x[i]!)
      },
      [f64()],
      'it does not count up by 1',
    ],
    [
      'little to gain',
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i]!
        return s
      },
      [f64()],
      'vectors would gain too little here',
    ],
  ]
  for (const [name, fn, args, reason] of cases) {
    it(name, () => {
      expect(said(fn, args).join('\n')).toContain(`Not in vectors: `)
      expect(said(fn, args).join('\n')).toContain(reason)
    })
  }
})

describe('which loop of a nest', () => {
  it('the inner one where elements follow each other', () => {
    const scale = (a: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = Math.sqrt(a[i * n + j]!)
    }
    const { loops } = jit(scale, { target: 'wasm' }).explain(f64(), 8)
    const vectors = loops.filter((l) => l.text.includes('lanes of vectors'))
    expect(vectors).toHaveLength(1)
    expect(vectors[0]!.source.replaceAll(' ', '')).toMatch(/^for\(letj=/)
  })

  it('an outer one where the inner is a sum that some iterations make', () => {
    const near = (x: Float64Array, r: Float64Array) => {
      for (let i = 0; i < r.length; i++) {
        let s = 0
        for (let j = 0; j < x.length; j++) if (x[j]! < i) s += Math.sqrt(x[j]! * i)
        r[i] = s
      }
    }
    const { loops } = jit(near, { target: 'wasm' }).explain(f64(), f64())
    const vectors = loops.filter((l) => l.text.includes('lanes of vectors'))
    expect(vectors[0]!.source.replaceAll(' ', '')).toMatch(/^for\(leti=/)
  })

  it('each row keeps its own sum, even where all are equal', () => {
    const sums = (x: Float64Array, r: Float64Array) => {
      for (let i = 0; i < r.length; i++) {
        let s = 0
        for (let j = 0; j < x.length; j++) s += Math.sqrt(x[j]!)
        r[i] = s
      }
    }
    const texts = said(sums, [f64(), f64()])
    expect(texts.join('\n')).toMatch(/side by side|lanes of vectors/)
    const out = f64()
    jit(sums, { target: 'wasm' })(f64(), out)
    expect(new Set(out)).toEqual(new Set([Array.from({ length: 64 }).reduce<number>((s) => s + Math.sqrt(0.5), 0)]))
  })
})
