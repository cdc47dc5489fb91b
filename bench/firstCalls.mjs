/**
 * The one-off cost of compiling: each program's first call on a few elements, in the order in which they run in one
 * fresh process, so that the first one also pays for parser and inspector. Prints [{ name, ms }], the medians of 7
 * processes.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { calculateScores, logProduct, roots, rootsSum } from '../dist/cli/compare/programs/plain.js'
import { jit } from '../dist/node.js'
import { median } from '../dist/statistics.js'

if (process.argv[2] === 'once') {
  const x = Float64Array.of(1, 2, 3, 4, 5, 6)
  const times = [roots, rootsSum, logProduct, calculateScores].map((plain) => {
    const kernel = jit(plain)
    const start = performance.now()
    kernel(...[x, 3, 2].slice(0, plain.length))
    return { name: plain.name, ms: performance.now() - start }
  })
  console.log(JSON.stringify(times))
} else {
  const self = fileURLToPath(import.meta.url)
  const once = () => JSON.parse(execFileSync(process.execPath, [self, 'once'], { encoding: 'utf8' }))
  const runs = Array.from({ length: 7 }, once)
  console.log(JSON.stringify(runs[0].map(({ name }, k) => ({ name, ms: median(runs.map((run) => run[k].ms)) }))))
}
