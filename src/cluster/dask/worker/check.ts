/** What holds of the machine's books between two turns. For tests: it looks at every task. */

import type { WorkerMachine } from './machine.ts'
import { isOver, isToFetch, isWanted, type Run, type Task } from './tasks.ts'

/** Every law that is broken, in words; none in a sound machine. */
export function brokenLaws(machine: WorkerMachine): string[] {
  const broken: string[] = []
  const law = (holds: boolean, text: string) => {
    if (!holds) broken.push(text)
  }
  for (const [key, task] of machine.tasks) {
    law(task.key === key, `${key} stands under its own key`)
    checkTask(machine, task, law)
    if (task.run) checkRun(machine, task, task.run, law)
  }
  checkJobs(machine, law)
  checkTransfers(machine, law)
  checkResidence(machine, law)
  return broken
}

type Law = (holds: boolean, text: string) => void

function checkTask({ transfers, options }: WorkerMachine, task: Task, law: Law): void {
  const { key, held, run } = task
  law(!isOver(task), `${key} is needed by somebody`)
  law(!task.whoHas.has(options.address), `${key} is not sought from this worker itself`)
  law(!(held && run), `${key} is not computed while held`)
  law(!(held && task.transfer), `${key} is not fetched while held`)
  law(!(held && (task.replica || task.waiters.size > 0)), `nobody waits for ${key} while it is held`)
  law(!task.unwanted || (held !== undefined && task.readers.size > 0), `${key} stays unwanted only while it is read`)
  law(!task.transfer || isWanted(task), `${key} is on its way because it is wanted`)
  law(transfers.missing.has(task) === (isToFetch(task) && task.whoHas.size === 0), `${key} is missing or known`)
  for (const reader of task.readers) {
    law(reader.task.run === reader, `${key} is read by current runs only`)
    law(reader.inputs.includes(task), `${key} is an input of its reader ${reader.task.key}`)
  }
  for (const waiter of task.waiters) {
    law(task.readers.has(waiter), `${waiter.task.key} reads the ${key} that it waits for`)
    law(waiter.waitingFor.has(task), `${waiter.task.key} knows that it waits for ${key}`)
  }
  const { transfer } = task
  if (transfer) {
    law(transfers.underWay.get(transfer.worker) === transfer, `the transfer of ${key} is under way`)
    law(transfer.keys.has(key), `the transfer of ${key} brings it`)
  }
}

function checkRun({ tasks, jobs }: WorkerMachine, task: Task, run: Run, law: Law): void {
  const { key } = task
  law(run.task === task && run.phase !== 'over', `the run of ${key} is its own and not over`)
  law((run.phase === 'executing') === (run.job !== undefined), `${key} has a job while it executes`)
  if (run.job) law(jobs.get(run.job.id) === run.job && !run.job.stale, `the job of ${key} is current`)
  law((run.phase === 'waiting') === run.waitingFor.size > 0, `${key} waits while an input is missing`)
  for (const input of run.inputs) {
    law(tasks.get(input.key) === input, `the input ${input.key} of ${key} is known`)
    law(input.readers.has(run), `the input ${input.key} knows that ${key} reads it`)
    if (run.phase === 'executing') continue
    law(run.waitingFor.has(input) === (input.held === undefined), `${key} waits for ${input.key} until it is held`)
    law(input.waiters.has(run) === run.waitingFor.has(input), `${input.key} and ${key} agree about waiting`)
  }
}

function checkJobs(machine: WorkerMachine, law: Law): void {
  const { jobs, options, tasks } = machine
  law(jobs.size <= options.nthreads, 'there are no more jobs than threads')
  const free = new Map(Object.entries(options.resources ?? {}))
  for (const { run } of jobs.values()) {
    for (const [name, amount] of Object.entries(run.resources)) free.set(name, free.get(name)! - amount)
  }
  for (const [name, amount] of free) {
    law(machine.ready.free.get(name) === amount, `the free amount of ${name} is what no job holds`)
    law(amount >= 0, `no more ${name} is handed out than there is`)
  }
  if (machine.status !== 'running' || machine.closed || jobs.size === options.nthreads) return
  for (const { run } of tasks.values()) {
    if (run?.phase !== 'ready') continue
    const startable = Object.entries(run.resources).every(([name, amount]) => (free.get(name) ?? 0) >= amount)
    law(!startable, `${run.task.key} does not wait while a thread is free`)
  }
}

function checkTransfers({ transfers, tasks, status, closed }: WorkerMachine, law: Law): void {
  let bytes = 0
  for (const [worker, transfer] of transfers.underWay) {
    law(transfer.worker === worker, 'a transfer stands under its worker')
    bytes += transfer.nbytes
  }
  law(bytes === transfers.bytes, 'the bytes under way are those of the transfers')
  for (const task of transfers.missing) law(tasks.get(task.key) === task, `the missing ${task.key} is known`)
  if (status !== 'running' || closed || transfers.underWay.size > 0) return
  for (const task of tasks.values()) {
    const idle = [...task.whoHas].some((worker) => !transfers.busy.has(worker))
    law(!(isToFetch(task) && idle), `${task.key} is fetched while nothing else is under way`)
  }
}

function checkResidence({ residence, tasks }: WorkerMachine, law: Law): void {
  let memory = 0
  let disk = 0
  for (const { held } of tasks.values()) {
    if (held?.place === 'disk') disk += held.nbytes
    else if (held) memory += held.nbytes
  }
  law(memory === residence.memory, 'the bytes in memory are those of the values there')
  law(disk === residence.disk, 'the bytes on disk are those of the values there')
}
