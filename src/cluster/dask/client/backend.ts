/**
 * A Dask scheduler as a back end: carries out what the machine says (machine.ts), keeps the connection, and speaks with
 * scheduler and workers about values.
 *
 * Two kinds of connection: one stream, whose messages come in order, and calls (wire/pool.ts). The scheduler is asked
 * every few seconds who its workers are; no answer for long means that it is gone, however the connection looks.
 */

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { TsumbaError } from '../../../errors.ts'
import { PACKAGE } from '../../../types.ts'
import type {
  Backend,
  BackendEvent,
  Capability,
  ConnectOptions,
  CoordinationBackend,
  ScatterOptions,
  WorkerInfo,
} from '../../backend.ts'
import { errorOf } from '../../client/errors.ts'
import type { Key, Task } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import type { TravellingFunction } from '../../travel/functions.ts'
import { failureOf } from '../failures.ts'
import { keysOf } from '../keys.ts'
import { checkVersion, registerClient, runMessage } from '../protocol.ts'
import { fromWire } from '../values.ts'
import { Batch } from '../wire/batch.ts'
import type { Comm } from '../wire/comm.ts'
import { connect } from '../wire/connect.ts'
import type { Message, Serialized } from '../wire/message.ts'
import { Pool } from '../wire/pool.ts'
import { Coordination } from './coordination.ts'
import { type ClientEvent, ClientMachine } from './machine.ts'
import { SchedulerCalls } from './scheduler.ts'
import { Transfers } from './transfer.ts'

const CAPABILITIES: readonly Capability[] = [
  'resources',
  'coordination',
  'several-machines',
  'retire-workers',
  'restart',
  'python',
  'processes',
]

/** In ms. */
interface Rhythm {
  readonly heartbeat: number
  /** A scheduler that answers nothing for so long is taken for gone; one that reads a large graph may take a while. */
  readonly silence: number
}

/** The heartbeat is Dask's own. */
const RHYTHM: Rhythm = { heartbeat: 5000, silence: 60_000 }
/** Between attempts to reach a scheduler that went away. */
const AGAIN = 200

export class DaskBackend implements Backend {
  readonly kind = 'dask'
  readonly address: string
  readonly capabilities: ReadonlySet<Capability> = new Set(CAPABILITIES)
  readonly coordination: CoordinationBackend
  private readonly options: ConnectOptions
  /** Milliseconds. */
  private readonly timeout: number
  private readonly silence: number
  private readonly pool: Pool
  private readonly scheduler: SchedulerCalls
  private readonly transfers: Transfers
  private readonly names: Coordination
  private readonly machine = new ClientMachine()
  private readonly timer: NodeJS.Timeout
  private listener: ((events: readonly BackendEvent[]) => void) | undefined
  private unheard: BackendEvent[] = []
  private comm: Comm | undefined
  private stream: Batch | undefined
  /** A new one for each connection: an old one of the same name may still be about to be removed. */
  private id = ''
  private state: 'connecting' | 'running' | 'lost' | 'closed' = 'connecting'
  private lastAnswer = Date.now()
  private readonly ending = new AbortController()
  private readonly unanswered = new Map<Key, { resolve(): void; reject(error: Error): void }>()
  private questions = 0
  private asking = false
  private known = ''

  private constructor(address: string, options: ConnectOptions, rhythm: Rhythm) {
    this.address = address
    this.options = options
    this.silence = rhythm.silence
    this.timeout = (options.timeout ?? 30) * 1000
    const { tls, insecure } = options
    this.pool = new Pool({ tls, insecure, timeout: Math.min(this.timeout, 30_000) })
    this.scheduler = new SchedulerCalls(address, this.pool)
    this.transfers = new Transfers(this.scheduler, () => this.id)
    this.names = new Coordination(
      this.scheduler,
      () => this.id,
      (message) => this.stream?.send(message),
      () => this.heard(),
    )
    this.coordination = this.names
    this.timer = setInterval(() => void this.beat(), rhythm.heartbeat)
  }

  static async connect(address: string, options: ConnectOptions, rhythm = RHYTHM): Promise<DaskBackend> {
    const backend = new DaskBackend(address, options, rhythm)
    try {
      await backend.open(backend.timeout, false)
      return backend
    } catch (error) {
      await backend.close()
      throw error
    }
  }

  listen(listener: (events: readonly BackendEvent[]) => void): void {
    this.listener = listener
    if (this.unheard.length > 0) listener(this.unheard.splice(0))
  }

  submit(tasks: readonly Task[], wanted: readonly Key[]): void {
    this.check()
    this.feed({ type: 'submit', tasks, wanted })
  }

  want(keys: readonly Key[]): void {
    this.check()
    this.feed({ type: 'want', keys })
  }

  release(keys: readonly Key[]): void {
    if (this.state !== 'closed') this.feed({ type: 'release', keys })
  }

