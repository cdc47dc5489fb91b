/** Remote calls: one at a time on each connection, connections kept for the next call. */

import { TsumbaError } from '../../../errors.ts'
import { type Comm, CommClosedError } from './comm.ts'
import { type ConnectOptions, connect } from './connect.ts'
import type { Message } from './message.ts'

/** Connections to one address that wait for work. */
const IDLE = 4
/** They are closed after this time. */
const IDLE_MS = 60_000

export interface CallOptions {
  /** Milliseconds until the call counts as failed; Infinity unless told: some calls wait for other people. */
  readonly timeout?: number | undefined
  /** Says `OK` once the answer is there, as `get_data` wants it. */
  readonly acknowledge?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export class Pool {
  private readonly options: ConnectOptions
  private readonly idle = new Map<string, Comm[]>()
  private readonly busy = new Set<Comm>()
  private readonly timer: NodeJS.Timeout
  private readonly since = new WeakMap<Comm, number>()
  private closed = false

  constructor(options: ConnectOptions) {
    this.options = options
    this.timer = setInterval(() => this.prune(), IDLE_MS / 4).unref()
  }

  /** Sends `message` and returns the answer. An error on the other side is thrown here. */
  async call(address: string, message: Message, options: CallOptions = {}): Promise<unknown> {
    const comm = await this.take(address)
    const limit = options.timeout ?? Number.POSITIVE_INFINITY
    const late = `${address} did not answer '${String(message['op'])}' within ${limit / 1000} s`
    const timer = limit < 2 ** 31 ? setTimeout(() => comm.abort(late), limit) : undefined
    const cancel = () => comm.abort('the call was given up')
    options.signal?.addEventListener('abort', cancel, { once: true })
    try {
      if (options.signal?.aborted) cancel()
      comm.write({ ...message, reply: true })
      const answer: unknown = await comm.read()
      if (options.acknowledge && (answer as Message | null)?.['status'] === 'OK') comm.write('OK')
      check(address, message, answer)
      return answer
    } finally {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', cancel)
      this.busy.delete(comm)
      this.keep(address, comm)
    }
  }

  /** Ends all connections; calls under way fail. */
  close(): void {
    this.closed = true
    clearInterval(this.timer)
    for (const comm of [...this.busy, ...[...this.idle.values()].flat()]) comm.abort()
    this.idle.clear()
  }

  /** Forgets the connections to an address whose process is gone; calls under way there fail. */
  drop(address: string): void {
    for (const comm of this.busy) if (comm.peer === address) comm.abort()
    for (const comm of this.idle.get(address) ?? []) comm.abort()
    this.idle.delete(address)
  }

  private async take(address: string): Promise<Comm> {
    const waiting = this.idle.get(address)
    for (let comm = waiting?.pop(); comm !== undefined; comm = waiting?.pop()) {
      if (comm.closed) continue
      this.busy.add(comm)
      return comm
    }
    const comm = await connect(address, this.options)
    if (this.closed) {
      comm.abort()
      throw new CommClosedError('the connections of this process are closed', 'comm-closed')
    }
    this.busy.add(comm)
    return comm
  }

  private keep(address: string, comm: Comm): void {
    if (comm.closed) return
    const waiting = this.idle.get(address) ?? []
    if (this.closed || waiting.length >= IDLE) {
      void comm.close()
      return
    }
    this.since.set(comm, Date.now())
    waiting.push(comm)
    this.idle.set(address, waiting)
  }

  private prune(): void {
    const before = Date.now() - IDLE_MS
    for (const [address, comms] of this.idle) {
      const old = comms.filter((comm) => comm.closed || this.since.get(comm)! < before)
      for (const comm of old) void comm.close()
      const rest = comms.filter((comm) => !old.includes(comm))
      if (rest.length > 0) this.idle.set(address, rest)
      else this.idle.delete(address)
    }
  }
}

/** What Dask sends when a handler has failed. */
function check(address: string, message: Message, answer: unknown): void {
  const status = (answer as Message | null | undefined)?.['status']
  if (status !== 'uncaught-error') return
  const { exception_text, text } = answer as Message
  const what = String(exception_text ?? text ?? 'no reason given')
  throw new TsumbaError(`${address} failed at '${String(message['op'])}': ${what}`, 'remote-error')
}
