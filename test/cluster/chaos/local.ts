/**
 * A random graph on this machine's own cluster, while its processes are killed and stand still, or tasks end its threads.
 */

import { LocalCluster } from '../../../src/cluster/local/cluster.ts'
import { countWrong, limited, random, randomGraph, submitGraph } from './graph.ts'

export interface LocalChaosOptions {
  readonly seed: number
  readonly tasks: number
  readonly processes: boolean
  /** Milliseconds between two faults. */
  readonly pause: number
  readonly faults: number
  /** Milliseconds for everything. */
  readonly limit: number
}

export interface LocalChaosResult {
  readonly seed: number
  readonly seconds: number
  readonly outputs: number
  readonly wrong: number
  readonly faults: number
}

const STOPPED = 1500

export async function chaosOnLocalCluster(options: LocalChaosOptions): Promise<LocalChaosResult> {
  const { seed, processes } = options
  const graph = randomGraph(seed, options.tasks)
  const next = random(seed ^ 0x5eed)
  // A task that ends its threads does so until it is given up, and a thread takes a while to start on a busy machine.
  const allowedFailures = processes ? 1000 : 100
  const cluster = await LocalCluster.start({ workers: 3, threadsPerWorker: 2, processes, allowedFailures })
  const client = await cluster.connect()
  let faults = 0
  const pids = async () => (await client.schedulerInfo()).workers.map(({ pid }) => pid)
  const fault = async () => {
    if (faults === options.faults) return
    faults++
    if (!processes) {
      // It ends a thread again and again, until it is given up: where it runs, others run too.
      const bomb = client.with({ retries: 0 }).submit(() => process.exit(1))
      await bomb.exception()
      return
    }
    const all = await pids()
    const pid = all[Math.floor(next() * all.length)]!
    if (next() < 0.75) process.kill(pid, 'SIGKILL')
    else {
      process.kill(pid, 'SIGSTOP')
      setTimeout(() => process.kill(pid, 'SIGCONT'), STOPPED)
    }
  }
  const failures: unknown[] = []
  const timer = setInterval(() => void fault().catch((error) => failures.push(error)), options.pause)
  try {
    const started = performance.now()
    const futures = submitGraph(client, graph)
    const values = await limited(client.gather(futures), options.limit)
    const seconds = (performance.now() - started) / 1000
    if (failures.length > 0) throw failures[0]
    return { seed, seconds, outputs: values.length, wrong: countWrong(graph, values), faults }
  } finally {
    clearInterval(timer)
    await client.close()
    await cluster.close()
  }
}
