/** Frames of `allocate`d arrays: their memory is used where it is, and must not be given back meanwhile. */

import { hold } from '../../runtime/arrays.ts'
import type { TypedArray } from '../../types.ts'

const views = new WeakMap<Uint8Array, TypedArray[]>()

/** Notes an array whose memory is in a frame. It lives as long as the frame does. */
export function noteView(frame: Uint8Array, view: TypedArray): void {
  const known = views.get(frame)
  if (known) known.push(view)
  else views.set(frame, [view])
}

/**
 * Keeps the memory of a frame from being freed until the function it returns is called. Undefined where it is no
 * `allocate`d array's: then it must be copied.
 */
export function lend(frame: Uint8Array): (() => void) | undefined {
  const of = views.get(frame)
  return of && hold(of)
}