  async cancel(keys: readonly Key[], options: { readonly force: boolean; readonly reason: string }): Promise<void> {
    this.check()
    this.feed({ type: 'cancel', keys, ...options })
  }

  async retry(keys: readonly Key[]): Promise<void> {
    this.check()
    this.feed({ type: 'retried', keys: await this.scheduler.retry(keys, this.id) })
  }

  async scatter(values: ReadonlyMap<Key, unknown>, options: ScatterOptions): Promise<void> {
    this.check()
    const typenames = await this.transfers.scatter(values, options)
    this.feed({ type: 'stored', typenames })
  }

  async gather(keys: readonly Key[], options: { readonly direct?: boolean | undefined }): Promise<Map<Key, unknown>> {
    this.check()
    const { values, missing } = await this.transfers.gather(keys, options.direct === true)
    if (missing.length > 0) this.feed({ type: 'missing', keys: missing })
    return values
  }

  async run(fn: TravellingFunction, args: Encoded, workers?: readonly string[]): Promise<Map<string, unknown>> {
    this.check()
    const all = await this.workers()
    const wanted = workers === undefined ? undefined : await this.scheduler.addresses(workers)
    const chosen = all.filter((worker) => wanted?.includes(worker.address) ?? worker.language === 'node')
    const foreign = chosen.find((worker) => worker.language !== 'node')
    if (foreign)
      throw new TsumbaError(
        `the worker '${foreign.name}' is Python's and cannot run functions of JavaScript. Remedy: leave it out`,
        'python-worker',
      )
    if (chosen.length === 0) return new Map()
    const answers = (await this.scheduler.call('broadcast', {
      msg: runMessage({ fn, args }),
      workers: chosen.map((worker) => worker.address),
      on_error: 'return_pickle',
    })) as Record<string, Message>
    return new Map(Object.entries(answers).map(([worker, answer]) => [worker, resultOf(answer, worker, fn.name)]))
  }

  workers(): Promise<WorkerInfo[]> {
    return this.scheduler.workers()
  }

  whoHas(keys?: readonly Key[]): Promise<Map<Key, readonly string[]>> {
    return this.scheduler.whoHas(keys)
  }

  retireWorkers(workers: readonly string[]): Promise<string[]> {
    return this.scheduler.retire(workers)
  }

  async restart(options: { readonly timeout: number }): Promise<void> {
    this.check()
    await this.scheduler.call('restart', {
      client: this.id,
      timeout: options.timeout,
      wait_for_workers: true,
      stimulus_id: `${this.id}-restart-${Date.now()}`,
    })
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.ending.abort()
    this.unheardOf(new TsumbaError('this client is closed', 'client-closed'))
    clearInterval(this.timer)
    this.names.close()
    const { comm, stream } = this
    if (comm && stream && !comm.closed) {
      const ended = new Promise<void>((resolve) => {
        comm.onclose = () => resolve()
      })
      stream.send({ op: 'close-client' })
      stream.send({ op: 'close-stream' })
      await stream.finish()
      await Promise.race([ended, sleep(1000)])
      comm.abort()
    }
    this.pool.close()
  }

  /** @throws where nothing that is asked of the scheduler would ever be answered. */
  private check(): void {
    if (this.state === 'closed') throw new TsumbaError('this client is closed', 'client-closed')
    if (this.state === 'lost')
      throw new TsumbaError(
        `the scheduler at ${this.address} is gone, and did not come back within ${this.timeout / 1000} s. ` +
          'Remedy: connect another client once it runs again',
        'scheduler-gone',
      )
  }

  private feed(event: ClientEvent): void {
    for (const instruction of this.machine.handle(event)) {
      switch (instruction.type) {
        case 'send':
          this.stream?.send(instruction.message)
          break
        case 'emit':
          if (this.listener) this.listener(instruction.events)
          else this.unheard.push(...instruction.events)
          break
        case 'hang-up':
          this.comm?.abort(instruction.reason)
          break
        case 'warn':
          process.emitWarning(instruction.text, { code: `TSUMBA_${instruction.code}` })
          break
        default:
          instruction satisfies never
      }
    }
  }

  /** Connects the stream and registers. */
  private async open(timeout: number, again: boolean): Promise<void> {
    const deadline = Date.now() + timeout
    const left = () => Math.max(1, deadline - Date.now())
    const { tls, insecure, name } = this.options
    const comm = await connect(this.address, { tls, insecure, timeout, retry: true, signal: this.ending.signal })
    try {
      const versions = await this.scheduler.call('versions', {}, { timeout: left() })
      const version = checkVersion(this.address, versions)
      this.id = `${name ?? `${PACKAGE}-${process.pid}`}-${randomBytes(6).toString('hex')}`
      comm.write(registerClient(this.id, versions))
      const timer = setTimeout(() => comm.abort('the scheduler did not register this client in time'), left())
      const [first] = ((await comm.read()) as unknown as Message[] | undefined) ?? []
      clearTimeout(timer)
      checkStart(first, this.address)
      await this.look(left())
      if (this.state === 'closed') throw new TsumbaError('this client is closed', 'client-closed')
      this.comm = comm
      this.stream = new Batch(comm)
      this.state = 'running'
      this.lastAnswer = Date.now()
      comm.onclose = () => void this.lose()
      this.feed({ type: 'connected', version, again })
      comm.listen((messages) => this.receive(messages))
    } catch (error) {
      comm.abort()
      throw error
    }
  }

