/**
 * The calculateScores program as a whole script, which `compare` starts in a process of its own:
 * start, load the CSV file, compile, run once.
 * Arguments: plain | jit | parallel, the file, the percentage of its rows to use, the number of threads.
 * Prints `{ kernelMs, checksum }`: the time of the one call, compiling included, and the sum of the scores.
 */

import { readCsv } from './csv.ts'

const [variant, path, percent, threads] = process.argv.slice(2) as [string, string, string, string]
const calculateScores = await load()
const { data, rows, columns } = readCsv(path, Number(percent))
const start = performance.now()
const scores = calculateScores(data, rows, columns)
const kernelMs = performance.now() - start
console.log(JSON.stringify({ kernelMs, checksum: scores.reduce((a, b) => a + b, 0) }))

/** Plain JavaScript does not pay for loading a library that it does not use. */
async function load() {
  if (variant === 'plain') return (await import('./programs/plain.ts')).calculateScores
  const { jit, setNumThreads } = await import('../../index.ts')
  if (variant === 'jit') return jit((await import('./programs/plain.ts')).calculateScores)
  setNumThreads(Number(threads))
  return jit((await import('./programs/prange.ts')).calculateScores, { parallel: true })
}
