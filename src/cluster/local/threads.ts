/** A worker that is threads of this process. */

import { Actors } from '../executor/actors.ts'
import type { Executor, ExecutorOptions, Job } from '../executor/executor.ts'
import { startExecutor } from '../executor/threads.ts'
import type { LocalJob, LocalWorker, WorkerListener } from './worker.ts'

export class ThreadsWorker implements LocalWorker {
  readonly pid = process.pid
  private readonly options: ExecutorOptions
  private readonly listener: WorkerListener
  private executor: Executor | undefined
  private actors: Actors | undefined

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
    this.actors = await Actors.start(this.options, undefined, (outcomes) => {
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

  order(job: LocalJob): void {
    this.actors?.run(job as unknown as Job)
  }

  endActor(actor: number): void {
    this.actors?.end(actor)
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
    const { executor, actors } = this
    this.executor = undefined
    this.actors = undefined
    await Promise.all([executor?.close(), actors?.close()])
  }
}
