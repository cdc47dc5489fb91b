/** A function as it travels: its text and what it captures, named by a hash of both, so that a worker compiles it once. */

import { createHash } from 'node:crypto'
import type { AnyFunction } from '../../frontend/source.ts'
import { collect } from './collect.ts'
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

const known = new WeakMap<AnyFunction, TravellingFunction>()

/** Digits of the hash: 128 bits. */
const DIGITS = 32

/**
 * A plain, async or jitted function, or a class, with what it captures as it is now; `revive` (revive.ts) is the way
 * back. Remembered for functions whose captures can never change.
 * @throws TsumbaError `capture`: it names the variable that cannot travel, and the ways out.
 */
export function travelling(fn: AnyFunction): TravellingFunction {
  const before = known.get(fn)
  if (before) return before
  const { parts, fixed } = collect(fn)
  const bytes = packEncoded(encode(parts, { what: `what ${fn.name || 'the function'} captures` }))
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, DIGITS)
  const made = { id, name: fn.name || 'lambda', bytes }
  if (fixed) known.set(fn, made)
  return made
}

/** The function again, made anew at every call. */
export const loadFunction = (travelling: TravellingFunction): Revived => revive(travelling).fn
