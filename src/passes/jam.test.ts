import { describe, expect, it } from 'vitest'
import { lowerProgram } from '../frontend/program.ts'
import { allocate, jit, prange } from '../index.ts'
import { print } from '../ir/print.ts'
import { verify } from '../ir/verify.ts'
import { runPasses } from './index.ts'

type Kernel = (...args: never[]) => unknown

function wasmText(fn: Kernel, types: string[], parallel = false): { text: string; notes: string[] } {
  const notes: string[] = []
  const program = lowerProgram(fn, types as never, { parallel })
  const context = {
    target: 'wasm' as const,
    parallel,
    reassociate: false,
    independent: [],
    boundscheck: true,
    note: (_: unknown, text: string) => notes.push(text),
  }
  const module = runPasses(program.module, context, (after) => verify(after))
  return { text: print(module), notes }
}
const jammed = (fn: Kernel, types: string[], parallel = false) =>
  wasmText(fn, types, parallel).notes.some((n) => n.includes('side by side'))

function rows(x: Float64Array, r: Float64Array) {
  for (let i = 0; i < r.length; i++) {
    let total = 0
    for (let j = 0; j < x.length; j++) total += Math.sqrt(x[j]!)
    r[i] = total
  }
}
function product(a: Float64Array, b: Float64Array, c: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0
      for (let k = 0; k < n; k++) s += a[i * n + k]! * b[k * n + j]!
      c[i * n + j] = s
    }
  }
}
function someRows(x: Float64Array, r: Float64Array) {
  for (let i = 0; i < r.length; i++) {
    let s = i
    for (let j = 0; j < x.length; j++) if (x[j]! > i) s -= x[j]! / 3
    r[i] = s
  }
}
function pranged(x: Float64Array, r: Float64Array) {
  for (const i of prange(r.length)) {
    let s = 0
    for (let j = 0; j < x.length; j++) s += x[j]! * i
    r[i] = s
  }
}
function later(x: Float64Array, r: Float64Array) {
  const from = x.length - 30
  for (let i = from; i < r.length; i++) {
    let s = 0
    for (let j = 0; j < x.length; j++) s += x[j]! / 3
    r[i] = s
  }
}
function carried(x: Float64Array, r: Float64Array) {
  let s = 0
  for (let i = 0; i < r.length; i++) {
    for (let j = 0; j < x.length; j++) s += x[j]!
    r[i] = s
  }
}
function reads(x: Float64Array, n: number) {
  for (let i = 1; i < x.length; i++) {
    let s = 0
    for (let j = 0; j < n; j++) s += x[i - 1]!
    x[i] = s
  }
}
function triangle(x: Float64Array, r: Float64Array) {
  for (let i = 0; i < r.length; i++) {
    let s = 0
    for (let j = 0; j < i; j++) s += x[0]!
    r[i] = s
  }
}

describe('jam', () => {
  it('takes loops whose iterations are independent and whose inner loop is the same for all', () => {
    expect(jammed(rows, ['float64[]', 'float64[]'])).toBe(true)
    expect(jammed(product, ['float64[]', 'float64[]', 'float64[]', 'int32'])).toBe(true)
    expect(jammed(someRows, ['float64[]', 'float64[]'])).toBe(true)
    expect(jammed(later, ['float64[]', 'float64[]'])).toBe(true)
    expect(jammed(pranged, ['float64[]', 'float64[]'], true)).toBe(true)
  })

  it('leaves loops that carry something, that read what they wrote, or whose inner bounds differ', () => {
    expect(jammed(carried, ['float64[]', 'float64[]'])).toBe(false)
    expect(jammed(reads, ['float64[]', 'int32'])).toBe(false)
    expect(jammed(triangle, ['float64[]', 'float64[]'])).toBe(false)
  })

  it('computes what rows have in common once', () => {
    const roots = wasmText(rows, ['float64[]', 'float64[]']).text.match(/sqrt\(/g)!.length
    // Once for eight rows; the remainder and the version for overlapping arrays have their own, chunked or not.
    const sums = wasmText(rows, ['float64[]', 'float64[]']).text.match(/total\.\d = total\.\d \+ shared/g)!.length
    expect(sums / 8).toBeGreaterThanOrEqual(1)
    expect(roots).toBeLessThan(sums)
  })

  it('asks once whether the arrays of a prange overlap', () => {
    const { text } = wasmText(pranged, ['float64[]', 'float64[]'], true)
    const asked = text.match(/if not\(overlap\(r, x\)\)[\s\S]*?launch [^\n]*/)![0]
    expect(asked.match(/overlap/g)).toHaveLength(1)
  })

  const filled = (n: number, f: (i: number) => number) => {
    const a = allocate(Float64Array, n)
    for (let i = 0; i < n; i++) a[i] = f(i)
    return a
  }
  const same = (a: Float64Array, b: Float64Array) => a.every((v, i) => Object.is(v, b[i])) && a.length === b.length

  for (const target of ['wasm', 'js'] as const) {
    it(`changes no bit, whatever the number of rows (${target})`, () => {
      for (const kernel of [rows, someRows, later, carried, triangle]) {
        const fast = jit(kernel, { target })
        for (let n = 0; n <= 20; n++) {
          const x = filled(33, (i) => Math.sin(i) * 5 + 5)
          const got = filled(n, () => -1)
          const want = new Float64Array(n).fill(-1)
          fast(x, got)
          kernel(x, want)
          expect(same(got, want), `${kernel.name} ${n}`).toBe(true)
        }
      }
    })

    it(`gives plain's result where the arrays overlap (${target})`, () => {
      for (const [kernel, parallel] of [
        [rows, false],
        [pranged, true],
      ] as const) {
        const fast = jit(kernel, { target, parallel })
        const a = filled(40, (i) => i + 0.5)
        const b = Float64Array.from(a)
        fast(a.subarray(0, 30), a.subarray(10, 40))
        kernel(b.subarray(0, 30), b.subarray(10, 40))
        expect(same(a, b), kernel.name).toBe(true)
      }
    })
  }

  it('keeps effects and failure of a loop that runs out of an array', () => {
    const fast = jit(product)
    const n = 10
    const a = filled(n * n, (i) => i)
    const b = filled(n * n, (i) => -i)
    const c = filled(n * n - 3, () => 7)
    const want = new Float64Array(n * n - 3).fill(7)
    expect(() => fast(a, b, c, n)).toThrow(/index 97 is out of range for `c\d?`/)
    product(a, b, want, n)
    expect(same(c, want)).toBe(true)
  })
})
