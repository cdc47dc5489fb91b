/**
 * Plain loops against compiled ones on one thread: the matrix product, mandelbrot, Math functions over a million
 * numbers. Where `--python PATH` names a Python with Numba, its times of the matrix product stand beside them.
 *
 *   npx tsx bench/speed.ts [--python PATH] [--rounds n]
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { allocate, jit } from '../src/index.ts'
import { median } from '../src/statistics.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of every signature
type Kernel = (...args: any[]) => unknown

function product(C: Float64Array, A: Float64Array, B: Float64Array, n: number) {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const a = A[i * n + k]!
      for (let j = 0; j < n; j++) C[i * n + j]! += a * B[k * n + j]!
    }
  }
}
function mandelbrot(out: Int32Array, w: number, h: number, max: number) {
  for (let py = 0; py < h; py++) {
    for (let px = 0; px < w; px++) {
      const cx = -2.2 + (3 * px) / w
      const cy = -1.2 + (2.4 * py) / h
      let x = 0
      let y = 0
      let n = 0
      while (n < max && x * x + y * y <= 4) {
        const t = x * x - y * y + cx
        y = 2 * x * y + cy
        x = t
        n++
      }
      out[py * w + px] = n
    }
  }
}
function sin(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) out[i] = Math.sin(x[i]!)
}
function cos(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) out[i] = Math.cos(x[i]!)
}
function exp(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) out[i] = Math.exp(x[i]!)
}
function log(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < x.length; i++) out[i] = Math.log(x[i]!)
}

const SIDE = 512
const MILLION = 1e6
/** Seeded numbers from `from` to `to`, in an order that no processor foresees (Numerical Recipes' generator). */
function spread(n: number, from: number, to: number): Float64Array {
  const x = allocate(Float64Array, n)
  let state = 12345
  for (let k = 0; k < n; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    x[k] = from + (to - from) * (state / 2 ** 32)
  }
  return x
}
const matrix = () => spread(SIDE * SIDE, -1, 1)
const over = (from: number, to: number) => () => [spread(MILLION, from, to), allocate(Float64Array, MILLION)]

const PROGRAMS: readonly { name: string; fn: Kernel; make: () => unknown[]; exact: boolean }[] = [
  { name: `matrix product ${SIDE}², ikj`, fn: product, make: () => [matrix(), matrix(), matrix(), SIDE], exact: true },
  {
    name: 'mandelbrot 400×300',
    fn: mandelbrot,
    make: () => [allocate(Int32Array, 120_000), 400, 300, 200],
    exact: true,
  },
  { name: 'sin over 10⁶, −10…10', fn: sin, make: over(-10, 10), exact: false },
  { name: 'cos over 10⁶, −10…10', fn: cos, make: over(-10, 10), exact: false },
  { name: 'exp over 10⁶, −10…10', fn: exp, make: over(-10, 10), exact: false },
  { name: 'log over 10⁶, 0…100', fn: log, make: over(1e-3, 100), exact: false },
]

const { values } = parseArgs({ options: { python: { type: 'string' }, rounds: { type: 'string', default: '15' } } })
const rounds = Number(values.rounds)

const time = (run: () => unknown): number => {
  const start = performance.now()
  run()
  return performance.now() - start
}

/** Whether every array is what plain makes of it: to the bit, or within 2 ulp where Math functions round. */
function agrees(ours: unknown[], plain: unknown[], exact: boolean): boolean {
  return ours.every((arg, k) => {
    if (typeof arg === 'number') return true
    const [a, b] = [arg as Float64Array, plain[k] as Float64Array]
    return a.every((v, i) => Object.is(v, b[i]) || (!exact && Math.abs(v - b[i]!) <= 2 * 2.3e-16 * Math.abs(v)))
  })
}

console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}; medians of ${rounds} rounds, one thread`)
console.log(`${'program'.padEnd(28)} ${'plain'.padStart(10)} ${'jit'.padStart(10)} ${'×'.padStart(7)}`)
for (const { name, fn, make, exact } of PROGRAMS) {
  const compiled = jit(fn) as Kernel
  const [plainArgs, ourArgs] = [make(), make()]
  for (let k = 0; k < 3; k++) {
    fn(...plainArgs)
    compiled(...ourArgs)
  }
  const ok = agrees(ourArgs, plainArgs, exact)
  const plain: number[] = []
  const ours: number[] = []
  for (let round = 0; round < rounds; round++) {
    // Another one first in each round.
    for (const first of round % 2 === 0 ? [true, false] : [false, true]) {
      if (first) plain.push(time(() => fn(...plainArgs)))
      else ours.push(time(() => compiled(...ourArgs)))
    }
    await new Promise(setImmediate)
  }
  const ratio = median(plain) / median(ours)
  const ms = (v: number) => `${v.toPrecision(4)} ms`.padStart(10)
  console.log(
    `${name.padEnd(28)} ${ms(median(plain))} ${ms(median(ours))} ${ratio.toFixed(2).padStart(7)}${ok ? '' : '  DIFFERS'}`,
  )
}

if (values.python) {
  const script = fileURLToPath(new URL('./speed_numba.py', import.meta.url))
  const { stdout, stderr, status } = spawnSync(values.python, [script, String(SIDE), String(rounds)], {
    encoding: 'utf8',
  })
  process.stdout.write(status === 0 ? stdout : `Numba: ${stderr.trim().split('\n').at(-1)}\n`)
}
