/**
 * A value from the store for the user: one copy, which is the user's alone. A large array comes where compiled code reads
 * it without another copy, as the results of jitted functions do (`allocate`): memory there is used again, and the first
 * touch of fresh memory costs several times what a copy does.
 */

import { allocate, bufferBehind } from '../../runtime/arrays.ts'
import { dtypeOfArrayName, type TypedArray } from '../../types.ts'
import type { Encoded } from '../travel/encoded.ts'
import { loadFunction } from '../travel/functions.ts'
import { decodeWith } from '../travel/values.ts'
import type { Held, Store } from './store.ts'

/** Bytes. */
const LARGE = 2 ** 20

/** A value that has no arrays. */
export const plainValue = (held: Held): unknown => decodeWith(held as Encoded, { function: loadFunction })

export async function fetchValue(store: Store, held: Held): Promise<unknown> {
  if (held.frames.length === 0) return plainValue(held)
  const array = await largeArray(store, held)
  if (array) return array
  const frames: Uint8Array[] = []
  for (const frame of held.frames) {
    const own = new Uint8Array(frame.byteLength)
    await store.read(frame, own)
    frames.push(own)
  }
  return decodeWith({ ...held, frames }, { function: loadFunction })
}

/** A value that is one large array and nothing else. */
async function largeArray(store: Store, { typename, frames }: Held): Promise<TypedArray | undefined> {
  const info = dtypeOfArrayName(typename)
  const [frame] = frames
  if (info === undefined || frames.length !== 1 || frame === undefined || frame.byteLength < LARGE) return undefined
  if (frame.byteLength % info.size !== 0) return undefined
  const array = allocate(info.ctor, frame.byteLength / info.size)
  await store.read(frame, new Uint8Array(bufferBehind(array), array.byteOffset, array.byteLength))
  return array
}
