import { describe, expect, it } from 'vitest'
import { define, type Failure, module, run, SPAN, ZERO } from '../../../test/house/js.ts'
import {
  assign,
  block,
  breakTo,
  cast,
  cond,
  continueTo,
  fail,
  forStmt,
  ifStmt,
  label,
  length,
  load,
  local,
  num,
  op,
  ref,
  ret,
  splat,
  store,
  TRUE,
  whileStmt,
} from '../../ir/build.ts'
import type { Local, Module, Stmt } from '../../ir/ir.ts'
import { atomics } from '../../ir/ops/atomics.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, valueType, vec } from '../../ir/types.ts'
import { DTYPES, type DType, dtypeInfo, type NumberArray } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { js } from './index.ts'

const text = (m: Module) => js.emit(m).text

describe('expressions', () => {
  const a = local('a', F64)
  const b = local('b', F64)
  const c = local('c', F64)
  const body = (...values: Parameters<typeof ret>) =>
    text(module(define('f', [a, b, c], [], [ret(...values)], F64))).match(/return (.*)\n}/)?.[1]

  it('has the parentheses that it needs and no others', () => {
    const sum = op('add', ref(a), ref(b))
    expect(body(op('mul', sum, ref(c)))).toBe('(a + b) * c')
    expect(body(op('add', op('mul', ref(a), ref(b)), ref(c)))).toBe('a * b + c')
    expect(body(op('add', ref(c), sum))).toBe('c + (a + b)')
    expect(body(op('sub', sum, ref(c)))).toBe('a + b - c')
    expect(body(op('neg', op('neg', ref(a))))).toBe('-(-a)')
    expect(body(op('neg', num(F64, -1)))).toBe('-(-1)')
    expect(body(op('sub', ref(a), num(F64, -0)))).toBe('a - -0')
    expect(body(op('sqrt', cond(op('lt', ref(a), ref(b)), ref(a), sum)))).toBe('Math.sqrt(a < b ? a : a + b)')
    expect(body(op('truthy', sum))).toBe('!!(a + b)')
    expect(body(op('add', ref(a), cond(op('lt', ref(a), ref(b)), ref(a), ref(c))))).toBe('a + (a < b ? a : c)')
  })

  it('prints constants exactly', () => {
    expect(body(num(F64, -0))).toBe('-0')
    expect(body(num(F64, NaN))).toBe('NaN')
    expect(body(num(F64, -Infinity))).toBe('-Infinity')
    expect(body(num(I64, 2n ** 53n - 1n))).toBe('9007199254740991')
    expect(() => body(num(I64, 2n ** 60n))).toThrow(/2⁵³/)
  })

  it('casts without leaving a −0 among the integers', () => {
    const through = (type: typeof I64) => run(module(define('f', [a], [], [ret(cast(F64, cast(type, ref(a))))], F64)))
    expect(through(I64)(-0)).toBe(0)
    expect(through(INDEX)(-0)).toBe(0)
    expect(through(I32)(-0)).toBe(0)
    expect(through(F32)(0.1)).toBe(Math.fround(0.1))
    const t = local('t', BOOL)
    expect(run(module(define('f', [t], [], [ret(cast(F64, ref(t)))], F64)))(true)).toBe(1)
  })

  it('keeps users’ names where it can', () => {
    const odd = [local('class', F64), local('total.1', F64), local('rt', F64), local('größe', F64), local('f', F64)]
    expect(text(module(define('f', odd, [], [ret(ref(odd[0]!))], F64)))).toContain(
      'function f(class_2, total_1, rt_2, größe, f_2)',
    )
  })

  it('refuses vectors and BigInt arrays', () => {
    const four = splat(vec('f32', 4), num(F32, 1))
    const v = local('v', four.type)
    expect(() => js.emit(module(define('f', [], [v], [assign(v, four), ret()])))).toThrow(Unsupported)
    const big = local('big', array('int64'))
    expect(() => js.emit(module(define('f', [big], [], [ret()])))).toThrow(/BigInt64Array/)
  })
})

