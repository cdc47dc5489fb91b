import { describe, expect, test } from 'vitest'
import { assign, breakTo, forStmt, label, local, num, ref, ret, splat } from './build.ts'
import type { Expr, Fn, Local, Module, Stmt } from './ir.ts'
import { read } from './read.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, mask, scalar, vec } from './types.ts'
import { VerifyError, verify } from './verify.ts'

const HEAD = `entry f
source 0 "f" line 1
  | (x) => x[0]
site 0 bounds "x" 0:7-8
`
const LOCALS = `
  local i: index
  local j: index
  local k: i32
  local big: i64
  local t: f64
  local s: f32
  local c: bool
  local m: mask2
  local m4: mask4
  local v: f64x2
  local w: f32x4
  local r: float32[]
  local u: uint32[]
  local x2: float64[:, :]`

const module = (body: string, { stage = 'portable', results = '', flags = 'canfail' } = {}): Module =>
  read(`module m ${stage} ${HEAD}
func f(x: float64[]) ${results} ${flags} {${LOCALS}
  ${body}
}
func g(a: f64) -> f64, i32 {
  return a, 0i32
}
func body(lo: index, hi: index, x: float64[]) {
  return
}
func writes(lo: index, hi: index, a: f64) {
  a = 1.0
}
func risky() canfail {
  fail()@0
}
`)

const accepts = (...args: Parameters<typeof module>) => expect(() => verify(module(...args))).not.toThrow()
const refuses = (message: string, m: Module) => {
  expect(() => verify(m)).toThrow(VerifyError)
  expect(() => verify(m)).toThrow(message)
}

/** A module of one function, for what the text cannot say. */
function built(body: readonly Stmt[], locals: readonly Local[], more: Partial<Fn> = {}): Module {
  const fn: Fn = { name: 'f', params: [], results: [], locals, body, canFail: true, ...more }
  const span = { source: 0, start: 0, end: 0 }
  return {
    name: 'm',
    stage: 'portable',
    functions: [fn],
    entry: 'f',
    sites: [{ code: 'bounds', subject: 'x', span }],
    sources: [{ name: 'f', text: '', line: 1 }],
  }
}
const SPAN = { source: 0, start: 0, end: 0 }

describe('what the laws allow', () => {
  test.each([
    't = checked x[t]@0',
    't = sqrt(x[i] + x[k]) * x[big]',
    't = load(f64, x[i], c)',
    'v = load(f64x2, x[i], m)',
    'checked u[t]@0 = k',
    'store(x[i], m) = v',
    'r = alloc(t)@0',
    's = do atomic.add(checked r[0]@0, 1.0)',
    'big = do atomic.xor(u[0], k)',
    't, k = call g(t)',
    'L: block {\n if c {\n break L\n }\n }',
    'L: for parallel i in 0..length(x) reduce(tree add t) span 0:0-0 {\n t = t + x[i]\n continue L\n }',
    'L: while true span 0:0-0 {\n break L\n }',
    'launch body(0..length(x), x)@0',
    'w = select(m4, w, w)',
    't = extract(v, 1) + reduce(max, v)',
    'c = reduce(any, v < v)',
  ])('%s', (line) => accepts(line))

  test('every way out has its results', () => {
    accepts('return 1.0', { results: '-> f64' })
    accepts('if c {\n return 1.0\n } else {\n fail()@0\n }', { results: '-> f64' })
    accepts('L: while true span 0:0-0 {\n return 1.0\n }', { results: '-> f64' })
  })
})

