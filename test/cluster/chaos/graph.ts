/** Random graphs whose values are known beforehand, computed here by the functions that the tasks run. */

import type { Client } from '../../../src/cluster/client/client.ts'
import type { Future } from '../../../src/cluster/client/future.ts'

/** Numbers in [0, 1) that depend on the seed only: mulberry32, by Tommy Ettinger (public domain). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Node {
  readonly index: number
  /** Milliseconds that it takes. */
  readonly time: number
  /** Elements of its value. */
  readonly length: number
  readonly inputs: readonly number[]
}

export interface Graph {
  readonly nodes: readonly Node[]
  /** What nobody reads: these are asked for. */
  readonly outputs: readonly number[]
  /** What each node comes to. */
  readonly expected: readonly Float64Array[]
}

/** How far back a node reads. */
const REACH = 60
const MODULUS = 1_000_003

/** What a task computes, away from its waiting. */
export function combine(index: number, length: number, inputs: readonly Float64Array[]): Float64Array {
  const result = new Float64Array(length)
  for (let k = 0; k < length; k++) {
    let sum = index + k
    for (const input of inputs) sum += input[k % input.length]!
    result[k] = sum % MODULUS
  }
  return result
}

export function randomGraph(seed: number, size: number): Graph {
  const next = random(seed)
  const nodes: Node[] = []
  const expected: Float64Array[] = []
  const read = new Set<number>()
  for (let index = 0; index < size; index++) {
    const count = index < 5 ? 0 : Math.floor(next() * 4)
    const inputs = new Set<number>()
    for (let i = 0; i < count; i++) inputs.add(index - 1 - Math.floor(next() * Math.min(index, REACH)))
    for (const input of inputs) read.add(input)
    // Some values are small, some fill several packets.
    const length = next() < 0.2 ? 20_000 : 1 + Math.floor(next() * 50)
    const node = { index, time: 5 + Math.floor(next() * 40), length, inputs: [...inputs] }
    nodes.push(node)
    const values = node.inputs.map((input) => expected[input]!)
    expected.push(combine(index, length, values))
  }
  const outputs = nodes.filter(({ index }) => !read.has(index)).map(({ index }) => index)
  return { nodes, outputs, expected }
}

/** Submits all of a graph; returns the futures of its outputs. What lies between is held by nobody. */
export function submitGraph(client: Client, { nodes, outputs }: Graph): Future<Float64Array>[] {
  const futures: Future<Float64Array>[] = []
  const wanted = new Set(outputs)
  for (const { index, time, length, inputs } of nodes) {
    const run = async (at: number, ms: number, n: number, ...values: Float64Array[]) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return combine(at, n, values)
    }
    const arguments_ = inputs.map((input) => futures[input]!)
    futures.push(client.submit(run, index, time, length, ...arguments_) as Future<Float64Array>)
  }
  for (const [index, future] of futures.entries()) if (!wanted.has(index)) future.release()
  return outputs.map((index) => futures[index]!)
}

/** How many outputs are not what they should be. */
export function countWrong({ outputs, expected }: Graph, values: readonly Float64Array[]): number {
  return outputs.filter((index, i) => {
    const value = values[i]!
    const wanted = expected[index]!
    return value.length !== wanted.length || value.some((element, k) => element !== wanted[k])
  }).length
}

/** @param limit milliseconds */
export async function limited<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${limit / 1000} s`)), limit)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
