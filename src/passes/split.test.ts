import { describe, expect, test } from 'vitest'
import { numbersFrom } from '../../test/ir/nests.ts'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import { functionFrom } from '../../test/support/kernels.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { print } from '../ir/print.ts'
import { read } from '../ir/read.ts'
import { verify } from '../ir/verify.ts'
import { bounds } from './bounds.ts'
import { hoist } from './hoist.ts'
import { separate } from './separate.ts'
import { split } from './split.ts'
import { version } from './version.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
type Kernel = (...args: any[]) => unknown

function cut(kernel: Kernel, types: readonly ArgType[]): { before: Module; after: Module } {
  const context = passContext()
  const before = separate(version(bounds(lowered(kernel as never, types), context), context))
  const after = split(before)
  verify(after)
  return { before, after }
}

const paths = (p: Int32Array, n: number) => {
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) p[i * n + j] = Math.min(p[i * n + j]!, p[i * n + k]! + p[k * n + j]!)
    }
  }
}
const lengths = (n: number) => Int32Array.from({ length: n * n }, (_, k) => (k * 7919) % 41)

describe('a loop is cut', () => {
  test('at the turn that writes what the others read', () => {
    const { before, after } = cut(paths, ['int32[]', 'int32'])
    expect(split(after)).toBe(after)
    const text = print(after)
    expect(text).toMatch(/for j in 0\.\.min\(k, n\) /)
    expect(text).toMatch(/if \(k >= 0\) & \(k < n\) \{\n +j\.\d = k\n/)
    expect(text).toMatch(/for j\.\d in max\(k \+ 1, 0\)\.\.n /)
    const calls = [0, 1, 2, 3, 7].map((n) => [lengths(n), n])
    expectSame(after, before, calls)
    expectPlain(after, paths, calls)
    // Too short an array: the other way, which is not cut, says where.
    expectSame(after, before, [[lengths(3).subarray(0, 7), 3]])
  })

  test('so that the element is read before each part', () => {
    const { before, after } = cut(paths, ['int32[]', 'int32'])
    const read = /^( *)e\S* = p\[\(i64\(i\) \* i64\(n\)\) \+ i64\(k\)\]/gm
    const depths = (module: Module) => [...print(module).matchAll(read)].map(([, indent]) => indent!.length)
    const [inLoop] = depths(before)
    expect(depths(hoist(before))).toEqual([inLoop])
    // The turn alone stands in an `if`, as what is read before a part stands in the question whether it runs.
    expect(depths(hoist(after)).every((depth) => depth <= inLoop!)).toBe(true)
    expectSame(hoist(after), before, [[lengths(5), 5]])
  })

  // The turn may lie before the loop's first, behind its last, or the loop be empty.
  test.each([
    ['2', 'n', true],
    ['0', 'n - 3', true],
    ['i', 'n', true],
    ['n', '1', false],
    ['m', 'i', true],
    ['0', 'm', true],
    ['0', 'k', false],
    ['k + 1', 'n', false],
  ])('from %s to %s: %s', (lo, hi, expected) => {
    const kernel = functionFrom(`function kernel(p, q, n, m) {
  let seen = 0
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      let last = 0.5
      for (let j = ${lo}; j < ${hi}; j++) {
        const t = p[i * n + k] - q[j] * last
        if (t > 0) p[i * n + j] = t / 3
        last = t + seen / 9
        seen++
      }
      q[i] += last / 5
    }
  }
  return seen
}`) as Kernel
    const { before, after } = cut(kernel, ['float64[]', 'float64[]', 'int32', 'int32'])
    expect(after !== before).toBe(expected)
    const calls = [1, 2, 5].flatMap((n) =>
      [0, 1, n].map((m) => {
        const x = (length: number, by: number) => Float64Array.from({ length }, (_, k) => Math.sin(k * by) * 8)
        return [x(n * n, 3.3), x(n, 1.7), n, m]
      }),
    )
    expectSame(after, before, calls)
    for (const args of calls) expectPlain(before, kernel, [args])
  })

  test('wherever the turn is, whatever its statements are', () => {
    let times = 0
    for (let seed = 1; seed <= 60; seed++) {
      const below = numbersFrom(seed * 7919)
      const pick = <T>(...from: readonly T[]): T => from[below(from.length)]!
      const element = () => `p[${pick('i', 'i', 'k', 'j')} * n + ${pick('j', 'j', 'k', 'i')}]`
      const value = (): string =>
        pick(
          element,
          element,
          () => `${element()} * s`,
          () => `(${element()} - j)`,
        )()
      const statement = () =>
        pick(
          () => `p[i * n + j] = ${value()} + p[i * n + k] / 2`,
          () => `if (${value()} < ${element()}) p[i * n + j] = ${value()}`,
          () => `s = ${value()} / 4`,
          () => `p[k * n + j] = ${value()}`,
        )()
      const kernel = functionFrom(`function kernel(p, n) {
  let s = 0.25
  for (let k = ${pick('0', '1')}; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = ${pick('0', '1', 'i')}; j < ${pick('n', 'n', 'n - 1')}; j++) {
        ${Array.from({ length: 1 + below(3) }, statement).join('\n        ')}
      }
    }
  }
  return s
}`) as Kernel
      const { before, after } = cut(kernel, ['float64[]', 'int32'])
      if (after !== before) times++
      const calls = [1, 4].map((n) => [Float64Array.from({ length: n * n }, (_, k) => Math.sin(k * seed)), n])
      expectSame(after, before, calls)
      expectSame(hoist(after), before, calls)
    }
    expect(times).toBeGreaterThan(10)
  })
})

describe('a loop stays whole', () => {
  const whole = (body: string, types: readonly ArgType[] = ['float64[]', 'int32']) => {
    const { before, after } = cut(functionFrom(`function kernel(p, n, at) {\n${body}\n}`) as Kernel, types)
    expect(after).toBe(before)
  }
  test.each([
    ['in steps', 'for (let j = 0; j < n; j += 2) p[i * n + j] += p[i * n + k]'],
    ['downward', 'for (let j = n - 1; j >= 0; j--) p[i * n + j] += p[i * n + k]'],
    ['where no turn writes the element', 'for (let j = k + 1; j < n; j++) p[i * n + j] += p[i * n + k]'],
    ['where each turn writes it', 'for (let j = 0; j < n; j++) p[i * n + k] += p[i * n + j]'],
    ['where the turn is no counter', 'for (let j = 0; j < n; j++) p[i * n + j] += p[k * n + k]'],
  ])('%s', (_, loop) => whole(`for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) ${loop}`))

  // One more than a number from anywhere may not be an index any more.
  test('where the turn is no counter of a loop around', () => {
    whole('for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) p[i * n + j] += p[i * n + at]', [
      'float64[]',
      'int32',
      'int32',
    ])
    whole(`for (let k = n - 1; k >= 0; k--) {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) p[i * n + j] += p[i * n + k]
    }`)
  })

  test('that changes its own end', () => {
    const { before } = cut(paths, ['int32[]', 'int32'])
    const text = print(before)
    expect(split(read(text))).not.toBe(read(text))
    // The bounds are evaluated once, before the first turn.
    const changing = read(
      text
        .replace('for j in 0..n ', 'for j in 0..end ')
        .replace(/( +)(e = p)/, '$1end = 0\n$1$2')
        .replace('local j: index', 'local j: index\n  local end: index')
        .replace(/( +)(loop.*for j in)/, '$1end = n\n$1$2'),
    )
    verify(changing)
    expect(split(changing)).toBe(changing)
    expectSame(changing, before, [[lengths(4), 4]])
  })
})
