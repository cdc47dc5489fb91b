/** The arguments of a call: made from types with seeded numbers, or given as JavaScript; fresh copies for each use. */

import { runInThisContext } from 'node:vm'
import { DTYPES, type DTypeInfo, dtypeInfo, dtypeOf, type NumberArray, type TypedArray } from '../../types.ts'
import { seeded } from '../compare/random.ts'
import { UsageError } from '../usage.ts'
import type { Library } from './load.ts'

/** Elements of integer arrays, and whole numbers, are below this; floats are below 1. */
const WHOLE_BELOW = 100
const MAX_LENGTH = 2 ** 31

const ARRAY = /^(\w+)\[([^\]]*)\]$/
const NUMBER = /^[+-]?(?:Infinity|NaN|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/
const EXAMPLE = "--types 'float64[1e6], int32, 0.5'"

/**
 * Makes arguments of the types in a text such as `float64[1e6], float32[1000*5], int32, 20000, true`: arrays and the
 * types of scalars get numbers from a seed that is the argument's position; numbers and truth values are themselves.
 * @param defaultLength of arrays without one; undefined: those are refused
 * @throws UsageError naming the item that is none of these
 */
export function argumentsOfTypes(text: string, defaultLength?: number): unknown[] {
  if (text.trim() === '') return []
  return text.split(',').map((item, k) => argumentOfType(item.trim(), seeded(k + 1), defaultLength))
}

function argumentOfType(item: string, random: () => number, defaultLength: number | undefined): unknown {
  if (item === 'true' || item === 'false') return item === 'true'
  if (NUMBER.test(item)) return Number(item.replaceAll('_', ''))
  if (item === 'float64') return random()
  if (item === 'int32') return Math.floor(WHOLE_BELOW * random())
  if (item === 'bool') return random() < 0.5
  const array = ARRAY.exec(item)
  const dtype = array === null ? undefined : DTYPES.find(({ name }) => name === array[1])
  if (dtype === undefined || dtype.name === 'int64' || dtype.name === 'uint64') {
    const names = DTYPES.map(({ name }) => name).filter((name) => !name.includes('64') || name === 'float64')
    throw new UsageError(
      `--types has '${item}', which is no type. Remedy: use float64, int32, bool, a number, or an array with its ` +
        `length, of ${names.join(', ')}: ${EXAMPLE}.`,
    )
  }
  return filled(dtype, lengthOf(item, array![2]!.trim(), defaultLength), random)
}

/** A length such as 1000, 1e6 or 20_000*5. */
function lengthOf(item: string, text: string, defaultLength: number | undefined): number {
  if (text === '' && defaultLength !== undefined) return defaultLength
  const factors = text.split('*').map((factor) => factor.trim())
  const length = factors.reduce((product, factor) => product * (NUMBER.test(factor) ? toNumber(factor) : NaN), 1)
  if (Number.isInteger(length) && length >= 0 && length <= MAX_LENGTH) return length
  const why = text === '' ? 'has no length' : `has the length '${text}'`
  throw new UsageError(`--types: ${item} ${why}. Remedy: give a whole number, such as float64[1e6] or float64[1000*5].`)
}

const toNumber = (text: string): number => Number(text.replaceAll('_', ''))

function filled(dtype: DTypeInfo, length: number, random: () => number): TypedArray {
  const array = newArray(dtype, length) as NumberArray
  const whole = !dtype.name.startsWith('float')
  for (let i = 0; i < length; i++) array[i] = whole ? Math.floor(WHOLE_BELOW * random()) : random()
  return array
}

function newArray(dtype: DTypeInfo, length: number): TypedArray {
  try {
    return new dtype.ctor(length)
  } catch {
    throw new UsageError(
      `There is no memory for a ${dtype.name} array of ${length.toLocaleString('en-US')}. Remedy: a shorter one.`,
    )
  }
}

/**
 * The values of a text of JavaScript, with commas between: `new Float64Array(1e6), 5`.
 * @throws UsageError when it cannot be evaluated
 */
export function argumentsOfCode(text: string): unknown[] {
  try {
    return runInThisContext(`[${text}\n]`, { filename: '--args' }) as unknown[]
  } catch (error) {
    throw new UsageError(
      `--args cannot be evaluated: ${String(error)}. Remedy: JavaScript values with commas between, such as ` +
        "--args 'Float64Array.from({ length: 1000 }, Math.random), 5'.",
    )
  }
}

const isView = (value: unknown): value is TypedArray => dtypeOf(value) !== undefined

/**
 * A copy that a call may write to; arrays that were one array stay one.
 * @param library makes the arrays where they are to be its own; without it, or where arrays share memory, they are
 * ordinary ones
 */
export function copyOf(args: readonly unknown[], library?: Pick<Library, 'allocate'>): unknown[] {
  if (library === undefined || shareMemory(args)) return cloned([...args])
  const copies = new Map<TypedArray, TypedArray>()
  return args.map((arg) => {
    if (!isView(arg)) return cloned(arg)
    const there = copies.get(arg)
    if (there !== undefined) return there
    const copy = library.allocate(dtypeInfo(dtypeOf(arg)!).ctor as Float64ArrayConstructor, arg.length)
    copy.set(arg as Float64Array)
    copies.set(arg, copy)
    return copy
  })
}

function cloned<T>(value: T): T {
  try {
    return structuredClone(value)
  } catch (error) {
    throw new UsageError(
      `An argument cannot be copied for each variant: ${(error as Error).message}. ` +
        'Remedy: give numbers, truth values and typed arrays.',
    )
  }
}

/** Whether two different arrays lie in one buffer: only together can they be copied. */
function shareMemory(args: readonly unknown[]): boolean {
  const views = [...new Set(args.filter(isView))]
  return new Set(views.map((view) => view.buffer)).size < views.length
}

/** `float64[1,000,000], 20000`. */
export function describe(args: readonly unknown[]): string {
  const one = (arg: unknown): string => {
    const dtype = dtypeOf(arg)
    if (dtype !== undefined) return `${dtype}[${(arg as TypedArray).length.toLocaleString('en-US')}]`
    return typeof arg === 'number' || typeof arg === 'boolean' ? String(arg) : typeof arg
  }
  return args.map(one).join(', ')
}
