/** How far a list of futures has come: a bar in a terminal, a callback elsewhere. */

import { Future } from './future.ts'
import { settled } from './settle.ts'
import type { KeyState, Watcher } from './state.ts'
import { listOf } from './wait.ts'

export interface Progress {
  /** Finished, failed and cancelled ones. */
  readonly done: number
  readonly total: number
  /** Of those done, how many have no value. */
  readonly failed: number
  readonly seconds: number
}

export interface ProgressOptions {
  /** Called at most ten times a second, and at the end; no bar is drawn then. */
  readonly callback?: ((progress: Progress) => void) | undefined
  /** Where the bar goes, when it is a terminal; standard error unless told. */
  readonly stream?: (NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }) | undefined
}

const INTERVAL_MS = 100

/** Resolves when all have ended, however they did. */
export async function progress(
  futures: Iterable<Future<unknown>> | Future<unknown>,
  options: ProgressOptions = {},
): Promise<void> {
  const list = listOf(futures, 'progress')
  const states = list.map(Future.live)
  const start = performance.now()
  const now = (): Progress => {
    const ended = states.filter((state) => state.settled)
    const failed = ended.filter((state) => state.status !== 'finished').length
    return { done: ended.length, total: states.length, failed, seconds: (performance.now() - start) / 1000 }
  }
  const stream = options.stream ?? process.stderr
  const bar = options.callback === undefined && stream.isTTY === true
  const show =
    options.callback ?? (bar ? (p: Progress) => stream.write(`\r${barOf(p, stream.columns ?? 80)}`) : undefined)
  if (list.length === 0) {
    show?.(now())
    return
  }
  const ticker = show === undefined ? undefined : new Ticker(states, () => show(now()))
  try {
    await Future.coreOf(list[0]!).holding(list, () => settled(states, { raise: false }))
  } finally {
    ticker?.stop()
    show?.(now())
    if (bar) stream.write('\n')
  }
}

/** Calls when something has changed, and not more often than the interval: nothing runs while nothing happens. */
class Ticker implements Watcher {
  private readonly states: readonly KeyState[]
  private readonly call: () => void
  private timer: NodeJS.Timeout | undefined

  constructor(states: readonly KeyState[], call: () => void) {
    this.states = states
    this.call = call
    for (const state of states) if (!state.settled) state.watch(this)
    call()
  }

  settled(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.call()
    }, INTERVAL_MS)
  }

  stop(): void {
    clearTimeout(this.timer)
    for (const state of this.states) if (!state.settled) state.unwatch(this)
  }
}

export function barOf({ done, total, failed, seconds }: Progress, columns: number): string {
  const share = total === 0 ? 1 : done / total
  const tail = ` | ${Math.floor(share * 100)}% | ${done}/${total}${failed > 0 ? `, ${failed} failed` : ''} | ${seconds.toFixed(1)} s`
  const width = Math.max(4, Math.min(40, columns - tail.length - 3))
  const full = Math.floor(share * width)
  return `[${'#'.repeat(full)}${' '.repeat(width - full)}]${tail}`
}
