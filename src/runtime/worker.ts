/**
 * What other threads run: the pool's workers, and the coordinator of `.async` calls. All of it travels as source text
 * (supervisor.ts), so that no tool has to find a worker's file: the functions here refer to nothing outside themselves,
 * and their inner functions are methods or anonymous callbacks, because tools that keep the names of functions wrap all
 * others in a helper of their own. Code that instruments by counters (istanbul) cannot travel: exclude from it
 * chunks.ts, allocator.ts, supervisor.ts and worker*.ts.
 */

import type { MessagePort } from 'node:worker_threads'
import type { ForkJoin } from './chunks.ts'
import type { AsyncArgument, Launcher, Outcome, ProgramSpec, Programs, ThreadLayout } from './worker-programs.ts'

/** `node:worker_threads`, as far as threads use it. */
export type NodeThreads = typeof import('node:worker_threads')

/** What every thread gets at its start. */
export interface ThreadData {
  readonly memory: WebAssembly.Memory
  readonly layout: ThreadLayout
  /** The thread's own area. */
  readonly area: number
}

export interface PoolWorkerData extends ThreadData {
  /** Address of the team's block. */
  readonly team: number
  readonly index: number
  readonly port: MessagePort
}

/** Messages that bring programs to a thread. */
export type ProgramMsg =
  | { readonly kind: 'add'; readonly id: number; readonly spec: ProgramSpec }
  | { readonly kind: 'drop'; readonly id: number }

/** A worker of the pool: takes part in launches and sleeps in between, never returning to its event loop. */
export function runPoolWorker(
  node: NodeThreads,
  data: PoolWorkerData,
  fork: ForkJoin,
  makePrograms: (launch: undefined) => Programs,
): void {
  const T = data.layout.team
  const w = fork.team(data.team)
  const slot = T.slots + data.index * T.slotWords
  // A launch inside a launch runs on the thread that meets it.
  const programs = makePrograms(undefined)
  let mail = 0
  const tools = {
    receive(): void {
      const sent = Atomics.load(w, slot + T.mail)
      if (sent === mail) return
      for (;;) {
        const got = node.receiveMessageOnPort(data.port) as { message: ProgramMsg } | undefined
        if (!got) break
        if (got.message.kind === 'add') programs.add(got.message.id, got.message.spec)
        else programs.drop(got.message.id)
      }
      mail = sent
    },
    takePart(): void {
      // Extra workers after setNumThreads() to fewer stay out.
      if (data.index >= w[T.threads]! - 1) return
      const hi = w[T.hi]!
      let started = false
      try {
        tools.receive()
        const range = programs.range(w[T.program]!, w[T.ordinal]!, w[T.args]!)
        if (!range) return
        started = true
        fork.claimedAt = hi
        if (fork.claim(w, w[T.threads]!, hi, w[T.chunk]!, range) === 0) return
        w[slot + T.failed] = 1
      } catch (error) {
        if (!started) {
          // The others do the work; the pool says why this thread does not help.
          fork.writeText(w, T.causeLength, T.causeMax, `a worker could not load the program: ${error}`)
          return
        }
        Atomics.store(w, T.next, hi)
        const text = fork.view(Int32Array, 4, data.area + data.layout.stack, T.causeMax + 1)
        fork.writeText(text, 0, T.causeMax, String(error))
        w[slot + T.failed] = 2
      }
      w[slot + T.failedAt] = fork.claimedAt
    },
  }
  Atomics.store(w, slot + T.state, 1)
  Atomics.add(w, T.up, 1)
  Atomics.notify(w, T.up)
  for (;;) {
    const seen = Atomics.load(w, slot + T.wake)
    if (Atomics.load(w, slot + T.quit) !== 0) return
    Atomics.store(w, slot + T.inside, 1)
    const open = Atomics.load(w, T.open) === 1
    if (open) tools.takePart()
    Atomics.store(w, slot + T.inside, 0)
    if (Atomics.load(w, T.open) === 2) Atomics.notify(w, slot + T.inside)
    if (open && w[T.spin]! > 0) {
      const until = performance.now() + w[T.spin]! / 1000
      while (Atomics.load(w, slot + T.wake) === seen && performance.now() < until);
    }
    Atomics.store(w, slot + T.asleep, 1)
    Atomics.wait(w, slot + T.wake, seen)
    Atomics.store(w, slot + T.asleep, 0)
  }
}

export interface CoordinatorData extends ThreadData {
  /** Address of the word that holds the current team's address, 0 for none. */
  readonly current: number
}

export interface CallMsg {
  readonly kind: 'call'
  readonly call: number
  readonly id: number
  readonly threads: number
  readonly spin: number
  readonly args: readonly AsyncArgument[]
}
/** A way to the supervisor of the team at this address; see Ask. */
export interface SupervisorMsg {
  readonly kind: 'supervisor'
  readonly team: number
  readonly port: MessagePort
}
export type ReplyMsg =
  | { readonly kind: 'done'; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly call: number; readonly died: boolean; readonly text: string }

/** Runs whole calls off the main thread, one at a time; between calls it is in its event loop. */
export function runCoordinator(
  node: NodeThreads,
  data: CoordinatorData,
  fork: ForkJoin,
  makePrograms: (launch: Launcher) => Programs,
): void {
  const outcome = data.layout.outcome
  const port = node.parentPort!
  let threads = 1
  let launching = false
  let died = false
  let spin = 0
  let supervisor: SupervisorMsg | undefined
  const programs = makePrograms((id, ordinal, lo, hi, args, here) => {
    if (hi <= lo) return 0
    if (launching) return here(lo, hi)
    launching = true
    try {
      const whole = lo === (lo | 0) && hi === (hi | 0)
      const address = Atomics.load(fork.view(Int32Array, 4, data.current, 1), 0)
      const alone = threads === 1 || !whole || address === 0
      let status = fork.solo(lo, hi, alone ? Infinity : 0.01, here)
      if (status !== 0 || fork.soloAt >= hi) return status
      const job = {
        program: id,
        ordinal,
        lo: fork.soloAt,
        hi,
        args,
        threads,
        pace: fork.soloPace,
        spin,
      }
      status = fork.publish(fork.team(address), job, data.area, here, (what) => {
        if (supervisor?.team !== address) return false
        supervisor.port.postMessage({ kind: what })
        return true
      })
      if (status === outcome.busy) return here(job.lo, hi)
      if (status >= 0) return status
      died = status === outcome.died
      throw new Error(fork.reason)
    } finally {
      launching = false
    }
  })
  port.on('message', (m: ProgramMsg | CallMsg | SupervisorMsg) => {
    if (m.kind === 'add') programs.add(m.id, m.spec)
    else if (m.kind === 'drop') programs.drop(m.id)
    else if (m.kind === 'supervisor') supervisor = m
    else {
      threads = m.threads
      spin = m.spin
      died = false
      let reply: ReplyMsg
      try {
        reply = { kind: 'done', call: m.call, outcome: programs.call(m.id, m.args) }
      } catch (error) {
        const text = died ? fork.reason : String(error)
        reply = { kind: 'failed', call: m.call, died, text }
      }
      port.postMessage(reply)
    }
  })
}
