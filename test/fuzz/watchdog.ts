/** Ends the process, with the program's seed and position, when one program keeps it busy for too long. */

import { Worker } from 'node:worker_threads'

export interface Watchdog {
  /** Another program begins. */
  at(position: number): void
  stop(): void
}

export function watchdog(seed: number, seconds: number): Watchdog {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const text = `
const { workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
let last = -1
setInterval(() => {
  const beat = Atomics.load(workerData.shared, 0)
  if (beat === last) {
    writeSync(2, 'no end after ${seconds} s: seed ${seed}, position ' + Atomics.load(workerData.shared, 1) + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }
  last = beat
}, ${seconds * 1000})`
  const worker = new Worker(text, { eval: true, workerData: { shared } })
  worker.unref()
  return {
    at(position) {
      Atomics.add(shared, 0, 1)
      Atomics.store(shared, 1, position)
    },
    stop: () => void worker.terminate(),
  }
}
