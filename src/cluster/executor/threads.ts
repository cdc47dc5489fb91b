/** The executor on worker threads: see executor.ts for its laws. */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Executor, ExecutorOptions, Job, Outcome } from './executor.ts'
import type { Frame } from './files.ts'
import {
  Beside,
  CLOSED,
  type FilesOption,
  type FromThread,
  type NewFunction,
  packJobs,
  readOutcomes,
  type ThreadData,
  type ToThread,
} from './messages.ts'
import { Pace } from './pace.ts'
import { inheritedOptions, program } from './programs.ts'

/** Seconds of work in a batch, and the most jobs: what has begun last is late by no more. */
const BATCH_SECONDS = 0.004
const BATCH_JOBS = 256
/** Batches that a thread has at a time: the next one is there when one ends. */
const SLOTS = 2
/** Functions that a thread knows at a time. */
const FUNCTIONS = 1000
/** Milliseconds after which jobs behind a slow one go to threads that have nothing to do. */
const STALL = 20
/** Threads that end before they have begun, one after the other, until the executor gives up. */
const STILLBORN = 3

export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  return new ThreadExecutor(await program('thread'), options, undefined)
}

/** The same, but large frames of results are written to files: they go to another process. */
export async function startFilingExecutor(
  options: ExecutorOptions,
  files: FilesOption,
): Promise<ThreadExecutor<Frame>> {
  return new ThreadExecutor<Frame>(await program('thread'), options, files)
}

interface Batch {
  readonly slot: number
  readonly jobs: readonly Job[]
  /** Jobs that have an outcome, or have been taken back. */
  readonly gone: Set<number>
  recalled: boolean
}

interface Thread {
  readonly number: number
  worker: Worker
  control: Int32Array
  readonly batches: Batch[]
  functions: Map<string, number>
  /** It has run something. */
  proven: boolean
  cause: string
}

export class ThreadExecutor<F extends Frame = Uint8Array> {
  readonly nthreads: number
  private readonly file: URL
  private readonly options: ExecutorOptions
  private readonly threads: Thread[] = []
  private readonly queue: Job[] = []
  private readonly pace = new Pace()
  private readonly shared = new WeakMap<Uint8Array, Uint8Array>()
  private readonly files: FilesOption | undefined
  private readonly lost: ((reason: string) => void) | undefined
  private listener: (outcomes: readonly Outcome<F>[]) => void = () => {}
  /** Threads started so far: each names its files differently. */
  private spawned = 0
  private stillborn = 0
  private broken = ''
  private closing = false
  private stallTimer: NodeJS.Timeout | undefined
  private readonly exits = new Set<Promise<void>>()

  /** `lost`: the thread is an actor's, which is not replaced when it dies; called with the reason. */
  constructor(file: URL, options: ExecutorOptions, files: FilesOption | undefined, lost?: (reason: string) => void) {
    this.files = files
    this.lost = lost
    this.nthreads = options.nthreads
    this.options = options
    this.file = file
    for (let number = 0; number < options.nthreads; number++) {
      const thread = { number, batches: [], functions: new Map(), proven: false, cause: '' } as unknown as Thread
      this.threads.push(thread)
      this.spawn(thread)
    }
  }

  get idle(): number {
    let count = 0
    for (const thread of this.threads) if (thread.batches.length === 0) count++
    return Math.max(0, count - this.queue.length)
  }

  listen(listener: (outcomes: readonly Outcome<F>[]) => void): void {
    this.listener = listener
  }

  run(jobs: readonly Job[]): void {
    for (const job of jobs) this.queue.push(job)
    this.pump()
  }

  // ── threads ──

