/**
 * A parent that keeps a worker running: starts its process, starts it again when it ends by accident or when a client
 * asks for it, and answers Dask's nanny calls.
 *
 * Between nanny and worker go messages of Node's own channel: `joined` and `ended` up, `stop` and `retire` down. A worker
 * whose nanny is gone retires.
 */

import type { ChildProcess } from 'node:child_process'
import { TsumbaError } from '../../../errors.ts'
import { stimulus } from '../protocol-worker.ts'
import { parseAddress } from '../wire/address.ts'
import { type ConnectOptions, connect } from '../wire/connect.ts'
import type { Message } from '../wire/message.ts'
import { Pool } from '../wire/pool.ts'
import { type Handler, Server } from '../wire/server.ts'
import type { DaskWorkerOptions } from './options.ts'
import { logs } from './serve.ts'
import { removeOrphans } from './store.ts'

export type FromWorker =
  | { readonly type: 'joined'; readonly address: string }
  | { readonly type: 'ended'; readonly reason: string; readonly restart: boolean }
  /** It never joined: the text is for the user. */
  | { readonly type: 'failed'; readonly message: string; readonly code: string }
export type ToWorker = { readonly type: 'stop'; readonly reason: string } | { readonly type: 'retire' }

export interface NannyOptions {
  readonly worker: DaskWorkerOptions
  /** Milliseconds for which a scheduler that went away is looked for. */
  readonly deathTimeout: number
  /** Starts a process that runs a worker, with a channel, and stderr as a pipe. */
  readonly spawn: (nanny: string) => ChildProcess
  readonly log: (line: string) => void
}

/** Milliseconds: what an orderly end may take; the pauses between starts that fail. */
const STOP = 5000
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 10_000
/** A worker that lived longer than this did not fail to start. */
const LIVED = 10_000
/** Milliseconds that a retirement may take before the worker is ended. */
const RETIRE = 60_000

interface Child {
  readonly process: ChildProcess
  readonly exited: Promise<void>
  readonly startedAt: number
  address: string | undefined
  said: Extract<FromWorker, { type: 'ended' | 'failed' }> | undefined
}

export class Nanny {
  /** Resolves with the reason when the worker has ended for good. */
  readonly closed: Promise<{ readonly reason: string; readonly failed: boolean }>
  private readonly options: NannyOptions
  private readonly lines: string[] = []
  private readonly pool: Pool
  private server!: Server
  private child: Child | undefined
  private joinedOnce = false
  /** Since when no worker has joined, in milliseconds. */
  private aloneSince = performance.now()
  private ending = false
  private finished = false
  private pause = FIRST_PAUSE
  private timer: NodeJS.Timeout | undefined
  private readonly waiters: (() => void)[] = []
  private end!: (result: { reason: string; failed: boolean }) => void

  static async start(options: NannyOptions): Promise<Nanny> {
    const nanny = new Nanny(options)
    const { scheduler, security, timeout } = options.worker
    nanny.server = await Server.listen({
      ...security,
      scheme: parseAddress(scheduler).scheme,
      host: options.worker.host ?? (await hostTowards(scheduler, { ...security, timeout, retry: true })),
      handlers: nanny.handlers(),
      onerror: (error) => nanny.log(`a connection ended badly: ${error.message}`),
    })
    nanny.instantiate()
    return nanny
  }

  private constructor(options: NannyOptions) {
    this.options = options
    this.pool = new Pool({ ...options.worker.security, timeout: STOP })
    this.closed = new Promise((resolve) => {
      this.end = resolve
    })
  }

  private log(line: string): void {
    this.keep(`Nanny: ${line}`)
    this.options.log(`Nanny: ${line}`)
  }

  private keep(line: string): void {
    this.lines.push(line)
    if (this.lines.length > 1000) this.lines.shift()
  }

  // ── The process

