/** What a worker refuses, and what is refused to it, in the user's words. */

import { TsumbaError } from '../../../errors.ts'
import { PACKAGE } from '../../../types.ts'
import { type Work, workOf } from '../protocol.ts'
import type { Message } from '../wire/message.ts'
import type { Spec } from './events.ts'
import type { DaskWorkerOptions } from './options.ts'

/** What a `compute-task` message asks for; a task of Python is refused by its name. */
export function specOf(runSpec: unknown, message: Message): Spec<Work> {
  let why = 'it is a task of Python'
  try {
    if (message['actor'] === true) why = `it makes an actor, and ${PACKAGE} workers hold none`
    else {
      const work = workOf(runSpec)
      if (work) return { kind: 'work', work }
    }
  } catch (error) {
    why = `it cannot be read: ${(error as Error).message}`
  }
  const text =
    `Task '${String(message['key'])}' came to a ${PACKAGE} worker, which cannot run it: ${why}. ` +
    "Remedy: give Python's tasks to Python's workers, with workers=[…] or resources that only they have."
  return { kind: 'refused', failure: { name: 'TsumbaError', message: text, stack: undefined, code: 'python-task' } }
}

/** The scheduler's answer to a registration, as an error. */
export function refusedBy(options: DaskWorkerOptions, text: string): TsumbaError {
  const remedy = /name taken/.test(text)
    ? `Remedy: another --name; '${options.name}' is taken`
    : 'Remedy: see the log of the scheduler'
  return new TsumbaError(`${options.scheduler} refuses this worker: ${text}. ${remedy}`, 'refused')
}
