/**
 * The program of a thread: runs batches of jobs, one job after the other. Before each job it asks the control word
 * whether the job is still its own: what has not begun may have been given to another thread meanwhile.
 */

import { parentPort, workerData } from 'node:worker_threads'
// The package's entry for Node: it loads the compiler when a jitted function is first called.
import '../../node.ts'
import { setNumThreads } from '../../runtime/threads.ts'
import { PACKAGE } from '../../types.ts'
import type { Failure } from '../task.ts'
import { type RevivedFunction, revive } from '../travel/revive.ts'
import { Writer } from '../travel/writer.ts'
import { type Frame, FrameFiles } from './files.ts'
import {
  Beside,
  CLOSED,
  type FromThread,
  type Result,
  readJobs,
  type ThreadData,
  type ThreadJob,
  type ToThread,
  writeOutcome,
} from './messages.ts'
import { carryOut } from './object.ts'
import { argumentsOf, encodeResult, failureOf, runsTheTask } from './run.ts'

const { control, loopThreads, files, actor } = workerData as ThreadData
const port = parentPort!
// A user who wants fewer threads than a task's share of the cores says so as anywhere else.
setNumThreads(Math.min(loopThreads, Number(process.env[`${PACKAGE.toUpperCase()}_NUM_THREADS`]) || loopThreads))

/** Milliseconds for which outcomes wait for others to go with them. */
const PATIENCE = 1
/** Bytes after which they wait no more. */
const ENOUGH = 2 ** 20

const known = new Map<number, RevivedFunction | Failure>()
const waiting: ToThread[] = []
let running = false

const frameFiles = files && new FrameFiles(files.folders, files.prefix)

/** Always a copy: the memory of inputs is used for something else once they are dropped, the task's own by the task. */
function share(frame: Uint8Array): Frame | undefined {
  if (frameFiles) return frameFiles.write(frame)
  const copy = new Uint8Array(new SharedArrayBuffer(frame.byteLength))
  copy.set(frame)
  return copy
}

const writer = new Writer()
let beside = new Beside<Frame>(share)
let lastPost = 0

function post(ended: number): void {
  const bytes = writer.take()
  const message: FromThread = { bytes, shared: beside.frames, ended }
  beside = new Beside<Frame>(share)
  lastPost = performance.now()
  port.postMessage(message, [bytes.buffer])
}

function finish(id: number, result: Result, start: number): void {
  const stop = performance.now()
  const { timeOrigin } = performance
  const outcome = { id, result, start: (timeOrigin + start) / 1e3, stop: (timeOrigin + stop) / 1e3, thread: 0 }
  writeOutcome(writer, outcome, beside)
  if (stop - lastPost > PATIENCE || writer.pos > ENOUGH || beside.frames.length > 0) post(-1)
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

/** Resolves only where the task is asynchronous: others follow each other without a turn of the event loop. */
function runJob(job: ThreadJob): Promise<void> | undefined {
  const start = performance.now()
  const revived = known.get(job.fn)!
  if (!('fn' in revived)) {
    finish(job.id, { status: 'error', failure: revived }, start)
    return undefined
  }
  const done = (value: unknown): void => {
    let result: Result
    try {
      result = { status: 'ok', value: encodeResult(value, revived.name) }
    } catch (error) {
      result = { status: 'error', failure: failureOf(error, 'value') }
    }
    finish(job.id, result, start)
  }
  const failed = (error: unknown): void => finish(job.id, { status: 'error', failure: failureOf(error) }, start)
  let value: unknown
  try {
    value = actor ? carryOut(revived, job) : runsTheTask(revived.fn, argumentsOf(revived, job.args, job.inputs))
    if (isThenable(value)) {
      // Others' outcomes do not wait for it.
      if (writer.pos > 0) post(-1)
      return Promise.resolve(value).then(done, failed)
    }
  } catch (error) {
    failed(error)
    return undefined
  }
  done(value)
  return undefined
}

async function runBatch(batch: ToThread): Promise<void> {
  const jobs = readJobs(batch, (number, fn) => {
    try {
      known.set(number, revive(fn))
    } catch (error) {
      known.set(number, failureOf(error, 'function'))
    }
  })
  for (const job of jobs) {
    if ((Atomics.add(control, batch.slot, 1) & CLOSED) !== 0) break
    const pending = runJob(job)
    if (pending) await pending
  }
  post(batch.slot)
}

async function runAll(): Promise<void> {
  running = true
  for (let batch = waiting.shift(); batch; batch = waiting.shift()) await runBatch(batch)
  running = false
}

port.on('message', (batch: ToThread) => {
  waiting.push(batch)
  if (!running) void runAll()
})