  private instantiate(): void {
    if (this.child || this.ending) return
    clearTimeout(this.timer)
    const child = this.options.spawn(this.server.address)
    const entry: Child = {
      process: child,
      startedAt: performance.now(),
      exited: new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.once('error', (error) => {
          this.log(`the worker's process cannot be started: ${error.message}`)
          resolve()
        })
      }),
      address: undefined,
      said: undefined,
    }
    this.child = entry
    child.on('message', (message: FromWorker) => this.hear(entry, message))
    child.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      for (const line of chunk.toString().split('\n')) if (line !== '') this.keep(line)
    })
    void entry.exited.then(() => this.exited(entry))
  }

  private hear(child: Child, message: FromWorker): void {
    if (message.type !== 'joined') {
      child.said = message
      return
    }
    child.address = message.address
    this.joinedOnce = true
    this.pause = FIRST_PAUSE
    for (const resume of this.waiters.splice(0)) resume()
  }

  private async exited(child: Child): Promise<void> {
    if (this.child !== child) return
    this.child = undefined
    const { said, address } = child
    if (address !== undefined) {
      this.aloneSince = performance.now()
      // A connection that the system closed tells the scheduler too, but not one to a host that lost its power.
      const message = { op: 'unregister', address, stimulus_id: stimulus('nanny-unregister') }
      if (!this.ending) await this.pool.call(this.options.worker.scheduler, message, { timeout: STOP }).catch(() => {})
    }
    if (this.ending) return
    if (said?.type === 'ended' && !said.restart) {
      await this.finish(said.reason, false)
      return
    }
    if (said?.type === 'failed' && !this.mayTryAgain(said.code)) {
      await this.finish(said.message, true)
      return
    }
    const { exitCode, signalCode } = child.process
    const how = said?.type === 'ended' ? said.reason : `its process ended (${signalCode ?? `status ${exitCode}`})`
    this.log(`the worker is started again: ${said?.type === 'failed' ? said.message : how}`)
    if (performance.now() - child.startedAt > LIVED) this.pause = FIRST_PAUSE
    this.timer = setTimeout(() => this.instantiate(), this.pause)
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE)
  }

  /** A scheduler that was there once may come back; what it refuses the first time it would refuse again. */
  private mayTryAgain(code: string): boolean {
    const lost = code === 'unreachable' || code === 'comm-closed'
    return this.joinedOnce && lost && performance.now() - this.aloneSince < this.options.deathTimeout
  }

  /** Ends the process: orderly, then by force. Resolves when it is gone. */
  private async kill(reason: string, timeout: number): Promise<void> {
    const { child } = this
    if (!child) return
    this.tell(child, { type: 'stop', reason })
    const timer = setTimeout(() => child.process.kill('SIGKILL'), timeout)
    await child.exited
    clearTimeout(timer)
    removeOrphans(this.options.worker.localDirectory)
  }

  private tell(child: Child, message: ToWorker): void {
    if (child.process.connected) child.process.send(message, () => {})
  }

  /** Resolves when a worker has joined, or with false when time is up. */
  private joined(timeout: number): Promise<boolean> {
    if (this.child?.address !== undefined) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeout)
      this.waiters.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  // ── Ending

  /** Lets the worker retire, then ends. */
  async retire(): Promise<void> {
    const { child } = this
    this.ending = true
    clearTimeout(this.timer)
    if (child) {
      this.tell(child, { type: 'retire' })
      const timer = setTimeout(() => child.process.kill('SIGKILL'), RETIRE)
      await child.exited
      clearTimeout(timer)
    }
    await this.finish('retired', false)
  }

  /** Ends the worker at once, then ends; also while it retires. */
  async close(reason: string): Promise<void> {
    this.ending = true
    clearTimeout(this.timer)
    await this.kill(reason, STOP)
    await this.finish(reason, false)
  }

  private async finish(reason: string, failed: boolean): Promise<void> {
    if (this.finished) return
    this.finished = true
    this.ending = true
    this.pool.close()
    await this.server.close()
    this.end({ reason, failed })
  }

  // ── Calls

  private handlers(): Record<string, Handler> {
    const timeoutOf = (message: Message, otherwise: number) =>
      typeof message['timeout'] === 'number' ? message['timeout'] * 1000 : otherwise
    return {
      identity: () => ({ type: 'Nanny', id: this.server.address, scheduler: this.options.worker.scheduler }),
      ping: () => 'pong',
      versions: () => ({ packages: {} }),
      instantiate: async () => {
        this.instantiate()
        return (await this.joined(this.options.deathTimeout)) ? 'running' : 'failed'
      },
      // Answered with null when the process is gone; the next one starts by itself.
      kill: async (message) => {
        await this.kill(String(message['reason'] ?? 'kill'), timeoutOf(message, STOP) * 0.8)
        return null
      },
      restart: async (message) => {
        const deadline = performance.now() + timeoutOf(message, 30_000)
        await this.kill(String(message['reason'] ?? 'restart'), STOP)
        this.instantiate()
        return (await this.joined(Math.max(0, deadline - performance.now()))) ? 'OK' : 'timed out'
      },
      terminate: (message) => {
        setTimeout(() => void this.close(String(message['reason'] ?? 'terminate')), 50)
        return 'OK'
      },
      close_gracefully: () => {
        // The worker is about to end, and means it.
        if (this.child) this.child.said = { type: 'ended', reason: 'told to end', restart: false }
        return null
      },
      get_logs: (message) => logs(this.lines, message['n']),
      // The worker refuses what is Python's.
      run: (message) => this.passOn(message),
      plugin_add: (message) => {
        this.log(`plugin ${String(message['name'] ?? '')} is Python's and does nothing here`)
        return { status: 'OK' }
      },
      plugin_remove: () => ({ status: 'OK' }),
    }
  }

  private async passOn(message: Message): Promise<unknown> {
    const address = this.child?.address
    if (address === undefined) throw new TsumbaError('the worker is being started', 'no-worker')
    return this.pool.call(address, message)
  }
}

/** The address of this machine on the way to the scheduler. */
export async function hostTowards(scheduler: string, options: ConnectOptions): Promise<string> {
  const comm = await connect(scheduler, options)
  const host = comm.localHost.replace(/^::ffff:/, '')
  await comm.close()
  return host
}
