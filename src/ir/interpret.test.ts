import { describe, expect, test } from 'vitest'
import { InterpretError, InterpretFailure, type InterpretOptions, interpret, OutOfFuel } from './interpret.ts'
import type { Module } from './ir.ts'
import { OPS } from './ops/index.ts'
import { read } from './read.ts'
import { blockLength, combinePairwise, LANES, SHORT_LOOP } from './reduction.ts'
import { verify } from './verify.ts'

/** A function `f` with the given head and body, and whatever functions follow it. */
function module(head: string, body: string, stage = 'portable'): Module {
  const m = read(`module m ${stage} entry f
source 0 "f" line 1
  | (x) => x
site 0 bounds "x" 0:0-1
site 1 length "n" 0:0-1
site 2 depth "f" 0:0-1
site 3 integer "n" 0:0-1

func f${head} {
${body}
}`)
  verify(m)
  return m
}
const run = (head: string, body: string, args: readonly unknown[], options?: InterpretOptions): unknown =>
  interpret(module(head, body, body.includes('launch') ? 'target' : 'portable'), args, options)

describe('numbers', () => {
  const one = (head: string, line: string, ...args: unknown[]) => run(head, `  return ${line}`, args)
  test('f32 rounds, i32 wraps, zeros of integers have no sign', () => {
    expect(one('(a: f32, b: f32) -> f32', 'a + b', 1, Math.fround(1e-8))).toBe(1)
    expect(one('(a: i32) -> i32', 'a + 1i32', 2 ** 31 - 1)).toBe(-(2 ** 31))
    expect(one('(a: i32) -> i32', 'a * a', 123456789)).toBe(Math.imul(123456789, 123456789))
    expect(one('(a: i64) -> i64', 'a * 0i64', -5)).toBe(0)
    expect(one('(a: i64) -> i64', 'a % 5i64', -5)).toBe(0)
  })
  test('proofs that do not hold are found out', () => {
    expect(one('(a: i64) -> i64', 'a + a', 2 ** 52)).toBe(2 ** 53)
    expect(() => one('(a: i64) -> i64', 'a * a', 2 ** 30)).toThrow('i64 left ±2⁵³')
    expect(() => one('(a: index) -> index', 'a + 1', 2 ** 31 - 1)).toThrow('index left its 32 bits')
    expect(interpret(module('(a: index) -> index', '  return a + 1'), [2 ** 31 - 1], { indexBits: 64 })).toBe(2 ** 31)
    expect(() => one('(a: i32) -> i32', 'a % 0i32', 1)).toThrow('NaN is no i32')
    expect(() => one('(a: f64) -> i32', 'i32(a)', 1.5)).toThrow('1.5 was said to be an integer that fits i32')
    expect(() => one('(a: f64) -> index', 'index(a)', NaN)).toThrow(InterpretError)
    expect(() => one('(a: f64) -> i32', 'i32(a)', 2 ** 31)).toThrow(InterpretError)
  })
  test('casts', () => {
    expect(one('(a: i64) -> i32', 'i32(a)', 2 ** 32 + 5)).toBe(5)
    expect(one('(a: i64) -> index', 'index(a)', 2 ** 31)).toBe(-(2 ** 31))
    expect(one('(a: f64) -> f32', 'f32(a)', 0.1)).toBe(Math.fround(0.1))
    expect(one('(a: f64) -> i64', 'i64(a)', 2 ** 40)).toBe(2 ** 40)
    expect(one('(a: f64) -> index', 'index(a)', -0)).toBe(0)
    expect(one('(a: bool) -> f64', 'f64(a)', true)).toBe(1)
    expect(one('(a: i32) -> f32', 'f32(a)', 16777217)).toBe(16777216)
  })
  test('choices', () => {
    expect(one('(a: bool) -> f64, f64', 'select(a, 1.0, 2.0), cond(a, 1.0, 2.0)', false)).toEqual([2, 2])
    expect(() => one('(a: i64) -> i64', 'select(a > 0i64, 1i64, a * a)', 2 ** 40)).toThrow('i64 left')
    expect(one('(a: i64) -> i64', 'cond(a > 0i64, 1i64, a * a)', 2 ** 40)).toBe(1)
  })
  test('vectors', () => {
    expect(one('() -> f64x2, mask2', 'ramp(f64x2, 1.0, 0.5), ramp(f64x2, 1.0, 0.5) > splat(f64x2, 1.0)')).toEqual([
      [1, 1.5],
      [false, true],
    ])
    expect(one('() -> i32x4', 'shuffle(i32x4, ramp(i32x4, 0i32, 1i32), splat(i32x4, 9i32), [3, 4, 0, 1])')).toEqual([
      3, 9, 0, 1,
    ])
    const v = 'ramp(f32x4, 1.0f32, 1.0f32)'
    expect(one('() -> f32, f32, bool', `extract(${v}, 2), reduce(mul, ${v}), reduce(all, ${v} > ${v})`)).toEqual([
      3,
      24,
      false,
    ])
    expect(one('(x: uint8[]) -> i8x16', 'load(i8x16, x[0])', new Uint8Array(16).fill(200))).toEqual(
      new Array(16).fill(-56),
    )
    expect(one('(m: bool) -> f64x2', `select(splat(mask2, m), splat(f64x2, 1.0), splat(f64x2, 2.0))`, true)).toEqual([
      1, 1,
    ])
    expect(one('() -> i64x2', 'i64x2(ramp(f64x2, 1.0, 2.0))')).toEqual([1, 3])
  })
})

