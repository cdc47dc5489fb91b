/** A worker thread that copies memory at the same time as its siblings and posts its bytes a second. */

import { parentPort, workerData } from 'node:worker_threads'
import { copyBandwidth } from './bandwidth.ts'

const { barrier, threads } = workerData as { barrier: Int32Array; threads: number }
Atomics.add(barrier, 0, 1)
Atomics.notify(barrier, 0)
for (let arrived = Atomics.load(barrier, 0); arrived < threads; arrived = Atomics.load(barrier, 0)) {
  Atomics.wait(barrier, 0, arrived, 1000)
}
parentPort!.postMessage(copyBandwidth())
