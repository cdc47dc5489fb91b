/**
 * The worker's half of what depends on distributed's version (protocol.ts is the client's): the messages between a
 * worker and a scheduler of distributed 2025.4 or later, from their form on the wire to the machine's events
 * (worker/events.ts) and from its messages back.
 */

import { exceptionOf } from './failures.ts'
import { keyOf, keysOf } from './keys.ts'
import type { Message } from './wire/message.ts'
import type { Sizes, Spec, Status, Times, WhoHas, WorkerEvent, WorkerMessage } from './worker/events.ts'

/** Bytes a second that Dask assumes between workers before it knows better. */
export const DEFAULT_BANDWIDTH = 100e6

export interface Registration {
  readonly address: string
  readonly name: string
  readonly serverId: string
  readonly nthreads: number
  readonly resources: Readonly<Record<string, number>>
  readonly memoryLimit: number | undefined
  readonly localDirectory: string
  readonly nanny: string | undefined
  /** What the scheduler itself says of its versions; a worker that says the same is warned of nothing. */
  readonly versions: unknown
  readonly metrics: Message
  /** Seconds since 1970. */
  readonly now: number
}

/** Every field that the scheduler's `add_worker` has, and none besides: it refuses others. */
export function registration(worker: Registration): Message {
  return {
    op: 'register-worker',
    reply: false,
    address: worker.address,
    status: 'running',
    nthreads: worker.nthreads,
    name: worker.name,
    now: worker.now,
    resources: worker.resources,
    memory_limit: worker.memoryLimit ?? null,
    local_directory: worker.localDirectory,
    services: {},
    nanny: worker.nanny ?? null,
    pid: process.pid,
    versions: worker.versions,
    metrics: worker.metrics,
    // Shown by `identity`, which has no pid of its own.
    extra: { language: 'node', pid: process.pid },
    stimulus_id: stimulus('worker-connect'),
    server_id: worker.serverId,
  }
}

export interface Heartbeat {
  readonly address: string
  readonly now: number
  readonly metrics: Message
  /** Seconds for which each key has run. */
  readonly executing: Readonly<Record<string, number>>
}

export function heartbeat({ address, now, metrics, executing }: Heartbeat): Message {
  return { op: 'heartbeat_worker', address, now, metrics, executing, extensions: {} }
}

export interface Figures {
  readonly taskCounts: Readonly<Record<string, number>>
  readonly bandwidth: number
  /** Of each worker that sent something since the last heartbeat: bytes a second, summed, and how often. */
  readonly bandwidthOf: Readonly<Record<string, readonly [number, number]>>
  readonly managed: number
  readonly spilled: { readonly memory: number; readonly disk: number }
  readonly incoming: Traffic
  readonly outgoing: Traffic
  /** Percent of one core. */
  readonly cpu: number
  /** Bytes of the process. */
  readonly memory: number
  readonly openFiles: number
  /** Seconds by which timers of this process are late. */
  readonly loopDelay: number
  readonly now: number
}

export interface Traffic {
  readonly bytes: number
  readonly count: number
  readonly total: number
}

export function metrics(figures: Figures): Message {
  const { incoming, outgoing } = figures
  return {
    task_counts: figures.taskCounts,
    bandwidth: { total: figures.bandwidth, workers: figures.bandwidthOf, types: {} },
    digests_total_since_heartbeat: {},
    managed_bytes: figures.managed,
    spilled_bytes: figures.spilled,
    transfer: {
      incoming_bytes: incoming.bytes,
      incoming_count: incoming.count,
      incoming_count_total: incoming.total,
      outgoing_bytes: outgoing.bytes,
      outgoing_count: outgoing.count,
      outgoing_count_total: outgoing.total,
    },
    event_loop_interval: figures.loopDelay,
    cpu: figures.cpu,
    memory: figures.memory,
    time: figures.now,
    num_fds: figures.openFiles,
    host_net_io: { read_bps: 0, write_bps: 0 },
    host_disk_io: { read_bps: 0, write_bps: 0 },
  }
}

let stimuli = 0

/** Names what led to a message, for Dask's logs. */
export function stimulus(what: string): string {
  return `${what}-${process.pid}-${stimuli++}`
}

const whoHasOf = (wire: unknown): WhoHas =>
  new Map(Object.entries((wire ?? {}) as Record<string, unknown>).map(([key, workers]) => [key, listOf(workers)]))

