/** Waiting for futures without downloading them. */

import { TsumbaError } from '../../errors.ts'
import { Future } from './future.ts'
import { settled, type TimeoutOption } from './settle.ts'

export interface WaitOptions extends TimeoutOption {
  readonly returnWhen?: 'ALL_COMPLETED' | 'FIRST_COMPLETED' | undefined
}

/** Finished, failed and cancelled futures count as done. */
export interface DoneAndNotDone<T> {
  readonly done: Future<T>[]
  readonly notDone: Future<T>[]
}

/** @throws TimeoutError after `timeout` seconds; the futures go on. */
export async function wait<T>(
  futures: Iterable<Future<T>> | Future<T>,
  options: WaitOptions = {},
): Promise<DoneAndNotDone<T>> {
  const list = listOf(futures, 'wait')
  const when = options.returnWhen ?? 'ALL_COMPLETED'
  if (when !== 'ALL_COMPLETED' && when !== 'FIRST_COMPLETED') {
    throw new TsumbaError(
      `returnWhen is 'ALL_COMPLETED' or 'FIRST_COMPLETED'; it got ${String(when)}.`,
      'argument-type',
    )
  }
  const states = list.map(Future.live)
  const first = when === 'FIRST_COMPLETED' && list.length > 0
  const work = () => settled(states, { raise: false, timeout: options.timeout, ...(first ? { count: 1 } : {}) })
  if (list.length > 0) await Future.coreOf(list[0]!).holding(list, work)
  const isDone = (_: unknown, k: number) => states[k]!.settled
  return { done: list.filter(isDone), notDone: list.filter((_, k) => !isDone(_, k)) }
}

/** @throws where something else than futures is in it. */
export function listOf<T>(futures: Iterable<Future<T>> | Future<T>, what: string): Future<T>[] {
  if (futures instanceof Future) return [futures]
  const list = [...futures]
  const strange = list.find((future) => !(future instanceof Future))
  if (strange === undefined && !list.includes(undefined as never)) return list
  throw new TsumbaError(`${what} takes futures; it got ${String(strange)} among them.`, 'argument-type')
}
