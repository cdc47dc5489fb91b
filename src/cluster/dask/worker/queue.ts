/** Tasks in the order in which they are to be served: a binary heap. What is no longer wanted is left in and skipped. */

/** Dask's priorities: compared from the left, and of equal beginnings the shorter comes first. */
export function comparePriorities(a: readonly number[], b: readonly number[]): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

export class PriorityQueue<T> {
  private readonly heap: T[] = []
  private readonly before: (a: T, b: T) => number
  private readonly wanted: (item: T) => boolean

  /**
   * @param before negative where `a` is served before `b`; it must not change while both are in the queue
   * @param wanted items for which this is false are skipped and forgotten
   */
  constructor(before: (a: T, b: T) => number, wanted: (item: T) => boolean) {
    this.before = before
    this.wanted = wanted
  }

  push(item: T): void {
    const heap = this.heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.before(heap[parent]!, item) <= 0) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = item
  }

  /** The item to be served next; it stays. */
  peek(): T | undefined {
    while (this.heap.length > 0 && !this.wanted(this.heap[0]!)) this.removeFirst()
    return this.heap[0]
  }

  pop(): T | undefined {
    const first = this.peek()
    if (first !== undefined) this.removeFirst()
    return first
  }

  private removeFirst(): void {
    const heap = this.heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!) < 0) child++
      if (this.before(last, heap[child]!) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
