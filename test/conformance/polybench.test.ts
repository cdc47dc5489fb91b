/**
 * PolyBench's programs: plain gives what the C programs give, and every compiled variant what plain gives, bit for bit.
 */

import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { copyOf, verdictOn } from '../../bench/polybench/arguments.ts'
import { PROGRAMS } from '../../bench/polybench/index.ts'
import type { Program, Size } from '../../bench/polybench/polybench.ts'
import { getNumThreads, jit, setNumThreads, type TypedArray } from '../../src/index.ts'
import { withShadowMath } from '../support/shadowMath.ts'

type Kernel = (...args: unknown[]) => void

const before = getNumThreads()
afterAll(() => setNumThreads(before))

/**
 * SHA-256 of the results on the MINI data set, little-endian, as PolyBench/C 4.2.1 gives them when compiled by
 * gcc 12 -O2 -ffp-contract=off. Not deriche's, which depend on the last bits of exp and pow.
 */
const RESULTS_OF_C: Record<string, string> = {
  correlation: 'd8678f1c1a752059',
  covariance: '632761884bf9fbb9',
  '2mm': 'd729a6b4e81c5192',
  '3mm': 'e56d9a080503e9cd',
  atax: 'fef6b6b64995d958',
  bicg: 'fd1c2a1336386df2',
  doitgen: 'f4260f0a18f9ed1e',
  mvt: '85aa2b9496c36fac',
  gemm: '055c9d69c98e0ab7',
  gemver: 'b16dbf2e237bf944',
  gesummv: '2d81e214dc371e60',
  symm: '36055ee064bd30c3',
  syr2k: 'b61f13d9a40fb7a7',
  syrk: '6ab076c52cd85333',
  trmm: 'efd2897b1e566424',
  cholesky: 'a7e79a1e07d4965a',
  durbin: '3ce797b53eaa7a4a',
  gramschmidt: 'b370395f57038615',
  lu: '2b53782465d463ad',
  ludcmp: '6fc24ea37f3bbf4d',
  trisolv: '8b385290d216ad19',
  'floyd-warshall': '4260e5737fbc3590',
  nussinov: '764b5c219ed2c0ba',
  adi: '9bb3afaf75d284aa',
  'fdtd-2d': '102aad806bc49641',
  'heat-3d': 'eae47af68c3923be',
  'jacobi-1d': '0c51ec22e6c0e170',
  'jacobi-2d': 'e3df03daf288bc04',
  'seidel-2d': '1f5577d37035d946',
}

/** Half of MINI, and odd: rows that end within a vector, of a length that is that of no other axis. */
function oddSize(program: Program): Size {
  const halves = Object.entries(program.sizes.MINI).map(([name, value]) => [name, (value >> 1) | 1])
  return Object.fromEntries(halves) as Size
}
const dataOf = (program: Program) =>
  [program.sizes.MINI, oddSize(program)].map((size) => program.make(size as Required<Size>))

/** Runs both on copies of all data and holds every array against plain's, temporary ones too. */
function expectPlain(program: Program, kernel: Kernel): void {
  for (const initial of dataOf(program)) {
    const plain = copyOf(initial, 'ordinary')
    withShadowMath(() => (program.kernel as Kernel)(...plain))
    const args = copyOf(initial, 'allocated')
    kernel(...args)
    const arrays = args.flatMap((arg, k) => (typeof arg === 'number' ? [] : [k]))
    expect(verdictOn({ ...program, outputs: arrays }, args, plain).problem).toBeUndefined()
  }
}

test('they are all here', () => {
  expect(PROGRAMS).toHaveLength(30)
  const unsure = PROGRAMS.filter((program) => !(program.name in RESULTS_OF_C)).map((program) => program.name)
  expect(unsure).toEqual(['deriche'])
})

describe.each(PROGRAMS.map((program) => [program.name, program] as const))('%s', (name, program) => {
  test('plain gives what C gives', (context) => {
    if (!(name in RESULTS_OF_C)) context.skip('its last bits are those of the C library’s exp and pow')
    const args = program.make(program.sizes.MINI as Required<Size>)
    ;(program.kernel as Kernel)(...args)
    const hash = createHash('sha256')
    for (const k of program.outputs) hash.update(args[k] as TypedArray)
    expect(hash.digest('hex').slice(0, 16)).toBe(RESULTS_OF_C[name])
  })

  test.each(['wasm', 'js'] as const)('compiled to %s', (target) => {
    expectPlain(program, jit(program.kernel as Kernel, { target }))
  })

  test('without checks of indices', () => {
    expectPlain(program, jit(program.kernel as Kernel, { boundscheck: false }))
  })

  const { parallel } = program
  if (!parallel) return
  test('the text with prange is the same program', () => {
    expectPlain(program, (...args) => withShadowMath(() => (parallel as Kernel)(...args)))
  })

  test('on 1 and 2 threads', () => {
    const fast = jit(parallel as Kernel, { parallel: true })
    for (const threads of [1, 2]) {
      setNumThreads(threads)
      expectPlain(program, fast)
    }
  })

  test('where there is too little for several threads', () => {
    vi.stubEnv('TSUMBA_GRAIN', '')
    expectPlain(program, jit(parallel as Kernel, { parallel: true }))
    vi.unstubAllEnvs()
  })
})
