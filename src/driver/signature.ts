/** The types of arguments: what a call's values are, and which specialisation serves them. */

import { TsumbaError } from '../errors.ts'
import { SMALL_ARGUMENT } from '../frontend/facts.ts'
import type { ArgType } from '../frontend/program.ts'
import { DTYPES, dtypeInfo, dtypeOf } from '../types.ts'

/** Codes of argument types: a call's types are a number in base 16. */
export const ARG_TYPES: readonly ArgType[] = [
  'undefined',
  'bool',
  'int32',
  'float64',
  ...DTYPES.map((d) => `${d.name}[]` as const),
]
export const INT32_CODE = ARG_TYPES.indexOf('int32')
export const FLOAT64_CODE = ARG_TYPES.indexOf('float64')
const ARRAY_CODE = ARG_TYPES.indexOf('float64[]')
const arrayCodes = new Map(DTYPES.map((d, k) => [d.name, ARRAY_CODE + k]))

export const isArrayCode = (code: number): boolean => code >= ARRAY_CODE

/** The code of a value's type, or −1 for what no kernel takes. */
export function codeOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Math.abs(value) <= SMALL_ARGUMENT && Math.trunc(value) === value && !Object.is(value, -0)
        ? INT32_CODE
        : FLOAT64_CODE
    case 'boolean':
      return 1
    case 'undefined':
      return 0
    case 'object': {
      const dtype = dtypeOf(value)
      return dtype === undefined ? -1 : arrayCodes.get(dtype)!
    }
    default:
      return -1
  }
}

/** The error for an argument that no kernel takes. */
export function argumentError(fn: string, position: number, name: string | undefined, value: unknown): TsumbaError {
  const what = name ? `\`${name}\`` : `argument ${position + 1}`
  const dtype = dtypeOf(value)
  if (dtype !== undefined) {
    return new TsumbaError(
      `${fn}: ${what} is a ${dtypeInfo(dtype).arrayName}; arrays of BigInt are not compiled yet.\n` +
        'Remedy: use an Int32Array, or a Float64Array for whole numbers up to 2⁵³.',
      'argument-type',
    )
  }
  const remedy = Array.isArray(value)
    ? 'Remedy: make it a typed array: `Float64Array.from(values)`.'
    : 'Remedy: pass numbers, truth values and typed arrays; take objects apart before the call.'
  return new TsumbaError(
    `${fn}: ${what} is ${kindOf(value)}, which a compiled function cannot take.\n${remedy}`,
    'argument-type',
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an ordinary array'
  if (typeof value === 'object') return `an object (${(value as object).constructor?.name ?? 'without a class'})`
  return typeof value === 'string' ? `the string ${JSON.stringify(value).slice(0, 40)}` : `a ${typeof value}`
}

/** `float64[], int32` for people. */
export const signatureText = (codes: readonly number[]): string => `(${codes.map((c) => ARG_TYPES[c]).join(', ')})`
