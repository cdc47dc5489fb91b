/** Random expressions: ordinary arithmetic mostly, with the edges of integers and doubles strewn in. */

import type { Rng } from './rng.ts'
import type { Scope, Variable } from './scope.ts'
import { at, binary, call, compare, type Expr, lengthOf, num, set, truth, unary } from './tree.ts'

const EDGES = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  -2.5,
  0.1,
  3,
  7,
  31,
  32,
  255,
  256,
  65535,
  65536,
  1e5,
  1e9,
  1e10,
  1e16,
  1e300,
  5e-324,
  1e-310,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 1,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  2 ** 63,
  127,
  128,
  -128,
  -129,
  32767,
  32768,
]
const EXACT = ['abs', 'sqrt', 'floor', 'ceil', 'trunc', 'round', 'sign', 'fround', 'clz32']
export const ENGINE = [
  'exp',
  'expm1',
  'log',
  'log2',
  'log10',
  'log1p',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'cbrt',
]

/** Where floating point is peculiar. */
const PECULIAR = [-0, 0, NaN, 0.5, -0.5, 2.5, Infinity, -Infinity]

export function anyNumber({ rng }: { readonly rng: Rng }): number {
  return rng.weighted<() => number>([
    [2, () => rng.pick(EDGES)],
    [1, () => rng.pick(PECULIAR)],
    [1, () => rng.int(-9, 9) / 2],
    [5, () => rng.int(-3, 12)],
    [2, () => Math.round(rng.real() * 2000 - 1000) / 64],
  ])()
}

export function number(s: Scope, depth: number): Expr {
  const { rng } = s
  if (depth <= 0 || rng.chance(0.15)) return leaf(s)
  const next = () => number(s, depth - 1)
  return rng.weighted<() => Expr>([
    [30, () => binary(rng.pick(['+', '-', '*', '+', '-', '*', '/', '%']), next(), next())],
    [8, () => integer(s, depth)],
    [5, () => temptation(s, next())],
    [
      7,
      () =>
        binary(rng.pick(['&', '|', '^', '<<', '>>', '>>>']), next(), rng.chance(0.5) ? num(rng.int(0, 33)) : next()),
    ],
    [2, () => binary('**', next(), rng.chance(0.6) ? num(rng.pick([0, 1, 2, 3, 0.5, -1, -0.5])) : next())],
    [4, () => unary(rng.pick(['-', '-', '~', '+']), next())],
    [6, () => ({ k: 'choose', type: 'num', test: truthValue(s, depth - 1), a: next(), b: next() })],
    [9, () => call(`Math.${rng.pick(EXACT)}`, [next()])],
    [3, () => call(`Math.${rng.pick(ENGINE)}`, [next()])],
    [5, () => call(`Math.${rng.pick(['min', 'max'])}`, Array.from({ length: rng.pick([1, 2, 2, 2, 3, 4]) }, next))],
    [1, () => call(rng.pick(['Math.atan2', 'Math.pow', 'Math.hypot']), [next(), next()])],
    [1, () => call('Math.hypot', Array.from({ length: rng.int(1, 4) }, next))],
    [2, () => call('Math.imul', [next(), next()])],
    [1, () => call('Number', [rng.chance(0.5) ? truthValue(s, depth - 1) : next()])],
    [14, () => element(s, depth - 1)],
    [5, () => helperCall(s, depth, 'num') ?? next()],
    [1.5, () => effect(s, depth) ?? next()],
  ])()
}

/** What looks as if it could be simplified, and mostly may not: −0, NaN and rounding tell. */
export function temptation({ rng }: { readonly rng: Rng }, some: Expr): Expr {
  const e = rng.chance(0.4) ? zeroOf(rng, some) : some
  return rng.weighted<() => Expr>([
    [4, () => binary(rng.pick(['+', '+', '-']), e, num(rng.pick([0, 0, -0])))],
    [1, () => binary(rng.pick(['+', '-', '*']), num(rng.pick([0, -0, -1])), e)],
    [1, () => binary(rng.pick(['-', '/', '*', '+', '%']), e, e)],
    [1, () => binary('*', e, num(rng.pick([0, 1, -1, 2])))],
    [1, () => binary('/', e, num(rng.pick([1, 3, 10, 2, 0.1])))],
    [1, () => binary('**', e, num(rng.pick([0, 1, 2, 0.5])))],
  ])()
}

