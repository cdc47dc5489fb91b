/**
 * Small kernels through the pipeline, as text: lowered, after `annotate` where that said something, and as loops for
 * WebAssembly (chunks double them and show nothing new); of some, the JavaScript too. What changes here is for a reader
 * to judge.
 */

import { describe, expect, test } from 'vitest'
import { settingsOf } from '../../src/driver/options.ts'
import { type ArgType, lowerProgram } from '../../src/frontend/program.ts'
import { atomic, type JitOptions, prange } from '../../src/index.ts'
import { interpret } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { printFn } from '../../src/ir/print.ts'
import { verify } from '../../src/ir/verify.ts'
import { PASSES } from '../../src/passes/index.ts'
import { js } from '../../src/targets/js/index.ts'
import { functionFrom } from '../support/kernels.ts'
import { expectGolden } from './golden.ts'

interface Golden {
  readonly types: readonly ArgType[]
  readonly text: string
  readonly args: () => unknown[]
  readonly options?: JitOptions
  readonly uses?: Record<string, unknown>
  readonly js?: boolean
}

const clamp = functionFrom('function clamp(v, low, high) { if (v < low) return low; return v > high ? high : v }')
const x = () => Float64Array.of(4, 9, 0.25, -0, 2)

const KERNELS: Readonly<Record<string, Golden>> = {
  roots: {
    types: ['float64[]', 'float64[]'],
    args: () => [x(), new Float64Array(5)],
    js: true,
    text: `function roots(x, r) {
  for (const i of prange(x.length)) r[i] = Math.sqrt(x[i])
  return r
}`,
  },
  rootsSum: {
    types: ['float64[]', 'float64[]'],
    args: () => [x(), new Float64Array(5)],
    text: `function rootsSum(x, r) {
  const n = x.length
  for (const i of prange(n)) {
    let t = 0
    for (let j = 0; j < n; j++) t += Math.sqrt(x[j])
    r[i] = t
  }
}`,
  },
  logProduct: {
    types: ['float64[]', 'float64[]', 'float64[]'],
    args: () => [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6), new Float64Array(3)],
    text: `function logProduct(a, b, r) {
  for (let i = 0; i < r.length; i++) r[i] = Math.log(a[i] * b[i])
}`,
  },
  calculateScores: {
    types: ['float64[]', 'float64[]', 'float64[]'],
    args: () => [Float64Array.of(1, 0, 1, 1), Float64Array.of(0.5, 2), new Float64Array(2)],
    text: `function calculateScores(items, weights, scores) {
  const features = weights.length
  const n = items.length / features
  for (let i = 0; i < n; i++) {
    let score = 0
    for (let j = 0; j < features; j++) {
      if (items[i * features + j] > 0) score += weights[j]
    }
    scores[i] = score
  }
}`,
  },
  matmul: {
    types: ['float64[]', 'float64[]', 'float64[]', 'int32'],
    args: () => [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), new Float64Array(4), 2],
    text: `function matmul(A, B, C, n) {
  for (const i of prange(n)) {
    for (let j = 0; j < n; j++) {
      let s = 0
      for (let k = 0; k < n; k++) s += A[i * n + k] * B[k * n + j]
      C[i * n + j] = s
    }
  }
}`,
  },
  heat: {
    types: ['float64[]', 'float64[]', 'int32'],
    args: () => [x(), x(), 3],
    text: `function heat(a, b, steps) {
  let p = a
  let q = b
  for (let t = 0; t < steps; t++) {
    for (const i of prange(1, a.length - 1)) q[i] = 0.5 * p[i] + 0.25 * (p[i - 1] + p[i + 1])
    const other = p
    p = q
    q = other
  }
  return p
}`,
  },
  histogram: {
    types: ['uint8[]', 'int32[]'],
    args: () => [Uint8Array.of(3, 1, 3, 0), new Int32Array(4)],
    text: `function histogram(x, counts) {
  for (const i of prange(x.length)) atomic.add(counts, x[i], 1)
}`,
  },
  prefixSum: {
    types: ['float32[]', 'float64[]'],
    args: () => [Float32Array.of(1, 2, 3), new Float64Array(3)],
    js: true,
    text: `function prefixSum(x, r) {
  let s = 0
  for (let i = 0; i < x.length; i++) {
    s += x[i]
    r[i] = s
  }
}`,
  },
  mandelbrot: {
    types: ['float64', 'float64', 'int32'],
    args: () => [-0.7, 0.3, 100],
    text: `function mandelbrot(cr, ci, limit) {
  let a = 0
  let b = 0
  let n = 0
  while (n < limit && a * a + b * b <= 4) {
    const t = a * a - b * b + cr
    b = 2 * a * b + ci
    a = t
    n++
  }
  return n
}`,
  },
  limited: {
    types: ['float64[]', 'float64', 'float64'],
    args: () => [x(), 0.5, 3.5],
    uses: { clamp },
    text: `function limited(x, low, high) {
  for (let i = 0; i < x.length; i++) x[i] = clamp(x[i], low, high)
}`,
  },
  power: {
    types: ['float64[]'],
    args: () => [x()],
    text: `function power(x, times = 3) {
  let p = 1
  for (let k = 0; k < times; k++) for (let i = 0; i < x.length; i++) p += x[i]
  return p
}`,
  },
  inside: {
    types: ['float64[]', 'float64', 'bool'],
    args: () => [x(), 2, true],
    text: `function inside(x, radius, strict) {
  let n = 0
  for (let i = 0; i + 1 < x.length; i += 2) {
    const d = x[i] * x[i] + x[i + 1] * x[i + 1]
    if (strict ? d < radius : d <= radius || !(d === d)) n++
  }
  return n
}`,
  },
  brighten: {
    types: ['uint8c[]', 'float64', 'int32', 'int32'],
    args: () => [new Uint8ClampedArray([0, 100, 200, 255]), 1.5, 2, 2],
    text: `function brighten(pixels, gain, width, height) {
  for (const y of prange(height)) {
    for (let x = 0; x < width; x++) {
      const k = y * width + x
      pixels[k] = pixels[k] * gain + 8
    }
  }
}`,
  },
  mean: {
    types: ['float64[]'],
    args: () => [x()],
    js: true,
    text: `function mean(x) {
  let s = 0
  let n = 0
  for (const i of prange(x.length)) {
    if (!(x[i] >= 0)) continue
    s += x[i]
    n++
  }
  return s / n
}`,
  },
  distances: {
    types: ['float64[]', 'float64[]', 'int32'],
    args: () => [x(), new Float64Array(25), 5],
    text: `function distances(x, D, n) {
  for (const i of prange(n)) {
    for (const j of prange(n)) D[i * n + j] = Math.abs(x[i] - x[j])
  }
}`,
  },
  fastSum: {
    types: ['float64[]'],
    args: () => [x()],
    options: { parallel: false, fastmath: true },
    text: `function fastSum(x) {
  let s = 0
  for (let i = 0; i < x.length; i++) s += x[i] * x[i]
  return s
}`,
  },
  checksum: {
    types: ['int32[]'],
    args: () => [Int32Array.of(5, -7, 2 ** 30, 2 ** 30)],
    text: `function checksum(x) {
  let s = 0
  for (const i of prange(x.length)) s = (s + Math.imul(x[i], 31)) | 0
  return s
}`,
  },
}

