import { describe, expect, it, test } from 'vitest'
import { expectGolden } from '../../test/golden/golden.ts'
import { run } from '../../test/house/js.ts'
import { WasmEnv } from '../../test/house/wasm-env.ts'
import { passContext } from '../../test/ir/passes.ts'
import * as b from '../ir/build.ts'
import { interpret } from '../ir/interpret.ts'
import type { Expr, Fn, Local, Module, Stmt, Type } from '../ir/ir.ts'
import { OPS, opRecord } from '../ir/ops/index.ts'
import type { Expansion } from '../ir/ops/math/lanes.ts'
import { printFn } from '../ir/print.ts'
import { array, BOOL, F64, INDEX, typeName, vec } from '../ir/types.ts'
import { verify } from '../ir/verify.ts'
import { visitStmts } from '../ir/walk.ts'
import { expand } from './expand.ts'

const { ref, op, num } = b
const PAIR = vec('f64', 2)
const SPAN = { source: 0, start: 0, end: 0 }
const f = (value: number) => num(F64, value)

const moduleOf = (...functions: Fn[]): Module => ({
  name: 'test',
  stage: 'target',
  functions,
  entry: functions[0]!.name,
  sites: [],
  sources: [{ name: 'test', text: '', line: 1 }],
})
const define = (params: Local[], locals: Local[], body: Stmt[], ...results: Type[]): Fn => ({
  name: 'f',
  params,
  results,
  locals,
  body,
  canFail: false,
})
/** After the pass, verified. */
function expanded(module: Module, target: 'wasm' | 'js' = 'wasm'): Module {
  const after = expand(module, passContext({ target }))
  verify(after)
  return after
}
const text = (module: Module) => printFn(module.functions[0]!)

const x = b.local('x', F64)
const y = b.local('y', F64)

describe('every Math function that is written out', () => {
  const EDGES = [
    0,
    -0,
    1,
    -1,
    0.5,
    2,
    -2.5,
    3,
    1e-20,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e-310,
    708.5,
    709.9,
    -708.5,
    -745.5,
    -1000,
    1e5,
    -411775,
    1e15,
    1e22,
    -1e300,
    Number.MAX_VALUE,
    Infinity,
    -Infinity,
    NaN,
  ]
  /** Any bits, and numbers of everyday size. A linear congruential generator (Knuth's MMIX). */
  function samples(count: number): number[] {
    let state = 1n
    const bits = new BigUint64Array(1)
    const float = new Float64Array(bits.buffer)
    return Array.from({ length: count }, (_, k) => {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
      bits[0] = state
      if (k % 2 === 0) return float[0]!
      return (Number(state >> 40n) / 2 ** 24 - 0.5) * [2, 20, 1000][k % 3]!
    })
  }
  const all = [...EDGES, ...samples(173)]
  /** Rows of arguments, as many as there are elements; every edge meets every other one. */
  const columns = (arity: number): Float64Array[] => {
    if (arity === 1) return [Float64Array.from(all)]
    const rows = EDGES.flatMap((u) => EDGES.map((v) => [u, v])).concat(all.map((u, k) => [u, all[(k * 7 + 3) % 200]!]))
    return Array.from({ length: arity }, (_, k) =>
      Float64Array.from(rows.slice(0, rows.length & ~1), (row, n) => row[k] ?? all[(n * (k + 3)) % 200]!),
    )
  }
  /** out[i] = name(x[i], …) for all i, in steps of one element or two. */
  function kernel(name: string, type: Type): Module {
    const arrays = opRecord(name).args.map((_, k) => b.local(`x${k}`, array('float64')))
    const out = b.local('out', array('float64'))
    const i = b.local('i', INDEX)
    const loads = arrays.map((a) => b.load(a, ref(i), 'proven', -1, type))
    const body = [b.store(out, ref(i), op(name, ...loads), 'proven', -1)]
    const step = type === F64 ? 1 : 2
    const loop = b.forStmt(b.label('each'), i, num(INDEX, 0), b.length(out), body, SPAN, { step })
    return moduleOf(define([...arrays, out], [i], [loop]))
  }

  const names = OPS.filter((record) => record.kind === 'expanded').map((record) => record.name)
  it('is one at least', () => expect(names.length).toBeGreaterThan(0))

  describe.each(names)('%s', (name) => {
    const record = opRecord(name)
    const given = columns(record.args.length)
    const meaning = record.meaning as (...args: number[]) => number
    const wanted = Float64Array.from(given[0]!, (_, k) => meaning(...given.map((column) => column[k]!)))
    const outcome = (call: (...args: Float64Array[]) => unknown): Float64Array => {
      const out = new Float64Array(wanted.length)
      call(...given, out)
      return out
    }
    const same = (got: Float64Array) => {
      const at = got.findIndex((value, k) => !Object.is(value, wanted[k]))
      const args = given.map((column) => column[at])
      expect(at, `${name}(${args}) is ${got[at]}, not ${wanted[at]}`).toBe(-1)
    }

    test.each([F64, PAIR].map((type) => [typeName(type), type] as const))(
      'means the same of %s as WebAssembly',
      (_, type) => {
        const before = kernel(name, type)
        same(outcome((...args) => interpret(before, args)))
        const after = expanded(before)
        expect(after.functions.length).toBeGreaterThan(0)
        same(outcome((...args) => interpret(after, args)))
        const env = new WasmEnv(after)
        same(outcome((...args) => env.call(...args)))
      },
    )

    test('means the same as JavaScript', () => {
      const after = expanded(kernel(name, F64), 'js')
      same(outcome((...args) => interpret(after, args)))
      same(outcome((...args) => run(after)(...args)))
    })

    test('is folded where arguments are constant', () => {
      for (let k = 0; k < 60; k++) {
        const args = given.map((column) => column[k]!)
        const folded = expanded(moduleOf(define([], [], [b.ret(op(name, ...args.map(f)))], F64)))
        expect(folded.functions[0]!.body).toEqual([b.ret(f(wanted[k]!))])
      }
    })
  })
})

