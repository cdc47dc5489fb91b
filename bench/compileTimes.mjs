/**
 * Compiling alone, without the rest of a first call (starting the memory, copying, running): source to WebAssembly
 * module for each program, in the order in which they come in one fresh process. Prints [{ name, ms }], the medians of 7
 * processes.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { calculateScores, logProduct, roots, rootsSum } from '../dist/cli/compare/programs/plain.js'
import { Compiled } from '../dist/driver/compile.js'
import { settingsOf } from '../dist/driver/options.js'
import { median } from '../dist/statistics.js'
import { wasm } from '../dist/targets/wasm/index.js'

const PROGRAMS = [
  [roots, ['float64[]']],
  [rootsSum, ['float64[]']],
  [logProduct, ['float64[]']],
  [calculateScores, ['float64[]', 'int32', 'int32']],
]

if (process.argv[2] === 'once') {
  const settings = settingsOf({})
  const times = PROGRAMS.map(([plain, types]) => {
    const start = performance.now()
    const { module } = new Compiled(plain, types, settings, false).lowerFor('wasm')
    new WebAssembly.Module(wasm.emit(module).bytes)
    return { name: plain.name, ms: performance.now() - start }
  })
  console.log(JSON.stringify(times))
} else {
  const self = fileURLToPath(import.meta.url)
  const once = () => JSON.parse(execFileSync(process.execPath, [self, 'once'], { encoding: 'utf8' }))
  const runs = Array.from({ length: 7 }, once)
  console.log(JSON.stringify(runs[0].map(({ name }, k) => ({ name, ms: median(runs.map((run) => run[k].ms)) }))))
}