/** 0 or −0, by the sign of what is given. */
const zeroOf = (rng: Rng, e: Expr): Expr =>
  rng.chance(0.5)
    ? binary('*', e, num(rng.pick([0, -0])))
    : call(`Math.${rng.pick(['ceil', 'round', 'trunc'])}`, [binary('*', e, num(2 ** -60))])

function leaf(s: Scope): Expr {
  const { rng } = s
  const numbers = s.visible((v) => v.type === 'num')
  const arrays = s.arrays()
  return rng.weighted<() => Expr>([
    [3, () => num(anyNumber(s))],
    [numbers.length > 0 ? 10 : 0, () => s.ref(rng.pick(numbers))],
    [arrays.length > 0 ? 1 : 0, () => lengthOf(s.ref(rng.pick(arrays)))],
    [arrays.length > 0 ? 4 : 0, () => element(s, 0)],
  ])()
}

/** Whole numbers, which compilers treat differently: sums and products of counters, masks, lengths. */
export function integer(s: Scope, depth: number): Expr {
  const { rng } = s
  const small = s.visible((v) => v.small === true)
  const next = () => integer(s, depth - 1)
  if (depth <= 0) {
    if (small.length > 0 && rng.chance(0.6)) return s.ref(rng.pick(small))
    const numbers = s.visible((v) => v.type === 'num')
    if (numbers.length > 0 && rng.chance(0.5)) return binary('|', s.ref(rng.pick(numbers)), num(0))
    return num(rng.chance(0.1) ? rng.pick([2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, 65536, 2 ** 30]) : rng.int(-4, 40))
  }
  return rng.weighted<() => Expr>([
    [12, () => binary(rng.pick(['+', '-', '*', '+', '*']), next(), next())],
    [6, () => binary(rng.pick(['&', '|', '^', '<<', '>>', '>>>']), next(), next())],
    [4, () => binary('|', number(s, depth - 1), num(0))],
    [2, () => binary('>>>', next(), num(0))],
    [2, () => binary('%', next(), num(rng.pick([2, 3, 7, -5, 16, 1000])))],
    [2, () => call('Math.imul', [next(), next()])],
    [
      2,
      () =>
        call(`Math.${rng.pick(['floor', 'trunc', 'round', 'ceil'])}`, [binary('/', next(), num(rng.pick([2, 3, 4])))]),
    ],
    [2, () => call('Math.abs', [next()])],
    [2, () => call(`Math.${rng.pick(['min', 'max'])}`, [next(), next()])],
    [1, () => ({ k: 'choose', type: 'num', test: truthValue(s, depth - 1), a: next(), b: next() })],
    [2, () => unary(rng.pick(['-', '~']), next())],
    [6, () => integer(s, 0)],
  ])()
}

export function truthValue(s: Scope, depth: number): Expr {
  const { rng } = s
  const flags = s.visible((v) => v.type === 'bool')
  const next = () => truthValue(s, depth - 1)
  if (depth <= 0) {
    if (flags.length > 0 && rng.chance(0.4)) return s.ref(rng.pick(flags))
    return rng.chance(0.1) ? truth(rng.chance(0.5)) : compare(rng.pick(['<', '>', '<=', '>=']), leaf(s), leaf(s))
  }
  const value = () => (rng.chance(0.5) ? number(s, depth - 1) : integer(s, depth - 1))
  return rng.weighted<() => Expr>([
    [14, () => compare(rng.pick(['<', '>', '<=', '>=', '===', '!==', '==', '!=']), value(), value())],
    [5, () => binary(rng.pick(['&&', '||']), next(), next(), 'bool')],
    [3, () => unary('!', rng.chance(0.7) ? next() : value(), 'bool')],
    [1, () => compare(rng.pick(['===', '!==']), next(), next())],
    [
      1,
      () =>
        call(
          rng.pick([
            'isNaN',
            'isFinite',
            'Number.isInteger',
            'Number.isNaN',
            'Number.isFinite',
            'Number.isSafeInteger',
            'Boolean',
          ]),
          [value()],
          'bool',
        ),
    ],
    [1, () => ({ k: 'choose', type: 'bool', test: next(), a: next(), b: next() })],
    [2, () => helperCall(s, depth, 'bool') ?? next()],
  ])()
}

