/**
 * The thread pool as the rest of the runtime sees it: programs are registered once, ranges of their launched functions
 * run on all threads, and where there can be only one, `poolReason()` says why.
 *
 * The pool starts at the first launch that is worth it and nobody waits for it: launches take part of those workers
 * that are there. A launch inside a launch, or while another thread publishes one, runs on its caller alone.
 */

import { TsumbaError } from '../errors.ts'
import { PACKAGE } from '../types.ts'
import { createForkJoin, type ForkJoin, OUTCOME, TEAM } from './chunks.ts'
import { depthError } from './failure.ts'
import { type Heap, heap, heapReason } from './memory.ts'
import { programs, Team, THREAD_LAYOUT, WORKER_HEAP_MB } from './threads-team.ts'
import type { NodeThreads } from './worker.ts'
import type { ProgramSpec, Range } from './worker-programs.ts'

export type { ProgramSpec } from './worker-programs.ts'

const MAX_THREADS = TEAM.maxWorkers + 1
/** Milliseconds that a launch runs alone before it calls the others: waking them costs about as much. */
const SOLO = 0.01
/** The same before it starts a pool that is not there yet. */
const SOLO_START = 0.1
/** Milliseconds in which some worker must come up. */
const START_LIMIT = 5000
/** Microseconds of spinning before a thread sleeps, where every thread has a core. */
const SPIN = 15

let nextId = 1
let wanted: number | undefined
let disabled: string | undefined
let team: Team | undefined
let fork: ForkJoin | undefined
let launching = false
const dropListeners: ((id: number) => void)[] = []

// ── what the engine offers ──

/** A built-in module of Node's, or undefined elsewhere: no import that a browser would trip over. */
function builtin<T>(name: string): T | undefined {
  return typeof process === 'object' && typeof process.getBuiltinModule === 'function'
    ? (process.getBuiltinModule(name) as T | undefined)
    : undefined
}

export const nodeThreads = (): NodeThreads | undefined => builtin<NodeThreads>('node:worker_threads')

let coreCount: number | undefined
function cores(): number {
  coreCount ??= builtin<typeof import('node:os')>('node:os')?.availableParallelism() ?? 1
  return coreCount
}

/** Why there can be no second thread here, whatever is asked for. */
function impossible(): string | undefined {
  if (disabled !== undefined) return disabled
  if (typeof SharedArrayBuffer === 'undefined') {
    return 'there is no SharedArrayBuffer: the page is not cross-origin isolated (COOP and COEP headers)'
  }
  if (nodeThreads() === undefined) return 'threads are had from Node only, so far'
  if (heap() === undefined) return heapReason()
  return undefined
}

export const forkJoin = (): ForkJoin => (fork ??= createForkJoin(heap()?.memory as WebAssembly.Memory, THREAD_LAYOUT))

// ── how many ──

function checked(n: unknown, what: string): number {
  if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MAX_THREADS) return n
  throw new TsumbaError(
    `${what} is ${typeof n === 'string' ? JSON.stringify(n) : String(n)}. Remedy: a whole number from 1 to ${MAX_THREADS}.`,
    'num-threads',
  )
}

function asked(): number {
  if (wanted !== undefined) return wanted
  const variable = `${PACKAGE.toUpperCase()}_NUM_THREADS`
  const text = typeof process === 'object' ? process.env?.[variable] : undefined
  wanted =
    text === undefined || text === ''
      ? Math.min(cores(), MAX_THREADS)
      : checked(/^\d+$/.test(text) ? Number(text) : text, `The environment variable ${variable}`)
  return wanted
}

/**
 * Sets on how many threads parallel loops run from now on, the calling one included.
 * @throws TsumbaError unless n is a whole number from 1 to 256.
 */
export function setNumThreads(n: number): void {
  wanted = checked(n, 'setNumThreads needs a number of threads; the one given')
}

/** On how many threads parallel loops run: 1 where there can be only one (`poolReason()` says why). */
export function getNumThreads(): number {
  const n = asked()
  return n > 1 && impossible() !== undefined ? 1 : n
}

/** Why loops run on one thread only, or on fewer than asked for; undefined where all is well. */
export function poolReason(): string | undefined {
  const cause = impossible()
  if (cause !== undefined) return cause
  if (asked() === 1) return cores() === 1 ? 'this machine has one core' : 'one thread was asked for'
  const w = team?.words
  if (w && Atomics.load(w, TEAM.deaths) === 0 && w[TEAM.causeLength] !== 0) {
    return forkJoin().readText(w, TEAM.causeLength)
  }
  return undefined
}

/** Address of this thread's own area (layout.ts, TLS); 0 where there is no shared memory. */
export function threadArea(): number {
  return heap()?.tls ?? 0
}

// ── programs ──

