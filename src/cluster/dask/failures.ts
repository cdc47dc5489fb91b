/**
 * Errors on the wire. A Python exception becomes a Failure by reading its pickle, without running anything; a Failure
 * becomes a RuntimeError for Python, and goes beside it as it is for us.
 */

import { PACKAGE } from '../../types.ts'
import type { Failure } from '../task.ts'
import { FOR_PYTHON } from './protocol.ts'
import { bytesOf, joined, type Message, Pickled, Serialized } from './wire/message.ts'
import { Call, Global } from './wire/pickle.ts'
import { unpickle } from './wire/pickle-read.ts'
import { pickle } from './wire/pickle-write.ts'

/** The field of the header that Python ignores and we read. */
const FAILURE = `${PACKAGE}-failure`

/** The exception of a failed task, for `task-erred` and answers to `run`. */
export function exceptionOf(failure: Failure): Serialized {
  const stack = failure.stack === undefined ? '' : `\n\n${failure.stack}`
  const text = `${failure.name}: ${failure.message}${stack}`
  const exception = new Call(new Global('builtins', 'RuntimeError'), [text])
  const header = { serializer: 'pickle', writeable: [], [FAILURE]: JSON.stringify(failure) }
  return new Serialized(header, [pickle(exception)])
}

/** The failure in a `task-erred` message or in the answer to a call that failed. */
export function failureOf(message: Message): Failure {
  const text = message['exception_text']
  try {
    const found = read(message['exception'])
    if (found !== undefined) return refine(found, message)
  } catch {
    // A pickle that cannot be read, such as of a class of the user's: its text may be there all the same.
  }
  return refine(
    {
      name: 'Error',
      message: typeof text === 'string' ? text : 'a task failed in Python; its exception cannot be read here',
      stack: undefined,
    },
    message,
  )
}

function read(exception: unknown): Failure | undefined {
  if (exception instanceof Serialized) {
    const note = exception.header[FAILURE]
    if (typeof note === 'string') return JSON.parse(note) as Failure
    const [first, ...rest] = joined(exception)
    if (first === undefined) return undefined
    if (exception.header['serializer'] === 'error') return plainFailure(Buffer.from(bytesOf(first)).toString())
    // Dask pickles an exception and then serialises the bytes: `dask` with the type of bytes, or a pickle of bytes.
    return described(unpickle(bytesOf(first), rest.map(bytesOf)))
  }
  if (exception instanceof Pickled) return described(unpickle(exception.bytes, exception.frames))
  if (exception instanceof Uint8Array) return described(unpickle(exception))
  return typeof exception === 'string' ? plainFailure(exception) : undefined
}

function plainFailure(message: string): Failure {
  return { name: 'Error', message, stack: undefined }
}

interface Exception {
  readonly name: string
  readonly args: readonly unknown[]
  readonly cause: unknown
}

function described(value: unknown): Failure | undefined {
  if (value instanceof Uint8Array) return described(unpickle(value))
  const exception = exceptionIn(value)
  if (exception === undefined) return undefined
  const { name, args } = exception
  const cause = exceptionIn(exception.cause) === undefined ? undefined : described(exception.cause)
  return { name, message: messageOf(name, args), stack: undefined, ...(cause ? { cause } : {}), ...codeOf(name, args) }
}

/** tblib writes exceptions as a call of its own around class and arguments. */
function exceptionIn(value: unknown): Exception | undefined {
  if (!(value instanceof Call)) return undefined
  const name = String(value.callee)
  const [inner, second, cause] = value.args
  if (name === 'tblib.pickling_support.unpickle_exception')
    return { name: shortName(inner), args: (second as unknown[]) ?? [], cause }
  if (name === 'tblib.pickling_support.unpickle_exception_with_attrs') {
    const args = second instanceof Map ? second.get('args') : undefined
    return { name: shortName(inner), args: Array.isArray(args) ? args : [], cause }
  }
  return value.callee instanceof Global
    ? { name: shortName(value.callee), args: value.args, cause: undefined }
    : undefined
}

function shortName(callee: unknown): string {
  return callee instanceof Global ? callee.name : 'Error'
}

function messageOf(name: string, args: readonly unknown[]): string {
  const [first, second, third] = args
  if (name === 'KilledWorker')
    return (
      `${shown(first)} was given to ${Number(third) + 1} workers, and each of them died while it had it; ` +
      `the last was ${addressIn(second) ?? 'one that is gone'}. Remedy: does it need more memory than they have, or end ` +
      'the process? More tries: distributed.scheduler.allowed-failures on the scheduler'
    )
  if (name === 'NoValidWorkerError') return `no worker may run ${shown(first)}: none has what it asks for`
  if (args.length === 1 && typeof first === 'string') return first
  // str() of an OSError and of a KeyError.
  if (args.length === 2 && typeof first === 'number' && typeof second === 'string') return `[Errno ${first}] ${second}`
  return args.map(shown).join(', ')
}

function codeOf(name: string, args: readonly unknown[]): { code?: string; worker?: string } {
  if (name === 'NoValidWorkerError') return { code: 'no-valid-worker' }
  if (name !== 'KilledWorker') return {}
  const worker = addressIn(args[1])
  return { code: 'killed-worker', ...(worker ? { worker } : {}) }
}

/** The address in a pickled WorkerState: its state is a dict of fields, alone or behind a None. */
function addressIn(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return /^t(cp|ls):\/\//.test(value) ? value : undefined
  if (depth > 4 || value === null || typeof value !== 'object') return undefined
  if (value instanceof Map && typeof value.get('address') === 'string') return value.get('address') as string
  const parts = value instanceof Map ? value.values() : value instanceof Call ? [value.state, value.args] : value
  if (!(Symbol.iterator in parts)) return undefined
  for (const part of parts as Iterable<unknown>) {
    const found = addressIn(part, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (value === null) return 'None'
  if (Array.isArray(value)) return `(${value.map(shown).join(', ')})`
  if (value instanceof Call) return `${String(value.callee)}(…)`
  if (value instanceof Map || value instanceof Set) return '{…}'
  if (value instanceof Uint8Array) return 'bytes'
  return String(value)
}

/** The traceback of a Python task, and what its users cannot know: that it was a task of ours on a worker of Python's. */
function refine(failure: Failure, message: Message): Failure {
  if (failure.message.includes(FOR_PYTHON))
    return {
      ...failure,
      code: 'python-worker',
      message:
        'the scheduler gave the task to a Python worker, which cannot run it. This happens when a Python worker joins while ' +
        'tasks are under way. Remedy: submit it again',
    }
  const text = message['traceback_text']
  const stack = failure.stack ?? (typeof text === 'string' && text !== '' ? text : undefined)
  return { ...failure, stack }
}