describe('types', () => {
  test.each([
    ['t = 1.0f32', 'the value is f32, not f64'],
    ['t = x[t]', 'the index is f64, not index or i32 or i64'],
    ['checked x[1]@0 = s', 'the value is f32, not f64'],
    ['u[0] = big', 'the value is i64, not i32'],
    ['x[t] = t', 'the index is f64'],
    ['store(x[i], m4) = v', 'the mask is mask4, not mask2'],
    ['store(x[i], m) = t', 'the mask is mask2, not bool'],
    ['r[i] = v', 'lanes of f64 do not go into float32'],
    ['w = load(f32x4, x[i])', 'lanes of f32 do not come from float64'],
    ['t = load(f64, x[i], m)', 'the mask is mask2, not bool'],
    ['t = load(f32, x[i])', 'the element is f32, not f64'],
    ['v = load(f64x2, x[i], m4)', 'the mask is mask4, not mask2'],
    ['t = cond(k, t, t)', 'the condition is i32, not bool'],
    ['t = cond(c, t, s)', 'an arm is f32, not f64'],
    ['v = select(m4, v, v)', 'the condition is mask4, not bool or mask2'],
    ['v = cond(m, v, v)', 'the condition is mask2, not bool'],
    ['x = cond(c, x, x)', 'arrays and tuples are not chosen by expressions'],
    ['v = splat(f64x2, s)', 'the value is f32, not f64'],
    ['v = ramp(f64x2, t, s)', 'the stride is f32, not f64'],
    ['v = shuffle(f64x2, v, v, [0, 4])', 'it wants 2 lanes, each below 4'],
    ['v = shuffle(f64x2, v, v, [0])', 'it wants 2 lanes'],
    ['v = shuffle(f64x2, w, w, [0, 1])', 'it takes two vectors of its lanes'],
    ['t = extract(v, 2)', 'there is no lane 2'],
    ['t = reduce(any, v)', 'any does not fold f64x2'],
    ['c = reduce(add, m)', 'add does not fold mask2'],
    ['i = length(x, 1)', 'there is no axis 1'],
    ['i = length(t)', 't is no array'],
    ['c = overlap(x, t)', 'it takes two arrays'],
    ['c = bool(t)', 'there is no cast from f64 to bool'],
    ['w = f32x4(v)', 'there is no cast from f64x2 to f32x4'],
    ['t = f64(v)', 'there is no cast from f64x2 to f64'],
    ['c = t + t :: bool', 'the result is bool, not f64'],
    ['t = gamma(t) :: f64', 'no operation of expressions is named gamma'],
    ['t = atomic.add(t) :: f64', 'no operation of expressions is named atomic.add'],
    ['t = add(t) :: f64', 'it takes 2 values, not 1'],
    ['c = and(t, t) :: f64', 'it has no overload for f64'],
    ['t = add(t, s) :: f64', 'value 2 is f32, not f64'],
    ['if t {\n }', 'the condition is f64, not bool'],
    ['L: while t span 0:0-0 {\n }', 'the condition is f64, not bool'],
    ['x2 = alloc(1)@0', 'only arrays of one axis are made'],
    ['t = alloc(1)@0', 'only arrays of one axis are made'],
    ['r = alloc(s)@0', 'the length is f32'],
    ['fail(s)@0', 'a recorded value is f32, not f64'],
    ['fail(t, t, t)@0', 'two values at most'],
    ['do atomic.fly(x[0], t)', 'no operation with effects is named atomic.fly'],
    ['do add(x[0], t)', 'no operation with effects is named add'],
    ['do atomic.add(x[0], k)', 'the value is i32, not f64'],
    ['do atomic.add(x[0])', 'atomic.add takes 1 values'],
    ['s = do atomic.add(x[0], t)', 'the result is f32, not f64'],
  ])('%s', (line, message) => refuses(message, module(line)))

  test.each([
    [num(F32, 1), { value: 0.1 }, '0.1 is no f32'],
    [num(I32, 1), { value: 2 ** 31 }, '2147483648 is no i32'],
    [num(I32, 1), { value: -0 }, '0 is no i32'],
    [num(I32, 1), { value: 1n }, '1 is no i32'],
    [num(INDEX, 1), { value: 1.5 }, '1.5 is no index'],
    [num(F64, 1), { value: true }, 'true is no f64'],
    [num(F64, 1), { type: BOOL }, '1 is no bool'],
    [num(I64, 1), { value: 2n ** 63n }, '9223372036854775808 is no i64'],
    [num(I64, 1), { value: 1 as never }, '1 is no i64'],
    [num(F64, 1), { type: scalar('i8') }, 'exists as a lane of vectors only'],
  ])('constant %#', (constant, change, message) => {
    const wrong = { ...constant, ...change } as Expr
    refuses(message, built([{ kind: 'fail', site: 0, values: [wrong] }], []))
  })

  test('a reference has the type of its local', () => {
    const t = local('t', F64)
    refuses('the reference is f32, not f64', built([assign(local('t', F32), { ...ref(t), type: F32 })], [t]))
  })

  test('locals and results have types that values can have', () => {
    refuses('exists as a lane of vectors only', built([], [local('a', scalar('i8'))]))
    refuses('has fewer than two lanes', built([], [local('a', vec('f64', 1))]))
    refuses('has fewer than two lanes', built([], [], { results: [mask(1)] }))
  })
})

