/** The calls that a worker answers: from the scheduler, from other workers, from clients. */

import { PACKAGE } from '../../../types.ts'
import type { Failure, Key } from '../../task.ts'
import { exceptionOf } from '../failures.ts'
import { keysOf } from '../keys.ts'
import { workOf } from '../protocol.ts'
import { parseAddress } from '../wire/address.ts'
import type { Comm } from '../wire/comm.ts'
import { type Message, Serialized } from '../wire/message.ts'
import { type Handler, NO_REPLY } from '../wire/server.ts'
import { incoming, outgoing } from './passing.ts'
import type { DaskWorker } from './worker.ts'

/** Requests for data that are served at a time; on this host twice as many. Dask's default. */
const OUTGOING = 10
const OUTGOING_PAUSED = 1
/** Milliseconds between two attempts to get a value for `gather`, and how many. */
const GATHER_PAUSE = 200
const GATHER_ATTEMPTS = 50

/** @param worker undefined until it has started: it listens before the scheduler knows of it */
export function handlersOf(worker: () => DaskWorker | undefined): Record<string, Handler> {
  const withWorker =
    (handler: (worker: DaskWorker, message: Message, comm: Comm) => unknown): Handler =>
    (message, comm) => {
      const it = worker()
      if (!it) throw new Error('the worker has not started yet')
      return handler(it, message, comm)
    }
  const handlers: Record<string, (worker: DaskWorker, message: Message, comm: Comm) => unknown> = {
    get_data: getData,
    update_data: updateData,
    gather,
    free_keys: (it, message) => {
      it.handle([{ type: 'free-keys', keys: keysOf(message['keys']) }])
      return null
    },
    keys: (it) => [...it.store.keys()],
    terminate: (it, message) => {
      // Once the answer is on its way.
      setTimeout(() => void it.close({ reason: String(message['reason'] ?? 'terminate'), restart: false }), 50)
      return 'OK'
    },
    run,
    run_coroutine: run,
    identity: (it) => ({
      type: 'Worker',
      id: it.id,
      scheduler: it.options.scheduler,
      nthreads: it.options.nthreads,
      memory_limit: it.options.memoryLimit ?? null,
    }),
    versions: (it) => it.versions,
    ping: () => 'pong',
    get_logs: (it, message) => logs(it.logged, message['n']),
    call_stack: () => ({}),
    get_monitor_info: () => ({ range_query: {}, count: 0, last_time: 0 }),
    profile: () => NO_PROFILE,
    profile_metadata: () => ({ counts: [], keys: [] }),
    get_story: () => [],
    'plugin-add': (it, message) => {
      it.log(`Plugin ${String(message['name'] ?? '')} is Python's and does nothing here`)
      return { status: 'OK' }
    },
    'plugin-remove': () => ({ status: 'OK' }),
  }
  return Object.fromEntries(Object.entries(handlers).map(([op, handler]) => [op, withWorker(handler)]))
}

/** What Dask's profiler shows where nothing was sampled. */
const NO_PROFILE = {
  count: 0,
  children: {},
  identifier: 'root',
  description: { filename: '', name: '', line_number: 0, line: '' },
}

/** Lines as Dask's clients expect them: newest first, with a level. */
export function logs(lines: readonly string[], most: unknown): (readonly [string, string])[] {
  const shown = typeof most === 'number' ? lines.slice(-most) : lines
  return shown.map((line) => ['INFO', line] as const).reverse()
}