describe('arrays', () => {
  const x = local('x', array('float64'))
  const i = local('i', INDEX)
  const p = local('p', F64)
  const v = local('v', F64)
  const read = module(define('f', [x, p], [v], [assign(v, load(x, ref(p), 'checked', 7)), ret(ref(v))], F64))
  const write = module(define('f', [x, p], [], [store(x, ref(p), num(F64, 5), 'checked', 8), ret()]))
  const outside = [-1, 3, 1.5, NaN, Infinity, -Infinity, 1e300, 2 ** 32, 4294967295]

  it.each(outside)('fails on reading and writing at %s, before it has any effect', (index) => {
    const data = Float64Array.of(1, 2, 3)
    for (const [m, site] of [
      [read, 7],
      [write, 8],
    ] as const) {
      const thrown = (() => {
        try {
          run(m)(data, index)
        } catch (error) {
          return error as Failure
        }
        return undefined
      })()
      expect(thrown?.site).toBe(site)
      expect(thrown?.values).toEqual([index, 3])
    }
    expect([...data]).toEqual([1, 2, 3])
    expect(Object.keys(data)).toEqual(['0', '1', '2'])
  })

  it('takes −0 as 0', () => {
    const data = Float64Array.of(1, 2, 3)
    expect(run(read)(data, -0)).toBe(1)
    run(write)(data, -0)
    expect(data[0]).toBe(5)
  })

  it('reads an index once where the result overwrites it', () => {
    const self = assign(p, load(x, op('add', ref(p), num(F64, 1)), 'checked', 3))
    const entry = run(module(define('f', [x, p], [], [self, ret(ref(p))], F64)))
    expect(entry(Float64Array.of(1, 2, 3), 1)).toBe(3)
    expect(() => entry(Float64Array.of(1, 2, 3), 2)).toThrow('site 3 (3, 3)')
  })

  it.each(DTYPES.filter(({ name }) => !name.endsWith('64') || name === 'float64'))(
    'converts what is stored into $arrayName as JavaScript does',
    ({ name, ctor }) => {
      const to = local('to', array(name))
      const type = name.startsWith('float') ? valueType(name) : name === 'uint8c' ? F64 : I32
      const value = local('value', type)
      const clamped = name === 'uint8c' ? op('clamp8', ref(value)) : ref(value)
      const entry = run(
        module(define('f', [to, value], [], [store(to, ZERO, clamped, 'proven', 0), ret(load(to, ZERO, 'proven', 0))])),
      )
      for (const number of [0, -1, 300, 70000, -129, 2 ** 31 - 1, -(2 ** 31)]) {
        const expected = new ctor(1) as NumberArray
        expected[0] = number
        expect(entry(new ctor(1), number)).toBe(expected[0])
      }
    },
  )

  it('swaps arrays by identity and starts array locals empty', () => {
    const [u, w, t, e] = ['u', 'w', 't', 'e'].map((name) => local(name, array('float64'))) as [
      Local,
      Local,
      Local,
      Local,
    ]
    const empty = assign(i, length(e))
    const swap = [assign(t, ref(u)), assign(u, ref(w)), assign(w, ref(t))]
    const keep = ifStmt(op('gt', length(u), ZERO), [assign(e, ref(u))])
    const entry = run(module(define('f', [u, w], [t, e, i], [empty, ...swap, keep, ret(ref(e))], x.type)))
    const second = Float64Array.of(4)
    expect(entry(Float64Array.of(1, 2), second)).toBe(second)
    const none = entry(Float64Array.of(1, 2), new Float64Array(0)) as Float64Array
    expect(none.length).toBe(0)
  })

  it('allocates, and passes the failure of a bad length on', () => {
    const r = local('r', array('int16'))
    const alloc: Stmt = { kind: 'alloc', local: r, length: ref(p), zero: true, site: 4 }
    const entry = run(module(define('f', [p], [r], [alloc, ret(ref(r))], r.type)))
    expect(entry(3)).toEqual(new Int16Array(3))
    expect(() => entry(1.5)).toThrow('site 4 (1.5)')
  })
})

