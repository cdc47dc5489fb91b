import { describe, expect, it } from 'vitest'
import { lowerProgram } from '../frontend/program.ts'
import { allocate, jit, prange } from '../index.ts'
import { print } from '../ir/print.ts'
import { verify } from '../ir/verify.ts'
import { runPasses } from './index.ts'

type Kernel = (...args: never[]) => unknown

function compiled(fn: Kernel, types: string[], parallel = false, target: 'wasm' | 'js' = 'wasm') {
  const notes: string[] = []
  const program = lowerProgram(fn, types as never, { parallel })
  const context = {
    target,
    parallel,
    reassociate: false,
    independent: [],
    boundscheck: true,
    note: (_: unknown, text: string) => notes.push(text),
  }
  let forwarded = ''
  const module = runPasses(program.module, context, (after, pass) => {
    verify(after)
    if (pass.name === 'forward') forwarded = print(after)
  })
  return { text: print(module), forwarded, notes }
}
type Compiling = Parameters<typeof compiled>
const jammed = (...args: Compiling) => compiled(...args).notes.some((n) => n.includes('side by side in the inner loop'))
const inLanes = (...args: Compiling) => compiled(...args).notes.some((n) => n.includes('in the lanes of vectors'))

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

/** Each x needs the ones before it: of a row's sum, what the group itself adds comes last. */
function solve(l: Float64Array, x: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) x[i]! -= l[i * n + j]! * x[j]!
    x[i]! /= l[i * n + i]!
  }
}
/** Here it comes first. */
function solveUpwards(u: Float64Array, x: Float64Array, n: number) {
  for (let k = 0; k < n; k++) {
    const i = n - 1 - k
    let s = x[i]!
    for (let j = i + 1; j < n; j++) s -= u[i * n + j]! * x[j]!
    x[i] = s / u[i * n + i]!
  }
}
function above(a: Float64Array, r: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    let s = 0
    for (let j = i + 1; j < n; j++) s += a[i * n + j]! / 3
    r[i] = s
  }
}
function byRows(a: Float64Array, b: Float64Array, c: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!
    }
  }
}
function halfRows(a: Float64Array, c: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      for (let j = 0; j <= i; j++) c[i * n + j]! += a[i * n + k]! * a[j * n + k]!
    }
  }
}
/** What a row adds to, the next one has read one turn before. */
function skewed(a: Float64Array, n: number) {
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < n - 1; j++) a[j]! += a[j + 1]! / 3
  }
}

describe('jam', () => {
  it('takes loops whose iterations are independent', () => {
    for (const kernel of [rows, someRows]) {
      expect(jammed(kernel, ['float64[]', 'float64[]'], false, 'js'), kernel.name).toBe(true)
    }
    expect(jammed(pranged, ['float64[]', 'float64[]'], true, 'js')).toBe(true)
    expect(jammed(someRows, ['float64[]', 'float64[]'])).toBe(true)
  })

  it('leaves loops to vectors whose iterations look like lanes', () => {
    for (const kernel of [rows, later]) {
      expect(jammed(kernel, ['float64[]', 'float64[]']), kernel.name).toBe(false)
      expect(inLanes(kernel, ['float64[]', 'float64[]']), kernel.name).toBe(true)
    }
    expect(compiled(product, ['float64[]', 'float64[]', 'float64[]', 'int32']).notes.join('\n')).toMatch(
      /4 iterations run side by side, so that they share what the inner loops read\.[\s\S]*in the lanes of vectors/,
    )
  })

  it('takes triangles: rows share the turns that all of them have', () => {
    expect(jammed(triangle, ['float64[]', 'float64[]'])).toBe(true)
    expect(jammed(solve, ['float64[]', 'float64[]', 'int32'])).toBe(true)
    expect(jammed(above, ['float64[]', 'float64[]', 'int32'])).toBe(true)
  })

  it('leaves loops that carry something, that read what they wrote, or whose sums begin with another row', () => {
    expect(jammed(carried, ['float64[]', 'float64[]'])).toBe(false)
    expect(jammed(reads, ['float64[]', 'int32'])).toBe(false)
    expect(jammed(solveUpwards, ['float64[]', 'float64[]', 'int32'])).toBe(false)
    expect(jammed(skewed, ['float64[]', 'int32'])).toBe(false)
  })

  it('takes sums in elements: each element is read and written once for all rows', () => {
    const { forwarded, notes } = compiled(byRows, ['float64[]', 'float64[]', 'float64[]', 'int32'])
    expect(notes.filter((n) => n.includes('side by side'))).toEqual([
      '4 iterations run side by side in the inner loop, each element that all of them change is read and written once, its changes in their own order.',
      '2 iterations run side by side, so that they share what the inner loops read.',
    ])
    const inner = forwarded.match(/loop\.1\.rows[\s\S]*?(for j[\s\S]*?\})/)![1]!
    expect(inner.match(/ = c\[/g)).toHaveLength(2)
    expect(inner.match(/ = b\[/g)).toHaveLength(4)
    expect(inner.match(/c\[.*\]@\d = /g)).toHaveLength(2)
    expect(jammed(halfRows, ['float64[]', 'float64[]', 'int32'])).toBe(true)
  })

  it('says which array keeps iterations in order', () => {
    expect(compiled(skewed, ['float64[]', 'int32']).notes).toContain(
      'Iterations run one after the other: side by side, one might touch an element of `a` before an earlier one has done with it.',
    )
  })

  it('computes what rows have in common once', () => {
    const { forwarded } = compiled(rows, ['float64[]', 'float64[]'], false, 'js')
    const from = forwarded.indexOf('loop.rows')
    const inner = forwarded.slice(from, forwarded.indexOf('}', from))
    expect(inner.match(/sqrt\(/g)).toHaveLength(1)
    expect(inner.match(/ \+ shared/g)).toHaveLength(8)
  })

  it('asks once whether the arrays of a prange overlap', () => {
    const { text } = compiled(pranged, ['float64[]', 'float64[]'], true)
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