async function getData(it: DaskWorker, message: Message, comm: Comm): Promise<unknown> {
  const { outgoing: traffic } = it.figures
  const here = parseAddress(it.address).host
  const limit = it.machine.status === 'paused' ? OUTGOING_PAUSED : OUTGOING * (hostOf(comm.peer) === here ? 2 : 1)
  if (traffic.count >= limit) return { status: 'busy' }
  traffic.count++
  traffic.total++
  let bytes = 0
  try {
    const data: Record<Key, Serialized> = {}
    for (const key of keysOf(message['keys'])) {
      const value = await it.store.read(key)
      // Absent, the other side looks elsewhere.
      if (!value) continue
      data[key] = outgoing(value)
      bytes += value.nbytes
      traffic.bytes += value.nbytes
    }
    comm.write({ status: 'OK', data })
    // The values must not change until they are sent; then the other side says OK.
    const answer: unknown = await comm.read()
    if (answer !== 'OK') comm.abort(`${comm.peer} answered data with ${JSON.stringify(answer)}`)
    return NO_REPLY
  } finally {
    traffic.count--
    traffic.bytes -= bytes
  }
}

function hostOf(address: string): string {
  return address.replace(/^\w+:\/\//, '').replace(/:\d+$/, '')
}

function updateData(it: DaskWorker, message: Message): Message {
  const values = new Map<Key, ReturnType<typeof incoming>>()
  const nbytes: Record<Key, number> = {}
  for (const [key, value] of Object.entries((message['data'] ?? {}) as Record<Key, unknown>)) {
    if (!(value instanceof Serialized)) throw new Error(`the value of ${key} came in no form that is known here`)
    const encoded = incoming(value)
    values.set(key, encoded)
    nbytes[key] = encoded.nbytes
  }
  it.handle([{ type: 'scattered', values }])
  return { nbytes, status: 'OK' }
}

/** Copies values from other workers; who asked tells the scheduler. */
async function gather(it: DaskWorker, message: Message): Promise<Message> {
  const whoHas = (message['who_has'] ?? {}) as Record<Key, readonly string[]>
  const failed: Key[] = []
  for (const [key, holders] of Object.entries(whoHas)) {
    if (!it.store.has(key) && !(await gatherOne(it, key, [...holders]))) failed.push(key)
  }
  return failed.length === 0 ? { status: 'OK' } : { status: 'partial-fail', keys: failed }
}

async function gatherOne(it: DaskWorker, key: Key, holders: readonly string[]): Promise<boolean> {
  const gone = new Set<string>([it.address])
  for (let attempt = 0; attempt < GATHER_ATTEMPTS; attempt++) {
    const holder = holders.find((worker) => !gone.has(worker))
    if (holder === undefined) return false
    const event = await it.peers.ask(holder, [key], 60_000)
    if (event.type === 'peer-busy') {
      await new Promise((resolve) => setTimeout(resolve, GATHER_PAUSE))
      continue
    }
    const value = event.type === 'data-arrived' ? event.values.get(key) : undefined
    if (value) {
      it.handle([{ type: 'scattered', values: new Map([[key, value]]) }])
      return true
    }
    gone.add(holder)
  }
  return false
}

/** Calls a function of ours outside the order of tasks. */
async function run(it: DaskWorker, message: Message): Promise<Message> {
  const work = workOf(message['args'])
  if (!work) {
    return erred({
      name: 'TsumbaError',
      message: `${it.address} is a ${PACKAGE} worker and runs no Python. Remedy: give workers=[…] to run, with Python's workers only`,
      stack: undefined,
      code: 'python-task',
    })
  }
  const { result } = await it.aside.run(work)
  switch (result.status) {
    case 'ok':
      return { status: 'OK', result: outgoing(result.value) }
    case 'error':
      return erred({ ...result.failure, worker: it.address })
    case 'died':
      return erred({
        name: 'TsumbaError',
        message: `the thread ended: ${result.reason}`,
        stack: undefined,
        code: 'worker-died',
        worker: it.address,
      })
    default:
      return result satisfies never
  }
}

function erred(failure: Failure): Message {
  return {
    status: 'error',
    exception: exceptionOf(failure),
    traceback: null,
    exception_text: `${failure.name}: ${failure.message}`,
    traceback_text: failure.stack ?? '',
  }
}
