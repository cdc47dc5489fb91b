/** What every loader (wasm.ts, js.ts) takes beside the artifact, and what it gives. */

import type { Site, SourceText } from '../ir/ir.ts'
import type { ParamUse } from './arrays-lend.ts'

export interface LoadOptions {
  /** The function's name, for messages. */
  readonly name: string
  /** By position of the parameter. */
  readonly use: readonly ParamUse[]
  /** The program may fail after its first write. */
  readonly canFail: boolean
  readonly sites: readonly Site[]
  readonly sources: readonly SourceText[]
}

export interface Loaded {
  /** Arguments are of the types that the program was compiled for. */
  call(args: readonly unknown[]): unknown
  /**
   * The same call on another thread, where there is one. Ordinary arrays are copied now, and what the program writes is
   * copied back when it settles; arrays of the shared memory are worked on in place meanwhile.
   */
  async(args: readonly unknown[]): Promise<unknown>
}
