/**
 * Whole calls off the main thread: a coordinator, one more thread, runs them one at a time and publishes their parallel
 * loops to the same pool. It returns to its event loop between calls, so messages reach it as usual.
 */

import type { Worker } from 'node:worker_threads'
import { TsumbaError } from '../errors.ts'
import { TEAM } from './chunks.ts'
import { TLS } from './layout.ts'
import { type Heap, heap } from './memory.ts'
import { coordinatorText } from './supervisor.ts'
import {
  currentTeam,
  ensureTeam,
  forkJoin,
  getNumThreads,
  giveUp,
  nodeThreads,
  onUnregister,
  spinFor,
  workerDied,
  workerThrew,
} from './threads.ts'
import { block, CURRENT_TEAM, programs, type Team, THREAD_LAYOUT } from './threads-team.ts'
import type { CallMsg, CoordinatorData, ProgramMsg, ReplyMsg, SupervisorMsg } from './worker.ts'
import type { AsyncArgument, Outcome, ProgramSpec } from './worker-programs.ts'

export type { AsyncArgument, Outcome } from './worker-programs.ts'

/** Kernels that make objects get more room here than on the pool: there is one coordinator only. */
const HEAP_MB = 512

interface Waiting {
  resolve(outcome: Outcome): void
  reject(error: Error): void
}

class Coordinator {
  private readonly worker: Worker
  private readonly waiting = new Map<number, Waiting>()
  private readonly has = new Set<number>()
  /** The team whose supervisor it can ask. */
  private team: Team | undefined
  private calls = 0

  constructor(heap: Heap, onEnd: () => void) {
    const area = block(heap, TLS.bytes, false)
    const workerData: CoordinatorData = {
      memory: heap.memory,
      layout: THREAD_LAYOUT,
      area: area.address,
      current: CURRENT_TEAM,
    }
    this.worker = new (nodeThreads()!.Worker)(coordinatorText(), {
      eval: true,
      execArgv: [],
      env: {},
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    this.worker.unref()
    let cause = ''
    this.worker.on('error', (error: Error & { code?: string }) => {
      cause =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `it ran out of its JavaScript heap of ${HEAP_MB} MB`
          : `it threw ${error}`
    })
    this.worker.on('exit', (code) => {
      onEnd()
      heap.allocator.free(area.handle)
      this.abandonTeam()
      const error = workerDied(cause || `it was ended from outside or ended itself (exit code ${code})`)
      for (const w of this.waiting.values()) w.reject(error)
      this.waiting.clear()
    })
    this.worker.on('message', (m: ReplyMsg) => this.receive(m))
  }

  private receive(m: ReplyMsg): void {
    const waiting = this.waiting.get(m.call)!
    this.waiting.delete(m.call)
    if (this.waiting.size === 0) this.worker.unref()
    if (m.kind === 'done') waiting.resolve(m.outcome)
    else if (m.died) {
      const team = currentTeam()
      if (team && Atomics.load(team.words, TEAM.deaths) !== 0) giveUp(team)
      waiting.reject(workerDied(m.text))
    } else waiting.reject(workerThrew(m.text))
  }

  /** If the coordinator died as it published a launch, nobody else will end it. */
  private abandonTeam(): void {
    const team = currentTeam()
    if (!team || Atomics.load(team.words, TEAM.lock) === 0) return
    const w = team.words
    Atomics.store(w, TEAM.next, w[TEAM.hi]!)
    Atomics.add(w, TEAM.deaths, 1)
    Atomics.store(w, TEAM.open, 2)
    forkJoin().join(w, 0, team.ask)
    Atomics.store(w, TEAM.open, 0)
    giveUp(team)
  }

  call(id: number, spec: ProgramSpec, args: readonly AsyncArgument[]): Promise<Outcome> {
    const threads = getNumThreads()
    const team = threads > 1 && hasLaunches(spec) ? ensureTeam(threads) : undefined
    if (team) {
      team.deliver(id, threads - 1)
      if (team !== this.team) {
        this.team = team
        const port = team.askPort()
        const message: SupervisorMsg = { kind: 'supervisor', team: team.address | 0, port }
        this.worker.postMessage(message, [port])
      }
    }
    if (!this.has.has(id)) {
      this.has.add(id)
      this.worker.postMessage({ kind: 'add', id, spec } satisfies ProgramMsg)
    }
    const call = ++this.calls
    this.worker.ref()
    const message: CallMsg = { kind: 'call', call, id, threads, spin: spinFor(threads), args }
    this.worker.postMessage(message)
    return new Promise((resolve, reject) => this.waiting.set(call, { resolve, reject }))
  }

  drop(id: number): void {
    if (this.has.delete(id)) this.worker.postMessage({ kind: 'drop', id } satisfies ProgramMsg)
  }
}

function hasLaunches(spec: ProgramSpec): boolean {
  return spec.kind === 'js'
    ? spec.launchParams.length > 0
    : WebAssembly.Module.exports(spec.module).some((e) => e.name === 'launch0')
}

let coordinator: Coordinator | undefined
let listening = false

/** Whether `runAsync` can run anything here. */
export const canRunAsync = (): boolean => nodeThreads() !== undefined && heap() !== undefined

/**
 * Calls a program's entry on the coordinator. Arrays are passed by handle; the caller keeps them alive until the promise
 * settles. The call keeps the process alive.
 * @returns rejects with a TsumbaError when a thread died or the code threw; a failure of the kernel is a status
 */
export async function runAsync(id: number, args: readonly AsyncArgument[]): Promise<Outcome> {
  const spec = programs.get(id)
  const shared = heap()
  if (!spec) throw new TsumbaError('The compiled function was released before its call.', 'released')
  if (!shared || !nodeThreads()) throw new TsumbaError('There are no threads here to run the call on.', 'no-threads')
  if (!listening) {
    listening = true
    onUnregister((gone) => coordinator?.drop(gone))
  }
  if (!coordinator) {
    const made = new Coordinator(shared, () => {
      if (coordinator === made) coordinator = undefined
    })
    coordinator = made
  }
  return coordinator.call(id, spec, args)
}
