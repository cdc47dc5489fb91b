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

export function settingsOf(options: JitOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) {
      throw optionError(`jit has no option \`${key}\`. Remedy: use one of ${[...KNOWN].join(', ')}.`)
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
    target,
    boundscheck: options.boundscheck ?? true,
    captures: options.captures,
    independent: options.independent ?? [],
    signature: options.signature,
  }
}