describe('arrays', () => {
  test('elements come and go in their types', () => {
    const x = Uint32Array.of(2 ** 32 - 1)
    const y = new Uint8ClampedArray(2)
    const z = new Float32Array(1)
    const big = BigInt64Array.of(5n)
    run(
      '(x: uint32[], y: uint8c[], z: float32[], b: int64[])',
      `  y[1] = 300i32
  z[0] = f32(x[0])
  x[0] = -2i32
  b[0] = b[0] * 3i64`,
      [x, y, z, big],
    )
    expect([...x, ...y, ...z, ...big]).toEqual([2 ** 32 - 2, 0, 44, 2 ** 32, 15n])
  })
  test('identity: arrays are the caller’s, swapped whole, and start empty', () => {
    const [a, b] = [new Float64Array(1), new Float64Array(2)]
    const body = `  local t: float64[]
  local n: index
  n = length(t)
  t = a
  a = b
  b = t
  a[0] = 7.0
  return a, b, n`
    const [first, second, n] = run('(a: float64[], b: float64[]) -> float64[], float64[], index', body, [
      a,
      b,
    ]) as unknown[]
    expect(first).toBe(b)
    expect(second).toBe(a)
    expect([b[0], n]).toEqual([7, 0])
  })
  test('arguments are of their types', () => {
    const f = (type: string, value: unknown) => () => run(`(a: ${type})`, '  return', [value])
    expect(f('float64[]', new Float32Array(1))).toThrow('argument 0 is no float64[] for a')
    for (const [type, value] of [
      ['f64', '1'],
      ['f32', 0.1],
      ['i32', 1.5],
      ['index', -0],
      ['bool', 1],
    ] as const) {
      expect(f(type, value)).toThrow(InterpretError)
    }
    expect(f('f32', NaN)).not.toThrow()
  })
  test('overlap is about bytes', () => {
    const buffer = new ArrayBuffer(64)
    const f = (a: ArrayBufferView, b: ArrayBufferView) =>
      run('(a: float64[], b: float32[]) -> bool', '  return overlap(a, b)', [a, b])
    expect(f(new Float64Array(buffer, 0, 2), new Float32Array(buffer, 16))).toBe(false)
    expect(f(new Float64Array(buffer, 0, 2), new Float32Array(buffer, 12))).toBe(true)
    expect(f(new Float64Array(buffer, 8, 0), new Float32Array(buffer))).toBe(false)
    expect(f(new Float64Array(2), new Float32Array(buffer))).toBe(false)
  })
  test('checked accesses fail at their site with index and length', () => {
    const load = (i: number) => () =>
      run('(x: float64[], i: f64) -> f64 canfail', '  local t: f64\n  t = checked x[i]@0\n  return t', [
        Float64Array.of(5, 6),
        i,
      ])
    expect(load(1)()).toBe(6)
    expect(load(-0)()).toBe(5)
    for (const bad of [2, -1, 0.5, NaN, Infinity]) {
      try {
        load(bad)()
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(InterpretFailure)
        expect(error).toMatchObject({ site: 0, value0: bad, value1: 2 })
      }
    }
    expect(() => run('(x: float64[]) -> f64', '  return x[1]', [new Float64Array(1)])).toThrow(InterpretError)
  })
  test('effects before a failure stay', () => {
    const x = new Float64Array(3)
    const body = `  local i: index
  L: for i in 0..5 span 0:0-0 {
    checked x[i]@0 = 1.0
  }`
    expect(() => run('(x: float64[]) canfail', body, [x])).toThrow(InterpretFailure)
    expect([...x]).toEqual([1, 1, 1])
  })
  test('masked-off lanes are not touched and read 0', () => {
    const x = Float64Array.of(1, 2)
    const body = `  local m: mask2
  local v: f64x2
  m = ramp(f64x2, 0.0, 1.0) < splat(f64x2, 1.0)
  v = load(f64x2, checked x[1]@0, m)
  store(checked x[1]@0, m) = splat(f64x2, 9.0)
  store(checked x[5]@0, false) = 9.0
  return v, load(f64, x[7], false)`
    expect(run('(x: float64[]) -> f64x2, f64 canfail', body, [x])).toEqual([[2, 0], 0])
    expect([...x]).toEqual([1, 9])
    const whole = '  store(checked x[1]@0, splat(mask2, true)) = splat(f64x2, 4.0)'
    expect(() => run('(x: float64[]) canfail', whole, [x])).toThrow(InterpretFailure)
    expect([...x]).toEqual([1, 9])
  })
  test('alloc makes zeros, or fails', () => {
    const f = (n: number) => run('(n: f64) -> int16[] canfail', '  local r: int16[]\n  r = alloc(n)@1\n  return r', [n])
    expect(f(3)).toEqual(new Int16Array(3))
    expect(f(-0)).toEqual(new Int16Array(0))
    for (const bad of [-1, 1.5, NaN, 2 ** 31]) {
      try {
        f(bad)
        expect.unreachable()
      } catch (error) {
        expect(error).toMatchObject({ name: 'InterpretFailure', site: 1, value0: bad })
      }
    }
  })
  test('atomics store as JavaScript does and give the old element', () => {
    const x = Int8Array.of(120)
    const c = Uint8ClampedArray.of(250)
    const body = `  local a: i32
  local b: i32
  a = do atomic.add(x[0], 10i32)
  b = do atomic.add(checked c[0]@0, 10.5)
  do atomic.compareExchange(x[0], 1.0, 2.0)
  do atomic.min(c[0], 254.0)
  return a, b`
    expect(run('(x: int8[], c: uint8c[]) -> i32, i32 canfail', body, [x, c])).toEqual([120, 250])
    expect([x[0], c[0]]).toEqual([-126, 254])
  })
  test.each(OPS.filter((record) => record.kind === 'atomic').map((record) => record.name))('%s', (name) => {
    const x = Int32Array.of(12)
    const args = name === 'atomic.compareExchange' ? '12i32, 5i32' : '10i32'
    run('(x: int32[])', `  do ${name}(x[0], ${args})`, [x])
    const wanted: Record<string, number> = {
      add: 22,
      sub: 2,
      min: 10,
      max: 12,
      and: 8,
      or: 14,
      xor: 6,
      exchange: 10,
      compareExchange: 5,
    }
    expect(x[0]).toBe(wanted[name.slice(7)])
  })
})

