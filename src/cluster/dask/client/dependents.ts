/** What depends on what in graphs of which not every task is held by a future. */

import type { Key, Task } from '../../task.ts'

interface Graph {
  /** Of a key, the tasks that read it. */
  readonly readers: Map<Key, Key[]>
  readonly wanted: Set<Key>
}

export class Dependents {
  private readonly graphs = new Set<Graph>()
  private readonly of = new Map<Key, Graph>()

  add(tasks: readonly Task[], wanted: readonly Key[]): void {
    const graph: Graph = { readers: new Map(), wanted: new Set(wanted) }
    for (const task of tasks)
      for (const key of task.dependencies) {
        const readers = graph.readers.get(key)
        if (readers === undefined) graph.readers.set(key, [task.key])
        else readers.push(task.key)
      }
    this.graphs.add(graph)
    for (const key of wanted) this.of.set(key, graph)
  }

  /** A key is held no longer; with the last one a graph is forgotten. */
  release(key: Key): void {
    const graph = this.of.get(key)
    if (graph === undefined) return
    this.of.delete(key)
    graph.wanted.delete(key)
    if (graph.wanted.size === 0) this.graphs.delete(graph)
  }

  /** All tasks that read these keys, directly or not. */
  after(keys: readonly Key[]): Key[] {
    const seen = new Set<Key>()
    const open = [...keys]
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      for (const { readers } of this.graphs) {
        for (const reader of readers.get(key) ?? []) {
          if (seen.has(reader)) continue
          seen.add(reader)
          open.push(reader)
        }
      }
    }
    return [...seen]
  }

  clear(): void {
    this.graphs.clear()
    this.of.clear()
  }
}
