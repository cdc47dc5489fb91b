/** How long tasks of each function take, so that quick ones can go in batches. Seconds. */

import type { TravellingFunction } from '../travel/functions.ts'

/** Functions that are remembered. */
const REMEMBERED = 10_000

export class Pace {
  private readonly means = new Map<string, number>()

  /** Undefined for a function that nobody has run yet, nor one of its name: closures differ in what they capture. */
  of(fn: TravellingFunction): number | undefined {
    return this.means.get(fn.id) ?? this.means.get(fn.name)
  }

  note(fn: TravellingFunction, seconds: number): void {
    if (this.means.size >= REMEMBERED) this.means.clear()
    this.add(fn.id, seconds)
    this.add(fn.name, seconds)
  }

  private add(name: string, seconds: number): void {
    const before = this.means.get(name)
    // Slow runs count more: a batch that takes too long keeps others waiting, one that is too small costs little.
    const weight = before === undefined ? 1 : seconds > before ? 0.3 : 0.05
    this.means.set(name, before === undefined ? seconds : before + weight * (seconds - before))
  }
}
