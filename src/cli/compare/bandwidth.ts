/**
 * How fast this machine copies memory: `target.set(source)` between two arrays far larger than its caches, best of
 * several, counting the bytes read plus the bytes written. One thread alone, and as many as the comparison uses, each
 * with arrays of its own: what a loop that only moves memory could reach at most.
 */

import { Worker } from 'node:worker_threads'
import { builtModule } from '../packageFiles.ts'

/** Bytes of each of the two arrays of a thread. */
export const COPY_BYTES = 128 * 2 ** 20
const REPEATS = 7

/** Bytes a second. */
export interface CopyBandwidth {
  readonly oneThread: number
  readonly allThreads: number
}

/** @returns bytes a second of the best of several copies, after one that touches the pages. */
export function copyBandwidth(): number {
  const source = new Float64Array(COPY_BYTES / 8).fill(1)
  const target = new Float64Array(COPY_BYTES / 8)
  target.set(source)
  let best = Infinity
  for (let k = 0; k < REPEATS; k++) {
    const start = performance.now()
    target.set(source)
    best = Math.min(best, performance.now() - start)
  }
  return (2 * COPY_BYTES) / (best / 1e3)
}

export async function measureBandwidth(threads: number): Promise<CopyBandwidth> {
  const oneThread = copyBandwidth()
  if (threads === 1) return { oneThread, allThreads: oneThread }
  const barrier = new Int32Array(new SharedArrayBuffer(4))
  const rates = Array.from({ length: threads }, () => {
    const worker = new Worker(builtModule('compare/copier.js'), { workerData: { barrier, threads } })
    return new Promise<number>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  })
  const sum = (await Promise.all(rates)).reduce((a, b) => a + b)
  return { oneThread, allThreads: Math.max(sum, oneThread) }
}
