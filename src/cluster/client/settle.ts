/** Waiting for many keys with one promise, and getting the values of those that are finished. */

import { TsumbaError } from '../../errors.ts'
import type { Key } from '../task.ts'
import type { Core } from './core.ts'
import { TimeoutError } from './errors.ts'
import type { KeyState, Watcher } from './state.ts'

/** In seconds, as in Dask. */
export interface TimeoutOption {
  readonly timeout?: number | undefined
}

/** @throws where it is no number of seconds. */
export function checkTimeout(timeout: number | undefined): void {
  if (timeout === undefined || (typeof timeout === 'number' && timeout >= 0)) return
  throw new TsumbaError(`timeout is a number of seconds; it got ${String(timeout)}.`, 'argument-type')
}

/** Longer than this setTimeout cannot wait: 2³¹ − 1 ms, about 24 days. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * `work` with a limit; `expired` is called at it, so that what it waits with can be taken back.
 * @throws TimeoutError
 */
export async function within<T>(
  timeout: number | undefined,
  what: () => string,
  work: Promise<T>,
  expired?: () => void,
): Promise<T> {
  checkTimeout(timeout)
  if (timeout === undefined || timeout * 1000 > LONGEST_MS) return work
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(what(), timeout))
      expired?.()
    }, timeout * 1000)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

class Countdown implements Watcher {
  readonly promise: Promise<void>
  private readonly states: readonly KeyState[]
  private left: number
  private readonly raise: boolean
  private resolve!: () => void
  private reject!: (error: Error) => void

  constructor(states: readonly KeyState[], left: number, raise: boolean) {
    this.states = states
    this.left = left
    this.raise = raise
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  settled(state: KeyState): void {
    if (this.raise && state.status !== 'finished') {
      this.leave()
      this.reject(state.error()!)
    } else if (--this.left === 0) this.resolve()
  }

  leave(): void {
    for (const state of this.states) if (!state.settled) state.unwatch(this)
  }

  /** Ends the wait early, as when enough have come. */
  finish(): void {
    this.leave()
    this.resolve()
  }
}

/**
 * Resolves when `count` of the states are settled, all of them unless told otherwise; with `raise`, rejects at the first
 * that has no value.
 */
export function settled(
  states: readonly KeyState[],
  options: { readonly raise: boolean; readonly count?: number } & TimeoutOption,
): Promise<void> {
  const open = states.filter((state) => !state.settled)
  if (options.raise) {
    const bad = states.find((state) => state.settled && state.status !== 'finished')
    if (bad !== undefined) return Promise.reject(bad.error()!)
  }
  const left = (options.count ?? states.length) - (states.length - open.length)
  if (left <= 0) return Promise.resolve()
  const countdown = new Countdown(open, left, options.raise)
  for (const state of open) state.watch(countdown)
  const done = countdown.promise.then(() => (options.count === undefined ? undefined : countdown.leave()))
  if (options.timeout === undefined) return done
  const what = () => {
    const pending = open.filter((state) => !state.settled)
    const more = pending.length > 1 ? ` and ${pending.length - 1} more` : ''
    return `Waiting for ${pending.length > 0 ? `"${pending[0]!.key}"${more}` : 'futures'}`
  }
  return within(options.timeout, what, done, () => countdown.leave())
}

/** A value may vanish between the news of it and the asking for it, with its worker; it is asked for again. */
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000
/** As long as a finished key may stay without a value; a scheduler needs a minute at most to miss a worker's data. */
const MISSING_LIMIT_MS = 60_000

export interface ValuesOptions extends TimeoutOption {
  readonly errors: 'raise' | 'skip'
  readonly direct?: boolean | undefined
}

/** The values of keys, waiting for them; with `skip`, keys that have none are missing in the answer. */
export async function valuesOf(
  core: Core,
  states: readonly KeyState[],
  options: ValuesOptions,
): Promise<Map<Key, unknown>> {
  const values = new Map<Key, unknown>()
  const raise = options.errors === 'raise'
  let left: readonly KeyState[] = states
  let pause = FIRST_PAUSE_MS
  let missingSince: number | undefined
  for (;;) {
    await settled(left, { raise })
    left = left.filter((state) => state.status === 'finished')
    if (left.length === 0) return values
    await take(core, left, values, options.direct)
    left = left.filter((state) => !values.has(state.key))
    if (left.length === 0) return values
    if (left.some((state) => state.status !== 'finished')) {
      missingSince = undefined
      continue
    }
    missingSince ??= performance.now()
    if (performance.now() - missingSince > MISSING_LIMIT_MS) throw missing(left[0]!.key)
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

async function take(
  core: Core,
  states: readonly KeyState[],
  values: Map<Key, unknown>,
  direct: boolean | undefined,
): Promise<void> {
  if (states.length === 1 && direct === undefined) {
    const { found, value } = await core.fetch(states[0]!.key)
    if (found) values.set(states[0]!.key, value)
    return
  }
  const keys = states.map((state) => state.key)
  for (const [key, value] of await core.backend.gather(keys, { direct })) values.set(key, value)
}

function missing(key: Key): TsumbaError {
  return new TsumbaError(
    `The value of "${key}" is said to be in memory, but no worker has given it for ${MISSING_LIMIT_MS / 1000} s. Remedy: future.retry().`,
    'lost',
  )
}
