import { describe, expect, it } from 'vitest'
import { alloc, call, env, f, fn, i, moduleOf, SPAN } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Expr, Stmt } from '../../ir/ir.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX } from '../../ir/types.ts'
import { Unsupported } from '../target.ts'
import { wasm } from './index.ts'

const { ref, op } = b

describe('control', () => {
  const n = b.local('n', INDEX)
  const k = b.local('k', INDEX)
  const s = b.local('s', INDEX)
  const add = (e: Expr) => b.assign(s, op('add', ref(s), e))

  it('runs a loop with the bounds it had at the start, in steps of either sign', () => {
    for (const [lo, hi, step] of [
      [0, 10, 1],
      [3, 10, 4],
      [10, 0, -1],
      [10, -1, -5],
      [5, 5, 1],
      [6, 5, 1],
      [5, 6, -1],
    ] as const) {
      const e = env(
        fn(
          'f',
          [n],
          [INDEX],
          [k, s],
          [
            b.forStmt(b.label('a'), k, i(lo), ref(n), [b.assign(n, i(99)), add(ref(k)), add(i(1000))], SPAN, { step }),
            b.ret(ref(s)),
          ],
        ),
      )
      let want = 0
      for (let v: number = lo; step > 0 ? v < hi : v > hi; v += step) want += v + 1000
      expect(e.call(hi).value).toBe(want)
    }
  })

  it('counts in i64 too', () => {
    const v = b.local('v', I64)
    const t = b.local('t', I64)
    const body = [b.assign(t, op('add', ref(t), ref(v)))]
    const e = env(
      fn(
        'f',
        [],
        [I64],
        [v, t],
        [b.forStmt(b.label('a'), v, b.num(I64, 2n ** 40n), b.num(I64, 2n ** 40n + 3n), body, SPAN), b.ret(ref(t))],
      ),
    )
    expect(e.call().value).toBe(3n * 2n ** 40n + 3n)
  })

  it('breaks and continues through labels of nested loops', () => {
    const j = b.local('j', INDEX)
    const outer = b.label('outer')
    const inner = b.label('inner')
    const body: Stmt[] = [
      b.whileStmt(
        inner,
        op('lt', ref(j), i(10)),
        [
          b.assign(j, op('add', ref(j), i(1))),
          b.ifStmt(op('eq', ref(j), i(2)), [b.continueTo(inner)]),
          b.ifStmt(op('eq', ref(j), i(5)), [b.continueTo(outer)]),
          b.ifStmt(op('eq', op('add', ref(j), ref(k)), i(9)), [b.breakTo(outer)], [add(i(100))]),
          add(ref(j)),
          b.ifStmt(op('eq', ref(j), i(7)), [b.breakTo(inner)]),
        ],
        SPAN,
      ),
      add(i(10000)),
    ]
    const e = env(fn('f', [n], [INDEX], [k, j, s], [b.forStmt(outer, k, i(0), ref(n), body, SPAN), b.ret(ref(s))]))
    const plain = (count: number) => {
      let sum = 0
      let q = 0
      rows: for (let p = 0; p < count; p++) {
        while (q < 10) {
          q++
          if (q === 2) continue
          if (q === 5) continue rows
          if (q + p === 9) break rows
          sum += 100
          sum += q
          if (q === 7) break
        }
        sum += 10000
      }
      return sum
    }
    for (const count of [0, 1, 2, 3, 10]) expect(e.call(count).value).toBe(plain(count))
  })

  it('leaves blocks and endless loops by break, and functions from within', () => {
    const once = b.label('once')
    const ever = b.label('ever')
    const e = env(
      fn(
        'f',
        [n],
        [INDEX],
        [k, s],
        [
          b.block(once, [b.ifStmt(op('lt', ref(n), i(0)), [b.breakTo(once)]), add(i(1))]),
          b.whileStmt(
            ever,
            b.TRUE,
            [
              b.ifStmt(op('gt', ref(k), ref(n)), [b.breakTo(ever)]),
              b.ifStmt(op('eq', ref(k), i(3)), [b.ret(i(-1))]),
              add(i(10)),
              b.assign(k, op('add', ref(k), i(1))),
            ],
            SPAN,
          ),
          b.ret(ref(s)),
        ],
      ),
    )
    expect([-1, 0, 1, 2, 3].map((v) => e.call(v).value)).toEqual([0, 11, 21, 31, -1])
  })

  it('chooses by select, cond and casts', () => {
    const x = b.local('x', F64)
    const chosen = b.cond(op('lt', ref(x), f(0)), b.select(op('lt', ref(x), f(-9)), f(1), f(2)), f(3))
    const e = env(fn('f', [x], [F64], [], [b.ret(chosen)], false))
    expect([-10, -1, 1].map((v) => e.call(v).value)).toEqual([1, 2, 3])
    const to = (type: typeof F64, value: Expr) => ({ kind: 'cast', type, value }) as Expr
    const through = (...types: (typeof F64)[]) => types.reduce((value, type) => to(type, value), ref(x) as Expr)
    const value = (expr: Expr, v: number) => env(fn('f', [x], [F64], [], [b.ret(expr)], false)).call(v).value
    expect(value(through(I32, I64, F32, F64), -7)).toBe(-7)
    expect(value(through(I64, I32, F64), 2 ** 32 + 5)).toBe(5)
    expect(value(through(F32, F64), 0.1)).toBe(Math.fround(0.1))
    expect(value(through(INDEX, F32, I64, F64), 12)).toBe(12)
    expect(value(to(F64, op('lt', ref(x), f(1))), 0)).toBe(1)
    expect(value(to(F64, to(I64, op('lt', ref(x), f(1)))), 0)).toBe(1)
  })
})