describe('control', () => {
  test('loops, breaks, continues and blocks', () => {
    const body = `  local i: index
  local j: index
  local s: f64
  Outer: for i in 0..n span 0:0-0 {
    Inner: for j in 10..0 step -3 span 0:0-0 {
      if j == 4 {
        continue Inner
      }
      if i == 3 {
        continue Outer
      }
      if i == 5 {
        break Outer
      }
      s = s + f64((i * 100) + j)
    }
    B: block {
      if i == 1 {
        break B
      }
      s = s + 0.5
    }
  }
  W: while true span 0:0-0 {
    s = s + 1000.0
    if s > 5000.0 {
      break W
    } else if s > 4000.0 {
      continue W
    } else {
      s = s + 0.25
    }
  }
  return s`
    let s = 0
    for (const i of [0, 1, 2, 4]) {
      for (const j of [10, 7, 1]) s += i * 100 + j
      if (i !== 1) s += 0.5
    }
    for (;;) {
      s += 1000
      if (s > 5000) break
      if (s <= 4000) s += 0.25
    }
    expect(run('(n: index) -> f64', body, [9])).toBe(s)
  })
  test('bounds of a loop are evaluated once, before it', () => {
    const body = `  local i: index
  local k: index
  L: for i in 0..n span 0:0-0 {
    n = n + 1
    k = k + 1
  }
  return k`
    expect(run('(n: index) -> index', body, [4])).toBe(4)
  })
  test('the variable means nothing after its loop', () => {
    const body = `  local i: index
  L: for i in 0..3 span 0:0-0 {
  }
  return i`
    expect(() => run('() -> index', body, [])).toThrow('i is read after its loop')
  })
  test('calls, several results, recursion and its depth', () => {
    const m = module(
      '(n: i32) -> i32, f64 canfail',
      `  local a: i32
  local b: i32
  local t: f64
  if n < 2i32 {
    return n, 0.5
  }
  a, t = call f(n - 1i32)@2
  b, t = call f(n - 2i32)@2
  return a + b, t`,
    )
    expect(interpret(m, [12])).toEqual([144, 0.5])
    expect(() => interpret(m, [12], { depth: 5 })).toThrow(InterpretFailure)
    expect(() => interpret(m, [12], { depth: 5 })).toThrow('depth: f')
    const silent = module('(n: f64)', '  call f(n)')
    expect(() => interpret(silent, [1])).toThrow('calls within calls are too many')
  })
  test('fail says what its site says', () => {
    try {
      run('(n: f64) canfail', '  fail(n, 2.0)@3', [1.5])
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'InterpretFailure', site: 3, value0: 1.5, value1: 2 })
      expect((error as Error).message).toBe('integer: n (1.5, 2)')
    }
  })
  test('fuel ends what does not end', () => {
    expect(() => run('()', '  L: while true span 0:0-0 {\n  }', [], { fuel: 1000 })).toThrow(OutOfFuel)
    expect(() => run('()', '  return', [], { fuel: 1 })).not.toThrow()
  })
  test.each([
    ['barrier', 'barriers are not interpreted yet'],
    ['L: for grid i in 0..1 span 0:0-0 {\n }', 'grid loops are not interpreted yet'],
    ['L: for block i in 0..1 span 0:0-0 {\n }', 'block loops are not interpreted yet'],
    ['i = length(a, 1)', 'several axes'],
    ['p = p', 'tuples are not interpreted yet'],
  ])('%s', (line, message) => {
    const body = `  local i: index\n  local a: float64[:, :]\n  local p: (f64, f64)\n  ${line}`
    expect(() => run('()', body, [])).toThrow(message)
  })
})

