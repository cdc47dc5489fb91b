/** Runs that may start: by priority, and where they need resources, only while enough of them is free. */

import { comparePriorities, PriorityQueue } from './queue.ts'
import { needsResources, type Run } from './tasks.ts'

const before = (a: Run, b: Run): number => comparePriorities(a.priority, b.priority) || a.serial - b.serial
const isReady = (run: Run): boolean => run.phase === 'ready'

export class ReadyRuns {
  /** Amounts that no job holds. */
  readonly free: Map<string, number>
  private readonly plain = new PriorityQueue(before, isReady)
  /** A queue for each combination of amounts, so that one that cannot start keeps no other back. */
  private readonly constrained = new Map<string, PriorityQueue<Run>>()

  constructor(resources: Readonly<Record<string, number>>) {
    this.free = new Map(Object.entries(resources))
  }

  add(run: Run): void {
    if (!needsResources(run)) {
      this.plain.push(run)
      return
    }
    const demand = JSON.stringify(Object.entries(run.resources).sort())
    let queue = this.constrained.get(demand)
    if (!queue) this.constrained.set(demand, (queue = new PriorityQueue(before, isReady)))
    queue.push(run)
  }

  /** The most urgent run that can start now, with its resources taken. */
  take(): Run | undefined {
    let best = this.plain.peek()
    let from = this.plain
    for (const [demand, queue] of this.constrained) {
      const run = queue.peek()
      if (!run) this.constrained.delete(demand)
      else if (this.suffices(run) && (!best || before(run, best) < 0)) {
        best = run
        from = queue
      }
    }
    if (!best) return undefined
    from.pop()
    for (const [name, amount] of Object.entries(best.resources)) this.free.set(name, this.free.get(name)! - amount)
    return best
  }

  giveBack(run: Run): void {
    for (const [name, amount] of Object.entries(run.resources)) this.free.set(name, this.free.get(name)! + amount)
  }

  private suffices(run: Run): boolean {
    return Object.entries(run.resources).every(([name, amount]) => (this.free.get(name) ?? 0) >= amount)
  }
}
