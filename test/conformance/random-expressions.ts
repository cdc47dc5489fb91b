/** Random kernels heavy on integers: their text, for fast-check to make and to shrink. */

import fc from 'fast-check'
import type { Kernel } from './agree.ts'

/** Arrays have 8 elements, and every index is taken & 7, so that no access is out of range. */
export const ELEMENTS = 8
export const ARRAYS = ['i8', 'u8', 'c8', 'u16', 'i32', 'u32', 'f32', 'f64'] as const
const VARIABLES = ['v', 'w', 'n']
const PARAMETERS = ['x', 'k', 'm']

const LITERALS = ['0', '1', '2', '3', '-1', '7', '31', '32', '0.5', '255', '256', '1e3', '65535', '65536', '2097151']
const LARGE = [
  '134217727',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '1e300',
  '-0',
  'NaN',
  'Infinity',
]

const UNARY_MATH = ['abs', 'floor', 'ceil', 'trunc', 'round', 'sign', 'sqrt', 'fround', 'clz32']
const BINARY_MATH = ['min', 'max', 'imul', 'min', 'max']

/** What the kernels call: results of several types, effects on arrays, recursion. */
export const HELPERS = Object.freeze({
  twice: (a: number) => a * 2,
  // biome-ignore lint/complexity/useMathMinMax: NaN and −0 go another way
  least: (a: number, b: number) => (a < b ? a : b),
  hash: (a: number, b: number) => ((a ^ b) * 31) | 0,
  low: (a: number) => (a >>> 0) & 15,
  odd: (a: number) => a % 2 !== 0,
  poke: (array: Int32Array | Float32Array | Uint8Array, at: number, value: number) => {
    const old = array[at & 7]!
    array[at & 7] = value
    return old
  },
  down: (n: number): number => (n >= 1 ? HELPERS.up(n - 1) + 1 : n),
  up: (n: number): number => (n >= 1 ? HELPERS.down(n - 2) * 2 : 0),
})

/** The kernel that the text is. */
export const kernelOf = (text: string): Kernel =>
  new Function(...Object.keys(HELPERS), `return ${text}`)(...Object.values(HELPERS)) as Kernel

interface Parts {
  number: string
  truth: string
}

const expressions = (names: readonly string[]) =>
  fc.letrec<Parts>((tie) => {
    const number = tie('number')
    const truth = tie('truth')
    const pick = (list: readonly string[]) => fc.constantFrom(...list)
    const element = fc.tuple(pick(ARRAYS), number).map(([a, i]) => `${a}[${i} & 7]`)
    const place = fc.oneof(pick(VARIABLES), element)
    return {
      number: fc.oneof(
        { depthSize: 'small', withCrossShrink: true, maxDepth: 6 },
        { weight: 4, arbitrary: pick(names) },
        { weight: 3, arbitrary: pick(LITERALS) },
        { weight: 1, arbitrary: pick(LARGE) },
        { weight: 1, arbitrary: pick(ARRAYS).map((a) => `${a}.length`) },
        { weight: 4, arbitrary: element },
        {
          weight: 6,
          arbitrary: fc
            .tuple(number, pick(['+', '-', '*', '%', '/', '+', '*']), number)
            .map(([a, o, b]) => `(${a} ${o} ${b})`),
        },
        {
          weight: 5,
          arbitrary: fc
            .tuple(number, pick(['&', '|', '^', '<<', '>>', '>>>']), number)
            .map(([a, o, b]) => `(${a} ${o} ${b})`),
        },
        { weight: 2, arbitrary: number.map((a) => `(${a} | 0)`) },
        { weight: 2, arbitrary: number.map((a) => `(${a} >>> 0)`) },
        { weight: 2, arbitrary: fc.tuple(pick(['-', '~', '+']), number).map(([o, a]) => `(${o} ${a})`) },
        { weight: 2, arbitrary: fc.tuple(truth, number, number).map(([t, a, b]) => `(${t} ? ${a} : ${b})`) },
        { weight: 1, arbitrary: fc.tuple(number, pick(['&&', '||']), number).map(([a, o, b]) => `(${a} ${o} ${b})`) },
        {
          weight: 2,
          arbitrary: fc
            .tuple(place, pick(['=', '+=', '-=', '*=', '|=', '&=', '^=', '<<=', '>>=', '>>>=', '%=']), number)
            .map(([p, o, a]) => `(${p} ${o} ${a})`),
        },
        { weight: 1, arbitrary: fc.tuple(pick(['++', '--']), place).map(([o, p]) => `(${o}${p})`) },
        { weight: 1, arbitrary: fc.tuple(place, pick(['++', '--'])).map(([p, o]) => `(${p}${o})`) },
        { weight: 1, arbitrary: fc.tuple(number, number).map(([a, b]) => `(${a}, ${b})`) },
        { weight: 2, arbitrary: fc.tuple(pick(UNARY_MATH), number).map(([f, a]) => `Math.${f}(${a})`) },
        {
          weight: 2,
          arbitrary: fc.tuple(pick(BINARY_MATH), number, number).map(([f, a, b]) => `Math.${f}(${a}, ${b})`),
        },
        { weight: 1, arbitrary: truth.map((t) => `(+${t})`) },
        { weight: 1, arbitrary: number.map((a) => `twice(${a})`) },
        { weight: 1, arbitrary: number.map((a) => `low(${a})`) },
        { weight: 1, arbitrary: number.map((a) => `up(low(${a}))`) },
        {
          weight: 1,
          arbitrary: fc.tuple(pick(['least', 'hash']), number, number).map(([f, a, b]) => `${f}(${a}, ${b})`),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(pick(['i32', 'f32', 'u8', 'f64']), number, number)
            .map(([a, i, v]) => `poke(${a}, ${i}, ${v})`),
        },
      ),
      truth: fc.oneof(
        { depthSize: 'small', withCrossShrink: true, maxDepth: 6 },
        { weight: 1, arbitrary: pick(['true', 'false', 'q']) },
        {
          weight: 5,
          arbitrary: fc
            .tuple(number, pick(['<', '<=', '>', '>=', '===', '!==']), number)
            .map(([a, o, b]) => `(${a} ${o} ${b})`),
        },
        { weight: 1, arbitrary: truth.map((t) => `!${t}`) },
        { weight: 1, arbitrary: number.map((a) => `!${a}`) },
        { weight: 1, arbitrary: number.map((a) => `odd(${a})`) },
        { weight: 1, arbitrary: fc.tuple(truth, pick(['&&', '||']), truth).map(([a, o, b]) => `(${a} ${o} ${b})`) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(pick(['Number.isInteger', 'isNaN', 'isFinite', 'Number.isSafeInteger']), number)
            .map(([f, a]) => `${f}(${a})`),
        },
      ),
    }
  })

