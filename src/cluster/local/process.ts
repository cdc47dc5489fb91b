/**
 * The program of a worker process: jobs from the parent to its threads, outcomes back. The process does nothing else,
 * so that it hears when the parent is gone, whatever its tasks do.
 */

import { rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { Actors } from '../executor/actors.ts'
import type { Job, Outcome } from '../executor/executor.ts'
import { type FileFrame, type Frame, FrameFiles } from '../executor/files.ts'
import { startFilingExecutor } from '../executor/threads.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { Pool } from './pool.ts'
import {
  type Hello,
  KIND,
  Messages,
  numbersMessage,
  outcomesMessage,
  readJobsMessage,
  readNumbers,
  readTextMessage,
  send,
  textMessage,
} from './wire.ts'

type Filing = Awaited<ReturnType<typeof startFilingExecutor>>

/** The parent's side is on this descriptor. */
const socket = new Socket({ fd: 3, readable: true, writable: true })
const functions = new Map<number, TravellingFunction>()
let executor: Filing | undefined
let actors: Actors<Frame> | undefined
let inputs: InputFiles | undefined
let folders: readonly string[] = []

/** Milliseconds between looks at the memory that the process has. */
const MEMORY_CHECK = 100
/** Bytes of inputs that are kept for other tasks. */
const KEPT = 2 ** 30

/** Inputs that lie in files, in memory that all threads share. */
class InputFiles {
  private readonly files: FrameFiles
  private readonly limit: number
  private readonly loaded = new Map<string, Uint8Array>()
  /** Memory of inputs that no task has any more. */
  private readonly pool = new Pool<SharedArrayBuffer>(() => {})
  private bytes = 0

  constructor(files: FrameFiles, limit: number) {
    this.files = files
    this.limit = limit
  }

  readonly load = (file: FileFrame): Uint8Array => {
    const before = this.loaded.get(file.name)
    // The one used last comes last.
    this.loaded.delete(file.name)
    const bytes = before ?? this.read(file)
    if (before === undefined) this.bytes += bytes.byteLength
    this.loaded.set(file.name, bytes)
    for (const [name] of this.loaded) {
      if (this.bytes <= this.limit || name === file.name) break
      // Tasks may still read it: its memory goes its own way.
      this.forget(name)
    }
    return bytes
  }

  private read(file: FileFrame): Uint8Array {
    try {
      const memory = this.pool.take(file.byteLength) ?? new SharedArrayBuffer(file.byteLength)
      return this.files.read(file, new Uint8Array(memory, 0, file.byteLength))
    } catch {
      // Gone, since nobody waits for the task any more: it fails, and nobody hears of that.
      return new Uint8Array(0)
    }
  }

  /** All tasks that had it have ended. */
  drop(name: string): void {
    const bytes = this.forget(name)
    if (bytes !== undefined) this.pool.give(bytes.buffer as unknown as SharedArrayBuffer)
  }

  private forget(name: string): Uint8Array | undefined {
    const bytes = this.loaded.get(name)
    this.bytes -= bytes?.byteLength ?? 0
    this.loaded.delete(name)
    return bytes
  }
}

async function begin(hello: Hello): Promise<void> {
  const { nthreads, loopThreads, heapLimit, memoryLimit, prefix } = hello
  folders = hello.folders
  inputs = new InputFiles(new FrameFiles(folders, prefix), memoryLimit === undefined ? KEPT : memoryLimit / 4)
  const report = (outcomes: readonly Outcome<Frame>[]) => send(socket, KIND.outcomes, outcomesMessage(outcomes))
  executor = await startFilingExecutor({ nthreads, loopThreads, heapLimit }, { folders, prefix })
  executor.listen(report)
  actors = await Actors.start({ nthreads, loopThreads, heapLimit }, { folders, prefix }, report)
  if (memoryLimit !== undefined) setInterval(() => checkMemory(memoryLimit), MEMORY_CHECK)
  send(socket, KIND.up)
}

function checkMemory(limit: number): void {
  const used = process.memoryUsage.rss()
  if (used <= limit) return
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
  send(socket, KIND.ending, textMessage(`it used ${megabytes(used)}, more than its limit of ${megabytes(limit)}`))
  // The last word has to be out first.
  socket.end(() => process.exit(1))
}

function jobsOf(payload: Uint8Array): Job[] {
  const jobs = readJobsMessage(payload, inputs!.load, (number, fn) => functions.set(number, fn))
  return jobs.map(({ id, fn, args, inputs: given }) => ({
    id,
    key: '',
    fn: functions.get(fn)!,
    args,
    inputs: given ?? NO_INPUTS,
  }))
}

function receive(kind: number, payload: Uint8Array): void {
  switch (kind) {
    case KIND.hello:
      void begin(readTextMessage(payload) as Hello)
      return
    case KIND.jobs:
      executor!.run(jobsOf(payload))
      return
    case KIND.order:
      for (const job of jobsOf(payload)) actors!.run(job)
      return
    case KIND.endActors:
      for (const actor of readNumbers(payload)) actors!.end(actor)
      return
    case KIND.kill:
      for (const id of readNumbers(payload)) executor!.kill(id)
      return
    case KIND.recall:
      send(socket, KIND.returned, numbersMessage(executor!.recall().map(({ id }) => id)))
      return
    case KIND.drop:
      for (const name of readTextMessage(payload) as string[]) inputs!.drop(name)
      return
    case KIND.close:
      process.exit(0)
      return
    default:
      throw new Error(`a worker has no message ${kind}`)
  }
}

const NO_INPUTS = new Map<never, never>()

socket.on('data', new Messages(receive).push)
socket.on('error', () => {})
socket.on('close', () => {
  // The parent is gone, and cannot clean up.
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  process.exit(1)
})
// Ctrl-C in a terminal reaches all processes: it is the parent's to say what happens then.
process.on('SIGINT', () => {})
