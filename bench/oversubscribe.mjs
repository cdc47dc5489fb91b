/**
 * What four times as many threads as cores cost: both settings take turns in one process. Prints
 * [{ name, ratio }], the median time with too many threads over that with one a core.
 */

import { availableParallelism } from 'node:os'
import { PROGRAMS } from '../dist/cli/compare/programs/index.js'
import { allocate, jit, setNumThreads } from '../dist/index.js'
import { median } from '../dist/statistics.js'

const quick = process.argv.includes('--quick')
const SECONDS = quick ? 1 : 5
const cores = availableParallelism()
const counts = [cores, 4 * cores]

const results = []
for (const name of ['rootsSum', 'logProduct', 'roots']) {
  const [job] = PROGRAMS.find((program) => program.name === name).cases(quick ? 'quick' : 'full')
  const kernel = jit(job.withPrange, { parallel: true })
  const args = job.inputs((length) => allocate(Float64Array, length))
  const times = [[], []]
  const end = performance.now() + SECONDS * 1e3
  for (let round = 0; round < 4 || performance.now() < end; round++) {
    for (const [k, threads] of counts.entries()) {
      await new Promise((resolve) => setImmediate(resolve))
      setNumThreads(threads)
      kernel(...args)
      const start = performance.now()
      kernel(...args)
      if (round > 0) times[k].push(performance.now() - start)
    }
  }
  results.push({ name, ratio: median(times[1]) / median(times[0]) })
}
console.log(JSON.stringify(results))
