/** A worker that is threads of this process. */

import type { Executor, ExecutorOptions, Job } from '../executor/executor.ts'
import { startExecutor } from '../executor/threads.ts'
import type { LocalJob, LocalWorker, WorkerListener } from './worker.ts'

export class ThreadsWorker implements LocalWorker {
  readonly pid = process.pid
  private readonly options: ExecutorOptions
  private readonly listener: WorkerListener
  private executor: Executor | undefined

  private constructor(options: ExecutorOptions, listener: WorkerListener) {
    this.options = options
    this.listener = listener
  }

  static async start(options: ExecutorOptions, listener: WorkerListener): Promise<ThreadsWorker> {
    const worker = new ThreadsWorker(options, listener)
    await worker.begin()
    return worker
  }

  private async begin(): Promise<void> {
    const executor = await startExecutor(this.options)
    this.executor = executor
    executor.listen((outcomes) => {
      if (this.executor === executor) this.listener.outcomes(outcomes)
    })
    this.listener.up()
  }

  run(jobs: readonly LocalJob[]): void {
    // A SharedStore has no frames in files.
    this.executor?.run(jobs as unknown as readonly Job[])
  }

  kill(id: number): void {
    this.executor?.kill(id)
  }

  recall(): void {
    const back = this.executor?.recall() ?? []
    this.listener.returned(back.map(({ id }) => id))
  }

  drop(): void {}

  async restart(): Promise<void> {
    await this.close()
    await this.begin()
  }

  async close(): Promise<void> {
    const { executor } = this
    this.executor = undefined
    await executor?.close()
  }
}
