/** `time` and `explain` as users get them, on modules in a folder that finds the package as a user's would. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PACKAGE } from '../../src/types.ts'
import { root } from '../house/sources.ts'
import { cli, cliIn, resultsIn } from './cli.ts'

mkdirSync(join(root, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(root, '.tmp/function-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kernels = join(folder, 'kernels.ts')
writeFileSync(
  kernels,
  `import { jit, prange } from 'tsumba'

export function norm(x: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return Math.sqrt(sum)
}
export function scale(x: Float64Array, by: number): void {
  for (const i of prange(x.length)) x[i] = x[i]! * by + 0.25
}
export const scaled = jit(scale, { parallel: true })
export const list = (x: Float64Array) => [x]
`,
)
const script = join(folder, 'kernels.mjs')
writeFileSync(
  script,
  `export const total = (x) => { let s = 0; for (let i = 0; i < x.length; i++) s += x[i]; return s }`,
)
/** As a user would type it. */
const at = (file: string, fn: string) => `${relative(process.cwd(), file)}#${fn}`
const LINE = String.raw`[\d.]+ [nµm]s ± [\d.]+ [nµm]s per loop \(mean ± std\. dev\. of 2 runs, [\d,]+ loops? each\)`

describe('time', () => {
  it('times plain and compiled in the words of timeit, and finds the results equal', { timeout: 60_000 }, () => {
    const { status, out, err } = cli('time', at(kernels, 'norm'), '--types', 'float64[1e5]', '--runs', '2')
    expect(err).not.toContain(`${PACKAGE}: `)
    expect(out).toMatch(
      new RegExp(
        `^norm\\(float64\\[100,000\\]\\); Node .*, compiled variants on allocated arrays, \\d+ threads?\n` +
          `plain  ${LINE}\njit    ${LINE}\n` +
          ` +[\\d.]+ × plain, first call [\\d.]+ ms; results are plain's, every bit\n$`,
      ),
    )
    expect(status).toBe(0)
  })

  it('takes the kernel of a parallel function, reordered sums, and writes results down', { timeout: 60_000 }, () => {
    const file = resultsIn('time.json')
    const flags = ['--runs', '1', '--threads', '2', '--ordinary', '--json', file.path]
    const scale = cli('time', at(kernels, 'scale'), '--types', 'float64[1e5],0.5', '--parallel', ...flags)
    expect(scale).toMatchObject({ status: 0 })
    const report = file.read() as { results: Record<string, unknown>[] }
    expect(report).toMatchObject({ arrays: 'ordinary', threads: 2, arguments: 'float64[100,000], 0.5' })
    expect(report.results.map(({ variant, threads }) => [variant, threads])).toEqual([
      ['plain', 1],
      ['jit', 1],
      ['parallel', 2],
    ])
    // Both write into their argument.
    for (const result of report.results.slice(1)) expect(result).toMatchObject({ agreement: { agree: 'every bit' } })

    const norm = cli('time', at(kernels, 'norm'), '--types', 'float64[1e5]', '--runs', '1', '--fastmath')
    expect(norm.out).toMatch(
      /\njit-fastmath {2}.*\n.*results differ from plain's by \d+ ulps at most, as reordered sums/,
    )
    expect(norm.status).toBe(0)
  })

  it('takes what is exported compiled as it is, and arguments as JavaScript', { timeout: 60_000 }, () => {
    const args = ['--args', 'Float64Array.from({ length: 1e5 }, (_, i) => i), 2', '--runs', '1']
    const { status, out } = cli('time', at(kernels, 'scaled'), ...args)
    expect(out).toMatch(/^scaled\(float64\[100,000\], 2\).*\nplain .*\nexported .*\n.*every bit\n$/)
    expect(status).toBe(0)
  })

  it('reads JavaScript that knows nothing of the package', { timeout: 60_000 }, () => {
    const { status, out } = cli('time', at(script, 'total'), '--types', 'float32[1000]', '--runs', '1')
    expect(out).toMatch(/\njit .*\n.*every bit\n$/)
    expect(status).toBe(0)
  })

  it('says why a function is not compiled, times it plain, and ends with status 1', { timeout: 60_000 }, () => {
    const { status, out } = cli('time', at(kernels, 'list'), '--types', 'float64[10]', '--runs', '1')
    expect(out).toMatch(/\nplain .* per loop .*\njit {4}Array literals are not available [\s\S]*Remedy: /)
    expect(status).toBe(1)
  })

  it('refuses what it cannot time, with the remedy', { timeout: 60_000 }, () => {
    const missing = cli('time', at(kernels, 'norms'), '--types', 'float64[10]')
    expect(missing).toMatchObject({ status: 2, out: '' })
    expect(missing.err).toMatch(/exports no 'norms'\. Remedy: choose from .*#list, .*#norm, .*#scale, .*#scaled\.\n$/)
    expect(cli('time', at(kernels, 'norm')).err).toMatch(/norm takes an argument\. Remedy: say of which types/)
    writeFileSync(join(folder, 'wrong.mjs'), 'export const later = async () => 1; export const bad = () => missing()')
    expect(cli('time', at(join(folder, 'wrong.mjs'), 'later')).err).toMatch(/later returns a promise.*Remedy: /)
    expect(cli('time', at(join(folder, 'wrong.mjs'), 'bad')).err).toMatch(
      /bad throws as plain JavaScript: ReferenceError/,
    )
  })

  it('refuses TypeScript that nothing here reads', (test) => {
    if ((process.features as { typescript?: unknown }).typescript) {
      test.skip(`Node ${process.version} reads TypeScript itself`)
    }
    // A folder from which tsx is not found.
    const elsewhere = resultsIn('alone.ts').path
    writeFileSync(elsewhere, 'export const f = (x: number) => x')
    const { status, err } = cliIn({ cwd: join(elsewhere, '..') }, 'time', 'alone.ts#f', '--types', '1')
    expect(err).toMatch(/does not read TypeScript, and tsx is not installed\. Remedy: npm i tsx, or use Node 22\.18/)
    expect(status).toBe(2)
  })
})

describe('explain', () => {
  it('says what became of the loops', () => {
    const file = resultsIn('explain.json')
    const args = ['--types', 'float64[], 0.5', '--parallel', '--json', file.path]
    const { status, out, err } = cli('explain', at(kernels, 'scale'), ...args)
    expect(err).not.toContain(`${PACKAGE}: `)
    expect(out).toMatch(/^scale\(float64\[\], float64\) runs as WebAssembly: .*\.\n {2}line \d+: for ?\(/)
    expect(out).toMatch(/\n {4}Runs on all threads/)
    expect(status).toBe(0)
    const explanation = file.read() as { loops: { text: string }[] }
    expect(explanation).toMatchObject({ name: 'scale', target: 'wasm' })
    expect(explanation.loops.map(({ text }) => text).join()).toContain('all threads')
  })

  it('explains the function that is compiled with other options', () => {
    const { out } = cli('explain', at(kernels, 'scaled'), '--types', 'float64[], 0.5')
    expect(out).toMatch(/Runs on all threads/)
    const serial = cli('explain', at(kernels, 'scaled'), '--types', 'float64[], 0.5', '--fastmath')
    expect(serial.out).not.toMatch(/Runs on all threads/)
  })

  it('gives the error of what cannot be compiled', () => {
    const { status, out, err } = cli('explain', at(kernels, 'list'), '--types', 'float64[]')
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toMatch(/^Array literals are not available [\s\S]*Remedy: /)
  })

  it('explains itself, and so does time', () => {
    for (const command of ['time', 'explain']) {
      const { status, out } = cli(command, '--help')
      expect(status).toBe(0)
      for (const flag of ['types', 'args', 'parallel', 'fastmath', 'threads', 'ordinary', 'json']) {
        expect(out).toContain(`--${flag} `)
      }
      expect(cli('--help').out).toContain(`  ${command} `)
    }
  })
})
