/** The client: calls in, futures out. What runs them is a back end (../backend.ts). */

import { TsumbaError } from '../../errors.ts'
import type { Backend, ConnectOptions, ScatterOptions, WorkerInfo } from '../backend.ts'
import type { Key, Task, TaskOptions } from '../task.ts'
import { type Encoded, KEY } from '../travel/encoded.ts'
import { type TravellingFunction, travelling } from '../travel/functions.ts'
import { encode, typenameOf } from '../travel/values.ts'
import { type Actor, type AnyClass, actorOf } from './actor.ts'
import type { AnyFn, Arguments, Gathered, Iterables, Result } from './arguments.ts'
import { addressOf } from './connect.ts'
import { Core } from './core.ts'
import { type Computed, Delayed, delayedKey, inOrder, isDelayed } from './delayed.ts'
import { type CancelOptions, cancelAll, Future, retryAll } from './future.ts'
import { type GatherOptions, gather, rebuild, visit } from './gather.ts'
import { pureKey, valueKey } from './keys.ts'
import { checkOptions, type SubmitOptions, unsupported } from './options.ts'
import { checkTimeout, settled, type TimeoutOption } from './settle.ts'
import { listOf } from './wait.ts'

export interface ClientScatterOptions extends ScatterOptions {
  /** Equal values have one key and travel once; costs a pass over their bytes. */
  readonly hash?: boolean | undefined
}

export interface SchedulerInfo {
  readonly kind: Backend['kind']
  readonly address: string
  readonly workers: readonly WorkerInfo[]
}

const NONE: readonly Key[] = []
/** Workers of this machine start on the first tasks of a map while the last are written. A graph for Dask is one piece. */
const LOCAL_BATCH = 2000
/** Up to here arguments are copied while they wait for the others of their turn; above, they leave at once. */
const COPY_BYTES = 64 * 1024

export class Client implements AsyncDisposable {
  readonly #core: Core
  readonly #options: SubmitOptions
  /** What tasks carry of the options: one object for all of a view's tasks. */
  readonly #annotations: TaskOptions

  private constructor(core: Core, options: SubmitOptions) {
    this.#core = core
    this.#options = options
    const { key: _key, batchSize: _batchSize, ...annotations } = options
    this.#annotations = Object.freeze(annotations)
  }

  /** @internal A client of a back end, which it closes when it is closed. */
  static over(backend: Backend, options: { readonly name?: string | undefined } = {}): Client {
    return new Client(new Core(backend, options.name), {})
  }

  /**
   * A client of a Dask scheduler: `tls://host:8786` with certificates, `tcp://` on this machine.
   * @throws TsumbaError where there is none within `timeout` seconds, or none that this package can talk to.
   */
  static async connect(address: string, options: ConnectOptions = {}): Promise<Client> {
    checkTimeout(options.timeout)
    const checked = addressOf(address, options)
    // Loaded when it is asked for: clusters on this machine do without it.
    const { connectDask } = await import('../dask/client/index.ts')
    return Client.over(await connectDask(checked, options), { name: options.name })
  }

  /** @internal */
  get backend(): Backend {
    return this.#core.backend
  }

  get name(): string {
    return this.#core.name
  }

  /** Of the scheduler, or of the cluster on this machine. */
  get address(): string {
    return this.#core.backend.address
  }

