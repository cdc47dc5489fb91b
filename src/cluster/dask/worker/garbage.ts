/**
 * Asks the engine to collect what is not used any more: it knows little of memory outside its heap. A value's memory is
 * the system's again only when nobody holds it any more: this thread, the thread that made it, those that read it. A
 * thread without work collects nothing by itself, and a worker without memory gives it no work.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Executor, Job, Outcome } from '../../executor/executor.ts'
import { type TravellingFunction, travelling } from '../../travel/functions.ts'
import { encode } from '../../travel/values.ts'

/** Milliseconds between two collections; each stops its thread for some. */
const PAUSE = 1000
/** The machine counts its jobs from 1 and never comes this far. */
const FIRST = 2 ** 48

export class Garbage {
  private readonly executor: Executor
  private last = Number.NEGATIVE_INFINITY
  /** Jobs of ours that threads have not ended. */
  private outstanding = 0
  private collect: (() => void) | undefined
  private collector: TravellingFunction | undefined

  constructor(executor: Executor) {
    this.executor = executor
  }

  /** Collects on this thread, and on the others once they are free. */
  collectSoon(): void {
    if (performance.now() - this.last < PAUSE) return
    this.collect ??= collectorOfThisThread()
    this.collect()
    if (this.outstanding === 0) this.collectOnThreads()
    this.last = performance.now()
  }

  private collectOnThreads(): void {
    this.collector ??= travelling(collectHere)
    const args = encode([])
    this.outstanding = this.executor.nthreads
    const job = (i: number): Job => ({ id: FIRST + i, key: 'collect', fn: this.collector!, args, inputs: new Map() })
    this.executor.run(Array.from({ length: this.outstanding }, (_, i) => job(i)))
  }

  /** The outcomes that are not of ours. */
  without(outcomes: readonly Outcome[]): readonly Outcome[] {
    if (this.outstanding === 0) return outcomes
    const others = outcomes.filter(({ id }) => id < FIRST)
    this.outstanding -= outcomes.length - others.length
    return others
  }
}

function collectorOfThisThread(): () => void {
  setFlagsFromString('--expose-gc')
  // The flag shows in contexts that are made after it.
  return runInNewContext('gc') as () => void
}

/** A task: the same on the thread that runs it; long enough that no thread takes the next one's. */
async function collectHere(): Promise<void> {
  const v8 = await import('node:v8')
  const vm = await import('node:vm')
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  collect()
  await new Promise((resolve) => setTimeout(resolve, 20))
}
