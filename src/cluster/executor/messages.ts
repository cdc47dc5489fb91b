/** What executor and thread say to each other: jobs and outcomes, many in one run of bytes. */

import type { Failure, Key } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { readEncoded, readText, writeEncoded, writeText } from '../travel/packed.ts'
import { Reader } from '../travel/reader.ts'
import { decode, encode } from '../travel/values.ts'
import { Writer } from '../travel/writer.ts'
import type { Job, Outcome } from './executor.ts'
import { type FileFrame, type Frame, isFile } from './files.ts'

/** Frames of this many bytes and more go beside the message, in shared memory. */
export const OUTSIDE_BYTES = 32768

export interface ToThread {
  readonly bytes: Uint8Array
  readonly shared: readonly Uint8Array[]
  /** Which word of the control counts the jobs of this batch that have begun. */
  readonly slot: number
}

export interface FromThread {
  readonly bytes: Uint8Array
  readonly shared: readonly Frame[]
  /** The batch of this slot is over; −1: none is. */
  readonly ended: number
}

export interface ThreadData {
  readonly control: Int32Array
  readonly loopThreads: number
  readonly files: FilesOption | undefined
  /** The thread is an actor's: its jobs are orders (actors.ts). */
  readonly actor: boolean
}

/** Where large frames of results are to be written for another process, and how the files' names begin. */
export interface FilesOption {
  readonly folders: readonly string[]
  readonly prefix: string
}

/** Bit of a control word: what has not begun does not begin any more. */
export const CLOSED = 1 << 30

/** Frames that go beside a message, each once. */
export class Beside<F extends Frame = Uint8Array> {
  readonly frames: F[] = []
  private readonly numbers = new Map<Frame, number>()
  private readonly share: (frame: Uint8Array) => F | undefined

  /** `share`: what goes in the place of a frame's bytes; undefined: they go within the message after all. */
  constructor(share: (frame: Uint8Array) => F | undefined) {
    this.share = share
  }

  readonly place = (frame: Frame): number | undefined => {
    let number = this.numbers.get(frame)
    if (number !== undefined) return number
    const there = isFile(frame) ? (frame as F) : frame.byteLength < OUTSIDE_BYTES ? undefined : this.share(frame)
    if (there === undefined) return undefined
    number = this.frames.push(there) - 1
    this.numbers.set(frame, number)
    return number
  }
}

/** A function that a thread has not had yet, and the number by which jobs name it. */
export interface NewFunction {
  readonly number: number
  readonly fn: TravellingFunction
}

const writer = new Writer()

/** A job whose values may lie in files. */
export type JobOf<F extends Frame> = Pick<Job, 'id' | 'fn'> & {
  readonly args: Encoded<F>
  readonly inputs: ReadonlyMap<Key, Encoded<F>>
}

export function packJobs<F extends Frame>(
  jobs: readonly JobOf<F>[],
  fresh: readonly NewFunction[],
  numberOf: (id: string) => number,
  beside: Beside | Beside<FileFrame>,
): Uint8Array<ArrayBuffer> {
  const w = writer
  w.reset()
  w.count(fresh.length)
  for (const { number, fn } of fresh) {
    w.count(number)
    writeFunction(w, fn)
  }
  w.count(jobs.length)
  for (const job of jobs) {
    w.count(job.id)
    w.count(numberOf(job.fn.id))
    writeEncoded<Frame>(w, job.args, beside.place)
    w.count(job.inputs.size)
    for (const [key, input] of job.inputs) {
      writeText(w, key)
      writeEncoded<Frame>(w, input, beside.place)
    }
  }
  return w.take()
}

export interface ThreadJob {
  readonly id: number
  readonly fn: number
  readonly args: Encoded
  readonly inputs: ReadonlyMap<Key, Encoded> | undefined
}

export function readJobs(
  { bytes, shared }: Pick<ToThread, 'bytes' | 'shared'>,
  fresh: (number: number, fn: TravellingFunction) => void,
): ThreadJob[] {
  const r = new Reader(bytes)
  for (let n = r.countOf(1); n > 0; n--) {
    const number = r.count()
    fresh(number, readFunction(r))
  }
  const jobs: ThreadJob[] = new Array(r.countOf(1))
  for (let i = 0; i < jobs.length; i++) {
    const id = r.count()
    const fn = r.count()
    const args = readEncoded(r, shared)
    let inputs: Map<Key, Encoded> | undefined
    for (let n = r.countOf(1); n > 0; n--) {
      inputs ??= new Map()
      const key = readText(r)
      inputs.set(key, readEncoded(r, shared))
    }
    jobs[i] = { id, fn, args, inputs }
  }
  return jobs
}

export function writeFunction(w: Writer, { id, name, bytes }: TravellingFunction): void {
  writeText(w, id)
  writeText(w, name)
  w.count(bytes.length)
  w.raw(bytes)
}

export function readFunction(r: Reader): TravellingFunction {
  const id = readText(r)
  const name = readText(r)
  return { id, name, bytes: r.raw(r.countOf(1)) }
}

const STATUS = { ok: 0, error: 1, died: 2 } as const

export type Result = Outcome['result']

export function writeOutcome(w: Writer, outcome: Outcome<Frame>, beside: Beside<Frame>): void {
  const { id, result, start, stop, thread } = outcome
  w.count(id)
  w.byte(STATUS[result.status])
  w.double(start)
  w.double(stop)
  w.count(thread)
  if (result.status === 'ok') writeEncoded<Frame>(w, result.value, beside.place)
  else if (result.status === 'error') writeEncoded(w, encode(result.failure))
  else writeText(w, result.reason)
}

export function readOutcome(r: Reader, shared: readonly Frame[]): Outcome<Frame> {
  const id = r.count()
  const status = r.byte()
  const start = r.double()
  const stop = r.double()
  const thread = r.count()
  let result: Outcome<Frame>['result']
  if (status === STATUS.ok) result = { status: 'ok', value: readEncoded<Frame>(r, shared) }
  else if (status === STATUS.error) result = { status: 'error', failure: decode(readEncoded(r)) as Failure }
  else result = { status: 'died', reason: readText(r) }
  return { id, result, start, stop, thread }
}

/** All outcomes of a message, one after the other to its end. */
export function readOutcomes(bytes: Uint8Array, shared: readonly Frame[]): Outcome<Frame>[] {
  const r = new Reader(bytes)
  const outcomes: Outcome<Frame>[] = []
  while (r.left > 0) outcomes.push(readOutcome(r, shared))
  return outcomes
}