describe('calls', () => {
  it('passes several results and failures on', () => {
    const x = b.local('x', F64)
    const [p, q] = [b.local('p', F64), b.local('q', I64)]
    const two = fn(
      'two',
      [x],
      [F64, I64],
      [],
      [
        b.ifStmt(op('lt', ref(x), f(0)), [b.fail(6, ref(x), b.num(I32, 8))]),
        b.ret(op('mul', ref(x), f(2)), b.num(I64, 3n)),
      ],
    )
    const y = b.local('y', F64)
    const main = fn(
      'main',
      [y],
      [F64],
      [p, q],
      [call('two', [ref(y)], [p, q]), b.ret(op('add', ref(p), b.cast(F64, ref(q))))],
    )
    const e = env(main, two)
    expect(e.call(5)).toMatchObject({ status: 0, value: 13 })
    expect(e.call(-5)).toMatchObject({ status: 1, failure: { site: 6, value0: -5, value1: 8 } })
  })

  it('calls itself, and functions that cannot fail', () => {
    const x = b.local('x', INDEX)
    const r = b.local('r', INDEX)
    const main = fn(
      'fact',
      [x],
      [INDEX],
      [r],
      [
        b.ifStmt(op('lt', ref(x), i(2)), [b.ret(i(1))]),
        call('fact', [op('sub', ref(x), i(1))], [r]),
        b.ret(op('mul', ref(x), ref(r))),
      ],
      false,
    )
    expect(env(main).call(6)).toMatchObject({ status: 0, value: 720 })
  })

  it('drops results that nobody takes', () => {
    const r = b.local('r', array('float64'))
    const make = fn('make', [], [array('float64'), F64], [r], [alloc(r, i(4)), b.ret(ref(r), f(1))])
    const e = env(fn('main', [], [], [], [call('make', [], [])]), make)
    expect(e.call()).toMatchObject({ status: 0, live: 0 })
    expect(e.frees).toBe(1)
  })
})

describe('launches', () => {
  const x = b.local('x', array('float64'))
  const n = b.local('n', INDEX)
  const args = [b.local('a', F64), b.local('b', I32), b.local('c', I64), b.local('d', BOOL), b.local('e', F32)]
  const [lo, hi, k] = [b.local('lo', INDEX), b.local('hi', INDEX), b.local('k', INDEX)]
  const sum = [
    ref(args[0]!),
    b.cast(F64, ref(args[1]!)),
    b.cast(F64, ref(args[2]!)),
    b.cast(F64, ref(args[3]!)),
    b.cast(F64, ref(args[4]!)),
  ]
  const body = fn(
    'body',
    [lo, hi, x, ...args],
    [],
    [k],
    [
      b.forStmt(
        b.label('k'),
        k,
        ref(lo),
        ref(hi),
        [
          b.store(
            x,
            ref(k),
            sum.reduce((l, r) => op('add', l, r)),
            'checked',
            7,
          ),
        ],
        SPAN,
      ),
    ],
  )
  const y = b.local('y', array('float64'))
  const main = fn(
    'main',
    [y, n],
    [],
    [],
    [
      {
        kind: 'launch',
        fn: 'body',
        lo: i(0),
        hi: ref(n),
        args: [ref(y), f(0.5), b.num(I32, -3), b.num(I64, 2n ** 40n), b.bool(true), b.num(F32, 0.25)],
        serialIf: op('lt', ref(n), i(4)),
        site: 0,
      },
    ],
  )

  it('hands its arguments over and covers the range', () => {
    const e = env(main, body)
    const out = new Float64Array(5)
    expect(e.call(out, 5).status).toBe(0)
    expect([...out]).toEqual(Array.from({ length: 5 }, () => 0.5 - 3 + 2 ** 40 + 1 + 0.25))
    e.call(out, 2)
    expect(e.launches).toEqual([
      { lo: 0, hi: 5, serial: 0 },
      { lo: 0, hi: 2, serial: 1 },
    ])
    expect(e.artifact.launches).toEqual(['body'])
  })

  it('passes a failure on', () => {
    expect(env(main, body).call(new Float64Array(5), 8)).toMatchObject({
      status: 1,
      failure: { site: 7, value0: 5, value1: 5 },
    })
  })
})

describe('what it refuses', () => {
  it('says so as Unsupported', () => {
    const k = b.local('k', INDEX)
    const parallel = b.forStmt(b.label('k'), k, i(0), i(9), [], SPAN, { forKind: 'parallel' })
    expect(() => wasm.emit(moduleOf(fn('f', [], [], [k], [parallel])))).toThrow(Unsupported)
    const m = b.local('m', array('float64', 2))
    expect(() => wasm.emit(moduleOf(fn('f', [m], [], [], [])))).toThrow(Unsupported)
    expect(() => wasm.emit(moduleOf(fn('f', [], [], [], [{ kind: 'barrier' }])))).toThrow(Unsupported)
  })
})