describe('checked loads (law 1)', () => {
  test.each(['t = checked x[i]@0 + 1.0', 'x[i] = checked x[0]@0', 'if checked x[i]@0 > 0.0 {\n }'])('%s', (line) =>
    refuses('a checked load is only ever the whole right side of an assignment', module(line)),
  )
})

describe('locals and labels', () => {
  const t = local('t', F64)
  const stray = local('stray', F64)
  const a = local('a', array('float64'))
  test('locals are declared, wherever they stand', () => {
    const message = 'the local stray is not declared in this function'
    refuses(message, built([assign(t, ref(stray))], [t]))
    refuses(message, built([assign(stray, ref(t))], [t]))
    const astray = local('stray', array('float64'))
    refuses(message, built([ret({ kind: 'length', type: INDEX, array: astray, axis: 0 })], []))
    const store: Stmt = {
      kind: 'store',
      array: astray,
      index: num(INDEX, 0),
      value: num(F64, 0),
      bounds: 'proven',
      site: -1,
    }
    refuses(message, built([store], [a]))
  })
  test('names are unique', () => {
    refuses('two locals are named t', built([], [t, local('t', F32)]))
    const block = (name: string): Stmt => ({ kind: 'block', label: label(name), body: [] })
    refuses('two labels are named L', built([block('L'), block('L')], []))
    const L = label('L')
    const within: Stmt = { kind: 'block', label: L, body: [{ kind: 'block', label: L, body: [] }] }
    refuses('its label L is one around it too', built([within], []))
    const twice: Stmt = { kind: 'block', label: L, body: [] }
    expect(() => verify(built([twice, twice], []))).not.toThrow()
  })
  test('jumps go to what is around them', () => {
    refuses('no statement around this has the label L', built([breakTo(label('L'))], []))
    refuses('no statement around this', module('L: block {\n }\n break L'))
    refuses('L is a block: it cannot be continued', module('L: block {\n continue L\n }'))
  })
})

describe('loops', () => {
  const loop = (head: string, inside = '') => `L: for ${head} span 0:0-0 {\n ${inside}\n }`
  test.each([
    [loop('t in 0.0..1.0'), 'the variable is f64, not an integer'],
    [loop('i in k..length(x)'), 'lo is i32, not index'],
    [loop('i in 0..k'), 'hi is i32, not index'],
    [loop('i in 0..1 step 0'), 'the step is not a non-zero integer'],
    [loop('i in 0..1', 'i = 1'), 'the body assigns the variable'],
    [loop('i in 0..1', `M: for i in 0..1 span 0:0-0 {\n }`), 'the body assigns the variable'],
    [loop('i in 0..1 serialif c'), 'serialif is for parallel loops only'],
    [loop('parallel i in 0..1 serialif t'), 'serialif is f64, not bool'],
    [loop('i in 0..1 reduce(tree add t, tree add t)'), 't is reduced twice'],
    [loop('i in 0..1 reduce(tree add i)'), 'i is reduced twice'],
    [loop('i in 0..1 reduce(tree add c)'), 'add does not reduce c: bool'],
    [loop('i in 0..1 reduce(tree and t)'), 'and does not reduce t: f64'],
    [loop('parallel i in 0..1', 'return'), 'a return may not leave a parallel loop'],
    [loop('parallel i in 0..1', 'break L'), 'a jump may not leave a parallel loop'],
    [loop('i in 0..1 reduce(tree add t)', 'break L'), 'a jump may not leave'],
    [loop('i in 0..1 reduce(tree add t)', 'return'), 'a return may not leave'],
    [`M: block {\n ${loop('parallel i in 0..1', 'break M')}\n }`, 'a jump may not leave a parallel loop'],
    [loop('i in 0..1').replace('0:0-0', '1:0-0'), 'its source 1 is none of the module'],
    [loop('i in 0..1').replace('0:0-0', '0:4-90'), 'its span 4-90 is not within the 11 characters'],
    ['L: while c span 0:9-3 {\n }', 'its span 9-3 is not within'],
  ])('%s', (line, message) => refuses(message, module(line)))

  test('at stage target', () => {
    const target = { stage: 'target' }
    refuses('no parallel loop is left', module(loop('parallel i in 0..1'), target))
    refuses('no tree is left', module(loop('i in 0..1 reduce(tree add t)'), target))
    accepts(loop('i in 0..1 reduce(ordered add t)'), target)
  })

  test('a step is a whole number', () => {
    const i = local('i', INDEX)
    const zero = num(INDEX, 0)
    refuses('non-zero integer', built([forStmt(label('L'), i, zero, zero, [], SPAN, { step: 0.5 })], [i]))
  })
})

