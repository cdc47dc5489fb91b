/** Keys of pure tasks and hashed values: the same function of the same arguments is the same key. */

import { createHash } from 'node:crypto'
import type { Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'

/** 128 bits, as Dask's own keys have. */
const DIGITS = 32

/** Lengths go in too: else the bytes of two frames could be split differently and hash alike. */
function hash(parts: readonly (string | Uint8Array)[]): string {
  const sha = createHash('sha256')
  for (const part of parts) sha.update(`${part.length}:`).update(part)
  return sha.digest('hex').slice(0, DIGITS)
}

/** Arguments that are futures stand in the header by their keys. */
export function pureKey(fn: TravellingFunction, args: Encoded, dependencies: readonly Key[]): Key {
  return `${fn.name}-${hash([fn.id, args.serializer, args.header, ...args.frames, ...dependencies])}`
}

export function valueKey(value: Encoded): Key {
  return `${value.typename}-${hash([value.serializer, value.typename, value.header, ...value.frames])}`
}
