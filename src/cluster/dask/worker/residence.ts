/**
 * Which values lie in memory and which on disk, and what has to go to disk. Dask's thresholds, as fractions of the
 * worker's memory limit: values past the target go to disk, least recently used first; so do values while the whole
 * process is past the spill threshold; past the pause threshold nothing new starts.
 */

import type { Key } from '../../task.ts'
import type { Task } from './tasks.ts'

export interface MemoryLimits {
  /** Bytes of values. */
  readonly target: number
  /** Bytes of the process. */
  readonly spill: number
  readonly pause: number
}

export const memoryLimits = (memoryLimit: number | undefined): MemoryLimits | undefined =>
  memoryLimit === undefined
    ? undefined
    : { target: 0.6 * memoryLimit, spill: 0.7 * memoryLimit, pause: 0.8 * memoryLimit }

/** A smaller value occupies more as a file than it frees. */
const SMALLEST_SPILLED = 4096

export class Residence {
  /** Bytes of values in memory, those included that are on their way to disk. */
  memory = 0
  /** Bytes of values on disk. */
  disk = 0
  private leaving = 0
  private failed = false
  /** Nothing could be chosen the last time, and nothing came since. */
  private fruitless = false
  /** In memory, least recently used first. */
  private readonly recent = new Map<Key, Task>()
  private readonly limits: MemoryLimits | undefined

  constructor(limits: MemoryLimits | undefined) {
    this.limits = limits
  }

  /** Says that a value came into memory. */
  add(task: Task): void {
    this.fruitless = false
    this.memory += task.held!.nbytes
    this.recent.set(task.key, task)
  }

  remove(task: Task): void {
    const { nbytes, place } = task.held!
    if (place === 'disk') {
      this.disk -= nbytes
      return
    }
    this.memory -= nbytes
    if (place === 'spilling') this.leaving -= nbytes
    this.recent.delete(task.key)
  }

  used(task: Task): void {
    if (this.recent.delete(task.key)) this.recent.set(task.key, task)
  }

  spilled(task: Task): void {
    const held = task.held
    if (held?.place !== 'spilling') return
    held.place = 'disk'
    this.leaving -= held.nbytes
    this.memory -= held.nbytes
    this.disk += held.nbytes
  }

  /** The disk is full or gone: nothing more goes there until `retry`. */
  spillFailed(task: Task): void {
    this.failed = true
    if (task.held?.place !== 'spilling') return
    task.held.place = 'memory'
    this.leaving -= task.held.nbytes
    this.recent.set(task.key, task)
  }

  retry(): void {
    this.failed = false
    this.fruitless = false
  }

  loaded(task: Task): void {
    const held = task.held
    if (held?.place !== 'disk') return
    held.place = 'memory'
    this.disk -= held.nbytes
    this.add(task)
  }

  tooFull(processBytes: number): boolean {
    return this.limits !== undefined && processBytes > this.limits.pause
  }

  /**
   * The values that now have to go to disk; they count as on their way.
   * @param processBytes what the process occupies, where that was just measured
   * @param inUse values that a running job reads: to write them out would free nothing
   */
  choose(processBytes: number | undefined, inUse: (task: Task) => boolean): Task[] {
    if (!this.limits || this.failed || this.fruitless) return []
    let excess = this.memory - this.leaving - this.limits.target
    if (processBytes !== undefined && processBytes > this.limits.spill) {
      excess = Math.max(excess, processBytes - this.leaving - this.limits.target)
    }
    const chosen: Task[] = []
    if (excess <= 0) return chosen
    for (const task of this.recent.values()) {
      if (excess <= 0) break
      const held = task.held!
      if (held.nbytes < SMALLEST_SPILLED || inUse(task)) continue
      held.place = 'spilling'
      this.leaving += held.nbytes
      excess -= held.nbytes
      chosen.push(task)
    }
    for (const task of chosen) this.recent.delete(task.key)
    this.fruitless = chosen.length === 0
    return chosen
  }
}