describe('control flow', () => {
  const n = local('n', I32)
  const i = local('i', I32)
  const j = local('j', I32)
  const s = local('s', I32)
  const add = (value = ref(i) as Parameters<typeof ret>[number]) => assign(s, op('add', ref(s), value))

  it('evaluates the end of a loop once, and goes downwards too', () => {
    const grow = forStmt(
      label('up'),
      i,
      num(I32, 0),
      op('add', ref(n), num(I32, 0)),
      [assign(n, op('add', ref(n), num(I32, 1))), add()],
      SPAN,
    )
    const down = forStmt(label('down'), j, ref(n), num(I32, 0), [add(ref(j))], SPAN, { step: -3 })
    const entry = run(module(define('f', [n], [i, j, s], [grow, down, ret(ref(s))], I32)))
    expect(entry(4)).toBe(0 + 1 + 2 + 3 + 8 + 5 + 2)
  })

  it('breaks and continues by label through blocks and loops', () => {
    const outer = label('outer')
    const inner = label('inner')
    const part = label('part')
    const even = op('eq', op('and', ref(i), num(I32, 1)), num(I32, 0))
    const body = forStmt(
      outer,
      i,
      num(I32, 0),
      num(I32, 10),
      [
        ifStmt(even, [continueTo(outer)]),
        whileStmt(
          inner,
          TRUE,
          [
            block(part, [
              ifStmt(op('gt', ref(i), num(I32, 6)), [breakTo(outer)]),
              ifStmt(op('eq', ref(i), num(I32, 3)), [breakTo(part)]),
              add(),
              breakTo(inner),
            ]),
            add(num(I32, 100)),
            continueTo(outer),
          ],
          SPAN,
        ),
        add(num(I32, 1000)),
      ],
      SPAN,
    )
    const m = module(define('f', [n], [i, s], [body, ret(ref(s))], I32))
    expect(run(m)(0)).toBe(1 + 1000 + 100 + 5 + 1000)
    expect(text(m)).toContain('outer: for (let i = 0; i < 10; i++) {')
    expect(text(m)).not.toContain('inner:')
  })

  it('calls functions with no, one and many results', () => {
    const a = local('a', F64)
    const b = local('b', F64)
    const two = define('two', [a], [], [ret(op('add', ref(a), num(F64, 1)), op('mul', ref(a), num(F64, 2)))], F64, F64)
    const one = define('one', [a], [], [ret(op('neg', ref(a)))], F64)
    const none = define('none', [a], [], [ifStmt(op('lt', ref(a), num(F64, 0)), [fail(9, ref(a), num(F64, 1))])])
    const c = local('c', F64)
    const f = define(
      'f',
      [c],
      [a, b],
      [
        { kind: 'call', fn: 'none', args: [ref(c)], results: [], site: 0 },
        { kind: 'call', fn: 'two', args: [ref(c)], results: [a, b], site: 0 },
        { kind: 'call', fn: 'one', args: [ref(b)], results: [b], site: 0 },
        ret(op('add', ref(a), ref(b))),
      ],
      F64,
    )
    const entry = run(module(f, two, one, none))
    expect(entry(5)).toBe(6 - 10)
    expect(() => entry(-5)).toThrow('site 9 (-5, 1)')
  })

  it('launches functions over ranges', () => {
    const x = local('x', array('float64'))
    const lo = local('lo', INDEX)
    const hi = local('hi', INDEX)
    const k = local('k', INDEX)
    const scale = local('scale', F64)
    const part = define(
      'part',
      [lo, hi, x, scale],
      [k],
      [
        forStmt(
          label('each'),
          k,
          ref(lo),
          ref(hi),
          [store(x, ref(k), op('mul', load(x, ref(k), 'proven', 0), ref(scale)), 'proven', 0)],
          SPAN,
        ),
        ret(),
      ],
    )
    const f = define(
      'f',
      [x, scale],
      [],
      [{ kind: 'launch', fn: 'part', lo: ZERO, hi: length(x), args: [ref(x), ref(scale)], site: 0 }, ret()],
    )
    const data = Float64Array.of(1, 2, 3, 4, 5)
    run(module(f, part))(data, 3)
    expect([...data]).toEqual([3, 6, 9, 12, 15])
    const artifact = js.emit(module(f, part))
    expect(artifact.launches).toEqual(['part'])
    expect(artifact.launchParams).toEqual([[x.type, F64]])
    expect(artifact.entry).toEqual({ params: [x.type, F64], results: [] })
  })

  it('refuses parallel loops and trees that no pass has written out', () => {
    const loop = (more: Parameters<typeof forStmt>[6]) =>
      module(define('f', [n], [i, s], [forStmt(label('l'), i, num(I32, 0), ref(n), [add()], SPAN, more), ret()]))
    expect(() => js.emit(loop({ forKind: 'parallel' }))).toThrow(Unsupported)
    expect(() => js.emit(loop({ reductions: [{ local: s, op: 'add', order: 'tree' }] }))).toThrow(Unsupported)
  })
})

