/**
 * Random kernels of quotients: bounds, starts, steps and indices that are whole for some arguments and fractions for
 * others (src/frontend/suppose.ts), and counters that start from them (src/frontend/counters.ts).
 */

import { expect, test } from 'vitest'
import { numbersFrom } from '../ir/nests.ts'
import { functionFrom } from '../support/kernels.ts'
import { disagreement } from './agree.ts'

const KERNELS = 16

/** Beyond the array, and between its elements: the kernel says what that gives, since plain and compiled code differ. */
const at = (x: Float64Array, k: number): number => (k >= 0 && k < x.length && Math.floor(k) === k ? x[k]! : -0.5)

function kernelText(below: (n: number) => number): string {
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!
  const quotient = () =>
    one([
      'n / 2',
      '(n - 1) / 2',
      'n / d',
      'x.length / 3',
      'x.length / d',
      'Math.sqrt(x.length)',
      '(n + d) / 4',
      'n * 0.5',
    ])
  const used = () => one(['p', 'q', 'p', 'q + 1', 'p * 2', 'q - p', '-p'])
  const bound = () => one(['p', 'q', 'n - p', 'q * 2', 'p + q', 'n / 2', 'x.length / d'])
  const start = () => one(['0', '1', 'p', '-q', 'q'])
  const index = (i: string) =>
    one([`${i}`, `${i} + p`, `${i} * p + q`, `${i} - q`, `${i} + n / 2`, `p - ${i}`, `${i} * 2`])
  const statement = (i: string) =>
    one([
      `s += at(x, ${index(i)})`,
      `s = s * 0.5 + ${i}`,
      `if (${i} < q) s -= at(x, ${index(i)})`,
      `s += ${used()}`,
      `c += ${i} < p ? 1 : 0`,
    ])
  const inner = () =>
    one([
      () => `for (let j = ${start()}; j < ${bound()}; j++) { ${statement('j')}; ${statement('i')} }`,
      () => `let k = ${one(['i', 'p', 'c', 'q'])}; while (k < ${bound()} && k < 30) { k++; ${statement('k')} }`,
      () => `const r = ${one(['i / 2', 'p * i', '(i + q) / 2'])}; for (let j = 0; j < r; j++) s += at(x, j + r)`,
      () => statement('i'),
    ])()
  const outer = () =>
    one([
      () => `for (let i = ${start()}; i < ${bound()}; i++) { ${inner()}; ${statement('i')} }`,
      () => `for (let i = ${bound()}; i > 0; i--) { ${inner()} }`,
      () => `for (let i = 0; i < ${bound()}; i += 2) { ${statement('i')}; ${inner()} }`,
    ])()
  return `(x, n, d) => {
    let s = 0, c = 0
    const p = ${quotient()}
    ${below(2) ? outer() : statement('n')}
    const q = ${quotient()}
    ${outer()}
    ${below(2) ? outer() : ''}
    return s + 1000 * c + 1 / p
  }`.replaceAll(/(?<![\w.])q(?![\w.])(?=[\s\S]*const q)/g, 'p')
}

test('plain and compiled agree', { timeout: 120_000 }, () => {
  const x = (length: number) => Float64Array.from({ length }, (_, k) => ((k * 7919) % 23) - 11)
  const inputs = [
    [x(12), 8, 2],
    [x(9), 9, 3],
    [x(16), 7, 4],
    [x(0), 0, 5],
    [x(6), -6, -3],
    [x(7), 5, -2],
    [x(10), 4.5, 3],
    [x(10), 6, 1.5],
    [x(4), NaN, 2],
    [x(8), -0, 2],
  ]
  const seed = Number(process.env['TSUMBA_SEED'] ?? 20)
  for (let k = 0; k < KERNELS; k++) {
    const text = kernelText(numbersFrom(seed * 7919 + k))
    const fn = functionFrom(text, { at })
    const found = disagreement(fn as never, inputs, { targets: ['js', 'wasm'], captures: () => ({ at }) })
    expect(found && { text, ...found }, `seed ${seed}, kernel ${k}:\n${text}`).toBeUndefined()
  }
})
