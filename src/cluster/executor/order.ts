/** What is asked of an actor: the arguments of a job whose function is the actor's class (actors.ts). */

import type { Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import { decode, encode } from '../travel/values.ts'

export interface Order {
  /** The id of the job that made the actor; of `make` itself, its own. */
  readonly actor: number
  readonly op: 'make' | 'call' | 'get'
  /** Of the method or property. */
  readonly name: string
}

/** The input that is the list of arguments. No task has this key: names of functions have no such character. */
export const ARGUMENTS: Key = '\0arguments'

export const encodeOrder = (order: Order): Encoded => encode(order)
export const decodeOrder = (args: Encoded): Order => decode(args) as Order
