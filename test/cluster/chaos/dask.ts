/**
 * A random graph on a stock scheduler that checks itself, while workers are killed, stand still, and lose their
 * connections. Faults stop after a while; then everything has to come to its end, and every output to its value.
 */

import { Client } from '../../../src/cluster/client/client.ts'
import { connectDask } from '../../../src/cluster/dask/client/index.ts'
import { type Environment, startScheduler } from '../support/python.ts'
import { type NodeWorker, startWorker } from '../support/worker.ts'
import { countWrong, limited, random, randomGraph, submitGraph } from './graph.ts'
import { type FaultyLink, freePort, startProxy } from './proxy.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly tasks: number
  /** Milliseconds between two faults. */
  readonly pause: number
  /** Kills at most. */
  readonly kills: number
  /** Milliseconds for everything. */
  readonly limit: number
}

export interface ChaosResult {
  readonly seed: number
  readonly seconds: number
  readonly outputs: number
  readonly wrong: number
  readonly kills: number
  readonly stops: number
  readonly cuts: number
  /** Lines of the scheduler's log that say that one of its laws was broken. */
  readonly complaints: readonly string[]
}

const WORKERS = 3
/** Longer than the scheduler waits for a heartbeat, with the time between its looks; and not as long. */
const LONG_STOP = 11_000
const SHORT_STOP = 2000

interface Place {
  worker: NodeWorker | undefined
  /** Its way to the scheduler. */
  readonly proxy: FaultyLink | undefined
  /** The way of others to it. */
  inward: FaultyLink | undefined
  /** Something is being done to it. */
  busy: boolean
}

export async function chaosOnDask(environment: Environment, options: ChaosOptions): Promise<ChaosResult> {
  const { seed } = options
  const graph = randomGraph(seed, options.tasks)
  const scheduler = await startScheduler(environment, {
    config: {
      'distributed.scheduler.validate': true,
      'distributed.scheduler.allowed-failures': 1000,
      'distributed.scheduler.worker-ttl': '5s',
    },
  })
  const faults = new Faults(scheduler.address, random(seed ^ 0x5eed), options)
  let client: Client | undefined
  try {
    await faults.startWorkers()
    client = Client.over(await connectDask(scheduler.address))
    const started = performance.now()
    const futures = submitGraph(client, graph)
    faults.begin()
    const values = await limited(client.gather(futures), options.limit)
    const seconds = (performance.now() - started) / 1000
    await faults.end()
    return {
      seed,
      seconds,
      outputs: values.length,
      wrong: countWrong(graph, values),
      ...faults.counts,
      complaints: scheduler.output().split('\n').filter(isComplaint),
    }
  } catch (error) {
    // What a run that went wrong has to show; a seed does not bring the same timing again.
    const story = `${faults.story.join('\n')}\n${scheduler.output().slice(-6000)}\n${faults.outputs()}`
    throw new Error(`${(error as Error).message}\n${story}`, { cause: error })
  } finally {
    await faults.end().catch(() => {})
    await client?.close()
    await faults.stopWorkers()
    await scheduler.stop()
  }
}

function isComplaint(line: string): boolean {
  return /AssertionError|InvalidTransition|Unexpected task state|KeyError|ValueError|TypeError|RuntimeError/.test(line)
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref())

class Faults {
  readonly counts = { kills: 0, stops: 0, cuts: 0 }
  readonly story: string[] = []
  private readonly scheduler: string
  private readonly next: () => number
  private readonly options: ChaosOptions
  private readonly places: Place[] = []
  private readonly timers: NodeJS.Timeout[] = []
  private readonly underWay = new Set<Promise<void>>()
  private failure: Error | undefined
  private ended = false

  constructor(scheduler: string, next: () => number, options: ChaosOptions) {
    this.scheduler = scheduler
    this.next = next
    this.options = options
  }

