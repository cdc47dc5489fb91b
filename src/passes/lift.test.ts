import { describe, expect, test } from 'vitest'
import { outcome } from '../../test/ir/same.ts'
import type { Module } from '../ir/ir.ts'
import { printStmt } from '../ir/print.ts'
import { read } from '../ir/read.ts'
import { verify } from '../ir/verify.ts'
import { lift } from './lift.ts'

function moduleOf(body: string): Module {
  const module = read(`module f target entry f
source 0 "f" line 1
  | x[i]
site 0 bounds "x" 0:0-4

func f(x: float64[], y: float64[], n: index, a: f64, m: i64) {
  local i: index
  local j: index
  local s: f64
  local v: f64x2
${body
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
  return
}
`)
  verify(module)
  return module
}

/** The body after the pass; the same in meaning, for loops that run and for one that does not. */
function lifted(body: string): string[] {
  const before = moduleOf(body)
  const after = lift(before)
  verify(after)
  for (const n of [0, 1, 4]) {
    const args = [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8), n, 0.5, 3]
    expect(outcome(after, args)).toStrictEqual(outcome(before, args))
  }
  return after.functions[0]!.body.slice(0, -1).flatMap((s) => printStmt(s).split('\n'))
}

const loop = (...body: string[]) => ['loop: for i in 0..n span 0:0-4 {', ...body.map((line) => `  ${line}`), '}']

describe('out of innermost loops', () => {
  test('vectors of one number, each once', () => {
    const body = [
      'loop: for i in 0..(n - 1) step 2 span 0:0-4 {',
      '  v = load(f64x2, x[i]@0) * splat(f64x2, a)',
      '  y[i]@0 = v + (splat(f64x2, a) * splat(f64x2, 2.0))',
      '}',
    ]
    expect(lifted(body.join('\n'))).toMatchInlineSnapshot(`
      [
        "same = splat(f64x2, a)",
        "same.1 = splat(f64x2, a) * splat(f64x2, 2.0)",
        "loop: for i in 0..(n - 1) step 2 span 0:0-4 {",
        "  v = load(f64x2, x[i]@0) * same",
        "  y[i]@0 = v + same.1",
        "}",
      ]
    `)
  })

  test('numbers computed of such, where they stand under a condition too', () => {
    const body = loop('if x[i]@0 > (a * 2.0) {', '  y[i]@0 = x[i]@0 / (f64(n) + f64(length(x)))', '}')
    expect(lifted(body.join('\n'))).toMatchInlineSnapshot(`
      [
        "same = a * 2.0",
        "same.1 = f64(n) + f64(length(x))",
        "loop: for i in 0..n span 0:0-4 {",
        "  if x[i]@0 > same {",
        "    y[i]@0 = x[i]@0 / same.1",
        "  }",
        "}",
      ]
    `)
  })

  test('from loops that go on while a condition holds', () => {
    const body = ['loop: while i < n span 0:0-4 {', '  s = s + (a * a)', '  y[i]@0 = s', '  i = i + 1', '}']
    expect(lifted(body.join('\n'))).toMatchInlineSnapshot(`
      [
        "same = a * a",
        "loop: while i < n span 0:0-4 {",
        "  s = s + same",
        "  y[i]@0 = s",
        "  i = i + 1",
        "}",
      ]
    `)
  })

  test('from the inner one of two to right before it', () => {
    const body = loop('s = f64(i) * a', 'loop.1: for j in 0..n span 0:0-4 {', '  y[j]@0 = y[j]@0 + (s * a)', '}')
    expect(lifted(body.join('\n'))).toMatchInlineSnapshot(`
      [
        "loop: for i in 0..n span 0:0-4 {",
        "  s = f64(i) * a",
        "  same = s * a",
        "  loop.1: for j in 0..n span 0:0-4 {",
        "    y[j]@0 = y[j]@0 + same",
        "  }",
        "}",
      ]
    `)
  })
})

describe('what stays', () => {
  const stays = (name: string, ...body: string[]) =>
    test(name, () => {
      const module = moduleOf(body.join('\n'))
      expect(lift(module)).toBe(module)
    })

  stays('what a turn changes', ...loop('s = s + a', 'y[i]@0 = s * a'))
  stays('names and constants', ...loop('y[i]@0 = a', 's = 2.0', 's = f64(i)'))
  stays('addresses', ...loop('y[i]@0 = x[index(f64(n - n) * a)]@0'))
  stays('elements', ...loop('y[i]@0 = x[0]@0'))
  stays('integers, whose bounds may be known only inside', ...loop('if m > 5i64 {', '  s = f64((m * m) * m)', '}'))
  stays('what is not in a loop', 's = a * a')
})
