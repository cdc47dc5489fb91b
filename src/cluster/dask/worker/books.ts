/**
 * The machine's books and the moves that keep them whole: a value comes, a value goes, a run begins and ends, a key is
 * looked for and forgotten. machine.ts says which events lead to which moves; check.ts says what holds after each.
 */

import type { Failure, Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import type { Instruction, Times, WorkerMessage } from './events.ts'
import { memoryLimits, Residence } from './residence.ts'
import { ReadyRuns } from './resources.ts'
import { heldOf, isOver, isToFetch, isWanted, type Job, newTask, type Run, type Task } from './tasks.ts'
import { type TransferLimits, Transfers, transferLimits } from './transfers.ts'

export interface MachineOptions {
  /** This worker's address, as the scheduler knows it. */
  readonly address: string
  readonly nthreads: number
  readonly resources?: Readonly<Record<string, number>>
  /** Bytes; undefined: none. */
  readonly memoryLimit?: number | undefined
  readonly transfers?: TransferLimits
}

export class Books {
  readonly tasks = new Map<Key, Task>()
  /** Every occupied thread. */
  readonly jobs = new Map<number, Job>()
  readonly ready: ReadyRuns
  readonly transfers: Transfers
  readonly residence: Residence
  readonly options: MachineOptions
  /** What to do, in this order. */
  protected out: Instruction[] = []
  /** Tasks whose holders the scheduler is to be asked for, in one message. */
  protected ask = new Set<Task>()
  private nextJob = 1

  constructor(options: MachineOptions) {
    this.options = options
    this.ready = new ReadyRuns(options.resources ?? {})
    this.transfers = new Transfers(options.transfers ?? transferLimits(options.memoryLimit))
    this.residence = new Residence(memoryLimits(options.memoryLimit))
  }

  // ── Runs

  protected readyIfFed(run: Run): void {
    if (run.phase !== 'waiting' || run.waitingFor.size > 0) return
    run.phase = 'ready'
    this.ready.add(run)
  }

  protected startJob(run: Run): void {
    if (run.spec.kind !== 'work') throw new Error(`${run.task.key} has nothing to run`)
    const job: Job = { id: this.nextJob++, run, stale: false }
    run.phase = 'executing'
    run.job = job
    this.jobs.set(job.id, job)
    for (const input of run.inputs) this.residence.used(input)
    const inputs = run.inputs.map(({ key }) => key)
    this.out.push({ do: 'run', job: job.id, key: run.task.key, work: run.spec.work, inputs })
  }

  /** A thread is free again. Returns its run, unless nobody wants that any more. */
  protected endJob(id: number): Run | undefined {
    const job = this.jobs.get(id)
    if (!job) return undefined
    this.jobs.delete(id)
    this.ready.giveBack(job.run)
    job.run.job = undefined
    return job.stale ? undefined : job.run
  }

  /** Lets a run wait for inputs that are not here, then stand in line. */
  protected await(run: Run): void {
    run.phase = 'waiting'
    for (const input of run.inputs) {
      if (input.held) continue
      run.waitingFor.add(input)
      input.waiters.add(run)
      this.seek(input)
    }
    this.readyIfFed(run)
  }

  protected finished(task: Task, runId: number, times: Times | undefined): void {
    const { nbytes, typename } = task.held!
    this.send({ op: 'task-finished', key: task.key, runId, nbytes, typename, times })
  }

  protected fail(run: Run, failure: Failure, times: Times | undefined): void {
    this.over(run)
    this.send({ op: 'task-erred', key: run.task.key, runId: run.id, failure, times })
    this.settleTask(run.task)
  }

  /** Takes a run back: nothing is said about it any more. Its job, if it has one, goes on as stale. */
  protected abandon(run: Run): void {
    if (run.job) run.job.stale = true
    this.over(run)
  }

  /** A run needs its inputs no more. What becomes of its own task is for the caller to say. */
  protected over(run: Run): void {
    run.phase = 'over'
    run.task.run = undefined
    run.waitingFor.clear()
    for (const input of run.inputs) {
      input.readers.delete(run)
      input.waiters.delete(run)
      if (input.readers.size === 0 && input.held && input.unwanted) this.dropValue(input)
      this.settleTask(input)
    }
  }

  // ── Values

  /** A value is here. */
  protected hold(task: Task, value: Encoded): void {
    if (task.held) this.residence.remove(task)
    task.held = heldOf(value)
    task.nbytes = value.nbytes
    task.replica = false
    task.unwanted = false
    this.residence.add(task)
    this.out.push({ do: 'store', key: task.key, value })
    for (const run of task.waiters) {
      run.waitingFor.delete(task)
      this.readyIfFed(run)
    }
    task.waiters.clear()
    this.settleTask(task)
  }

  /** A value goes; runs that were about to read it wait again. */
  protected dropValue(task: Task): void {
    this.residence.remove(task)
    task.held = undefined
    task.unwanted = false
    this.out.push({ do: 'drop', key: task.key })
    this.send({ op: 'release-worker-data', key: task.key })
    for (const run of task.readers) {
      // What runs has its inputs already.
      if (run.phase === 'executing') continue
      run.phase = 'waiting'
      run.waitingFor.add(task)
      task.waiters.add(run)
    }
  }

  // ── Looking for values

  /** Gets in line for a value that is wanted and not here; asks the scheduler where nobody is known to hold it. */
  protected seek(task: Task): void {
    if (isToFetch(task) && !this.transfers.wish(task)) this.ask.add(task)
  }

  protected setHolders(task: Task, workers: readonly string[]): void {
    const others = workers.filter((worker) => worker !== this.options.address)
    // The scheduler believes what is no longer so; to say it again harms nothing.
    if (others.length < workers.length && !task.held) this.send({ op: 'release-worker-data', key: task.key })
    this.transfers.setHolders(task, others)
  }

  // ── The table

  protected ensure(key: Key): Task {
    let task = this.tasks.get(key)
    if (!task) this.tasks.set(key, (task = newTask(key)))
    return task
  }

  /** After a change of what is wanted: looks for the value, or stops to; forgets a task that nobody needs. */
  protected settleTask(task: Task): void {
    if (isWanted(task)) {
      this.seek(task)
      return
    }
    task.transfer = undefined
    this.transfers.missing.delete(task)
    if (!isOver(task)) return
    this.transfers.setHolders(task, [])
    this.tasks.delete(task.key)
  }

  protected send(message: WorkerMessage): void {
    this.out.push({ do: 'send', message })
  }
}
