/** Calls that are no tasks, on a thread of their own: they do not wait for tasks. */

import type { Executor, ExecutorOptions, Outcome } from '../../executor/executor.ts'
import type { Work } from '../protocol.ts'

export class Aside {
  private readonly start: (options: ExecutorOptions) => Promise<Executor>
  private executor: Promise<Executor> | undefined
  private readonly waiting = new Map<number, (outcome: Outcome) => void>()
  private next = 1

  constructor(start: (options: ExecutorOptions) => Promise<Executor>) {
    this.start = start
  }

  async run({ fn, args }: Work): Promise<Outcome> {
    this.executor ??= this.begin()
    const executor = await this.executor
    const id = this.next++
    return new Promise((resolve) => {
      this.waiting.set(id, resolve)
      executor.run([{ id, key: `run-${id}`, fn, args, inputs: new Map() }])
    })
  }

  private async begin(): Promise<Executor> {
    const executor = await this.start({ nthreads: 1, loopThreads: 1 })
    executor.listen((outcomes) => {
      for (const outcome of outcomes) {
        this.waiting.get(outcome.id)?.(outcome)
        this.waiting.delete(outcome.id)
      }
    })
    return executor
  }

  async close(): Promise<void> {
    await (await this.executor)?.close()
  }
}
