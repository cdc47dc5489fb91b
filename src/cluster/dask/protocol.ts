/**
 * Everything that depends on the version of distributed, and what client and worker of tsumba agree on beyond Dask's
 * protocol. Tested with 2025.4.0 and 2026.8.0.
 *
 * A task of ours is a Dask Task whose function is Python's `__import__` with a text that no module is called by: a
 * Python worker that is given one fails with that text. Our worker finds function and arguments behind it by the magic
 * bytes they begin with, wherever Dask has put them.
 */

import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'
import type { Key, Task, TaskOptions } from '../task.ts'
import type { Encoded } from '../travel/encoded.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { type Message, Pickled, Serialized } from './wire/message.ts'
import { decode, encode } from './wire/msgpack.ts'
import { Call, Global, Tuple } from './wire/pickle.ts'
import { unpickle } from './wire/pickle-read.ts'
import { pickle } from './wire/pickle-write.ts'

/** Year, month, patch: before it, graphs travelled in another form. */
const OLDEST = [2025, 4, 0] as const
export const TESTED = { oldest: '2025.4.0', newest: '2026.8.0' } as const

/**
 * The resource that our workers offer, 1 of it, and that tasks ask for 0 of where Python workers are present: Dask then
 * gives them to none but ours, and never runs out of it. Such tasks are not queued on the scheduler, so that
 * clusters without Python workers do better without.
 */
export const RESOURCE: string = PACKAGE
export const RESOURCE_OFFERED = 1

/** What a Python worker says that was given a task of ours. */
export const FOR_PYTHON = `${PACKAGE}: runs only on a ${PACKAGE} worker`

const IMPORT = new Global('builtins', '__import__')
const TASK = new Global('dask._task_spec', 'Task')
const TASK_REF = new Global('dask._task_spec', 'TaskRef')
const EXPRESSION = new Global('dask._expr', 'LLGExpr')
const RECONSTRUCT = new Global('dask._expr', 'Expr._reconstruct')
const PARTIAL = new Global('functools', 'partial')
const DICT = new Global('builtins', 'dict')

/** Refuses schedulers that are too old, from the answer to `versions`. Returns the version. */
export function checkVersion(address: string, answer: unknown): string {
  const packages = (answer as Record<string, Record<string, unknown>> | null)?.['packages']
  const version = String(packages?.['distributed'] ?? '')
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (parts === undefined)
    throw new TsumbaError(
      `${address} does not say which version of distributed it runs. Remedy: a scheduler of ${TESTED.oldest} or later`,
      'scheduler-version',
    )
  const different = parts.findIndex((part, i) => part !== OLDEST[i])
  if (different >= 0 && parts[different]! < OLDEST[different]!)
    throw new TsumbaError(
      `${address} runs distributed ${version}, and ${PACKAGE} speaks with ${TESTED.oldest} and later ` +
        `(tested up to ${TESTED.newest}). Remedy: pip install --upgrade distributed, for the scheduler`,
      'scheduler-version',
    )
  return version
}

/** Errors that a scheduler makes of messages that it does not understand: what to tell the user besides. */
export function versionHint(version: string): string {
  return `The scheduler runs distributed ${version}; ${PACKAGE} is tested with ${TESTED.oldest} to ${TESTED.newest}.`
}

/** The first message of a client; what follows on that connection is a stream. `versions` is the scheduler's own answer. */
export function registerClient(client: string, versions: unknown): Message {
  return { op: 'register-client', client, reply: false, versions }
}

const PAYLOAD = Buffer.from('TSP1')
const FUNCTION = Buffer.from('TSF1')

/** Function and arguments of a task, as a worker of ours gets them. */
export interface Work {
  readonly fn: TravellingFunction
  readonly args: Encoded
}

/** Bytes of a function, once each: the pickle of a graph then has them once, however many tasks call it. */
const functions = new WeakMap<TravellingFunction, Uint8Array>()

function functionBytes(fn: TravellingFunction): Uint8Array {
  let bytes = functions.get(fn)
  if (bytes === undefined) functions.set(fn, (bytes = Buffer.concat([FUNCTION, fn.bytes])))
  return bytes
}

function payloadBytes({ fn, args }: Work): Uint8Array {
  const { serializer, header, frames, nbytes, typename } = args
  const body = encode({ id: fn.id, name: fn.name, serializer, header, frames, nbytes, typename })
  return Buffer.concat([PAYLOAD, body])
}

/** What a worker of ours is to run: from a task's `run_spec`, or from the arguments of `run`; undefined: Python's. */
export function workOf(spec: unknown): Work | undefined {
  const bytes = spec instanceof Pickled ? spec.bytes : spec instanceof Serialized ? spec.frames[0] : spec
  if (!(bytes instanceof Uint8Array)) return undefined
  const found = new Map<string, Uint8Array>()
  findMagic(unpickle(bytes, spec instanceof Pickled ? spec.frames : []), found, new Set())
  const payload = found.get('TSP1')
  const text = found.get('TSF1')
  if (payload === undefined || text === undefined) return undefined
  const { id, name, ...args } = decode(payload) as { id: string; name: string } & Encoded
  return { fn: { id, name, bytes: text }, args }
}

