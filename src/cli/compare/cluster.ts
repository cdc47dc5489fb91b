/**
 * The programs on clusters: cut into tasks, on threads and processes of this machine and on a Dask scheduler. Sending
 * the inputs and bringing the results takes time that computing does not: each is measured by itself.
 */

import { Client, LocalCluster, wait } from '../../cluster/index.ts'
import { median } from '../../statistics.ts'
import { check, type Result } from './check.ts'
import { type Budget, type Measurement, summary } from './measure.ts'
import { type Args, allowance, type Case, type Kernel } from './programs/program.ts'
import { CLUSTER_VARIANTS, type Label, type Library } from './variants.ts'

export type ClusterName = (typeof CLUSTER_VARIANTS)[number]

/** Tasks for each thread: enough that all have work to the end. */
const TASKS_A_THREAD = 4
/** A round that takes longer is given up: a scheduler without workers would never end it. */
const LIMIT_SECONDS = 120
const MAX_ROUNDS = 50

interface Parts {
  readonly sent: number
  readonly computed: number
  readonly brought: number
}

/** The clusters of one run, each started when it is measured first. */
export class Clusters implements AsyncDisposable {
  private readonly names: readonly ClusterName[]
  private readonly library: Library
  private readonly scheduler: string | undefined
  private readonly clients = new Map<ClusterName, Client>()
  private readonly open: AsyncDisposable[] = []

  constructor(library: Library, scheduler: string | undefined) {
    this.library = library
    this.scheduler = scheduler
    this.names = CLUSTER_VARIANTS.filter((name) => name !== 'cluster' || scheduler !== undefined)
  }

  private async client(name: ClusterName): Promise<Client> {
    const started = this.clients.get(name)
    if (started !== undefined) return started
    let client: Client
    if (name === 'cluster') client = await Client.connect(this.scheduler!)
    else {
      const processes = name === 'cluster-processes'
      const cluster = await LocalCluster.start({ workers: this.library.getNumThreads(), processes })
      this.open.push(cluster)
      client = await cluster.connect()
    }
    this.open.push(client)
    this.clients.set(name, client)
    return client
  }

  /** Never throws: what goes wrong stands in the measurements. */
  async measure(
    program: Case,
    args: Args,
    plain: Result,
    budget: Budget,
    progress: (what: string) => void,
  ): Promise<Measurement[]> {
    const measurements: Measurement[] = []
    for (const name of program.spread === undefined ? [] : this.names) {
      progress(name)
      measurements.push(await this.one(name, program, args, plain, budget))
    }
    return measurements
  }

  private async one(name: ClusterName, program: Case, args: Args, plain: Result, budget: Budget): Promise<Measurement> {
    const label: Label = { name, parallel: true, relaxed: false }
    const runner = {
      variant: label,
      samples: [] as number[],
      firstCallMs: NaN,
      ulps: 0,
      problem: undefined as string | undefined,
    }
    const all: Parts[] = []
    const { spread } = program
    try {
      const client = await this.client(name)
      const threads = [...(await client.nthreads()).values()].reduce((a, b) => a + b, 0)
      const kernel = this.library.jit(spread!.kernel)
      const tasks = spread!.tasks(args, Math.max(1, threads) * TASKS_A_THREAD)
      const end = performance.now() + budget.seconds * 1e3
      for (let round = 0; round < MAX_ROUNDS && (round <= budget.minRounds || performance.now() < end); round++) {
        const { answer, parts } = await once(client, kernel, tasks)
        const verdict = check(answer, plain, allowance(program, { ...label, compiled: true }, plain))
        runner.ulps = Math.max(runner.ulps, verdict.ulps)
        runner.problem ??= verdict.problem
        const ms = parts.sent + parts.computed + parts.brought
        if (round === 0) runner.firstCallMs = ms
        else {
          runner.samples.push(ms)
          all.push(parts)
        }
      }
    } catch (error) {
      runner.problem ??= String(error)
    }
    if (all.length === 0) return summary(runner)
    const of = (part: keyof Parts) => median(all.map((parts) => parts[part]))
    return { ...summary(runner), transferMs: of('sent') + of('brought'), computeMs: of('computed') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.open.reverse()) await each[Symbol.asyncDispose]()
  }
}

/** Sends each array once, computes all tasks, brings their results; what is on the cluster is released again. */
async function once(client: Client, kernel: Kernel, tasks: readonly Args[]): Promise<{ answer: Result; parts: Parts }> {
  const arrays = [...new Set(tasks.flat().filter((arg) => typeof arg !== 'number'))]
  const start = performance.now()
  const held = await client.scatter(arrays)
  const sent = performance.now()
  const submit = client.submit.bind(client) as (fn: Kernel, ...args: readonly unknown[]) => (typeof held)[number]
  const futures = tasks.map((args) =>
    submit(kernel, ...args.map((arg) => (typeof arg === 'number' ? arg : held[arrays.indexOf(arg)]))),
  )
  await wait(futures, { timeout: LIMIT_SECONDS })
  const computed = performance.now()
  const results = await client.gather(futures)
  const answer = new Float64Array(results.reduce((n, { length }) => n + length, 0))
  let at = 0
  for (const part of results) {
    answer.set(part, at)
    at += part.length
  }
  const brought = performance.now()
  for (const future of [...futures, ...held]) future.release()
  return { answer, parts: { sent: sent - start, computed: computed - sent, brought: brought - computed } }
}
