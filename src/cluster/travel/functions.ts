/** A function as it travels: its text and what it captures, named by a hash of both, so that a worker compiles it once. */

import { createHash } from 'node:crypto'
import type { AnyFunction } from '../../frontend/source.ts'
import { collect, type Watched } from './collect.ts'
import { packEncoded } from './packed.ts'
import { type Revived, revive } from './revive.ts'
import { encode } from './values.ts'

export interface TravellingFunction {
  /** The hash of `bytes`. */
  readonly id: string
  /** For people and keys: the function's own name, or `lambda`. */
  readonly name: string
  readonly bytes: Uint8Array
}

const known = new WeakMap<AnyFunction, { readonly made: TravellingFunction; readonly watched: readonly Watched[] }>()

/** Digits of the hash: 128 bits. */
const DIGITS = 32

/**
 * A plain, async or jitted function, or a class, with what it captures as it is now; `revive` (revive.ts) is the way
 * back. Remembered as long as nothing that the function captures has changed.
 * @throws TsumbaError `capture`: it names the variable that cannot travel, and the ways out.
 */
export function travelling(fn: AnyFunction): TravellingFunction {
  const before = known.get(fn)
  if (before?.watched.every(({ module, name, value }) => Object.is(module[name], value))) return before.made
  const { parts, fixed, watched } = collect(fn)
  const bytes = packEncoded(encode(parts, { what: `what ${fn.name || 'the function'} captures` }))
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, DIGITS)
  const made = { id, name: fn.name || 'lambda', bytes }
  if (fixed) known.set(fn, { made, watched })
  return made
}

/** The function again, made anew at every call. */
export const loadFunction = (travelling: TravellingFunction): Revived => revive(travelling).fn