describe('reductions by the tree', () => {
  const body = (kind: string, op = 'add', sign = '+') => `  local i: index
  L: for ${kind}i in 0..length(x) step 1 reduce(tree ${op} s) span 0:0-0 {
    s = ${sign === '+' ? 's + x[i]' : `${op}(s, x[i])`}
  }
  return s`
  const head = '(x: float64[], s: f64) -> f64'
  const data = (n: number) => Float64Array.from({ length: n }, (_, k) => Math.sin(k * 1.7) * 10 ** (k % 9))

  /** Straight from the words of reduction.ts. */
  function tree(x: Float64Array, initial: number): number {
    const blocks: number[] = []
    const size = blockLength(x.length)
    for (let b = 0; b < x.length; b += size) {
      const lanes = new Array<number>(LANES).fill(-0)
      x.subarray(b, b + size).forEach((value, k) => {
        lanes[k % LANES]! += value
      })
      blocks.push(combinePairwise(lanes, (p, q) => p + q))
    }
    return blocks.length > 0 ? initial + combinePairwise(blocks, (p, q) => p + q) : initial
  }

  test.each([0, 1, 5, 16, 17, 63, 64, 1024, 1025, 5000])('a sum of %i', (n) => {
    const x = data(n)
    for (const kind of ['', 'vector ', 'parallel ']) {
      const wanted = kind === '' && n < SHORT_LOOP ? x.reduce((s, v) => s + v, 0.1) : tree(x, 0.1)
      expect(run(head, body(kind), [x, 0.1])).toBe(wanted)
    }
  })
  test('it is not the sum in order, and ordered is', () => {
    const x = data(5000)
    const inOrder = x.reduce((s, v) => s + v, 0)
    expect(run(head, body(''), [x, 0])).not.toBe(inOrder)
    expect(run(head, body('').replace('tree', 'ordered'), [x, 0])).toBe(inOrder)
  })
  test('a sum of −0 stays −0', () => {
    expect(run(head, body(''), [Float64Array.of(-0, -0), -0])).toBe(-0)
    expect(run(head, body(''), [new Float64Array(0), -0])).toBe(-0)
  })
  test('least and greatest are plain’s', () => {
    const f = (op: string, ...x: number[]) => run(head, body('', op, op), [Float64Array.from(x), 2])
    expect(f('min', 3, -1, 5)).toBe(-1)
    expect(f('max', 0, -0, NaN, 1)).toBeNaN()
    expect(f('min', 7)).toBe(2)
  })
  test.each([
    ['i32', 'min', 'min(s, x[i])', -9],
    ['i32', 'max', 'max(s, x[i])', 4],
    ['i32', 'and', 's & x[i]', -9 & 4 & 3],
    ['i32', 'or', 's | x[i]', -9 | 4 | 3],
    ['i32', 'xor', 's ^ x[i]', -9 ^ 4 ^ 3],
    ['i32', 'mul', 's * x[i]', -108],
    ['i64', 'min', 'min(s, i64(x[i]))', -9],
    ['i64', 'max', 'max(s, i64(x[i]))', 4],
    ['i64', 'add', 's + i64(x[i])', -2],
  ])('%s %s', (type, op, update, wanted) => {
    const m = `  local i: index
  L: for i in 0..length(x) reduce(tree ${op} s) span 0:0-0 {
    s = ${update}
  }
  return s`
    expect(run(`(x: int32[], s: ${type}) -> ${type}`, m, [Int32Array.of(-9, 4), 3])).toBe(wanted)
  })
})