  /**
   * Resolves when the scheduler has dealt with all that was sent by the stream. It answers in order, and to the question
   * for a key that nobody knows by cancelling it.
   */
  private heard(): Promise<void> {
    const { stream } = this
    if (stream === undefined) return Promise.reject(notConnected(this.address))
    return new Promise((resolve, reject) => {
      const key = `heard-${this.id}-${this.questions++}`
      this.unanswered.set(key, { resolve, reject })
      stream.send({ op: 'report-key', key })
    })
  }

  private unheardOf(error: Error): void {
    for (const { reject } of this.unanswered.values()) reject(error)
    this.unanswered.clear()
  }

  private receive(messages: unknown): void {
    this.lastAnswer = Date.now()
    const list = Array.isArray(messages) ? (messages as Message[]) : [messages as Message]
    if (this.unanswered.size > 0)
      for (const { op, keys } of list) {
        for (const key of op === 'cancelled-keys' ? keysOf(keys) : []) {
          this.unanswered.get(key)?.resolve()
          this.unanswered.delete(key)
        }
      }
    this.feed({ type: 'messages', messages: list })
  }

  /** The stream has ended: what it held is gone; a scheduler that comes back within the time is taken up again. */
  private async lose(): Promise<void> {
    if (this.state !== 'running') return
    this.state = 'connecting'
    this.stream = undefined
    this.comm = undefined
    this.names.forget()
    this.unheardOf(notConnected(this.address))
    this.pool.drop(this.address)
    this.feed({ type: 'disconnected' })
    const deadline = Date.now() + this.timeout
    let last: Error | undefined
    while (this.isConnecting() && Date.now() < deadline) {
      try {
        await this.open(deadline - Date.now(), true)
        return
      } catch (error) {
        last = error as Error
        if (error instanceof TsumbaError && error.code === 'scheduler-version') break
        await sleep(Math.min(AGAIN, Math.max(0, deadline - Date.now())))
      }
    }
    if (!this.isConnecting()) return
    this.state = 'lost'
    const reason = `the scheduler went away and did not come back (scheduler-connection-lost): ${last?.message ?? ''}`
    this.feed({ type: 'gave-up', reason })
  }

  private isConnecting(): boolean {
    return this.state === 'connecting'
  }

  /** The heartbeat, and a question whose answer shows that the scheduler is there. */
  private async beat(): Promise<void> {
    if (this.state !== 'running') return
    this.feed({ type: 'tick' })
    if (Date.now() - this.lastAnswer > this.silence) {
      this.comm?.abort(`the scheduler has not answered for ${this.silence / 1000} s`)
      return
    }
    if (this.asking) return
    this.asking = true
    try {
      await this.look(this.silence)
      this.lastAnswer = Date.now()
    } catch {
      // The stream's own end, or silence, says what is to be done.
    } finally {
      this.asking = false
    }
  }

  /** Which workers there are; their descriptions are asked for when others came or went. */
  private async look(timeout: number): Promise<void> {
    const cores = (await this.scheduler.call('ncores', {}, { timeout })) as Record<string, number>
    const known = Object.keys(cores).sort().join(' ')
    if (known === this.known && this.state === 'running') return
    const workers = known === '' ? [] : await this.scheduler.workers({ timeout })
    this.known = known
    const node = workers.filter((worker) => worker.language === 'node').length
    this.feed({ type: 'workers', node, python: workers.length - node })
  }
}

function notConnected(address: string): TsumbaError {
  return new TsumbaError(`there is no connection with the scheduler at ${address} at the moment`, 'disconnected')
}

function checkStart(message: Message | undefined, address: string): void {
  if (message?.['op'] !== 'stream-start')
    throw new TsumbaError(`${address} does not take this client: ${JSON.stringify(message)}`, 'not-dask')
  if (message['error'])
    throw new TsumbaError(`${address} refuses this client: ${message['error']}`, 'scheduler-version')
}

function resultOf(answer: unknown, worker: string, name: string): unknown {
  const message = answer instanceof Uint8Array ? { exception: answer } : (answer as Message)
  if (!(answer instanceof Uint8Array) && message['status'] === 'OK') return fromWire(message['result'] as Serialized)
  const failure = failureOf(message)
  throw errorOf({ ...failure, worker: failure.worker ?? worker }, `run-${name}`)
}