const sizesOf = (wire: unknown): Sizes =>
  new Map(Object.entries((wire ?? {}) as Record<string, unknown>).map(([key, bytes]) => [key, Number(bytes)]))

function listOf(wire: unknown): string[] {
  return wire instanceof Set || Array.isArray(wire) ? [...wire].map(String) : []
}

/** A message of the scheduler's stream as an event; undefined for those that say nothing to a worker of ours. */
export function eventOf(
  message: Message,
  specOf: (runSpec: unknown, message: Message) => Spec,
): WorkerEvent | undefined {
  switch (message['op']) {
    case 'compute-task':
      return {
        type: 'compute-task',
        key: keyOf(message['key']),
        runId: message['run_id'] as number,
        priority: listOfNumbers(message['priority']),
        whoHas: whoHasOf(message['who_has']),
        nbytes: sizesOf(message['nbytes']),
        resources: (message['resource_restrictions'] ?? {}) as Record<string, number>,
        spec: specOf(message['run_spec'], message),
      }
    case 'free-keys':
    case 'remove-replicas':
      return { type: message['op'], keys: keysOf(message['keys']) }
    case 'acquire-replicas':
      return { type: 'acquire-replicas', whoHas: whoHasOf(message['who_has']), nbytes: sizesOf(message['nbytes']) }
    case 'steal-request':
      return { type: 'steal-request', key: keyOf(message['key']), stimulus: String(message['stimulus_id']) }
    case 'cancel-compute':
      return { type: 'cancel-compute', key: keyOf(message['key']) }
    case 'refresh-who-has':
      return { type: 'refresh-who-has', whoHas: whoHasOf(message['who_has']) }
    case 'worker-status-change':
      return { type: 'worker-status-change', status: message['status'] as Status }
    case 'remove-worker':
      return { type: 'remove-worker', worker: String(message['worker']) }
    case 'close': {
      const reason = String(message['reason'] ?? 'the scheduler said so')
      // A scheduler that ends may come back. One that lets this worker go would not want its nanny to undo that.
      return { type: 'close', reason, restart: reason === 'scheduler-close' }
    }
    default:
      return undefined
  }
}

function listOfNumbers(wire: unknown): number[] {
  return Array.isArray(wire) ? wire.map(Number) : []
}

/** Half a microsecond is the least that seconds since 1970 can tell apart; older schedulers refuse empty spans. */
const SHORTEST = 1e-6

/** @param delay seconds by which the scheduler's clock is ahead of ours */
function startstops(times: Times | undefined, delay: number): Message[] {
  if (!times) return []
  const start = times.start + delay
  return [{ action: 'compute', start, stop: Math.max(times.stop + delay, start + SHORTEST) }]
}

const NOTHING = new Uint8Array(0)

/** The machine's message as the scheduler reads it. */
export function messageOf(message: WorkerMessage, delay: number): Message {
  const { op } = message
  switch (op) {
    case 'task-finished':
      return {
        op,
        status: 'OK',
        key: message.key,
        run_id: message.runId,
        nbytes: message.nbytes,
        // A pickled Python class; ours have none.
        type: NOTHING,
        typename: message.typename,
        metadata: {},
        thread: message.times?.thread ?? null,
        startstops: startstops(message.times, delay),
        stimulus_id: stimulus(op),
      }
    case 'task-erred': {
      const { failure } = message
      return {
        op,
        status: 'error',
        key: message.key,
        run_id: message.runId,
        exception: exceptionOf(failure),
        traceback: null,
        exception_text: `${failure.name}: ${failure.message}`,
        traceback_text: failure.stack ?? '',
        thread: message.times?.thread ?? null,
        startstops: startstops(message.times, delay),
        stimulus_id: stimulus(op),
      }
    }
    case 'add-keys':
    case 'request-refresh-who-has':
      return { op, keys: message.keys, stimulus_id: stimulus(op) }
    case 'release-worker-data':
      return { op, key: message.key, stimulus_id: stimulus(op) }
    case 'steal-response':
      return { op, key: message.key, state: message.state, stimulus_id: message.stimulus }
    case 'worker-status-change':
      return { op, status: message.status, stimulus_id: stimulus(op) }
    default:
      return message satisfies never
  }
}
