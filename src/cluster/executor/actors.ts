/**
 * Objects that live on threads of their own, one each. What is asked of an actor is a job whose function is its class,
 * whose arguments say what is asked, and whose inputs have the arguments proper (order.ts). Orders are
 * carried out one after the other, as they came.
 *
 * Laws: an actor is named by the id of the job that made it; when its thread dies by itself, every order that waits has
 * the outcome `died`, as has every later one, and that first id has it once more. After `end` nothing more is heard.
 */

import type { ExecutorOptions, Job, Outcome } from './executor.ts'
import type { Frame } from './files.ts'
import type { FilesOption } from './messages.ts'
import { decodeOrder } from './order.ts'
import { program } from './programs.ts'
import { ThreadExecutor } from './threads.ts'

export class Actors<F extends Frame = Uint8Array> {
  private readonly threads = new Map<number, ThreadExecutor<F>>()
  private readonly endings = new Set<Promise<void>>()
  private readonly file: URL
  private readonly options: ExecutorOptions
  private readonly files: FilesOption | undefined
  private readonly listener: (outcomes: readonly Outcome<F>[]) => void

  private constructor(
    file: URL,
    options: ExecutorOptions,
    files: FilesOption | undefined,
    listener: (outcomes: readonly Outcome<F>[]) => void,
  ) {
    this.file = file
    this.options = { ...options, nthreads: 1 }
    this.files = files
    this.listener = listener
  }

  /** `files`: large frames of answers go there. */
  static async start<F extends Frame = Uint8Array>(
    options: ExecutorOptions,
    files: FilesOption | undefined,
    listener: (outcomes: readonly Outcome<F>[]) => void,
  ): Promise<Actors<F>> {
    return new Actors<F>(await program('thread'), options, files, listener)
  }

  run(job: Job): void {
    const { actor, op } = decodeOrder(job.args)
    if (op === 'make') this.make(actor)
    const thread = this.threads.get(actor)
    if (thread) thread.run([job])
    else this.listener([died(job.id, 'it was ended')])
  }

  private make(actor: number): void {
    const files = this.files && { ...this.files, prefix: `${this.files.prefix}-actor${actor}` }
    const lost = (reason: string) => this.listener([died(actor, reason)])
    const thread = new ThreadExecutor<F>(this.file, this.options, files, lost)
    thread.listen(this.listener)
    this.threads.set(actor, thread)
  }

  /** Ends an actor and its thread, whatever it is doing. */
  end(actor: number): void {
    const thread = this.threads.get(actor)
    if (thread === undefined) return
    this.threads.delete(actor)
    const ending = thread.close().finally(() => this.endings.delete(ending))
    this.endings.add(ending)
  }

  async close(): Promise<void> {
    for (const actor of [...this.threads.keys()]) this.end(actor)
    await Promise.all(this.endings)
  }
}

function died(id: number, reason: string): Outcome<never> {
  const now = Date.now() / 1e3
  return { id, result: { status: 'died', reason }, start: now, stop: now, thread: 0 }
}
