/** One job on its thread: the arguments from bytes, the call, the result as bytes. */

import { TsumbaError } from '../../errors.ts'
import type { Failure, Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { type RevivedFunction, revive } from '../travel/revive.ts'
import { decodeWith, encode } from '../travel/values.ts'

const isShared = (frame: Uint8Array): boolean => (frame.buffer as ArrayBufferLike) instanceof SharedArrayBuffer

/** Functions given as arguments, made once. */
const functions = new Map<string, RevivedFunction>()
const FUNCTIONS = 1000

function argumentFunction(travelling: TravellingFunction): unknown {
  let made = functions.get(travelling.id)
  if (made === undefined) {
    if (functions.size >= FUNCTIONS) functions.clear()
    made = revive(travelling)
    functions.set(travelling.id, made)
  }
  return made.fn
}

/**
 * The arguments. Arrays in shared memory are others' too: the task gets them as they are only where it is proven not
 * to write to them.
 */
export function argumentsOf(
  { reads }: RevivedFunction,
  args: Encoded,
  inputs: ReadonlyMap<Key, Encoded> | undefined,
): unknown[] {
  const mayWrite = (position: number, direct: boolean): boolean =>
    !((direct ? reads.numbers[position] : reads.anything[position]) ?? false)
  const made = new Map<string, unknown>()
  return decodeWith(args, {
    function: argumentFunction,
    copy: (frame, position, direct) => isShared(frame) && mayWrite(position, direct),
    input: (key, position, direct) => {
      const input = inputs?.get(key)
      if (input === undefined) throw new TsumbaError(`The value of ${key} is not on this worker.`, 'missing-input')
      const isArray =
        direct && input.frames.length === 1 && input.typename.endsWith('Array') && input.typename !== 'Array'
      const copy = mayWrite(position, isArray)
      // The same future twice is the same object twice, as in plain JavaScript.
      const name = `${copy ? 1 : 0}${key}`
      if (made.has(name)) return made.get(name)
      const value = decodeWith(input, { function: argumentFunction, copy: (frame) => copy && isShared(frame) })
      made.set(name, value)
      return value
    },
  }) as unknown[]
}

/** What a task threw, as it travels. */
export function failureOf(error: unknown, code?: string): Failure {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: `the task threw ${shown(error)}, which is no Error`, stack: undefined, code }
  }
  const { name, message, stack, cause } = error
  return {
    name: String(name),
    message: String(message),
    stack: stack === undefined ? undefined : withoutExecutor(String(stack)),
    code,
    cause: cause === undefined || cause === error ? undefined : failureOf(cause),
  }
}

function shown(value: unknown): string {
  try {
    return typeof value === 'string' ? JSON.stringify(value) : String(value)
  } catch {
    return typeof value
  }
}

/** The frames below the task are the same for every task, and no help. */
function withoutExecutor(stack: string): string {
  const lines = stack.split('\n')
  const end = lines.findIndex((line) => line.includes(runsTheTask.name))
  return end < 0 ? stack : lines.slice(0, end).join('\n')
}

/** Named so that stacks can be cut there. */
export function runsTheTask(fn: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  return fn(...args)
}

export function encodeResult(value: unknown, name: string): Encoded {
  return encode(value, { what: `the result of ${name}` })
}