describe('atomics', () => {
  const types: readonly DType[] = [
    'float64',
    'float32',
    'int8',
    'uint8',
    'uint8c',
    'int16',
    'uint16',
    'int32',
    'uint32',
  ]
  const index = num(INDEX, 0)

  function atomicModule(name: string, dtype: DType, type: typeof F64, values: number, threads: boolean): Module {
    const x = local('x', array(dtype))
    const args = Array.from({ length: values }, (_, k) => local(`v${k}`, type))
    const old = local('old', valueType(dtype))
    const update: Stmt = {
      kind: 'do',
      op: name,
      array: x,
      index,
      args: args.map(ref),
      bounds: 'checked',
      result: old,
      site: 2,
    }
    const f = define('f', [x, ...args], [old], [update, ret(ref(old))], old.type)
    const lo = local('lo', INDEX)
    const hi = local('hi', INDEX)
    const empty = define('empty', [lo, hi], [], [ret()])
    const launch: Stmt = { kind: 'launch', fn: 'empty', lo: index, hi: index, args: [], site: 0 }
    return threads ? module({ ...f, body: [launch, ...f.body] }, empty) : module(f)
  }

  it.each(atomics.flatMap((record) => [false, true].map((threads) => ({ record, name: record.name, threads }))))(
    '$name leaves what a store of its meaning leaves, threads: $threads',
    ({ record, threads }) => {
      const meaning = record.meaning as (...args: number[]) => number
      for (const dtype of types) {
        const whole = !dtype.startsWith('float')
        const shareable = whole && dtype !== 'uint8c'
        for (const type of whole ? [I32, F64] : [F64]) {
          const m = atomicModule(record.name, dtype, type, record.args.length, threads)
          if (threads && !shareable) {
            expect(() => js.emit(m)).toThrow(Unsupported)
            continue
          }
          const entry = run(m)
          for (const start of [0, 7, 200, -3]) {
            for (const value of type === I32 ? [0, 1, -1, 250, 2 ** 31 - 1] : [0.5, -2.5, 1e10, 7]) {
              const data = new (dtypeInfo(dtype).ctor)(1) as NumberArray
              data[0] = start
              const expected = data.slice()
              const args = record.args.length === 2 ? [start, value] : [value]
              expected[0] = meaning(expected[0]!, ...args)
              const before = data[0]
              expect(entry(data, ...args)).toBe(before)
              expect(data, `${dtype} ${start} ${args}`).toEqual(expected)
            }
          }
          expect(() => entry(new (dtypeInfo(dtype).ctor)(0), ...record.args.map(() => 1))).toThrow('site 2 (0, 0)')
        }
      }
    },
  )
})

it('reads like a function that a person wrote', () => {
  const x = local('x', array('float64'))
  const r = local('r', array('float32'))
  const i = local('i', INDEX)
  const v = local('v', F64)
  const f = define(
    'roots',
    [x],
    [r, i, v],
    [
      { kind: 'alloc', local: r, length: cast(F64, length(x)), zero: true, site: 0 },
      forStmt(
        label('loop'),
        i,
        ZERO,
        length(x),
        [assign(v, load(x, ref(i), 'checked', 1)), store(r, ref(i), cast(F32, op('sqrt', ref(v))), 'checked', 2)],
        SPAN,
      ),
      ret(ref(r)),
    ],
    r.type,
  )
  expect(text(module(f))).toMatchInlineSnapshot(`
    "'use strict'

    function roots(x) {
      const r = rt.ordinary && x.length >>> 0 === x.length && x.length <= 16777216 ? new Float32Array(x.length) : rt.alloc(1, x.length, 0)
      for (let i = 0, i_end = x.length; i < i_end; i++) {
        const v = x[i]
        if (v === undefined) throw rt.fail(1, i, x.length)
        if (r[i] === undefined) throw rt.fail(2, i, r.length)
        r[i] = Math.fround(Math.sqrt(v))
      }
      return r
    }

    return { entry: roots, launches: [] }
    "
  `)
})