function helperCall(s: Scope, depth: number, result: 'num' | 'bool'): Expr | undefined {
  const fits = s.helpers.filter((h) => h.result === result)
  if (fits.length === 0) return undefined
  const helper = s.rng.pick(fits)
  const args: Expr[] = []
  for (const type of helper.params) {
    if (type === 'num') args.push(number(s, depth - 1))
    else if (type === 'bool') args.push(truthValue(s, depth - 1))
    else {
      const arrays = s.arrays(type).filter((v) => !s.region?.written.has(v.name))
      if (arrays.length === 0) return undefined
      args.push(s.ref(s.rng.pick(arrays)))
    }
  }
  return call(helper.name, args, result)
}

/** An expression that also assigns: JavaScript's order of evaluation shows in these. */
function effect(s: Scope, depth: number): Expr | undefined {
  const { rng } = s
  const variables = s.assignable('num').filter((v) => !v.small)
  if (variables.length === 0) return undefined
  const target = s.ref(rng.pick(variables))
  if (rng.chance(0.4)) return { k: 'step', type: 'num', op: rng.pick(['++', '--']), prefix: rng.chance(0.5), target }
  return set(target, number(s, depth - 1), rng.pick(['', '', '+', '-', '*']))
}

export function element(s: Scope, depth: number): Expr {
  const arrays = s.arrays()
  if (arrays.length === 0) return num(anyNumber(s))
  const array = s.rng.pick(arrays)
  const own = s.region?.written.get(array.name)
  return at(s.ref(array), own ? own() : index(s, array, depth))
}

/** Mostly in range; now and then just outside, or not whole. */
export function index(s: Scope, array: Variable, depth: number): Expr {
  const { rng } = s
  const counters = s.visible((v) => v.slack !== undefined)
  const length = lengthOf(s.ref(array))
  const counter = () => s.ref(rng.pick(counters))
  const wrapped = (e: Expr) => binary('%', call('Math.abs', [e]), length)
  return rng.weighted<() => Expr>([
    [counters.length > 0 ? 30 : 0, counter],
    [counters.length > 0 ? 5 : 0, () => binary('-', binary('-', length, num(1)), counter())],
    [counters.length > 0 ? 6 : 0, () => offset(s, rng.pick(counters))],
    [counters.length > 0 ? 3 : 0, () => binary('%', binary('+', counter(), num(rng.int(0, 9))), length)],
    [s.length > 0 ? 4 : 1, () => num(rng.int(0, Math.max(0, s.length - 1)))],
    [4, () => wrapped(binary('|', integer(s, depth), num(0)))],
    [
      2,
      () => binary('&', number(s, depth), num(rng.pick([0, 1, 3, 7].filter((mask) => mask < Math.max(1, s.length))))),
    ],
    [2, () => call('Math.min', [call('Math.max', [integer(s, depth), num(0)]), binary('-', length, num(1))])],
    [0.25, () => integer(s, depth)],
    [0.1, () => number(s, depth)],
    [0.1, () => rng.pick([length, num(-1), num(0.5), binary('/', length, num(2)), num(-0)])],
  ])()
}

/** A neighbour of a loop's element, as far as the loop leaves room. */
function offset(s: Scope, counter: Variable): Expr {
  const room = counter.slack!
  const by = s.rng.chance(0.03) ? s.rng.int(-2, 2) : s.rng.int(-room, room)
  if (by === 0) return s.ref(counter)
  return binary(by < 0 ? '-' : '+', s.ref(counter), num(Math.abs(by)))
}
