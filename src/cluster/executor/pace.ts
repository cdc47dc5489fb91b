/** How long tasks of each function take, so that quick ones can go in batches. Seconds. */

/** Functions that are remembered. */
const REMEMBERED = 10_000

export class Pace {
  private readonly means = new Map<string, number>()

  /** Undefined for a function that nobody has run yet. */
  of(function_: string): number | undefined {
    return this.means.get(function_)
  }

  note(function_: string, seconds: number): void {
    const before = this.means.get(function_)
    if (before === undefined && this.means.size >= REMEMBERED) this.means.clear()
    // Slow runs count more: a batch that takes too long keeps others waiting, one that is too small costs little.
    const weight = before === undefined ? 1 : seconds > before ? 0.3 : 0.05
    this.means.set(function_, before === undefined ? seconds : before + weight * (seconds - before))
  }
}