describe('what is around a call', () => {
  const returned = (e: Expr, params = [x, y]) => moduleOf(define(params, [], [b.ret(e)], e.type))
  const exp = (e: Expr) => op('exp', e)
  const log = (e: Expr) => op('log', e)

  /** Names of the functions that are called, in the order of the text. */
  function calls(module: Module, fn = module.functions[0]!): string[] {
    const found: string[] = []
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'call') found.push(s.fn)
      },
    })
    return found
  }
  function holds(module: Module, ...rows: number[][]): void {
    for (const target of ['wasm', 'js'] as const) {
      const after = expanded(module, target)
      const env = target === 'wasm' ? new WasmEnv(after) : undefined
      for (const row of rows) {
        const wanted = interpret(module, row)
        expect(interpret(after, row), `${target} of ${row}`).toBe(wanted)
        expect(env ? env.call(...row).value : run(after)(...row), `${target} of ${row}`).toBe(wanted)
      }
    }
  }

  test('without a call nothing changes', () => {
    const module = returned(op('sqrt', ref(x)))
    expect(expand(module, passContext())).toBe(module)
  })

  test('a function comes once, whoever calls it', () => {
    const module = returned(op('add', exp(ref(x)), op('mul', exp(ref(y)), exp(exp(ref(x))))))
    for (const [target, names] of [
      ['wasm', ['f', 'Math.exp.rare']],
      ['js', ['f', 'Math.exp.rare', 'Math.exp']],
    ] as const) {
      expect(expanded(module, target).functions.map((fn) => fn.name)).toEqual(names)
    }
    holds(module, [1, 2], [1000, 2], [-1000, Infinity], [0.5, NaN])
  })

  test('calls that do not wait for each other have one guard', () => {
    const product = (...parts: Expr[]) => parts.reduce((a, e) => op('mul', a, e))
    const guards = (module: Module) => expanded(module).functions[0]!.body.filter((s) => s.kind === 'if').length
    const log2 = (e: Expr) => op('log2', e)
    expect(guards(returned(product(log(ref(x)), log2(ref(y)))))).toBe(1)
    expect(guards(returned(product(log(ref(x)), log(log2(ref(y))))))).toBe(2)
    holds(returned(product(log(ref(x)), log2(ref(y)))), [1, 2], [0, 2], [2, 0], [-1, 800], [800, -1])
    holds(returned(product(log(ref(x)), log(log2(ref(y))))), [1, 2], [0, 2], [2, 0], [-1, 800], [800, Infinity])
  })

  test('two calls of one function are two lanes', () => {
    const logs = returned([log(ref(x)), log(ref(y)), log(op('add', ref(x), ref(y)))].reduce((a, e) => op('mul', a, e)))
    const shown = text(expanded(logs))
    expect(shown.match(/nearExponent/g)).toHaveLength(2)
    const rows = [0, 1, 2, -1, NaN, 5e-324, Infinity].flatMap((u) => [0, 3, -2, Infinity].map((v) => [u, v]))
    holds(logs, ...rows)
    holds(returned(op('sub', op('sin', ref(x)), op('sin', ref(y)))), ...rows, [0.1, 0.2], [0.1, 9], [1e9, 2], [2, -0])
    holds(returned(op('sub', op('pow', ref(x), f(3)), op('pow', ref(y), f(3)))), ...rows)
    holds(returned(op('sub', op('pow', ref(x), f(3)), op('pow', f(3), ref(y)))), ...rows)
    holds(returned(op('sub', exp(log(ref(x))), exp(log(ref(y))))), ...rows)
  })

  test('what has a shorter way branches off, together with what branches on the same', () => {
    const circle = returned(op('add', op('sin', ref(x)), op('cos', ref(x))), [x])
    const forks = expanded(circle).functions[0]!.body.filter((s) => s.kind === 'if')
    expect(forks).toHaveLength(1)
    const [short, long] = [forks[0]!.then, forks[0]!.else].map((arm) => arm.length)
    expect(short!).toBeLessThan(long! / 1.5)
    holds(circle, [0], [-0], [0.785], [0.786], [-0.7853981633974483], [3], [1e6], [Infinity], [NaN], [5e-324])
    const a = b.local('a', array('float64'))
    const at = b.load(a, num(INDEX, 0), 'proven', -1, PAIR)
    const both = moduleOf(
      define([a], [], [b.store(a, num(INDEX, 0), op('add', op('sin', at), op('cos', at)), 'proven', -1)]),
    )
    for (const pair of [
      [0.1, 0.2],
      [0.1, 2],
      [2, 0.1],
      [-2, 2],
      [0.1, 1e9],
      [NaN, 0.5],
    ]) {
      const [one, two] = [0, 0].map(() => Float64Array.from(pair))
      interpret(both, [one])
      new WasmEnv(expanded(both)).call(two!)
      expect(two).toEqual(one)
    }
  })

  test('an argument is evaluated once', () => {
    const a = b.local('a', array('float64'))
    const at = b.load(a, num(INDEX, 0), 'proven', -1)
    const module = moduleOf(define([a], [], [b.ret(op('add', op('sin', at), op('cos', at)))], F64))
    expect(text(expanded(module)).match(/a\[0\]/g)).toHaveLength(1)
  })

  test('an arm of a choice is computed where it is chosen', () => {
    const a = b.local('a', array('float64'))
    const inside = b.load(a, num(INDEX, 0), 'proven', -1)
    const has = op('gt', b.length(a), num(INDEX, 0))
    const choice = b.cond(has, exp(inside), op('neg', exp(ref(x))))
    const module = moduleOf(define([a, x], [], [b.ret(op('add', choice, log(ref(x))))], F64))
    const after = expanded(module)
    // The interpreter finds out where an element is read that is not there.
    expect(interpret(after, [new Float64Array(0), 1])).toBe(interpret(module, [new Float64Array(0), 1]))
    expect(interpret(after, [Float64Array.of(2), 1])).toBe(interpret(module, [Float64Array.of(2), 1]))
    const env = new WasmEnv(after)
    for (const given of [new Float64Array(0), Float64Array.of(2)]) {
      expect(env.call(given, 3).value).toBe(interpret(module, [given, 3]))
    }
  })

  test('a condition of a loop is computed at every turn', () => {
    const t = b.local('t', F64)
    const n = b.local('n', F64)
    const turn = b.label('turn')
    const more = op('lt', exp(ref(t)), ref(x))
    const body = [
      b.assign(t, op('add', ref(t), f(0.25))),
      b.ifStmt(op('gt', ref(t), f(3)), [b.continueTo(turn)]),
      b.assign(n, op('add', ref(n), f(1))),
    ]
    const module = moduleOf(
      define([x], [t, n], [b.whileStmt(turn, more, body, SPAN), b.ret(op('add', ref(n), ref(t)))], F64),
    )
    holds(module, [0], [1], [10], [100], [NaN])
  })

  test('bounds of a loop are computed before it', () => {
    const i = b.local('i', INDEX)
    const sum = b.local('sum', F64)
    const end = b.cast(INDEX, op('floor', exp(ref(x))))
    const body = [b.assign(x, op('add', ref(x), f(1))), b.assign(sum, op('add', ref(sum), exp(ref(x))))]
    const loop = b.forStmt(b.label('each'), i, num(INDEX, 0), end, body, SPAN)
    holds(moduleOf(define([x], [i, sum], [loop, b.ret(ref(sum))], F64)), [0], [1.5], [3])
  })

  test('a local may be its own argument', () => {
    const body = [b.assign(x, exp(ref(x))), b.assign(x, log(op('mul', ref(x), ref(x)))), b.ret(ref(x))]
    holds(moduleOf(define([x], [], body, F64)), [1], [-3.5], [400], [800])
  })

  test('truth values, and calls in conditions', () => {
    const t = b.local('t', BOOL)
    const body = [
      b.assign(t, op('and', op('gt', log(ref(x)), f(0)), op('lt', exp(ref(y)), f(1)))),
      b.ifStmt(op('or', ref(t), op('gt', op('sin', ref(x)), f(0.5))), [b.ret(f(1))], [b.ret(log(ref(y)))]),
    ]
    holds(moduleOf(define([x, y], [t], body, F64)), [2, -1], [2, 1], [0.5, 3], [NaN, 3], [-1, 0])
  })

  test('lanes of one vector may be usual and not', () => {
    const a = b.local('a', array('float64'))
    const at = (k: number) => b.load(a, num(INDEX, k), 'proven', -1, PAIR)
    const both = op('mul', log(at(0)), op('exp', log(at(2))))
    const module = moduleOf(define([a], [], [b.store(a, num(INDEX, 0), both, 'proven', -1)]))
    const after = expanded(module)
    const values = [2, 0, -1, NaN, 1e-310, Infinity, 7]
    for (const p of values) {
      for (const q of values) {
        const [one, two, three] = [0, 0, 0].map(() => Float64Array.of(p, q, q, p))
        interpret(module, [one])
        interpret(after, [two])
        new WasmEnv(after).call(three!)
        expect([two, three]).toEqual([one, one])
      }
    }
  })

  test('squares and square roots are operations, in JavaScript and where a function is too long too', () => {
    const squares = Array.from({ length: 40 }, () => op('pow', ref(x), f(2)))
    const sum = squares.reduce<Expr>((a, e) => op('add', a, e), op('pow', ref(x), f(0.5)))
    for (const target of ['wasm', 'js'] as const) {
      const after = expanded(returned(sum, [x]), target)
      expect(calls(after)).toEqual(['Math.pow.rare'])
      expect(text(after)).toContain('sqrt(abs(x))')
    }
    holds(returned(sum, [x]), [3], [0], [-0], [-2], [Infinity], [-Infinity], [NaN])
  })

  test('what a function is too long for is called', () => {
    const many = Array.from({ length: 40 }, (_, k) => op('exp', op('mul', ref(x), f(1 / (k + 2)))))
    const module = returned(many.reduce((sum: Expr, e) => op('add', sum, e)))
    const called = calls(expanded(module)).filter((name) => name === 'Math.exp')
    expect(called).toHaveLength(8)
    holds(module, [1, 0], [5000, 0])
  })

  test('what lanes leave over is called', () => {
    const a = b.local('a', array('float64'))
    const i = b.local('i', INDEX)
    const n = b.local('n', INDEX)
    const turn = (type: Type) => [b.store(a, ref(i), exp(b.load(a, ref(i), 'proven', -1, type)), 'proven', -1)]
    const even = op('sub', ref(n), op('rem', ref(n), num(INDEX, 2)))
    const loops = [
      b.forStmt(b.label('pairs'), i, num(INDEX, 0), even, turn(PAIR), SPAN, { step: 2 }),
      b.forStmt(b.label('rest'), i, even, ref(n), turn(F64), SPAN),
    ]
    const module = moduleOf(define([a, n], [i], loops))
    const after = expanded(module)
    expect(calls(after)).toEqual(['Math.exp.rare', 'Math.exp.rare', 'Math.exp'])
    const [one, two] = [0, 0].map(() => Float64Array.of(1, 2, 3, -1000, 1000))
    interpret(module, [one, 5])
    new WasmEnv(after).call(two!, 5)
    expect(two).toEqual(one)
  })

  test('lanes are called where a function is too long', () => {
    const a = b.local('a', array('float64'))
    const i = num(INDEX, 0)
    const stores = Array.from({ length: 35 }, () =>
      b.store(a, i, op('cos', b.load(a, i, 'proven', -1, PAIR)), 'proven', -1),
    )
    const module = moduleOf(define([a], [], stores))
    const after = expanded(module)
    expect(calls(after).filter((name) => name === 'Math.cos.f64x2')).toHaveLength(3)
    const [one, two, three] = [0, 0, 0].map(() => Float64Array.of(1e9, 2))
    interpret(module, [one])
    interpret(after, [two])
    new WasmEnv(after).call(three!)
    expect([two, three]).toEqual([one, one])
  })

  test('as text: a scalar, and lanes', () => {
    const a = b.local('a', array('float64'))
    const i = num(INDEX, 0)
    const scalars = returned(log(op('mul', ref(x), ref(y))))
    const lanes = moduleOf(define([a], [], [b.store(a, i, exp(b.load(a, i, 'proven', -1, PAIR)), 'proven', -1)]))
    // Programs short enough to be read.
    const small: Omit<Expansion, 'name'> = {
      source: 'made up',
      fast: (l, v) => {
        const t = l.add(l.mul(v!, v!), l.c(1))
        return l.mul(l.div(l.c(1), t), l.select(l.odd(l.floor(v!)), t, l.pow2(l.floor(v!))))
      },
      usual: (l, v) => l.and(l.lt(l.abs(v!), l.c(100)), l.ne(l.floor(v!), v!)),
      rare: (l, v) => l.select(l.eq(v!, l.c(7)), l.lookup(l.c(2), [1, 2, 4]), l.lookup(l.trunc(v!), [1, 2, 4])),
    }
    const before = [opRecord('log').expand, opRecord('exp').expand]
    const put = (name: string, expand: Expansion | undefined) => Object.assign(opRecord(name), { expand })
    try {
      put('log', { name: 'log', ...small })
      put('exp', { name: 'exp', ...small })
      expectGolden('expand/scalar', `${expanded(scalars).functions.map(printFn).join('\n')}\n`)
      expectGolden('expand/lanes', `${text(expanded(lanes))}\n`)
    } finally {
      put('log', before[0])
      put('exp', before[1])
    }
  })
})