describe('launches', () => {
  const functions = (check = 'checked x[i]@0') => `  launch body(lo..hi, x, y, 3.0)@0 serialif length(y) > 100
}
func body(lo: index, hi: index, x: float64[], y: float64[], k: f64) canfail {
  local i: index
  local t: f64
  L: for i in lo..hi span 0:0-0 {
    t = ${check}
    y[i] = t * k
  }
  y[length(y) - 1] = y[length(y) - 1] + 1.0`
  const head = '(x: float64[], y: float64[], lo: index, hi: index) canfail'

  test('ranges cover the whole exactly, however long they are', () => {
    for (const [options, calls] of [
      [{}, 1],
      [{ chunk: 3 }, 3],
      [{ chunk: 1, reverse: true }, 7],
      [{ chunk: 100 }, 1],
    ] as const) {
      const y = new Float64Array(12)
      run(head, functions(), [Float64Array.from({ length: 10 }, (_, k) => k), y, 2, 9], options)
      expect([...y]).toEqual([0, 0, 6, 9, 12, 15, 18, 21, 24, 0, 0, calls])
    }
    const y = new Float64Array(2)
    run(head, functions(), [y, y, 5, 5])
    expect([...y]).toEqual([0, 0])
  })
  test('the lowest failing range decides', () => {
    for (const options of [{}, { chunk: 1 }, { chunk: 1, reverse: true }]) {
      const y = new Float64Array(12)
      try {
        run(head, functions(), [new Float64Array(4), y, 0, 9], options)
        expect.unreachable()
      } catch (error) {
        expect(error).toMatchObject({ name: 'InterpretFailure', site: 0, value0: 4, value1: 4 })
      }
    }
  })
  test('serialif keeps the order', () => {
    const y = new Float64Array(101)
    expect(() => run(head, functions(), [new Float64Array(4), y, 0, 9], { chunk: 1, reverse: true })).toThrow('(4, 4)')
    expect(y[100]).toBe(4)
  })
})
