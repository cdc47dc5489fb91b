/**
 * The worker's state, as a pure machine: events in, instructions out. It opens no socket, starts no thread, reads no
 * clock; worker.ts carries out what it says and tells it what came of it.
 *
 * Laws:
 * - A task starts only when all its inputs are held here.
 * - Every `compute-task` is answered once, with its own run id, unless the scheduler takes the task back first.
 * - What a stale job or transfer brings is thrown away: the key may mean something else by now (tasks.ts).
 * - The scheduler's idea of who holds what follows from messages on one ordered stream: every value that comes from
 *   another worker is announced, every value that goes is taken back. Scattered values are not announced: whoever
 *   scatters tells the scheduler itself, and to do it twice loses data.
 * - At most `nthreads` jobs at once, stale ones included; resources never below zero.
 */

import type { Failure, Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import { Books, type MachineOptions } from './books.ts'
import type { Instruction, Status, Times, WhoHas, WorkerEvent } from './events.ts'
import { isToFetch, type Run, stealState, type Task } from './tasks.ts'

export type { MachineOptions }

/** How often a task may end its thread before it counts as failed: Dask's allowed-failures. */
const ALLOWED_DEATHS = 3

export class WorkerMachine extends Books {
  status: Status = 'running'
  closed = false
  private processBytes: number | undefined
  private serial = 0

  /** Takes in what happened, in order, then says what to do. Work starts only after the last event. */
  handle(events: readonly WorkerEvent[]): Instruction[] {
    for (const event of events) if (!this.closed) this.event(event)
    if (!this.closed) this.start()
    const out = this.out
    this.out = []
    return out
  }

  private event(event: WorkerEvent): void {
    switch (event.type) {
      case 'compute-task':
        this.computeTask(event)
        break
      case 'free-keys':
        for (const task of this.known(event.keys)) this.letGo(task)
        break
      case 'remove-replicas':
        for (const task of this.known(event.keys)) this.removeReplica(task)
        break
      case 'acquire-replicas':
        this.acquireReplicas(event.whoHas, event.nbytes)
        break
      case 'steal-request':
        this.stealRequest(event.key, event.stimulus)
        break
      case 'cancel-compute':
        for (const { run } of this.known([event.key])) {
          if (run?.phase === 'waiting' || run?.phase === 'ready') this.takeBack(run)
        }
        break
      case 'refresh-who-has':
        this.refreshWhoHas(event.whoHas)
        break
      case 'worker-status-change':
        this.setStatus(event.status)
        break
      case 'remove-worker':
        this.removeWorker(event.worker)
        break
      case 'close':
        this.closed = true
        this.out.push({ do: 'close', reason: event.reason, restart: event.restart })
        break
      case 'scattered':
        for (const [key, value] of event.values) this.scattered(key, value)
        break
      case 'job-done':
        this.jobDone(event.job, event.value, event.times)
        break
      case 'job-failed': {
        const run = this.endJob(event.job)
        if (run) this.fail(run, event.failure, event.times)
        break
      }
      case 'job-died': {
        const run = this.endJob(event.job)
        if (run) this.died(run, event.reason, event.times)
        break
      }
      case 'job-unfed': {
        for (const task of this.known(event.missing)) this.valueLost(task)
        const run = this.endJob(event.job)
        if (run) this.await(run)
        break
      }
      case 'data-arrived':
        this.dataArrived(event.worker, event.values)
        break
      case 'peer-busy':
        this.peerBusy(event.worker)
        break
      case 'peer-free':
        this.transfers.busy.delete(event.worker)
        break
      case 'peer-lost':
        this.peerLost(event.worker)
        break
      case 'peer-unreadable':
        for (const task of this.endTransfer(event.worker)) this.unreadable(task, event.worker, event.reason)
        break
      case 'spilled':
        for (const task of this.known([event.key])) this.residence.spilled(task)
        break
      case 'spill-failed':
        for (const task of this.known([event.key])) this.residence.spillFailed(task)
        break
      case 'loaded':
        for (const task of this.known([event.key])) this.residence.loaded(task)
        break
      case 'value-lost':
        for (const task of this.known([event.key])) this.valueLost(task)
        break
      case 'memory':
        this.processBytes = event.process
        this.pauseOrResume(event.process)
        break
      case 'tick':
        this.residence.retry()
        for (const task of this.transfers.missing) this.ask.add(task)
        break
      default:
        event satisfies never
    }
  }

  /** After all events of a turn: starts what can start, makes room, asks for what nobody is known to hold. */
  private start(): void {
    if (this.status === 'running') {
      for (const transfer of this.transfers.start()) {
        this.out.push({ do: 'fetch', worker: transfer.worker, keys: [...transfer.keys] })
      }
      while (this.jobs.size < this.options.nthreads) {
        const run = this.ready.take()
        if (!run) break
        this.startJob(run)
      }
    }
    for (const task of this.residence.choose(this.processBytes, isRead)) this.out.push({ do: 'spill', key: task.key })
    this.processBytes = undefined
    const keys = [...this.ask].filter(isToFetch).map(({ key }) => key)
    this.ask.clear()
    if (keys.length > 0) this.send({ op: 'request-refresh-who-has', keys })
  }

  // ── From the scheduler

  private computeTask(event: Extract<WorkerEvent, { type: 'compute-task' }>): void {
    const { key, spec } = event
    const task = this.ensure(key)
    if (task.run) this.abandon(task.run)
    if (task.held) {
      task.unwanted = false
      this.finished(task, event.runId, undefined)
      return
    }
    if (spec.kind === 'refused') {
      this.send({ op: 'task-erred', key, runId: event.runId, failure: spec.failure, times: undefined })
      this.settleTask(task)
      return
    }
    const inputs = [...event.nbytes].map(([input, nbytes]) => {
      const known = this.ensure(input)
      if (!known.held) known.nbytes = nbytes
      this.setHolders(known, event.whoHas.get(input) ?? [])
      return known
    })
    const run: Run = {
      task,
      id: event.runId,
      spec,
      priority: event.priority,
      serial: this.serial++,
      resources: event.resources,
      inputs,
      waitingFor: new Set(),
      phase: 'waiting',
      job: undefined,
      deaths: 0,
    }
    task.run = run
    task.replica = false
    this.settleTask(task)
    for (const input of inputs) input.readers.add(run)
    this.await(run)
  }

  /** The scheduler needs a key no more. Runs here that still wait for it are about to be taken back too. */
  private letGo(task: Task): void {
    if (task.run) this.abandon(task.run)
    if (task.held) this.dropValue(task)
    task.replica = false
    task.transfer = undefined
    this.transfers.setHolders(task, [])
    this.settleTask(task)
  }

  private takeBack(run: Run): void {
    this.abandon(run)
    this.settleTask(run.task)
  }

  private stealRequest(key: Key, stimulus: string): void {
    const run = this.tasks.get(key)?.run
    const state = stealState(this.tasks.get(key))
    this.send({ op: 'steal-response', key, state, stimulus })
    if (run && (state === 'ready' || state === 'waiting' || state === 'constrained')) this.takeBack(run)
  }

  private removeReplica(task: Task): void {
    if (!task.held) return
    if (task.readers.size > 0) {
      task.unwanted = true
      return
    }
    this.dropValue(task)
    this.settleTask(task)
  }

  private acquireReplicas(whoHas: WhoHas, nbytes: ReadonlyMap<Key, number>): void {
    const held: Key[] = []
    for (const [key, workers] of whoHas) {
      const task = this.ensure(key)
      if (task.held) {
        task.unwanted = false
        held.push(key)
        continue
      }
      task.nbytes = nbytes.get(key) ?? task.nbytes
      this.setHolders(task, workers)
      // What is computed here anyway need not come from elsewhere.
      if (!task.run) task.replica = true
      this.seek(task)
    }
    if (held.length > 0) this.send({ op: 'add-keys', keys: held })
  }

  private refreshWhoHas(whoHas: WhoHas): void {
    for (const [key, workers] of whoHas) {
      for (const task of this.known([key])) {
        this.setHolders(task, workers)
        // Where nobody has it the next tick asks again.
        this.transfers.wish(task)
      }
    }
  }

  private scattered(key: Key, value: Encoded): void {
    const task = this.ensure(key)
    const { run } = task
    if (run) this.abandon(run)
    this.hold(task, value)
    if (run) this.finished(task, run.id, undefined)
  }

  // ── From the threads and the disk

  private jobDone(id: number, value: Encoded, times: Times): void {
    const run = this.endJob(id)
    if (!run) return
    this.over(run)
    this.hold(run.task, value)
    this.finished(run.task, run.id, times)
  }

  private died(run: Run, reason: string, times: Times): void {
    run.deaths++
    if (run.deaths <= ALLOWED_DEATHS) {
      this.await(run)
      return
    }
    const message =
      `Task '${run.task.key}' ended its thread ${run.deaths} times; the last time: ${reason}. ` +
      'Remedy: look for process.exit or too much memory in it.'
    const failure: Failure = { name: 'KilledWorker', message, stack: undefined, code: 'killed-worker' }
    this.fail(run, failure, times)
  }

  private valueLost(task: Task): void {
    if (!task.held) return
    this.dropValue(task)
    this.settleTask(task)
  }

  // ── From other workers

  private removeWorker(worker: string): void {
    for (const task of this.transfers.removeWorker(worker)) if (task.whoHas.size === 0) this.seek(task)
  }

  /** The tasks that a transfer was to bring and that still wait for it. */
  private endTransfer(worker: string): Task[] {
    const transfer = this.transfers.end(worker)
    if (!transfer) return []
    const tasks: Task[] = []
    for (const task of this.known(transfer.keys)) {
      if (task.transfer !== transfer) continue
      task.transfer = undefined
      tasks.push(task)
    }
    return tasks
  }

  private dataArrived(worker: string, values: ReadonlyMap<Key, Encoded>): void {
    const here: Key[] = []
    for (const task of this.endTransfer(worker)) {
      const value = values.get(task.key)
      if (value) {
        this.hold(task, value)
        here.push(task.key)
      } else {
        this.transfers.removeHolder(task, worker)
        this.seek(task)
      }
    }
    if (here.length > 0) this.send({ op: 'add-keys', keys: here })
  }

  private peerBusy(worker: string): void {
    this.transfers.busy.add(worker)
    for (const task of this.endTransfer(worker)) {
      this.seek(task)
      // Perhaps others hold it by now.
      if ([...task.whoHas].every((holder) => this.transfers.busy.has(holder))) this.ask.add(task)
    }
    this.out.push({ do: 'retry-later', worker })
  }

  /** All that it held is sought elsewhere. The scheduler may believe in it for a while: it is asked again, not at once. */
  private peerLost(worker: string): void {
    const tasks = this.endTransfer(worker)
    this.removeWorker(worker)
    this.transfers.busy.add(worker)
    for (const task of tasks) this.seek(task)
    this.out.push({ do: 'retry-later', worker })
  }

  private unreadable(task: Task, worker: string, reason: string): void {
    task.replica = false
    const message = `The value of '${task.key}' cannot be read from ${worker}: ${reason}`
    const failure: Failure = { name: 'TsumbaError', message, stack: undefined, code: 'unreadable-value' }
    for (const run of [...task.waiters]) this.fail(run, failure, undefined)
    this.settleTask(task)
  }

  // ── The worker as a whole

  private setStatus(status: Status): void {
    this.status = status
    this.send({ op: 'worker-status-change', status })
  }

  private pauseOrResume(processBytes: number): void {
    const full = this.residence.tooFull(processBytes)
    if (full && this.status === 'running') this.setStatus('paused')
    else if (!full && this.status === 'paused') this.setStatus('running')
  }

  private *known(keys: Iterable<Key>): Iterable<Task> {
    for (const key of keys) {
      const task = this.tasks.get(key)
      if (task) yield task
    }
  }
}

const isRead = (task: Task): boolean => {
  for (const run of task.readers) if (run.phase === 'executing') return true
  return false
}
