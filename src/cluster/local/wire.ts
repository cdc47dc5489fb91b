/**
 * What parent and worker process say to each other, over a pair of sockets that nobody else can reach. A message is its
 * length and kind (4 bytes each, little endian) and its payload; the frames of values that lie in files go by name.
 */

import type { Duplex } from 'node:stream'
import type { Outcome } from '../executor/executor.ts'
import type { FileFrame, Frame } from '../executor/files.ts'
import { Beside, type NewFunction, packJobs, readJobs, readOutcomes, writeOutcome } from '../executor/messages.ts'
import type { Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { readText, writeText } from '../travel/packed.ts'
import { damaged, Reader } from '../travel/reader.ts'
import { Writer } from '../travel/writer.ts'
import type { LocalJob } from './worker.ts'

export const KIND = {
  /** To the worker. */
  hello: 1,
  jobs: 2,
  kill: 3,
  recall: 4,
  drop: 5,
  close: 6,
  /** One job, an order to an actor. */
  order: 7,
  endActors: 8,
  /** From it. */
  up: 10,
  outcomes: 11,
  returned: 12,
  /** Its last word: why it ends itself. */
  ending: 13,
} as const

const HEAD = 8

export function send(socket: Duplex, kind: number, payload: Uint8Array = new Uint8Array(0)): void {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32LE(payload.byteLength, 0)
  head.writeUInt32LE(kind, 4)
  socket.cork()
  socket.write(head)
  if (payload.byteLength > 0) socket.write(payload)
  socket.uncork()
}

/** Puts chunks together: `deliver` gets each message once it is whole, in memory of its own. */
export class Messages {
  private readonly deliver: (kind: number, payload: Uint8Array) => void
  private readonly head = new Uint8Array(HEAD)
  private headed = 0
  private kind = 0
  private payload: Uint8Array | undefined
  private filled = 0

  constructor(deliver: (kind: number, payload: Uint8Array) => void) {
    this.deliver = deliver
  }

  readonly push = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.payload === undefined) {
        const count = Math.min(HEAD - this.headed, chunk.byteLength - at)
        this.head.set(chunk.subarray(at, at + count), this.headed)
        this.headed += count
        at += count
        if (this.headed < HEAD) return
        const view = new DataView(this.head.buffer)
        this.kind = view.getUint32(4, true)
        this.payload = new Uint8Array(view.getUint32(0, true))
        this.filled = 0
      }
      const count = Math.min(this.payload.byteLength - this.filled, chunk.byteLength - at)
      this.payload.set(chunk.subarray(at, at + count), this.filled)
      this.filled += count
      at += count
      if (this.filled < this.payload.byteLength) return
      const { payload } = this
      this.payload = undefined
      this.headed = 0
      this.deliver(this.kind, payload)
    }
  }
}

const writer = new Writer()

/** A body and the files it names: the body's length first, in 8 bytes, so that the body is aligned. */
function withFiles(body: Uint8Array, files: readonly FileFrame[]): Uint8Array {
  const w = writer
  w.reset()
  w.double(body.byteLength)
  w.raw(body)
  w.count(files.length)
  for (const { folder, name, byteLength } of files) {
    w.byte(folder)
    writeText(w, name)
    w.count(byteLength)
  }
  return w.take()
}

function parts(payload: Uint8Array): { readonly body: Uint8Array; readonly files: FileFrame[] } {
  const r = new Reader(payload)
  const length = r.double()
  const body = r.raw(length)
  const files: FileFrame[] = new Array(r.countOf(3))
  for (let i = 0; i < files.length; i++) {
    const folder = r.byte()
    const name = readText(r)
    files[i] = { folder, name, byteLength: r.count() }
  }
  return { body, files }
}

/** `files`: gets the names of the files that the message needs. */
export function jobsMessage(
  jobs: readonly LocalJob[],
  fresh: readonly NewFunction[],
  numberOf: (id: string) => number,
  files: (files: readonly FileFrame[]) => void,
): Uint8Array {
  const beside = new Beside<FileFrame>(() => undefined)
  const body = packJobs(jobs, fresh, numberOf, beside)
  files(beside.frames)
  return withFiles(body, beside.frames)
}

export interface ReceivedJob {
  readonly id: number
  /** The number of its function. */
  readonly fn: number
  readonly args: Encoded
  readonly inputs: ReadonlyMap<Key, Encoded> | undefined
}

/** `load`: the bytes of a file. */
export function readJobsMessage(
  payload: Uint8Array,
  load: (file: FileFrame) => Uint8Array,
  fresh: (number: number, fn: TravellingFunction) => void,
): ReceivedJob[] {
  const { body, files } = parts(payload)
  return readJobs({ bytes: body, shared: files.map(load) }, fresh)
}

export function outcomesMessage(outcomes: readonly Outcome<Frame>[]): Uint8Array {
  const beside = new Beside<Frame>(() => undefined)
  const w = writer
  w.reset()
  for (const outcome of outcomes) writeOutcome(w, outcome, beside)
  const body = w.take()
  return withFiles(body, beside.frames as readonly FileFrame[])
}

export function readOutcomesMessage(payload: Uint8Array): Outcome<Frame>[] {
  const { body, files } = parts(payload)
  return readOutcomes(body, files)
}

export function numbersMessage(numbers: readonly number[]): Uint8Array {
  const w = writer
  w.reset()
  for (const number of numbers) w.count(number)
  return w.take()
}

export function readNumbers(payload: Uint8Array): number[] {
  const r = new Reader(payload)
  const numbers: number[] = []
  while (r.left > 0) numbers.push(r.count())
  return numbers
}

export const textMessage = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

export function readTextMessage(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString())
  } catch {
    throw damaged()
  }
}

export interface Hello {
  readonly nthreads: number
  readonly loopThreads: number
  readonly heapLimit: number | undefined
  readonly memoryLimit: number | undefined
  readonly folders: readonly string[]
  /** Begins the names of the files that it writes. */
  readonly prefix: string
}
