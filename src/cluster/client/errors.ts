/** What goes wrong between a client and its tasks, as errors: a task's own comes back as what it was. */

import { BoundsError, TsumbaError } from '../../errors.ts'
import type { Failure, Key } from '../task.ts'

/** The worker died under the task, more often than the task's retries and the cluster allow. */
export class KilledWorker extends TsumbaError {
  override name = 'KilledWorker'
  readonly key: Key
  /** The last worker that died, where it is known. */
  readonly worker: string | undefined
  constructor(message: string, key: Key, worker: string | undefined) {
    super(message, 'killed-worker')
    this.key = key
    this.worker = worker
  }
}

/** The future was cancelled: by its owner, by another client, or because the connection or the data are gone. */
export class CancelledError extends TsumbaError {
  override name = 'CancelledError'
  readonly key: Key
  readonly reason: string
  constructor(key: Key, reason: string) {
    super(`The future "${key}" is cancelled: ${reason}. Remedy: submit it again where it is still needed.`, 'cancelled')
    this.key = key
    this.reason = reason
  }
}

/** The time that the caller gave is over; what was waited for goes on. */
export class TimeoutError extends TsumbaError {
  override name = 'TimeoutError'
  constructor(what: string, seconds: number) {
    super(`${what} took longer than the ${seconds} s of its timeout. It goes on; wait again, or cancel it.`, 'timeout')
  }
}

const BUILT_IN: Record<string, new (message: string) => Error> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  BoundsError,
}

/** A copy of an error that a task threw elsewhere: `worker` and `key` say where. */
export type TaskError = Error & { readonly key: Key; readonly worker?: string }

/**
 * The error that waiting for a failed task throws: of the class that the task threw where JavaScript or this package
 * has it, else an Error of its name; with the stack of the worker.
 */
export function errorOf(failure: Failure, key: Key): Error {
  if (failure.code === 'killed-worker') return new KilledWorker(killedMessage(failure, key), key, failure.worker)
  const made = failure.code === undefined ? thrownBy(failure) : ownError(failure)
  const where: PropertyDescriptorMap = { key: { value: key, enumerable: true, configurable: true } }
  if (failure.worker !== undefined) where['worker'] = { value: failure.worker, enumerable: true, configurable: true }
  if (failure.stack !== undefined) where['stack'] = { value: failure.stack, writable: true, configurable: true }
  if (failure.cause !== undefined) {
    where['cause'] = { value: errorOf(failure.cause, key), writable: true, configurable: true }
  }
  return Object.defineProperties(made, where)
}

function killedMessage(failure: Failure, key: Key): string {
  return failure.message.includes(key) ? failure.message : `The task "${key}" killed its worker: ${failure.message}`
}

function ownError(failure: Failure): Error {
  const error = new TsumbaError(failure.message, failure.code)
  if (failure.name !== error.name) error.name = failure.name
  return error
}

function thrownBy(failure: Failure): Error {
  const Class = Object.hasOwn(BUILT_IN, failure.name) ? BUILT_IN[failure.name]! : Error
  const error = new Class(failure.message)
  if (error.name !== failure.name) {
    Object.defineProperty(error, 'name', { value: failure.name, writable: true, configurable: true })
  }
  return error
}
