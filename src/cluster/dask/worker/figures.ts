/** What a worker tells the scheduler of itself with every heartbeat; the dashboard draws it. */

import { readdirSync } from 'node:fs'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { DEFAULT_BANDWIDTH, metrics } from '../protocol-worker.ts'
import type { Message } from '../wire/message.ts'
import type { WorkerMachine } from './machine.ts'
import { stateOf } from './tasks.ts'

/** Transfers below this size say little about the network. */
const MEASURED_BYTES = 1e6

export class Figures {
  readonly outgoing = { bytes: 0, count: 0, total: 0 }
  private incomingTotal = 0
  private bandwidth = DEFAULT_BANDWIDTH
  private bandwidthOf: Record<string, [number, number]> = {}
  private cpu = process.cpuUsage()
  private cpuAt = performance.now()
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 })

  constructor() {
    this.delay.enable()
  }

  close(): void {
    this.delay.disable()
  }

  received(worker: string, bytes: number, seconds: number): void {
    this.incomingTotal++
    if (bytes < MEASURED_BYTES) return
    const speed = bytes / Math.max(seconds, 1e-3)
    this.bandwidth = 0.95 * this.bandwidth + 0.05 * speed
    const [sum, count] = this.bandwidthOf[worker] ?? [0, 0]
    this.bandwidthOf[worker] = [sum + speed, count + 1]
  }

  /** Everything since the last call, for which the counts begin anew. */
  take(machine: WorkerMachine | undefined): Message {
    const taskCounts: Record<string, number> = {}
    for (const task of machine?.tasks.values() ?? []) {
      const state = stateOf(task)
      taskCounts[state] = (taskCounts[state] ?? 0) + 1
    }
    const { residence, transfers } = machine ?? {}
    const bandwidthOf = this.bandwidthOf
    this.bandwidthOf = {}
    // Never used, the histogram says NaN.
    const late = this.delay.mean / 1e9
    this.delay.reset()
    return metrics({
      taskCounts,
      bandwidth: this.bandwidth,
      bandwidthOf,
      managed: (residence?.memory ?? 0) + (residence?.disk ?? 0),
      spilled: { memory: residence?.disk ?? 0, disk: residence?.disk ?? 0 },
      incoming: { bytes: transfers?.bytes ?? 0, count: transfers?.underWay.size ?? 0, total: this.incomingTotal },
      outgoing: this.outgoing,
      cpu: this.cpuPercent(),
      memory: process.memoryUsage.rss(),
      openFiles: openFiles(),
      loopDelay: Number.isNaN(late) ? 0 : late,
      now: Date.now() / 1000,
    })
  }

  private cpuPercent(): number {
    const now = performance.now()
    const used = process.cpuUsage(this.cpu)
    const percent = (used.user + used.system) / 10 / Math.max(1, now - this.cpuAt)
    this.cpu = process.cpuUsage()
    this.cpuAt = now
    return percent
  }
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    // Not Linux.
    return 0
  }
}
