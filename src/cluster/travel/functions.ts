/** A function as it travels: its text and what it captures, named by a hash of both, so that a worker compiles it once. */

export interface TravellingFunction {
  /** The hash of `bytes`. */
  readonly id: string
  /** For people and keys: the function's own name, or `lambda`. */
  readonly name: string
  readonly bytes: Uint8Array
}