  private spawn(thread: Thread): void {
    const { loopThreads, heapLimit } = this.options
    const control = new Int32Array(new SharedArrayBuffer(SLOTS * 4))
    const share = Math.max(1, Math.floor(availableParallelism() / this.nthreads))
    const files = this.files && { ...this.files, prefix: `${this.files.prefix}-${this.spawned++}` }
    const workerData: ThreadData = { control, loopThreads: loopThreads ?? share, files, actor: this.lost !== undefined }
    const worker = new Worker(this.file, {
      workerData,
      execArgv: inheritedOptions(),
      ...(heapLimit === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapLimit / 2 ** 20) } }),
    })
    Object.assign(thread, { worker, control, functions: new Map(), proven: false, cause: '' })
    worker.on('message', (message: FromThread) => this.receive(thread, message))
    worker.on('error', (error: Error & { code?: string }) => {
      thread.cause = causeOf(error, heapLimit)
    })
    const exit = new Promise<void>((resolve) => {
      worker.on('exit', (code) => {
        this.exits.delete(exit)
        resolve()
        this.died(thread, thread.cause || `it ended itself (exit code ${code})`)
      })
    })
    this.exits.add(exit)
  }

  private died(thread: Thread, cause: string): void {
    const now = Date.now() / 1e3
    const outcomes: Outcome<F>[] = []
    for (const batch of thread.batches) {
      const begun = Atomics.or(thread.control, batch.slot, CLOSED) & ~CLOSED
      batch.jobs.forEach((job, k) => {
        if (batch.gone.has(job.id)) return
        if (k >= begun && !this.closing) this.queue.unshift(job)
        else outcomes.push(this.deadOutcome(job, cause, now, thread.number))
      })
    }
    thread.batches.length = 0
    if (!this.closing) {
      this.stillborn = thread.proven || outcomes.length > 0 ? 0 : this.stillborn + 1
      if (this.lost) this.broken = cause
      else if (this.stillborn < STILLBORN) this.spawn(thread)
      else this.broken = `worker threads do not start: ${cause}`
    }
    if (outcomes.length > 0) this.listener(outcomes)
    this.pump()
    if (!this.closing) this.lost?.(cause)
  }

  private deadOutcome(job: Job, reason: string, now: number, thread: number): Outcome<F> {
    return { id: job.id, result: { status: 'died', reason }, start: now, stop: now, thread }
  }

  // ── jobs out ──

  private pump(): void {
    if (this.broken !== '' && this.queue.length > 0) {
      const now = Date.now() / 1e3
      const reason = this.broken
      this.listener(this.queue.splice(0).map((job) => this.deadOutcome(job, reason, now, 0)))
      return
    }
    while (this.queue.length > 0) {
      const thread = this.freest()
      if (thread === undefined) break
      this.give(thread)
    }
    this.watch()
  }

  /** The thread with the least to do that may have another batch. */
  private freest(): Thread | undefined {
    let best: Thread | undefined
    for (const thread of this.threads) {
      const { length } = thread.batches
      if (length >= SLOTS || (length > 0 && !this.isQuick(thread))) continue
      if (best === undefined || length < best.batches.length) best = thread
    }
    return best
  }

  /** Whether what the thread has will be done soon. */
  private isQuick(thread: Thread): boolean {
    return thread.batches.every(
      (batch) => !batch.recalled && (batch.jobs.length > 1 || (this.pace.of(batch.jobs[0]!.fn) ?? 1) < BATCH_SECONDS),
    )
  }

  private give(thread: Thread): void {
    const free = this.threads.filter((t) => t.batches.length < SLOTS).length
    const most = Math.min(BATCH_JOBS, Math.ceil(this.queue.length / free))
    let seconds = 0
    let count = 0
    while (count < most && seconds < BATCH_SECONDS) {
      seconds += this.pace.of(this.queue[count]!.fn) ?? BATCH_SECONDS
      count++
    }
    const jobs = this.queue.splice(0, count)
    const slot = thread.batches.some((b) => b.slot === 0) ? 1 : 0
    Atomics.store(thread.control, slot, 0)
    thread.batches.push({ slot, jobs, gone: new Set(), recalled: false })
    this.post(thread, slot, jobs)
  }

  private post(thread: Thread, slot: number, jobs: readonly Job[]): void {
    const fresh: NewFunction[] = []
    for (const { fn } of jobs) {
      if (thread.functions.has(fn.id)) continue
      // Numbers begin again: the thread puts new functions in the places of old ones.
      if (thread.functions.size >= FUNCTIONS) thread.functions = new Map(fresh.map((f) => [f.fn.id, f.number]))
      const number = thread.functions.size
      thread.functions.set(fn.id, number)
      fresh.push({ number, fn })
    }
    const beside = new Beside(this.share)
    const bytes = packJobs(jobs, fresh, (id) => thread.functions.get(id)!, beside)
    const message: ToThread = { bytes, shared: beside.frames, slot }
    thread.worker.postMessage(message, [bytes.buffer])
  }

  /** The frame in shared memory: copied once, however many jobs have it. */
  private readonly share = (frame: Uint8Array): Uint8Array => {
    if ((frame.buffer as ArrayBufferLike) instanceof SharedArrayBuffer) return frame
    let copy = this.shared.get(frame)
    if (copy === undefined) {
      copy = new Uint8Array(new SharedArrayBuffer(frame.byteLength))
      copy.set(frame)
      this.shared.set(frame, copy)
    }
    return copy
  }

  // ── outcomes in ──

  private receive(thread: Thread, { bytes, shared, ended }: FromThread): void {
    thread.proven = true
    const outcomes: Outcome<F>[] = []
    for (const outcome of readOutcomes(bytes, shared)) {
      const batch = thread.batches.find((b) => b.jobs.some((job) => job.id === outcome.id))
      const job = batch?.jobs.find((j) => j.id === outcome.id)
      if (batch === undefined || job === undefined) continue
      batch.gone.add(job.id)
      this.pace.note(job.fn, outcome.stop - outcome.start)
      outcomes.push({ ...(outcome as Outcome<F>), thread: thread.number })
    }
    if (ended >= 0) {
      const at = thread.batches.findIndex((b) => b.slot === ended)
      if (at >= 0) thread.batches.splice(at, 1)
    }
    this.pump()
    if (outcomes.length > 0) this.listener(outcomes)
  }

  // ── taking back ──

  /** Jobs of the thread that have not begun, and do not begin there any more. */
  private takeBack(thread: Thread): Job[] {
    const back: Job[] = []
    for (const batch of thread.batches) {
      if (batch.recalled) continue
      const begun = Atomics.or(thread.control, batch.slot, CLOSED) & ~CLOSED
      for (const job of batch.jobs.slice(begun)) {
        batch.gone.add(job.id)
        back.push(job)
      }
      batch.recalled = true
    }
    return back
  }

  recall(): Job[] {
    const back = this.threads.flatMap((thread) => this.takeBack(thread))
    return [...back, ...this.queue.splice(0)]
  }

  kill(id: number): void {
    const now = Date.now() / 1e3
    const drop = (job: Job) => this.listener([this.deadOutcome(job, 'it was cancelled', now, 0)])
    const queued = this.queue.findIndex((job) => job.id === id)
    if (queued >= 0) {
      drop(this.queue.splice(queued, 1)[0]!)
      return
    }
    const thread = this.threads.find((t) => t.batches.some((b) => b.jobs.some((j) => j.id === id) && !b.gone.has(id)))
    if (thread === undefined) return
    const back = this.takeBack(thread)
    const mine = back.find((job) => job.id === id)
    this.queue.unshift(...back.filter((job) => job !== mine))
    if (mine) {
      drop(mine)
      this.pump()
    } else {
      thread.cause = 'it was cancelled'
      void thread.worker.terminate()
    }
  }

  /** While some threads have nothing to do and others hold jobs behind a slow one, these change hands. */
  private watch(): void {
    const idle = this.threads.some((t) => t.batches.length === 0)
    const behind = this.threads.some((t) => t.batches.reduce((n, b) => n + b.jobs.length - b.gone.size, 0) > 1)
    if (!(idle && behind) || this.closing) {
      clearTimeout(this.stallTimer)
      this.stallTimer = undefined
    } else {
      this.stallTimer ??= setTimeout(() => {
        this.stallTimer = undefined
        for (const thread of this.threads) if (thread.batches.length > 0) this.queue.push(...this.takeBack(thread))
        this.pump()
      }, STALL)
    }
  }

  async close(): Promise<void> {
    this.closing = true
    clearTimeout(this.stallTimer)
    this.queue.length = 0
    this.listener = () => {}
    await Promise.all([...this.threads.map((thread) => thread.worker.terminate()), ...this.exits])
  }
}

function causeOf(error: Error & { code?: string }, heapLimit: number | undefined): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return heapLimit === undefined
      ? 'it ran out of memory'
      : `it ran out of its ${Math.ceil(heapLimit / 2 ** 20)} MB of JavaScript heap`
  }
  return `it threw outside of any task: ${error.message ?? error}`
}