/** The bytes that begin with one of ours, by it, without it. */
function findMagic(value: unknown, found: Map<string, Uint8Array>, seen: Set<object>): void {
  if (value === null || typeof value !== 'object') return
  if (value instanceof Uint8Array) {
    const magic = Buffer.from(value.buffer, value.byteOffset, Math.min(4, value.length)).toString('latin1')
    if (magic === 'TSP1' || magic === 'TSF1') found.set(magic, value.subarray(4))
    return
  }
  if (seen.has(value)) return
  seen.add(value)
  if (value instanceof Call) for (const part of [value.args, value.state]) findMagic(part, found, seen)
  else if (value instanceof Map) for (const part of value.values()) findMagic(part, found, seen)
  else if (Array.isArray(value)) for (const part of value) findMagic(part, found, seen)
}

/** Names a graph; a scheduler would hash the whole of it to find one. */
let graphs = 0

export interface Graph {
  /** In an order in which none comes before what it depends on. */
  readonly tasks: readonly Task[]
  readonly wanted: readonly Key[]
  /** Python workers are present: the tasks must not come to them. */
  readonly mixed: boolean
  /** Those of the tasks that make objects which stay on their worker. */
  readonly actors?: readonly Key[] | undefined
}

export function updateGraph({ tasks, wanted, mixed, actors }: Graph): Message {
  const dsk = new Map<Key, unknown>()
  const priority = new Map<Key, number>()
  for (const [i, task] of tasks.entries()) {
    const dependencies = task.dependencies.map((key) => new Call(TASK_REF, [key]))
    const bytes = [payloadBytes(task), functionBytes(task.fn)]
    dsk.set(task.key, new Call(TASK, [task.key, IMPORT, FOR_PYTHON, ...bytes, ...dependencies]))
    priority.set(task.key, i)
  }
  const { common, single } = annotationsOf(tasks, mixed)
  // Attributes of the instance that is made on the scheduler; this one stands for a method without arguments.
  const attributes = new Map<string, unknown>()
  if (single.size > 0) attributes.set('__dask_annotations__', partialOf(DICT, [single]))
  const token = `${PACKAGE}-${process.pid.toString(36)}-${Date.now().toString(36)}-${graphs++}`
  const expression = new Call(RECONSTRUCT, [EXPRESSION, dsk, token, attributes])
  return {
    op: 'update-graph',
    expr_ser: new Serialized({ serializer: 'pickle', writeable: [] }, [pickle(expression)]),
    keys: wanted,
    internal_priority: priority,
    submitting_task: null,
    fifo_timeout: 0,
    actors: actors ?? null,
    code: [],
    annotations: common,
    span_metadata: new Pickled(pickle({ collections: [] })),
  }
}

/** `functools.partial(fn, *args)`, as such objects pickle themselves. */
function partialOf(fn: Global, args: readonly unknown[]): Call {
  return new Call(PARTIAL, [fn, ...args])
}

type Annotations = Record<string, unknown>

function annotationOf(options: TaskOptions, mixed: boolean): Annotations {
  const { retries, priority, workers, allowOtherWorkers } = options
  const resources = mixed ? { ...options.resources, [RESOURCE]: 0 } : options.resources
  return {
    ...(retries ? { retries } : {}),
    ...(priority ? { priority } : {}),
    ...(workers?.length ? { workers: [...workers] } : {}),
    ...(allowOtherWorkers ? { allow_other_workers: true } : {}),
    ...(resources && Object.keys(resources).length > 0 ? { resources } : {}),
  }
}

/** Annotations that all tasks have go once, others by key: `{ retries: { key: 3 } }`. */
function annotationsOf(tasks: readonly Task[], mixed: boolean): { common: Annotations; single: Map<string, unknown> } {
  const [first] = tasks
  const single = new Map<string, Map<Key, unknown>>()
  if (first === undefined) return { common: {}, single }
  if (tasks.every((task) => task.options === first.options))
    return { common: annotationOf(first.options, mixed), single }
  for (const task of tasks) {
    for (const [name, value] of Object.entries(annotationOf(task.options, mixed))) {
      if (!single.has(name)) single.set(name, new Map())
      single.get(name)!.set(task.key, value)
    }
  }
  return { common: {}, single }
}

/** The message that the scheduler passes to workers, to call a function outside the order of tasks. */
export function runMessage(work: Work): Message {
  return {
    op: 'run',
    function: pickle(IMPORT),
    args: pickle(new Tuple(FOR_PYTHON, payloadBytes(work), functionBytes(work.fn))),
    kwargs: null,
    wait: true,
  }
}

/** Whether a scheduler's description of a worker is of one of ours. */
export function isOurs(worker: Message): boolean {
  const resources = worker['resources'] as Record<string, unknown> | null | undefined
  return typeof resources?.[RESOURCE] === 'number'
}