  /** This client with other settings for the tasks that are submitted through what is returned. */
  with(options: SubmitOptions): Client {
    checkOptions(options, this.#core.backend)
    return new Client(this.#core, { ...this.#options, ...options })
  }

  /**
   * Calls a function on some worker. Futures among the arguments, in lists and plain objects too, arrive as their
   * values. Arguments count as they are now.
   */
  submit<F extends AnyFn>(fn: F, ...args: Arguments<Parameters<F>>): Future<Result<F>> {
    this.#core.open()
    return this.#submit(this.#travelling(fn, 'submit'), args, this.#options.key)
  }

  /** `submit` for each element; with several iterables, for the first elements, the second ones, …, to the shortest's end. */
  map<F extends AnyFn>(fn: F, ...iterables: Iterables<Parameters<F>>): Future<Result<F>>[] {
    this.#core.open()
    const travels = this.#travelling(fn, 'map')
    if (iterables.length === 0) {
      throw new TsumbaError('map needs an iterable of arguments. Remedy: client.map(f, [1, 2, 3]).', 'argument-type')
    }
    for (const [k, iterable] of (iterables as readonly unknown[]).entries()) {
      if (typeof (iterable as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function') continue
      throw new TsumbaError(`map takes iterables; argument ${k + 2} is none: ${String(iterable)}.`, 'argument-type')
    }
    const { key, batchSize = this.#core.backend.kind === 'dask' ? Number.POSITIVE_INFINITY : LOCAL_BATCH } =
      this.#options
    const futures: Future<Result<F>>[] = []
    for (const args of rows(iterables as readonly Iterable<unknown>[])) {
      const k = futures.length
      futures.push(this.#submit(travels, args, key === undefined ? undefined : `${key}-${k}`))
      if (this.#core.queued >= batchSize) this.#core.flush()
    }
    return futures
  }

  /**
   * Puts values on the workers, ahead of the tasks that need them. Each element of a list is one value; anything else,
   * a typed array too, is one value. Always a list of futures. Values must not change until the promise settles.
   */
  scatter<T>(values: readonly T[], options?: ClientScatterOptions): Promise<Future<T>[]>
  scatter<T>(value: T, options?: ClientScatterOptions): Promise<Future<T>[]>
  async scatter(values: unknown, options: ClientScatterOptions = {}): Promise<Future<unknown>[]> {
    this.#core.open()
    const { hash = false, ...where } = options
    if (where.workers === undefined && this.#options.workers !== undefined) {
      Object.assign(where, { workers: this.#options.workers })
    }
    const list: readonly unknown[] = Array.isArray(values) ? values : [values]
    const sent = new Map<Key, unknown>()
    const futures = list.map((value) => {
      if (value instanceof Future) {
        throw new TsumbaError('scatter takes values, and one of these is a future already.', 'argument-type')
      }
      const key = hash ? valueKey(encodeAlone(value, 'scatter')) : this.#core.uniqueKey(typenameOf(value))
      const { state } = this.#core.adopt(key)
      if (state.status !== 'finished') sent.set(key, value)
      return new Future<unknown>(this.#core, state)
    })
    const fail = (error: unknown) => {
      for (const key of sent.keys()) this.#core.cancelled(key, 'its value could not be sent')
      throw error
    }
    if (sent.size > 0) await this.#core.backend.scatter(sent, where).catch(fail)
    for (const [key, value] of sent) {
      const state = this.#core.state(key)
      if (state !== undefined && !state.settled) state.finish(typenameOf(value))
    }
    return futures
  }

  /** The values of all futures in a tree of lists and plain objects, in the same tree. Brings each here once. */
  gather<T>(tree: T, options: GatherOptions = {}): Promise<Gathered<T>> {
    return gather(this.#core, tree, options)
  }

  /** Starts what the nodes of a tree need; futures stand for them in what is returned. */
  compute<T>(tree: T): Computed<T> {
    this.#core.open()
    const roots: Delayed<unknown>[] = []
    visit(tree, isDelayed, (node) => roots.push(node))
    if (roots.length === 0) {
      throw new TsumbaError(
        'compute needs nodes of a delayed graph. Remedy: client.compute(delayed(f)(x)).',
        'argument-type',
      )
    }
    const held = (node: Delayed<unknown>) => {
      const key = Delayed.keyOf(node)
      return key !== undefined && this.#core.state(key) !== undefined
    }
    const fresh = new Map<Key, Task>()
    for (const node of inOrder(roots, held)) {
      const task = this.#taskOf(node)
      if (this.#core.state(task.key) === undefined) fresh.set(task.key, task)
    }
    const wanted = new Set(roots.map((node) => node[KEY]))
    const futures = new Map<Key, Future<unknown>>()
    for (const key of wanted) futures.set(key, new Future(this.#core, this.#core.adopt(key).state))
    for (const task of fresh.values()) this.#core.add(task, wanted.has(task.key))
    return rebuild(tree, isDelayed, (node) => futures.get(node[KEY])) as Computed<T>
  }

  /** The future of a key that another client may have made. */
  future<T = unknown>(key: Key): Future<T> {
    this.#core.open()
    if (typeof key !== 'string' || key === '') {
      throw new TsumbaError(`A key is a text; it got ${String(key)}.`, 'argument-type')
    }
    const { state, fresh } = this.#core.adopt(key)
    if (fresh) this.#core.want(key)
    return new Future<T>(this.#core, state)
  }

  cancel(futures: Iterable<Future<unknown>> | Future<unknown>, options: CancelOptions = {}): Promise<void> {
    return cancelAll(this.#core, listOf(futures, 'cancel').map(Future.stateOf), options)
  }

  /** Runs failed tasks again. */
  retry(futures: Iterable<Future<unknown>> | Future<unknown>): Promise<void> {
    return retryAll(this.#core, listOf(futures, 'retry').map(Future.live))
  }

  /** Calls a function once on each worker (of `with({ workers })`, if told), now; its results by address. */
  async run<F extends AnyFn>(fn: F, ...args: Parameters<F>): Promise<Map<string, Result<F>>> {
    this.#core.open()
    const travels = this.#travelling(fn, 'run')
    const encoded = encodeAlone(args, 'run')
    return (await this.#core.backend.run(travels, encoded, this.#options.workers)) as Map<string, Result<F>>
  }

  /** An object of a class on one worker. It is lost with its worker. */
  async actor<C extends AnyClass>(
    Class: C,
    ...args: Arguments<ConstructorParameters<C>>
  ): Promise<Actor<InstanceType<C>>> {
    this.#core.open()
    const { backend } = this.#core
    const actors = backend.actors
    if (actors === undefined) throw unsupported(backend, 'actors', 'Remedy: an object inside one task.')
    const travels = this.#travelling(Class as unknown as AnyFn, 'actor')
    const key = this.#options.key ?? this.#core.uniqueKey(travels.name)
    if (this.#core.state(key) !== undefined) {
      throw new TsumbaError(`The key "${key}" is taken. Remedy: another key for each actor.`, 'key')
    }
    const task = this.#task(travels, args, key)
    const future = new Future<unknown>(this.#core, this.#core.adopt(key).state)
    try {
      await this.#core.holding(args, async () => {
        if (task.dependencies.length > 0) await this.#arrived(task.dependencies)
        this.#core.open()
        actors.create(task)
        const error = await future.exception()
        if (error !== undefined) throw error
      })
    } catch (error) {
      future.release()
      throw error
    }
    return actorOf<InstanceType<C>>(Class, future, {
      backend: actors,
      encode: (list) => {
        const call = written(travels, list)
        this.#known(call.dependencies, travels.name)
        return call
      },
      arrived: (dependencies) => this.#arrived(dependencies),
      holding: (holder, work) => this.#core.holding(holder, work),
    })
  }

  /** Waits for futures' values; it has to be seen to that the futures live so long. */
  async #arrived(keys: readonly Key[]): Promise<void> {
    this.#core.flush()
    const states = keys.map((key) => this.#core.state(key)).filter((state) => state !== undefined)
    await settled(states, { raise: true })
  }

  /** Which workers hold the value of each key; of all keys of the cluster unless told. */
  whoHas(futures?: Iterable<Future<unknown>> | Future<unknown>): Promise<Map<Key, readonly string[]>> {
    this.#core.open()
    return this.#core.backend.whoHas(futures && listOf(futures, 'whoHas').map(({ key }) => key))
  }

  /** How many tasks each worker runs at a time, by address. */
  async nthreads(): Promise<Map<string, number>> {
    this.#core.open()
    const workers = await this.#core.backend.workers()
    return new Map(workers.map(({ address, nthreads }) => [address, nthreads]))
  }

  async schedulerInfo(): Promise<SchedulerInfo> {
    this.#core.open()
    const { kind, address } = this.#core.backend
    return { kind, address, workers: await this.#core.backend.workers() }
  }

  /** Moves what workers hold elsewhere and ends them; the addresses of those that ended. */
  async retireWorkers(workers: readonly string[]): Promise<readonly string[]> {
    this.#core.open()
    const { backend } = this.#core
    if (!backend.capabilities.has('retire-workers')) {
      throw unsupported(backend, 'retireWorkers', 'Remedy: close the cluster and start one with fewer workers.')
    }
    return backend.retireWorkers(workers)
  }

  /** Ends all tasks and starts the workers anew; futures become cancelled. `timeout` in seconds. */
  async restart(options: TimeoutOption = {}): Promise<void> {
    this.#core.open()
    checkTimeout(options.timeout)
    const { backend } = this.#core
    if (!backend.capabilities.has('restart')) {
      throw unsupported(backend, 'restart', 'Remedy: close the cluster and start another.')
    }
    this.#core.flush()
    this.#core.cancelAll('the cluster was restarted')
    await backend.restart({ timeout: options.timeout ?? 60 })
  }

  /** Ends the connection, and what it started; futures that are not settled become cancelled. */
  close(): Promise<void> {
    return this.#core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #travelling(fn: AnyFn, method: string): TravellingFunction {
    if (typeof fn === 'function') return travelling(fn)
    const got = fn === null ? 'null' : typeof fn
    throw new TsumbaError(
      `${method} needs a function; it got ${got}. Remedy: client.${method}((x) => …, …).`,
      'argument-type',
    )
  }

  #submit<T>(fn: TravellingFunction, args: readonly unknown[], key: Key | undefined): Future<T> {
    const core = this.#core
    const task = this.#task(fn, args, key)
    const { state, fresh } = core.adopt(task.key)
    const future = new Future<T>(core, state)
    if (fresh) {
      core.add(task, true)
      if (task.args.frames.length > 0 && task.args.nbytes > COPY_BYTES) core.flush()
    }
    return future
  }

  #task(fn: TravellingFunction, args: readonly unknown[], key: Key | undefined): Task {
    const { encoded, dependencies } = written(fn, args)
    this.#known(dependencies, fn.name)
    key ??= this.#options.pure ? pureKey(fn, encoded, dependencies) : this.#core.uniqueKey(fn.name)
    return { key, fn, args: asItIsNow(encoded), dependencies, options: this.#annotations }
  }

  #known(dependencies: readonly Key[], name: string): void {
    for (const dependency of dependencies) {
      if (this.#core.state(dependency) === undefined) throw strangeDependency(dependency, name)
    }
  }

  #taskOf(node: Delayed<unknown>): Task {
    const { key: _key, ...own } = node.options
    if (Object.keys(own).length > 0) checkOptions(own, this.#core.backend)
    const fn = this.#travelling(node.fn, 'compute')
    const { encoded, dependencies } = written(fn, node.args)
    const options = { ...this.#annotations, ...own }
    const key = Delayed.keyOf(node, () => (options.pure ? pureKey(fn, encoded, dependencies) : delayedKey(fn.name)))
    return { key, fn, args: asItIsNow(encoded), dependencies, options }
  }
}

let spare: Set<Key> | undefined

function written(fn: TravellingFunction, args: readonly unknown[]) {
  const needed = spare ?? new Set()
  // A getter among the arguments may submit something itself.
  spare = undefined
  try {
    const encoded = encode(args, { dependencies: needed, function: travelling, what: `an argument of ${fn.name}` })
    return { encoded, dependencies: needed.size === 0 ? NONE : [...needed] }
  } finally {
    needed.clear()
    spare = needed
  }
}

/** Arguments are those of the moment of the call: what the caller writes into an array afterwards is not seen. */
function asItIsNow(encoded: Encoded): Encoded {
  const { frames } = encoded
  if (frames.length === 0 || encoded.nbytes > COPY_BYTES) return encoded
  return {
    ...encoded,
    frames: frames.map((frame) => (frame.buffer instanceof SharedArrayBuffer ? frame : frame.slice())),
  }
}

function* rows(iterables: readonly Iterable<unknown>[]): Generator<unknown[]> {
  if (iterables.length === 1) {
    for (const item of iterables[0]!) yield [item]
    return
  }
  const iterators = iterables.map((iterable) => iterable[Symbol.iterator]())
  try {
    for (;;) {
      const row: unknown[] = []
      for (const iterator of iterators) {
        const next = iterator.next()
        if (next.done) return
        row.push(next.value)
      }
      yield row
    }
  } finally {
    for (const iterator of iterators) iterator.return?.()
  }
}

function encodeAlone(value: unknown, what: string): Encoded {
  const dependencies = new Set<Key>()
  const encoded = encode(value, { dependencies, function: travelling, what: `what is given to ${what}` })
  if (dependencies.size === 0) return encoded
  throw new TsumbaError(
    `${what} takes values only, and there is a future among these. Remedy: await it, and pass its value.`,
    'argument-type',
  )
}

function strangeDependency(key: Key, name: string): TsumbaError {
  return new TsumbaError(
    `An argument of ${name} is the future "${key}", which this client does not hold: it was cancelled, or belongs to another client. Remedy: submit it again, or client.future(key).`,
    'unknown-future',
  )
}
