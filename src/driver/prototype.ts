/** Reads the `signature` option: `'void(float64[], int32)'`, in Numba's words. */

import { TsumbaError } from '../errors.ts'
import type { ArgType } from '../frontend/program.ts'
import { ARG_TYPES } from './signature.ts'

export interface Prototype {
  /** `void`, or absent where the text names no result. */
  readonly result: ArgType | 'void' | undefined
  readonly args: readonly ArgType[]
}

const NAMES = ARG_TYPES.filter((type) => type !== 'undefined' && !/^u?int64\[\]$/.test(type))

function typeNamed(name: string, signature: string): ArgType {
  const found = NAMES.find((type) => type === (name === 'boolean' ? 'bool' : name))
  if (found) return found
  throw new TsumbaError(
    `The signature '${signature}' names the type '${name}', which a compiled function cannot take.\n` +
      `Remedy: use ${NAMES.join(', ')}.`,
    'option',
  )
}

export function readPrototype(signature: string): Prototype {
  const match = /^\s*([\w[\]]*)\s*\(([^()]*)\)\s*$/.exec(signature)
  if (!match) {
    throw new TsumbaError(
      `'${signature}' is no signature. Remedy: write the result and the arguments: 'float64(float64[], int32)', 'void(float32[])'.`,
      'option',
    )
  }
  const [, result = '', list = ''] = match
  const args = list.trim() === '' ? [] : list.split(',').map((name) => typeNamed(name.trim(), signature))
  if (result === '' || result === 'void') return { result: result === '' ? undefined : 'void', args }
  return { result: typeNamed(result, signature), args }
}
