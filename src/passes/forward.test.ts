import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import { print } from '../ir/print.ts'
import { bounds } from './bounds.ts'
import { forward } from './forward.ts'

type Kernel = (...args: never[]) => unknown

/** The statements after the pass; all accesses are proven but where `checked`. */
function text(kernel: Kernel, types: readonly ArgType[], calls: readonly unknown[][], checked = false): string {
  const module = bounds(lowered(kernel, types), passContext({ boundscheck: checked }))
  const after = forward(module)
  expectPlain(after, kernel, calls)
  return print(after).replace(/[\s\S]*\nfunc/, 'func')
}
const count = (s: string, what: RegExp): number => s.match(what)?.length ?? 0
const x = (n = 6) => Float64Array.from({ length: n }, (_, k) => (((k * 7) % 11) - 4) / 2)

describe('elements', () => {
  test('are loaded once', () => {
    const kernel = (a: Float64Array, i: number) => a[i]! * a[i]! + a[i + 1]! * a[i]!
    const out = text(kernel, ['float64[]', 'int32'], [[x(), 2]])
    expect(count(out, /= a\[/g)).toBe(2)
  })

  test('are what was stored', () => {
    const kernel = (a: Float64Array, i: number) => {
      a[i] = a[i]! + 1
      a[i] = a[i]! * 3
      return a[i]! - 2
    }
    const out = text(kernel, ['float64[]', 'int32'], [[x(), 2]])
    expect(count(out, /= a\[/g)).toBe(1)
    expect(count(out, /a\[.*\]@\d+ = /g)).toBe(1)
  })

  test('keep what they were rounded or cut to', () => {
    const single = (a: Float32Array, v: number) => {
      a[1] = v / 3
      return a[1]! * 3
    }
    expect(text(single, ['float32[]', 'float64'], [[new Float32Array(3), 0.1]])).not.toMatch(/= a\[/)
    const byte = (a: Uint8Array, v: number) => {
      a[1] = v
      return a[1]! * 3
    }
    expect(text(byte, ['uint8[]', 'int32'], [[new Uint8Array(3), 300]])).toMatch(/= a\[/)
  })

  test('of other arrays and indices may be the same', () => {
    const kernel = (a: Float64Array, b: Float64Array, i: number, j: number) => {
      const before = a[i]!
      b[i] = 7
      const between = a[i]!
      a[j] = 9
      return before + between * 10 + a[i]! * 100
    }
    const a = x()
    const calls = [
      [a, x(), 1, 2],
      [a, x(), 1, 1],
      [a, a, 1, 2],
      [a, a.subarray(1), 1, 1],
      [a, a.subarray(1), 2, 0],
    ]
    expect(count(text(kernel, ['float64[]', 'float64[]', 'int32', 'int32'], calls), /= a\[/g)).toBe(3)
  })

  test('next to each other are different ones', () => {
    const kernel = (a: Float64Array, i: number) => {
      const before = a[i]!
      a[i + 1] = before / 2
      a[i - 1] = before / 3
      return a[i]!
    }
    expect(count(text(kernel, ['float64[]', 'int32'], [[x(), 2]]), /= a\[/g)).toBe(1)
  })

  test('are not what they were in the last turn of a loop', () => {
    const kernel = (a: Float64Array, n: number) => {
      let s = a[0]!
      for (let i = 0; i < n; i++) {
        s += a[0]!
        a[0] = s / 2
        s -= a[0]!
      }
      return s + a[0]!
    }
    text(
      kernel,
      ['float64[]', 'int32'],
      [
        [x(), 0],
        [x(), 5],
      ],
    )
  })

  test('known before a loop or choice are known in it and after it, unless it changes them', () => {
    const kernel = (a: Float64Array, b: Float64Array, n: number) => {
      let s = a[0]! + b[1]!
      for (let i = 0; i < n; i++) s += a[0]!
      if (n > 2) a[1] = s + a[0]!
      else a[0] = s
      return s + a[0]! + b[1]!
    }
    const out = text(
      kernel,
      ['float64[]', 'float64[]', 'int32'],
      [
        [x(), x(), 1],
        [x(), x(), 4],
      ],
    )
    expect(count(out, /= a\[/g)).toBe(2)
  })
})

describe('stores', () => {
  test('stay where something in between may fail', () => {
    const kernel = (a: Float64Array, b: Float64Array, i: number) => {
      a[0] = 1
      b[i] = 2
      a[0] = 3
    }
    const out = text(kernel, ['float64[]', 'float64[]', 'int32'], [[x(), x(), 1]], true)
    expect(count(out, /a\[.*\]@\d+ = /g)).toBe(2)
  })

  test('stay where something in between may look', () => {
    const kernel = (a: Float64Array, i: number) => {
      a[1] = 1
      const seen = a[i]!
      a[1] = 3
      return seen
    }
    const out = text(
      kernel,
      ['float64[]', 'int32'],
      [
        [x(), 1],
        [x(), 2],
      ],
    )
    expect(count(out, /a\[.*\]@\d+ = /g)).toBe(2)
  })
})

describe('results', () => {
  test('of costly operations are shared, those under a condition not computed before it', () => {
    const kernel = (a: Float64Array, i: number) => {
      const p = Math.sqrt(a[i]!) + 1
      const q = Math.sqrt(a[i]!) / 3
      return a[i]! > 0 ? p * (Math.sqrt(a[i]!) / 3) : q + p
    }
    const out = text(
      kernel,
      ['float64[]', 'int32'],
      [
        [x(), 0],
        [x(), 3],
      ],
    )
    expect(count(out, /sqrt\(/g)).toBe(1)
    expect(count(out, /\/ 3/g)).toBe(1)
  })

  test('of other values are others', () => {
    const kernel = (v: number, w: number) => {
      let u = v
      const p = Math.sqrt(u)
      u = w
      return p - Math.sqrt(u)
    }
    text(kernel, ['float64', 'float64'], [[4, 9]])
  })
})