  async startWorkers(): Promise<void> {
    // The last one reaches the scheduler, and is reached by others, through a network that fails.
    for (let i = 0; i < WORKERS; i++) {
      const proxy = i === WORKERS - 1 ? await startProxy(this.scheduler) : undefined
      this.places.push({ worker: undefined, proxy, inward: undefined, busy: false })
    }
    await Promise.all(this.places.map((place) => this.fill(place)))
  }

  private note(what: string, place: Place): void {
    this.story.push(`${new Date().toISOString()} ${what} ${place.worker?.address}`)
  }

  outputs(): string {
    return this.places.map(({ worker }) => worker?.output().slice(-1500)).join('\n')
  }

  private async fill(place: Place): Promise<void> {
    const { proxy } = place
    if (!proxy) {
      place.worker = await startWorker(this.scheduler, { nthreads: 2 })
      return
    }
    await place.inward?.close()
    const port = await freePort()
    place.inward = await startProxy(`tcp://127.0.0.1:${port}`)
    const args = ['--port', String(port), '--contact-address', place.inward.address]
    place.worker = await startWorker(proxy.address, { nthreads: 2, args })
  }

  /** A kill at every pause, another fault in the middle of every second one. */
  begin(): void {
    const { pause } = this.options
    this.timers.push(setInterval(() => this.kill(), pause))
    this.timers.push(setTimeout(() => this.timers.push(setInterval(() => this.other(), 2 * pause)), pause / 2))
  }

  /** With the last kill all faults stop. */
  private get enough(): boolean {
    return this.counts.kills >= this.options.kills
  }

  private kill(): void {
    if (this.enough) return
    this.on(this.places, async (place) => {
      this.counts.kills++
      this.note('kill', place)
      place.worker!.signal('SIGKILL')
      await this.replace(place)
    })
  }

  private other(): void {
    if (this.enough) return
    const kind = this.next()
    if (kind < 0.3) this.on(this.places, (place) => this.stop(place, kind < 0.15 ? SHORT_STOP : LONG_STOP))
    else {
      this.on(
        this.places.filter(({ proxy }) => proxy),
        async (place) => {
          this.counts.cuts++
          this.note(`cut ${kind}`, place)
          if (kind < 0.55) place.inward!.cut()
          else if (kind < 0.75) place.inward!.freeze(1500)
          else {
            place.proxy!.cut()
            await this.replace(place)
          }
        },
      )
    }
  }

  /** Does something to one of the places at which nothing is being done. */
  private on(places: readonly Place[], what: (place: Place) => Promise<void>): void {
    const free = places.filter(({ busy }) => !busy)
    const place = free[Math.floor(this.next() * free.length)]
    if (!place || this.ended) return
    place.busy = true
    const work: Promise<void> = what(place)
      .catch((error: Error) => {
        this.failure ??= error
      })
      .finally(() => {
        place.busy = false
        this.underWay.delete(work)
      })
    this.underWay.add(work)
  }

  /** A worker that stands still. One that the scheduler has given up in between finds that out, and ends. */
  private async stop(place: Place, milliseconds: number): Promise<void> {
    this.counts.stops++
    this.note(`stop ${milliseconds}`, place)
    const worker = place.worker!
    worker.signal('SIGSTOP')
    await sleep(milliseconds)
    worker.signal('SIGCONT')
    if (milliseconds === LONG_STOP) await this.replace(place)
  }

  /** Waits until a worker is gone, as it has to be, and starts another in its place. */
  private async replace(place: Place): Promise<void> {
    const worker = place.worker!
    const gone = await Promise.race([worker.exited.then(() => true), sleep(15_000).then(() => false)])
    if (!gone) throw new Error(`a worker that was let go is still there:\n${worker.output()}`)
    await worker.stop()
    if (!this.ended) await this.fill(place)
  }

  async end(): Promise<void> {
    this.ended = true
    for (const timer of this.timers) clearInterval(timer)
    await Promise.all(this.underWay)
    if (this.failure) throw this.failure
  }

  async stopWorkers(): Promise<void> {
    for (const { worker, proxy, inward } of this.places) {
      await worker?.stop()
      await proxy?.close()
      await inward?.close()
    }
  }
}