const show = (module: Module): string => module.functions.map(printFn).join('\n')

describe.each(Object.entries(KERNELS))('%s', (name, kernel) => {
  const scope: Record<string, unknown> = { prange, atomic, ...kernel.uses }
  const fn = functionFrom(kernel.text, scope)
  const settings = settingsOf({ parallel: true, captures: () => scope, ...kernel.options })

  function stages(target: 'wasm' | 'js'): { lowered: Module; annotated: Module; whole: Module; final: Module } {
    const { module: lowered } = lowerProgram(fn, kernel.types, settings)
    let annotated = lowered
    let now = lowered
    let whole = lowered
    for (const pass of PASSES) {
      if (pass.targets && !pass.targets.includes(target)) continue
      const next = pass.run(now, { ...settings, target, note: () => {} })
      verify(next)
      if (pass.name === 'annotate') annotated = next === now ? lowered : next
      if (pass.name === 'chunk') whole = now
      now = next
    }
    return { lowered, annotated, whole, final: now }
  }

  test('as IR', () => {
    const { lowered, annotated, whole } = stages('wasm')
    const parts = [kernel.text.replace(/^/gm, '// '), '', '// ── lowered', show(lowered)]
    if (annotated !== lowered) parts.push('', '// ── annotated', show(annotated))
    parts.push('', '// ── for WebAssembly, before loops are cut into chunks', show(whole), '')
    expectGolden(name, parts.join('\n').replace(/ span \d+:\d+-\d+/g, ''))
  })

  if (kernel.js) test('as JavaScript', () => expectGolden(`${name}.js`, js.emit(stages('js').final).text))

  test('means the same at every stage', () => {
    const { lowered, annotated, final } = stages('wasm')
    const outcome = (module: Module) => {
      const args = kernel.args()
      const result = interpret(module, args)
      return { result: args.indexOf(result) < 0 ? result : `argument ${args.indexOf(result)}`, args }
    }
    // A tree of so few terms is the sum in another order; what it must be, the annotated module says.
    expect(outcome(final)).toEqual(outcome(annotated))
    if (name !== 'mean' && name !== 'fastSum') expect(outcome(lowered)).toEqual(outcome(annotated))
  })
})