describe('calls, launches, results', () => {
  test.each([
    ['call h()', 'no function is named h'],
    ['t, k = call g()', 'g takes 1 values, not 0'],
    ['t, k = call g(s)', 'value 1 of g is f32, not f64'],
    ['t = call g(t)', 'g gives 2 results'],
    ['t, i = call g(t)', 'result 2 is index, not i32'],
    ['t, t = call g(t)', 'two results go into one local'],
    ['launch h(0..1)@0', 'no function is named h'],
    ['launch g(0..1)@0', 'a launched function returns nothing'],
    ['launch risky(0..1)@0', 'a launched function takes lo and hi (index) first'],
    ['launch body(0..1)@0', 'body takes 1 values, not 0'],
    ['launch body(k..1, x)@0', 'lo is i32, not index'],
    ['launch body(0..k, x)@0', 'hi is i32, not index'],
    ['launch body(0..1, x)@0 serialif t', 'serialif is f64, not bool'],
    ['launch writes(0..1, t)@0', 'writes writes to its parameter a'],
    ['return t', 'the return takes 0 values, not 1'],
  ])('%s', (line, message) => refuses(message, module(line)))

  test('a function with results returns them on every way', () => {
    const results = { results: '-> f64' }
    const message = 'its end can be reached without a return'
    refuses(message, module('', results))
    refuses(message, module('if c {\n return t\n }', results))
    refuses(message, module('L: while true span 0:0-0 {\n break L\n }', results))
    refuses(message, module('L: block {\n break L\n return t\n }', results))
    refuses('value 1 of the return is f32, not f64', module('return s', results))
  })

  test('functions have names of their own, and the entry exists', () => {
    const m = module('')
    refuses('two functions are named f', { ...m, functions: [...m.functions, m.functions[0]!] })
    refuses('the entry e is no function of the module', { ...m, entry: 'e' })
  })
})

describe('failure', () => {
  test.each([
    't = checked x[0]@0',
    'checked x[0]@0 = t',
    'do atomic.add(checked x[0]@0, t)',
    'r = alloc(1)@0',
    'fail()@0',
    'launch body(0..1, x)@0',
    'call risky()@0',
  ])('a function with %s says that it can fail', (line) => {
    accepts(line)
    refuses('says that it cannot fail', module(line, { flags: '' }))
    refuses('site -1 is none', module(line.replace('@0', '')))
    refuses('site 5 is none', module(line.replace('@0', '@5')))
  })

  test('what cannot fail needs neither', () => accepts('x[0] = x[1]', { flags: '' }))

  test('sites stand in the sources', () => {
    const m = module('')
    const at = (span: { source: number; start: number; end: number }) => ({
      ...m,
      sites: [{ code: 'bounds' as const, subject: 'x', span }],
    })
    refuses('site 0: its source 3', at({ source: 3, start: 0, end: 0 }))
    refuses('site 0: its span 0-99', at({ source: 0, start: 0, end: 99 }))
    refuses('site 0: its span 0.5-1', at({ source: 0, start: 0.5, end: 1 }))
  })
})

test('the message shows function, law and statement', () => {
  expect(() => verify(module('L: while t span 0:0-0 {\n t = t + 1.0\n }'))).toThrow(
    'f: the condition is f64, not bool\n  in  L: while t span 0:0-0 { }',
  )
  expect(() => verify(built([assign(local('v', vec('f64', 2)), splat(vec('f64', 2), num(F32, 1)))], []))).toThrow(
    'in  v = splat(f64x2, 1.0f32)',
  )
})
