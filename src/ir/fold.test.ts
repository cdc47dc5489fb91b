import { describe, expect, test } from 'vitest'
import { bool, cast, cond, length, local, num, op, ref, select } from './build.ts'
import { folded } from './fold.ts'
import type { Expr } from './ir.ts'
import { printExpr } from './print.ts'
import { array, BOOL, F64, I32, I64, INDEX } from './types.ts'
import { mapExpr } from './walk.ts'

const x = ref(local('x', F64))
const i = ref(local('i', INDEX))
const j = ref(local('j', I32))
const b = ref(local('b', BOOL))
const a = local('a', array('float64'))
const f = (value: number) => num(F64, value)

const text = (e: Expr): string => printExpr(mapExpr(e, folded))

describe('what is known of expressions', () => {
  const cases: readonly (readonly [Expr, string])[] = [
    [op('add', f(0.1), f(0.2)), '0.30000000000000004'],
    [op('mul', num(I32, 2 ** 30), num(I32, 4)), '0i32'],
    [op('sub', num(I64, 3), num(I64, 5)), '-2i64'],
    [op('div', f(1), f(-0)), '-Infinity'],
    [op('lt', num(INDEX, -1), num(INDEX, 0)), 'true'],
    [op('ne', f(Number.NaN), f(Number.NaN)), 'true'],
    [op('eq', f(0), f(-0)), 'true'],
    [op('toint32', f(2 ** 32 + 5)), '5i32'],
    [cast(F64, op('add', num(I32, 1), num(I32, 2))), '3.0'],
    [op('or', op('ne', num(INDEX, 0), num(INDEX, 0)), b), 'b'],
    [op('and', b, op('eq', num(INDEX, 1), num(INDEX, 0))), 'false'],
    [select(op('gt', f(2), f(1)), x, f(7)), 'x'],
    [cond(op('gt', f(1), f(2)), x, f(7)), '7.0'],
    [op('add', i, num(INDEX, 0)), 'i'],
    [op('mul', num(I32, 1), j), 'j'],
    [op('mul', j, num(I32, 0)), '0i32'],
    [op('sub', x, f(0)), 'x'],
    [op('add', x, f(-0)), 'x'],
    [op('mul', f(1), x), 'x'],
    [op('add', cast(F64, j), f(0)), 'f64(j)'],
    [op('add', f(0), cast(F64, length(a))), 'f64(length(a))'],
  ]
  for (const [e, wanted] of cases) test(`${printExpr(e)} is ${wanted}`, () => expect(text(e)).toBe(wanted))
})

describe('what is left as it is', () => {
  const cases: readonly Expr[] = [
    // −0 + 0 is 0, −0 − −0 too.
    op('add', x, f(0)),
    op('sub', x, f(-0)),
    // NaN and infinities, and −0.
    op('mul', x, f(0)),
    op('sub', f(0), x),
    op('sub', num(INDEX, 0), i),
    // Past the 32 bits of an index: never reached, by proof.
    op('mul', num(INDEX, 2 ** 20), num(INDEX, 2 ** 20)),
    op('and', b, ref(local('c', BOOL))),
    bool(true),
  ]
  for (const e of cases) test(printExpr(e), () => expect(mapExpr(e, folded)).toBe(e))
})