/** Makes a program known to all threads; they load it when they first need it. */
export function registerProgram(spec: ProgramSpec): number {
  const id = nextId++
  programs.set(id, spec)
  return id
}

export function unregisterProgram(id: number): void {
  programs.delete(id)
  team?.drop(id)
  for (const listen of dropListeners) listen(id)
}

export function onUnregister(listen: (id: number) => void): void {
  dropListeners.push(listen)
}

// ── the team ──

function disable(why: string): void {
  disabled = why
  team?.retire()
  team = undefined
}

/** The team, started or enlarged if need be; undefined while there is none to be had. */
export function ensureTeam(threads: number): Team | undefined {
  if (team) {
    const w = team.words
    if (Atomics.load(w, TEAM.deaths) !== 0) {
      // Somebody died with no launch running. Whoever publishes right now gives the team up himself.
      if (Atomics.compareExchange(w, TEAM.lock, 0, 1) !== 0) return undefined
      giveUp(team)
    } else if (Atomics.load(w, TEAM.up) === 0) {
      const stillborn = Atomics.load(w, TEAM.stillborn)
      if (stillborn !== 0 && stillborn === w[TEAM.spawned]) {
        disable(`worker threads do not start: ${forkJoin().readText(w, TEAM.causeLength)}`)
        return undefined
      }
      if (performance.now() - team.startedAt > START_LIMIT) {
        disable(`no worker thread started within ${START_LIMIT / 1000} s`)
        return undefined
      }
    }
  }
  try {
    if (!team) {
      const made = new Team(nodeThreads()!, heap() as Heap, forkJoin(), (error) => {
        if (team !== made) return
        team = undefined
        if (Atomics.load(made.words, TEAM.up) === 0) {
          disabled = `worker threads do not start: ${error?.message ?? 'their supervisor ended'}`
        }
      })
      team = made
    }
    team.grow(threads - 1)
  } catch (error) {
    disable(`worker threads do not start: ${error instanceof Error ? error.message : error}`)
  }
  return team
}

/** The next launch starts a new team. */
export function giveUp(dead: Team): void {
  dead.retire()
  if (team === dead) team = undefined
}

export const currentTeam = (): Team | undefined => team

export const spinFor = (threads: number): number => (threads > cores() ? 0 : SPIN)

// ── launches ──

export function workerDied(cause: string): TsumbaError {
  const heapRemedy = cause.includes('heap')
    ? ` A worker has ${WORKER_HEAP_MB} MB for objects of its own: typed arrays do not count against it, anything else that the loop makes does.`
    : ''
  return new TsumbaError(
    `A worker thread died during a parallel loop: ${cause}. What the loop writes is incomplete; the next parallel loop ` +
      `starts new workers. Remedy: repeat the call with fresh inputs; if it happens again, run it with parallel: false ` +
      `or setNumThreads(1) to see the cause.${heapRemedy}`,
    'worker-died',
  )
}

export function workerThrew(text: string): TsumbaError {
  if (/call stack/i.test(text)) return depthError("a parallel loop's body, or what it calls,")
  return new TsumbaError(`a parallel loop's body failed on a worker thread: ${text}.`, 'worker-failed')
}

const isInt32 = (x: number) => x === (x | 0)

/**
 * Runs [lo, hi) of a program's launched function in chunks on all threads; this one takes part through `here`. Returns a
 * status; when it is not 0, this thread's area has the record of the lowest failing iteration, and everything before
 * that has run.
 * @param args address of the arguments' slots
 * @throws TsumbaError when a worker died; whatever `here` throws
 */
export function launch(id: number, ordinal: number, lo: number, hi: number, args: number, here: Range): number {
  if (hi <= lo) return 0
  if (launching) return here(lo, hi)
  launching = true
  try {
    const fork = forkJoin()
    const threads = getNumThreads()
    if (threads === 1 || !isInt32(lo) || !isInt32(hi) || !programs.has(id)) return fork.solo(lo, hi, Infinity, here)
    let status = fork.solo(lo, hi, team ? SOLO : SOLO_START, here)
    if (status !== 0 || fork.soloAt >= hi) return status
    const rest = fork.soloAt
    const crew = ensureTeam(threads)
    if (!crew) return fork.solo(rest, hi, Infinity, here)
    crew.deliver(id, threads - 1)
    const job = { program: id, ordinal, lo: rest, hi, args, threads, pace: fork.soloPace, spin: spinFor(threads) }
    status = fork.publish(crew.words, job, threadArea(), here, crew.ask)
    if (status >= 0) return status
    if (status === OUTCOME.busy) return fork.solo(rest, hi, Infinity, here)
    if (status === OUTCOME.exception) throw workerThrew(fork.reason)
    giveUp(crew)
    throw workerDied(fork.reason)
  } finally {
    launching = false
  }
}
