/**
 * One connection that carries messages. Either somebody reads them one by one, or a listener gets them as they come.
 *
 * Reading: bytes come through one buffer that all connections share, and those of large frames are read straight into
 * their places (frames.ts); it is faster than a new buffer for every 64 KiB, by far. Writing: frames are handed to the system as they are.
 */

import type { OnReadOpts, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { TsumbaError } from '../../../errors.ts'
import { type Allocate, FrameReader, preludeOf } from './frames.ts'
import { type Message, pack } from './message.ts'

/**
 * The connection ended; what was under way may or may not have happened. `code` is `comm-closed`, or what was wrong
 * with what came over it.
 */
export class CommClosedError extends TsumbaError {
  override name = 'CommClosedError'
}

/** Messages that nobody has read yet; past it the other side has to wait. */
const UNREAD = 64
/** Messages up to this size are joined: one system call is cheaper than a list of parts. */
const JOIN = 2 ** 16
/** TLS encrypts what it is given at once and keeps the result in memory: small bites. */
const TLS_BITE = 2 ** 20

/** What both sides say first. No compression, ever: both have to want it. */
const HELLO = { compression: null, python: [3, 11, 0], 'pickle-protocol': 5 }

export class Comm {
  readonly peer: string
  /** What the other side said first. */
  remote: Message = {}
  onclose: ((error: CommClosedError) => void) | undefined
  private readonly socket: Socket
  private readonly reader: FrameReader
  private readonly unread: Message[] = []
  private readonly readers: { resolve(message: Message): void; reject(error: Error): void }[] = []
  private readonly queue: Uint8Array[] = []
  private readonly flushers: (() => void)[] = []
  private listener: ((message: Message) => void) | undefined
  private failure: CommClosedError | undefined
  private paused = false

  constructor(socket: Socket, peer: string, allocate?: Allocate) {
    this.socket = socket
    this.peer = peer
    this.reader = new FrameReader(allocate)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 10_000)
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail())
    socket.on('end', () => this.fail())
    socket.on('drain', () => this.pump())
  }

  get closed(): boolean {
    return this.failure !== undefined
  }

  /** The address of this end: `127.0.0.1`. */
  get localHost(): string {
    return this.socket.localAddress ?? '127.0.0.1'
  }

  /** Both sides speak before they listen. */
  async handshake(timeout: number): Promise<void> {
    const timer = setTimeout(() => this.abort(`${this.peer} did not answer within ${timeout / 1000} s`), timeout)
    try {
      this.write(HELLO)
      this.remote = await this.read()
    } finally {
      clearTimeout(timer)
    }
  }

  /** The next message. */
  read(): Promise<Message> {
    const message = this.unread.shift()
    if (message !== undefined) {
      this.resume()
      return Promise.resolve(message)
    }
    if (this.failure) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }))
  }

  /** From now on every message goes to `listener`, those that wait included. */
  listen(listener: (message: Message) => void): void {
    this.listener = listener
    for (const message of this.unread.splice(0)) this.tell(listener, message)
    this.resume()
  }

  /** Sends a message; what it refers to must not change until `flushed`. On a closed connection nothing happens. */
  write(message: unknown): void {
    if (this.failure || this.socket.destroyed) return
    const frames = pack(message)
    const size = frames.reduce((sum, frame) => sum + frame.length, 0)
    const parts = [preludeOf(frames), ...frames]
    // pack's frames are views of a buffer that is theirs alone: they may wait in the queue as they are.
    if (size <= JOIN) this.queue.push(Buffer.concat(parts))
    else for (const part of parts) if (part.length > 0) this.enqueue(part)
    this.pump()
  }

  private enqueue(part: Uint8Array): void {
    if (!(this.socket instanceof TLSSocket)) this.queue.push(part)
    else for (let at = 0; at < part.length; at += TLS_BITE) this.queue.push(part.subarray(at, at + TLS_BITE))
  }

  private pump(): void {
    const several = this.queue.length > 1
    if (several) this.socket.cork()
    while (this.queue.length > 0 && !this.socket.writableNeedDrain && !this.socket.destroyed)
      this.socket.write(this.queue.shift()!, this.queue.length === 0 ? this.written : undefined)
    if (several) this.socket.uncork()
  }

  private readonly written = (): void => {
    if (this.buffered === 0) for (const done of this.flushers.splice(0)) done()
  }

  /** Bytes that the system has not taken yet. */
  get buffered(): number {
    return this.socket.writableLength + this.queue.reduce((sum, part) => sum + part.length, 0)
  }

  /** Resolves when the system has taken everything, or the connection is closed. */
  flushed(): Promise<void> {
    if (this.buffered === 0 || this.closed) return Promise.resolve()
    return new Promise((resolve) => this.flushers.push(resolve))
  }

  /** Ends the connection after what was written. */
  async close(): Promise<void> {
    if (this.closed) return
    await Promise.race([this.flushed(), new Promise((resolve) => setTimeout(resolve, 1000).unref())])
    this.fail()
  }

  /** Ends the connection at once. */
  abort(reason?: string): void {
    this.fail(reason === undefined ? undefined : new CommClosedError(reason, 'comm-closed'))
  }

  /** How a socket is to read for the connection that is made over it. */
  static reading(comm: () => Comm | undefined): OnReadOpts {
    const common = scratch()
    let place: Uint8Array | undefined
    const buffer = () => {
      place = comm()?.reader.place
      return place ?? common
    }
    const callback = (bytes: number) => comm()!.receive((place ?? common).subarray(0, bytes), place !== undefined)
    return { buffer, callback }
  }

  /** Bytes from the socket, `inPlace` where they are already where the reader wanted them; false: no more for now. */
  receive(chunk: Uint8Array, inPlace = false): boolean {
    try {
      if (inPlace) this.reader.filledPlace(chunk.length, (message) => this.deliver(message))
      else this.reader.push(chunk, (message) => this.deliver(message))
    } catch (error) {
      this.fail(error as Error)
      return false
    }
    this.paused = this.unread.length > UNREAD
    return !this.paused
  }

  private deliver(message: Message): void {
    if (this.closed) return
    const reader = this.readers.shift()
    if (reader) reader.resolve(message)
    else if (this.listener) this.tell(this.listener, message)
    else this.unread.push(message)
  }

  /** A listener's error is its own: the connection is not to blame. */
  private tell(listener: (message: Message) => void, message: Message): void {
    try {
      listener(message)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  private resume(): void {
    if (!this.paused || this.unread.length > UNREAD / 2) return
    this.paused = false
    this.socket.resume()
  }

  private fail(cause?: Error): void {
    if (this.failure) return
    this.failure = closedError(this.peer, this.reader.midway, cause)
    this.socket.destroy()
    this.queue.length = 0
    for (const { reject } of this.readers.splice(0)) reject(this.failure)
    for (const done of this.flushers.splice(0)) done()
    this.onclose?.(this.failure)
  }
}

function closedError(peer: string, midway: boolean, cause: Error | undefined): CommClosedError {
  if (cause instanceof CommClosedError) return cause
  const how = midway ? ' in the middle of a message' : ''
  const why = cause === undefined ? '' : `: ${cause.message}`
  const code = cause instanceof TsumbaError ? cause.code : 'comm-closed'
  return new CommClosedError(`the connection with ${peer} ended${how}${why}`, code, { cause })
}

/**
 * The buffer that sockets read into, one for all: what is in it is taken out before anybody else reads. Not so on
 * Windows, where the system holds buffers of several sockets at once. Larger than a socket's own queue, so that one
 * read empties it.
 */
const SCRATCH_BYTES = 2 ** 20
let shared: Uint8Array | undefined

function scratch(): Uint8Array {
  if (process.platform === 'win32') return new Uint8Array(SCRATCH_BYTES / 4)
  shared ??= new Uint8Array(SCRATCH_BYTES)
  return shared
}
