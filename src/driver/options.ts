/** The options of `jit`, checked. */

import { TsumbaError } from '../errors.ts'

export interface FastMath {
  /** Sums and products of loops may be reordered: a tree of fixed shape, the same on every target. */
  readonly reassociate?: boolean
  /** `a * b + c` may be computed with one rounding. */
  readonly contract?: boolean
}

export interface JitOptions {
  /** Runs `prange` loops on all threads. */
  readonly parallel?: boolean
  readonly fastmath?: boolean | FastMath
  readonly target?: 'auto' | 'wasm' | 'native' | 'js' | 'gpu'
  /** `false` leaves out the checks of indices; an index out of range is then undefined behaviour. Default: true. */
  readonly boundscheck?: boolean
  /** Keeps compiled code between runs: not there yet, so `true` is refused. */
  readonly cache?: false
  /** Compiles at once for these types: `'void(float64[], int32)'`. */
  readonly signature?: string
  /** The variables that the function uses from outside: `() => ({ prange, SCALE, helper })`. Survives minifiers. */
  readonly captures?: () => Record<string, unknown>
  /** Arrays of which no two iterations of a prange touch the same element: taken on the user's word. */
  readonly independent?: readonly string[]
}

export interface Settings {
  readonly parallel: boolean
  readonly reassociate: boolean
  readonly contract: boolean
  readonly target: 'auto' | 'wasm' | 'js'
  readonly boundscheck: boolean
  readonly captures: (() => Record<string, unknown>) | undefined
  readonly independent: readonly string[]
  readonly signature: string | undefined
}

const KNOWN = new Set([
  'parallel',
  'fastmath',
  'target',
  'boundscheck',
  'cache',
  'signature',
  'captures',
  'independent',
])

const optionError = (text: string): TsumbaError => new TsumbaError(text, 'option')

/** What an option must be, where it is given at all. */
const KINDS: readonly { readonly of: string; readonly holds: (value: unknown) => boolean; readonly wanted: string }[] =
  [
    ...['parallel', 'boundscheck'].map((of) => ({ of, holds: isBoolean, wanted: 'true or false' })),
    {
      of: 'captures',
      holds: (value) => typeof value === 'function',
      wanted: 'a function: `captures: () => ({ helper })`',
    },
    { of: 'signature', holds: isString, wanted: "a text: `signature: 'void(float64[], int32)'`" },
    {
      of: 'independent',
      holds: (value) => Array.isArray(value) && value.every(isString),
      wanted: "a list of names: `independent: ['out']`",
    },
    {
      of: 'fastmath',
      holds: (value) =>
        isBoolean(value) ||
        (isObject(value) && Object.entries(value).every(([key, on]) => FAST_MATH.includes(key) && isBoolean(on))),
      wanted: 'true, false, or an object of these for `reassociate` and `contract`',
    },
  ]
const FAST_MATH = ['reassociate', 'contract']
function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}
function isString(value: unknown): boolean {
  return typeof value === 'string'
}
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
const shown = (value: unknown): string => (isObject(value) ? JSON.stringify(value) : String(value))

export function settingsOf(options: JitOptions): Settings {
  if (!isObject(options)) {
    throw optionError(`The options of jit are an object, not ${shown(options)}. Remedy: jit(fn, { parallel: true }).`)
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) {
      throw optionError(`jit has no option \`${key}\`. Remedy: use one of ${[...KNOWN].join(', ')}.`)
    }
  }
  for (const { of, holds, wanted } of KINDS) {
    const value = options[of as keyof JitOptions]
    if (value !== undefined && !holds(value)) {
      throw optionError(`The option \`${of}\` is ${shown(value)}. Remedy: give ${wanted}.`)
    }
  }
  const { target = 'auto', fastmath = false } = options
  if (target === 'native' || target === 'gpu') {
    throw optionError(`The target '${target}' is not there yet. Remedy: leave \`target\` out, or use 'wasm' or 'js'.`)
  }
  if (target !== 'auto' && target !== 'wasm' && target !== 'js') {
    throw optionError(`There is no target '${String(target)}'. Remedy: use 'auto', 'wasm' or 'js'.`)
  }
  if (options.cache) {
    throw optionError('Keeping compiled code between runs (`cache`) is not there yet. Remedy: leave it out.')
  }
  return {
    parallel: options.parallel ?? false,
    reassociate: typeof fastmath === 'object' ? (fastmath.reassociate ?? false) : fastmath,
    contract: typeof fastmath === 'object' ? (fastmath.contract ?? false) : fastmath,
    target,
    boundscheck: options.boundscheck ?? true,
    captures: options.captures,
    independent: options.independent ?? [],
    signature: options.signature,
  }
}
