import { describe, expect, it } from 'vitest'
import { ALLOC_SITE, alloc, call, env, f, fn, i, loop } from '../../../test/house/wasm-env.ts'
import * as b from '../../ir/build.ts'
import type { Local, Stmt } from '../../ir/ir.ts'
import { array, F64, I64, INDEX } from '../../ir/types.ts'

const { ref, op } = b

describe('arrays as values', () => {
  const T = array('float64')
  const [a, c, t, u] = ['a', 'c', 't', 'u'].map((name) => b.local(name, T)) as [Local, Local, Local, Local]
  const k = b.local('k', INDEX)
  const n = b.local('n', INDEX)

  it('allocates, fills and returns with the one reference', () => {
    const e = env(
      fn(
        'f',
        [n],
        [T],
        [a, k],
        [alloc(a, ref(n)), loop(k, b.length(a), [b.store(a, ref(k), b.cast(F64, ref(k)), 'proven', 0)]), b.ret(ref(a))],
      ),
    )
    const { status, value, live } = e.call(3)
    expect(status).toBe(0)
    expect([...e.array(value as number)]).toEqual([0, 1, 2])
    expect([live, e.refs(value as number)]).toEqual([1, 1])
  })

  it('fails on a length that is none, whatever its type', () => {
    for (const [type, values] of [
      [F64, [-1, 1.5, NaN, 1e12]],
      [INDEX, [-1]],
      [I64, [-1n, 2n ** 40n]],
    ] as const) {
      const x = b.local('x', type)
      const e = env(fn('f', [x], [T], [a, c], [alloc(c, i(2)), alloc(a, ref(x), 3, false), b.ret(ref(a))]))
      for (const value of values) {
        const outcome = e.call(value)
        expect(outcome).toMatchObject({
          status: 1,
          value: 0,
          live: 0,
          failure: { site: 3, value0: Number(value), value1: 0 },
        })
      }
    }
  })

  it('frees what a loop allocates, at once', () => {
    const e = env(fn('f', [n], [], [a, k], [loop(k, ref(n), [alloc(a, i(8))])]))
    expect(e.call(5)).toMatchObject({ status: 0, live: 0 })
    expect(e.frees).toBe(5)
  })

  it('swaps two buffers and returns one of them', () => {
    const body = [
      b.store(c, i(0), op('add', b.load(a, i(0), 'proven', 0), f(1)), 'proven', 0),
      b.assign(t, ref(a)),
      b.assign(a, ref(c)),
      b.assign(c, ref(t)),
    ]
    const e = env(
      fn('f', [n], [T], [a, c, t, k], [alloc(a, i(1)), alloc(c, i(1)), loop(k, ref(n), body), b.ret(ref(a))]),
    )
    for (const count of [0, 1, 2, 7]) {
      const before = e.live
      const { value, live } = e.call(count)
      expect(e.array(value as number)[0]).toBe(count)
      expect([live - before, e.refs(value as number)]).toEqual([1, 1])
    }
  })

  it('swaps an argument with an own block, and frees neither the argument nor what is returned', () => {
    const swap = [b.assign(t, ref(a)), b.assign(a, ref(c)), b.assign(c, ref(t))]
    const e = env(fn('f', [a, n], [T], [c, t, k], [alloc(c, i(1)), loop(k, ref(n), swap), b.ret(ref(a))]))
    const lent = e.lend(new Float64Array([5]))
    const refs = e.refs(lent)
    const run = (count: number) => e.exports['entry']!(lent, lent + 16, 1, count) as [number, number]
    expect(run(1)[1]).not.toBe(lent)
    expect([e.refs(lent), e.live]).toEqual([refs, 1])
    expect(run(2)).toEqual([0, lent])
    // The returned reference to the argument is the caller's.
    expect([e.refs(lent), e.live]).toEqual([refs + 1, 1])
  })

  it('gives everything back when it fails', () => {
    const check = b.assign(k, b.cast(INDEX, ref(n)))
    const e = env(
      fn(
        'f',
        [a, n],
        [T],
        [c, t, k],
        [
          alloc(c, i(4)),
          b.assign(t, ref(c)),
          alloc(c, i(5)),
          check,
          b.store(c, ref(k), f(1), 'checked', 2),
          b.assign(a, ref(t)),
          b.ret(ref(a)),
        ],
      ),
    )
    const x = new Float64Array(1)
    expect(e.call(x, 9)).toMatchObject({ status: 1, live: 0 })
    const { value, live } = e.call(x, 1)
    expect([live, e.refs(value as number)]).toEqual([1, 1])
    expect(e.array(value as number).length).toBe(4)
  })

  it('owns results of calls, and releases them when a later call fails', () => {
    const make = fn(
      'make',
      [n],
      [T],
      [a],
      [b.ifStmt(op('lt', ref(n), i(0)), [b.fail(1)]), alloc(a, ref(n)), b.ret(ref(a))],
    )
    const m = b.local('m', INDEX)
    const main = fn(
      'main',
      [m],
      [F64],
      [c, t],
      [
        call('make', [i(3)], [c]),
        b.assign(t, ref(c)),
        call('make', [i(2)], [c]),
        call('make', [ref(m)], [c]),
        b.ret(b.cast(F64, op('add', op('mul', b.length(c), i(10)), b.length(t)))),
      ],
    )
    const e = env(main, make)
    expect(e.call(7)).toMatchObject({ status: 0, value: 73, live: 0 })
    expect(e.call(-1)).toMatchObject({ status: 1, live: 0 })
  })

  it('chooses between arrays', () => {
    const e = env(
      fn(
        'f',
        [a, n],
        [T],
        [c],
        [
          alloc(c, i(2)),
          b.assign(a, b.select(op('gt', ref(n), i(0)), ref(a), ref(c))),
          b.ret(b.cond(op('gt', ref(n), i(1)), ref(c), ref(a))),
        ],
      ),
    )
    const lent = e.lend(new Float64Array(5))
    const refs = e.refs(lent)
    const run = (v: number) => (e.exports['entry']!(lent, lent + 16, 5, v) as [number, number])[1]
    expect(e.array(run(0)).length).toBe(2)
    expect(run(1)).toBe(lent)
    expect(e.array(run(2)).length).toBe(2)
    expect([e.refs(lent), e.live]).toEqual([refs + 1, 2])
  })

  it('counts nothing for names of arguments and of arrays made once', () => {
    const e = env(
      fn(
        'f',
        [a, n],
        [F64],
        [c, t, u, k],
        [
          alloc(c, i(2)),
          loop(k, ref(n), [
            b.assign(t, ref(a)),
            b.assign(u, ref(c)),
            b.store(u, i(0), b.load(t, i(0), 'proven', 0), 'proven', 0),
          ]),
          b.ret(b.load(c, i(0), 'proven', 0)),
        ],
      ),
    )
    const names = new TextDecoder().decode(e.artifact.bytes)
    expect(names).not.toContain('retain')
    expect(e.call(new Float64Array([4]), 3)).toMatchObject({ status: 0, value: 4, live: 0 })
  })

  it('keeps local arrays on the stack and leaves it as it was', () => {
    const L = b.local('L', array('float64', 1, 'local'))
    const r = b.local('r', F64)
    const m = b.local('m', INDEX)
    const body = (n: Local): Stmt[] => [
      alloc(L, i(3)),
      b.store(L, i(1), op('add', b.load(L, i(1), 'proven', 0), b.cast(F64, ref(n))), 'proven', 0),
      b.ifStmt(op('gt', ref(n), i(0)), [call('f', [op('sub', ref(n), i(1))], [r])]),
      b.ret(op('add', b.load(L, i(1), 'proven', 0), ref(r))),
    ]
    const e = env(fn('f', [m], [F64], [L, r], body(m)))
    for (let again = 0; again < 3; again++) expect(e.call(100).value).toBe(5050)
    // 32 bytes a call: the thread's area is full long before.
    expect(e.call(20000)).toMatchObject({ status: 1, failure: { site: ALLOC_SITE } })
    expect(e.call(100).value).toBe(5050)
  })
})
