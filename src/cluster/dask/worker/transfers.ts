/**
 * Which values to ask for from which worker, and how many at once. One request for each worker at a time; small values
 * travel together; past the limits no further request starts until one ends.
 */

import type { Key } from '../../task.ts'
import { comparePriorities, PriorityQueue } from './queue.ts'
import { isToFetch, type Task, type Transfer } from './tasks.ts'

export interface TransferLimits {
  /** Requests under way; reached only counts once `countFromBytes` are under way. */
  readonly count: number
  readonly countFromBytes: number
  /** Bytes under way; a single larger value is still asked for when nothing else is. */
  readonly bytes: number
  /** Bytes asked for in one request of several values. */
  readonly messageBytes: number
}

/** Dask's defaults: 10 connections, 10 MB, a tenth of the memory limit, 50 MB. */
export const transferLimits = (memoryLimit: number | undefined): TransferLimits => ({
  count: 10,
  countFromBytes: 10e6,
  bytes: memoryLimit === undefined ? Number.POSITIVE_INFINITY : memoryLimit * 0.1,
  messageBytes: 50e6,
})

/** After the inputs of ordinary tasks and before those of low priority. */
const REPLICA_PRIORITY: readonly number[] = [1]

interface Wish {
  readonly task: Task
  readonly priority: readonly number[]
  readonly serial: number
}

export class Transfers {
  readonly underWay = new Map<string, Transfer>()
  readonly busy = new Set<string>()
  bytes = 0
  /** Keys that somebody wants and no known worker holds. */
  readonly missing = new Set<Task>()
  private readonly wishes = new Map<string, PriorityQueue<Wish>>()
  /** What each other worker holds, of the keys known here. */
  private readonly hasWhat = new Map<string, Set<Task>>()
  private readonly limits: TransferLimits
  private serial = 0

  constructor(limits: TransferLimits) {
    this.limits = limits
  }

  /** Says who holds a value; what was known before is forgotten. */
  setHolders(task: Task, workers: Iterable<string>): void {
    const now = new Set(workers)
    for (const worker of task.whoHas) if (!now.has(worker)) this.removeHolder(task, worker)
    for (const worker of now) {
      if (task.whoHas.has(worker)) continue
      task.whoHas.add(worker)
      let tasks = this.hasWhat.get(worker)
      if (!tasks) this.hasWhat.set(worker, (tasks = new Set()))
      tasks.add(task)
    }
  }

  removeHolder(task: Task, worker: string): void {
    task.whoHas.delete(worker)
    const tasks = this.hasWhat.get(worker)
    tasks?.delete(task)
    if (tasks?.size === 0) this.hasWhat.delete(worker)
  }

  /** Forgets a worker that is gone. Returns the tasks that it held. */
  removeWorker(worker: string): readonly Task[] {
    const tasks = [...(this.hasWhat.get(worker) ?? [])]
    for (const task of tasks) this.removeHolder(task, worker)
    this.wishes.delete(worker)
    this.busy.delete(worker)
    return tasks
  }

  /**
   * Puts a task in line with all its holders.
   * @returns false where nobody is known to hold it: it is missing
   */
  wish(task: Task): boolean {
    if (!isToFetch(task)) return true
    if (task.whoHas.size === 0) {
      this.missing.add(task)
      return false
    }
    this.missing.delete(task)
    let priority = REPLICA_PRIORITY
    let first = !task.replica
    for (const run of task.waiters) {
      if (first || comparePriorities(run.priority, priority) < 0) priority = run.priority
      first = false
    }
    const wish: Wish = { task, priority, serial: this.serial++ }
    for (const worker of task.whoHas) this.queueOf(worker).push(wish)
    return true
  }

  /** Starts what the limits allow; the most urgent first. */
  start(): Transfer[] {
    const started: Transfer[] = []
    while (!this.full()) {
      let best: { worker: string; wish: Wish; queue: PriorityQueue<Wish> } | undefined
      for (const [worker, queue] of this.wishes) {
        if (this.underWay.has(worker) || this.busy.has(worker)) continue
        const wish = queue.peek()
        if (!wish) this.wishes.delete(worker)
        else if (!best || before(wish, best.wish) < 0) best = { worker, wish, queue }
      }
      if (!best) break
      const transfer = this.collect(best.worker, best.queue)
      if (!transfer) break
      started.push(transfer)
    }
    return started
  }

  /** A request has ended, one way or other. */
  end(worker: string): Transfer | undefined {
    const transfer = this.underWay.get(worker)
    if (!transfer) return undefined
    this.underWay.delete(worker)
    this.bytes -= transfer.nbytes
    return transfer
  }

  private full(): boolean {
    const many = this.underWay.size >= this.limits.count && this.bytes >= this.limits.countFromBytes
    return many || this.bytes >= this.limits.bytes
  }

  private collect(worker: string, queue: PriorityQueue<Wish>): Transfer | undefined {
    const keys = new Set<Key>()
    const tasks: Task[] = []
    let nbytes = 0
    for (let wish = queue.peek(); wish; wish = queue.peek()) {
      const { task } = wish
      const alone = nbytes === 0 && keys.size === 0
      const allowance = this.limits.bytes - this.bytes
      const fits = alone
        ? this.bytes === 0 || task.nbytes <= allowance
        : nbytes + task.nbytes <= Math.min(allowance, this.limits.messageBytes)
      if (!fits) break
      queue.pop()
      // The same task may stand in line twice.
      if (keys.has(task.key)) continue
      keys.add(task.key)
      tasks.push(task)
      nbytes += task.nbytes
    }
    if (keys.size === 0) return undefined
    const transfer: Transfer = { worker, keys, nbytes }
    for (const task of tasks) task.transfer = transfer
    this.underWay.set(worker, transfer)
    this.bytes += nbytes
    return transfer
  }

  private queueOf(worker: string): PriorityQueue<Wish> {
    let queue = this.wishes.get(worker)
    if (!queue) {
      queue = new PriorityQueue(before, ({ task }) => isToFetch(task) && task.whoHas.has(worker))
      this.wishes.set(worker, queue)
    }
    return queue
  }
}

const before = (a: Wish, b: Wish): number => comparePriorities(a.priority, b.priority) || a.serial - b.serial
