/** The object of an actor's thread: made once, then asked. */

import { TsumbaError } from '../../errors.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { RevivedFunction } from '../travel/revive.ts'
import type { ThreadJob } from './messages.ts'
import { ARGUMENTS, decodeOrder } from './order.ts'
import { argumentsOf, runsTheTask } from './run.ts'

let object: Record<string, unknown> | undefined

/** Nothing is proven of what an object does with its arguments later: it gets arrays of its own. */
const KEEPS = { numbers: [], anything: [] } as const

/** What the order gives; a promise where the method is asynchronous. */
export function carryOut(Class: RevivedFunction, { args, inputs }: ThreadJob): unknown {
  const { op, name } = decodeOrder(args)
  const given = (): unknown[] => argumentsOf({ ...Class, reads: KEEPS }, inputs!.get(ARGUMENTS) as Encoded, inputs)
  switch (op) {
    case 'make': {
      const construct = (...list: unknown[]) => Reflect.construct(Class.fn, list)
      object = runsTheTask(construct, given()) as Record<string, unknown>
      return undefined
    }
    case 'call': {
      const method = object?.[name]
      if (typeof method !== 'function') throw new TsumbaError(`${Class.name} has no method \`${name}\`.`, 'actor')
      return runsTheTask(method.bind(object), given())
    }
    case 'get':
      return object?.[name]
    default:
      return op satisfies never
  }
}
