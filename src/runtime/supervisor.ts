/**
 * The supervisor: a thread that starts the pool's workers and does nothing else, so that its event loop is free to see
 * them die. The thread that publishes launches may sit in Atomics.wait, where no event reaches it; deaths reach it
 * through the team's words.
 *
 * Also here: the source texts that the threads are made of.
 */

import type { MessagePort, ResourceLimits, Worker } from 'node:worker_threads'
import { createAllocator } from './allocator.ts'
import { createForkJoin, type ForkJoin } from './chunks.ts'
import { type NodeThreads, runCoordinator, runPoolWorker } from './worker.ts'
import { createPrograms, type ThreadLayout } from './worker-programs.ts'

export interface SupervisorData {
  readonly memory: WebAssembly.Memory
  readonly layout: ThreadLayout
  /** Address of the team's block. */
  readonly team: number
  readonly workerText: string
  readonly limits: ResourceLimits
}

export type SupervisorMsg =
  | { readonly kind: 'spawn'; readonly index: number; readonly area: number; readonly port: MessagePort }
  /** A further port that may send kill and ping. */
  | { readonly kind: 'port'; readonly port: MessagePort }
  | { readonly kind: 'kill' }
  | { readonly kind: 'ping' }
  /** The team is given up: end once its workers have ended. */
  | { readonly kind: 'retire' }

export function runSupervisor(node: NodeThreads, data: SupervisorData, fork: ForkJoin): void {
  const T = data.layout.team
  const w = fork.team(data.team)
  const parent = node.parentPort!
  const workers = new Set<Worker>()
  let retiring = false
  const tools = {
    ended(index: number, cause: string, code: number): void {
      const slot = T.slots + index * T.slotWords
      const cameUp = Atomics.load(w, slot + T.state) === 1
      Atomics.store(w, slot + T.state, 2)
      if (retiring) {
        tools.leave()
        return
      }
      if (Atomics.load(w, T.deaths) === 0) {
        const text = cause || `it was ended from outside or ended itself (exit code ${code})`
        fork.writeText(w, T.causeLength, T.causeMax, text)
      }
      Atomics.add(w, cameUp ? T.deaths : T.stillborn, 1)
      Atomics.notify(w, slot + T.inside)
    },
    leave(): void {
      if (retiring && workers.size === 0) process.exit(0)
    },
    spawn(index: number, area: number, port: MessagePort): void {
      const worker = new node.Worker(data.workerText, {
        eval: true,
        // Preloads and loaders of the program are not for these threads: they would take seconds and serve nothing.
        execArgv: [],
        env: {},
        resourceLimits: data.limits,
        workerData: { memory: data.memory, layout: data.layout, team: data.team, index, area, port },
        transferList: [port],
      })
      let cause = ''
      workers.add(worker)
      worker.on('error', (error: Error & { code?: string }) => {
        cause =
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? `it ran out of its JavaScript heap of ${data.limits.maxOldGenerationSizeMb} MB`
            : `it threw ${error}`
      })
      worker.on('exit', (code) => {
        workers.delete(worker)
        tools.ended(index, cause, code)
      })
    },
    receive(m: SupervisorMsg): void {
      if (m.kind === 'spawn') {
        try {
          tools.spawn(m.index, m.area, m.port)
        } catch (error) {
          tools.ended(m.index, `it could not be started: ${error}`, 1)
        }
      } else if (m.kind === 'port') m.port.on('message', tools.receive)
      else if (m.kind === 'ping') Atomics.add(w, T.pong, 1)
      else if (m.kind === 'kill') for (const worker of workers) worker.terminate()
      else {
        retiring = true
        tools.leave()
      }
    },
  }
  parent.on('message', tools.receive)
}

/**
 * `__name` is what esbuild and tsx call around functions to keep their names; a minifier calls it something else, which
 * the first call of `make` brings to light. `require` is there because the text is evaluated as CommonJS.
 */
const prelude = `'use strict'
const __name = (f) => f
const make = (f, ...args) => {
  for (let tries = 0; ; tries++) {
    try {
      return f(...args)
    } catch (error) {
      const name = error instanceof ReferenceError && /^(\\S+) is not defined$/.exec(error.message)
      if (!name || tries === 5) throw error
      globalThis[name[1]] = (f) => f
    }
  }
}
const node = require('node:worker_threads')
const data = node.workerData
const fork = make(${createForkJoin}, data.memory, data.layout)
`

const withPrograms = (run: string) => `${prelude}
const allocator = make(${createAllocator}, data.memory, data.layout.allocator)
const makePrograms = (launch) => make(${createPrograms}, data.memory, data.layout, data.area, allocator, fork, launch)
;(${run})(node, data, fork, makePrograms)`

export const workerText = (): string => withPrograms(String(runPoolWorker))
export const coordinatorText = (): string => withPrograms(String(runCoordinator))
export const supervisorText = (): string => `${prelude};(${runSupervisor})(node, data, fork)`
