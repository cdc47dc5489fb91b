import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { print } from '../ir/print.ts'
import { bounds } from './bounds.ts'
import { hoist } from './hoist.ts'
import { separate } from './separate.ts'
import { version } from './version.ts'

type Kernel = (...args: never[]) => unknown

function hoisted(kernel: Kernel, types: readonly ArgType[]): { before: Module; after: Module; inner: string } {
  const context = passContext()
  const before = version(bounds(lowered(kernel, types), context), context)
  const after = hoist(separate(before))
  return { before, after, inner: innermost(print(after)) }
}

/** The body of the first loop that has no loops in it. */
const innermost = (text: string): string => text.match(/: for [^\n]*\{\n((?:(?! for )[^}])*)\}/)![1]!

const x = (n: number, from = 0.5) => Float64Array.from({ length: n }, (_, k) => (((k * 7) % 11) - 4) * from)

function product(a: Float64Array, b: Float64Array, c: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      c[i * n + j] = 0
      for (let k = 0; k < n; k++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!
    }
  }
}
const productArgs = (n: number) => [x(n * n), x(n * n, 0.25), x(n * n), n]

describe('elements that all turns change', () => {
  test('live in a local', () => {
    const { before, after, inner } = hoisted(product, ['float64[]', 'float64[]', 'float64[]', 'int32'])
    expect(inner).not.toContain('c[')
    expect(inner).toMatch(/kept = e.* \+ \(/)
    expectSame(after, before, [productArgs(0), productArgs(1), productArgs(4)])
    expectPlain(after, product, [productArgs(3)])
  })

  test('stay where other arrays may overlap', () => {
    const { before, after } = hoisted(product, ['float64[]', 'float64[]', 'float64[]', 'int32'])
    const buffer = x(40).buffer
    const at = (from: number) => new Float64Array(buffer, from * 8, 16)
    expectSame(after, before, [[at(0), at(3), at(9), 4]])
    expectPlain(after, product, [[at(0), at(3), at(9), 4]])
  })

  test('are rounded to float32 in each turn', () => {
    const kernel = (a: Float32Array, s: Float32Array) => {
      for (let i = 0; i < s.length; i++) for (let k = 0; k < a.length; k++) s[i]! += a[k]! / 3
    }
    const { after, inner } = hoisted(kernel, ['float32[]', 'float32[]'])
    expect(inner).toMatch(/kept = f32\(/)
    expectPlain(after, kernel, [[Float32Array.from(x(20)), Float32Array.of(1e7, 0.1, -3)]])
  })

  test('stay in elements narrower than a local', () => {
    const kernel = (a: Uint8Array, s: Uint8Array) => {
      for (let i = 0; i < s.length; i++) for (let k = 0; k < a.length; k++) s[i]! += a[k]!
    }
    const { after, inner } = hoisted(kernel, ['uint8[]', 'uint8[]'])
    expect(inner).toContain('s[')
    expectPlain(after, kernel, [[Uint8Array.of(200, 100, 7), Uint8Array.of(1, 2)]])
  })

  test('are left alone where the loop never runs', () => {
    const kernel = (a: Float64Array, s: Float64Array, n: number, m: number) => {
      for (let i = 0; i < n; i++) for (let k = 0; k < m; k++) s[i]! += a[k]!
    }
    const { before, after } = hoisted(kernel, ['float64[]', 'float64[]', 'int32', 'int32'])
    expect(print(after)).toContain('if 0 < m {')
    // Element 3 is past the end of what there is; no turn asks for it.
    expectSame(after, before, [[x(4), x(3), 9, 0]])
    expectPlain(after, kernel, [
      [x(4), x(3), 3, 4],
      [x(4), x(3), 3, 0],
      [x(4), x(3), 9, 0],
    ])
  })

  test('stay where an index may meet them', () => {
    const kernel = (a: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) a[i]! += a[k]!
    }
    const { after, inner } = hoisted(kernel, ['float64[]', 'int32'])
    expect(inner).not.toContain('kept')
    expectPlain(after, kernel, [[x(7), 7]])
  })

  test('move where rows below or columns before are read', () => {
    const kernel = (a: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) {
        for (let j = i; j < n; j++) for (let k = 0; k < i; k++) a[i * n + j]! -= a[i * n + k]! * a[k * n + j]!
      }
    }
    const { after, inner } = hoisted(kernel, ['float64[]', 'int32'])
    expect(inner).toContain('kept')
    expectPlain(after, kernel, [[x(36), 6]])
  })
})

describe('what all turns compute alike', () => {
  test('is computed once, loads included', () => {
    const kernel = (a: Float64Array, b: Float64Array, c: Float64Array, n: number, alpha: number) => {
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j]! += alpha * a[i * n + k]! * b[k * n + j]!
      }
    }
    const { after, inner } = hoisted(kernel, ['float64[]', 'float64[]', 'float64[]', 'int32', 'float64'])
    expect(inner).not.toContain('alpha')
    expect(inner).not.toContain('a[')
    expectPlain(after, kernel, [[...productArgs(4), 1.5]])
  })

  test('is read once where it is whole', () => {
    const kernel = (a: Int32Array, c: Int32Array, n: number) => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) c[j] = (c[j]! * a[i]!) | 0
    }
    const { before, after, inner } = hoisted(kernel, ['int32[]', 'int32[]', 'int32'])
    expect(inner).not.toContain('a[')
    const calls = [0, 1, 6].map((n) => [Int32Array.from(x(6)), Int32Array.from(x(6, 1e4)), n])
    expectSame(after, before, calls)
    expectPlain(after, kernel, calls)
  })

  test('stays where a turn may change it', () => {
    const kernel = (a: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[j] = a[i]! / 3
    }
    const { after, inner } = hoisted(kernel, ['float64[]', 'int32'])
    expect(inner).toContain('a[i]')
    expectPlain(after, kernel, [[x(6), 6]])
  })

  test('stays where it is a matter of a condition', () => {
    const kernel = (a: Float64Array, b: Float64Array, n: number) => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (b[j]! > 0) b[j]! += a[i]!
    }
    const { after } = hoisted(kernel, ['float64[]', 'float64[]', 'int32'])
    expectPlain(after, kernel, [[x(6), x(6), 6]])
  })
})
