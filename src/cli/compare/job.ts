/**
 * A process that runs one case's `jit` variant whenever its parent says so, for `compare --ceiling`.
 * Arguments: program, index of the case, full | quick. Messages: it posts 'ready'; at each message { seconds } it runs
 * for so long, three calls at least, and posts the median of a call in milliseconds.
 */

import { allocate, jit } from '../../index.ts'
import { median } from '../../statistics.ts'
import { PROGRAMS } from './programs/index.ts'

const [name, index, size] = process.argv.slice(2) as [string, string, 'full' | 'quick']
const job = PROGRAMS.find((program) => program.name === name)!.cases(size)[Number(index)]!
const kernel = jit(job.plain) as unknown as (...args: readonly unknown[]) => unknown
const args = job.inputs((length) => allocate(Float64Array, length))
await run(0.1)
process.on('message', async ({ seconds }: { seconds: number }) => process.send!(await run(seconds)))
process.send!('ready')

async function run(seconds: number): Promise<number> {
  const samples: number[] = []
  const end = performance.now() + seconds * 1e3
  while (samples.length < 3 || performance.now() < end) {
    // Finalizers get their turn between calls.
    await new Promise((resolve) => setImmediate(resolve))
    const start = performance.now()
    kernel(...args)
    samples.push(performance.now() - start)
  }
  return median(samples)
}