const outer = expressions([...VARIABLES, ...PARAMETERS])
const inner = expressions([...VARIABLES, ...PARAMETERS, 'i', 'i', 'i'])

const LOOPS = [
  'let i = 0; i < f64.length; i++',
  'let i = 7; i >= 0; i--',
  'let i = 1; i <= 7; i += 2',
  'let i = 0; i < Math.min(k, 8); i++',
  'let i = m & 3; i < (m & 15); i++',
  'let i = 0; i < x && i < 8; i++',
]

const assignment = (e: ReturnType<typeof expressions>) =>
  fc.oneof(
    fc.tuple(fc.constantFrom(...VARIABLES), e.number).map(([v, a]) => `${v} = ${a}`),
    fc.tuple(fc.constantFrom(...ARRAYS), e.number, e.number).map(([a, i, v]) => `${a}[${i} & 7] = ${v}`),
    fc.tuple(fc.constantFrom(...ARRAYS), e.number, e.number).map(([a, i, v]) => `${a}[${i} & 7] += ${v}`),
    fc.tuple(e.truth, fc.constantFrom(...VARIABLES), e.number).map(([t, v, a]) => `if (${t}) ${v} = ${a}`),
    e.number.map((a) => `n = (n * 31 + ${a}) | 0`),
    e.number.map((a) => `w = (w ^ ${a}) >>> 0`),
  )

/** The text of a kernel over (…ARRAYS, x, k, m, q). */
export const kernelText: fc.Arbitrary<string> = fc
  .record({
    starts: fc.tuple(outer.number, fc.constantFrom('0', '1', '0.5', 'k', 'm * 2', '-0'), fc.constantFrom('0', '17')),
    before: fc.array(assignment(outer), { maxLength: 2 }),
    loop: fc.constantFrom(...LOOPS),
    body: fc.array(assignment(inner), { maxLength: 3 }),
    result: outer.number,
  })
  .map(({ starts, before, loop, body, result }) => {
    const [v, w, n] = starts
    const first = ['let v = 0', `let w = ${w}`, `let n = ${n}`, `v = ${v}`, ...before]
    return `(${[...ARRAYS, ...PARAMETERS, 'q'].join(', ')}) => {
${first.map((s) => `  ${s};`).join('\n')}
  for (${loop}) {
${body.map((s) => `    ${s};`).join('\n')}
  }
  return ${result};
}`
  })
