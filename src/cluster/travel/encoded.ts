/**
 * A value on its way: a small header and frames of bytes. Frames alias the value's memory where they can: whoever sends
 * or stores them decides whether to copy. Typed arrays are frames; the rest is in the header.
 */

export interface Encoded {
  /** Which rules the header follows, so that other languages and versions can refuse what they do not know. */
  readonly serializer: string
  readonly header: Uint8Array
  readonly frames: readonly Uint8Array[]
  /** Bytes of header and frames. */
  readonly nbytes: number
  /** For people and dashboards: `Float64Array`, `object`. */
  readonly typename: string
}
