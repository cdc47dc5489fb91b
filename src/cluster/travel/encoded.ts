/**
 * A value on its way: a small header and frames of bytes. Frames alias the value's memory where they can: whoever sends
 * or stores them decides whether to copy. Typed arrays are frames; the rest is in the header.
 *
 * `values.ts` makes and reads them:
 *   encode(value, dependencies?: Set<Key>): Encoded            a reference (below) anywhere in it goes by its key
 *   decode(encoded, inputs?: ReadonlyMap<Key, unknown>): unknown     references become the inputs' values
 * `functions.ts`: travelling(fn): TravellingFunction, once a function object.
 */

import { PACKAGE } from '../../types.ts'
import type { Key } from '../task.ts'

/** What is known of a frame wherever its bytes are: in memory, or in a file between two processes. */
export interface FrameLike {
  readonly byteLength: number
}

export interface Encoded<F extends FrameLike = Uint8Array> {
  /** Which rules the header follows, so that other languages and versions can refuse what they do not know. */
  readonly serializer: string
  readonly header: Uint8Array
  readonly frames: readonly F[]
  /** Bytes of header and frames. */
  readonly nbytes: number
  /** For people and dashboards: `Float64Array`, `object`. */
  readonly typename: string
}

/** What stands for the value of a key among arguments has it under this symbol: futures, nodes of a delayed graph. */
export const KEY: unique symbol = Symbol.for(`${PACKAGE}.cluster.key`)

export interface Reference {
  readonly [KEY]: Key
}
