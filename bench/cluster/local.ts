/**
 * LocalCluster on this machine: small tasks a second, and how fast arrays go in and out.
 *
 *   npm run build && npx tsx bench/cluster/local.ts          # --tasks 50000 --megabytes 256 --threads --runs 9
 *
 * Tasks: each computes from an argument of its own and has its own future; every value is checked; the workers' pids
 * are shown, each with the number of tasks that ran there. Arrays: `scatter` until its promise settles, `gather` of a
 * future that is there, both of a Float64Array, over the time of `target.set(source)` between two arrays that are there.
 * The first times are those of memory that nobody has used yet; the medians those of a program that goes on.
 * The built package runs, as it does at users'.
 */

import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: '50000' },
    megabytes: { type: 'string', default: '256' },
    runs: { type: 'string', default: '9' },
    threads: { type: 'boolean', default: false },
  },
})
const { LocalCluster } = (await import(
  new URL('../../dist/cluster/index.js', import.meta.url).href
)) as typeof import('../../src/cluster/index.ts')

const kinds = options.threads ? [true, false] : [true]
const tasks = Number(options.tasks)
const runs = Number(options.runs)
const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1]!
const rate = (values: readonly number[]): string =>
  `median ${median(values).toFixed(0)}, best ${Math.max(...values).toFixed(0)}`

/** What the workers run. */
const task = (x: number) => ({ value: x * 2 + 1, pid: process.pid })

async function smallTasks(processes: boolean): Promise<void> {
  await using cluster = await LocalCluster.start({ workers: 2, processes })
  await using client = await cluster.connect()
  const ran = new Map<number, number>()
  const rates: number[] = []
  for (let run = 0; run < runs; run++) {
    const first = run * tasks
    const begun = performance.now()
    const futures = client.map(
      task,
      Array.from({ length: tasks }, (_, i) => first + i),
    )
    const answers = await client.gather(futures)
    rates.push(tasks / ((performance.now() - begun) / 1e3))
    if (new Set(futures.map(({ key }) => key)).size !== tasks) throw new Error('two futures have one key')
    answers.forEach(({ value, pid }, i) => {
      if (value !== (first + i) * 2 + 1) throw new Error(`task ${first + i} gave ${value}`)
      ran.set(pid, (ran.get(pid) ?? 0) + 1)
    })
    for (const future of futures) future.release()
  }
  const workers = (await client.schedulerInfo()).workers.map(({ pid }) => pid)
  const where = [...ran].map(([pid, n]) => `${pid}: ${n}`).join(', ')
  console.log(`${processes ? 'processes' : 'threads'}, ${tasks} tasks: ${rate(rates)} a second`)
  console.log(`  this process ${process.pid}, workers ${workers.join(', ')}; tasks by pid: ${where}`)
}

/** Seconds of one copy between arrays whose memory is there. */
function copySeconds(source: Float64Array): number {
  const target = new Float64Array(source.length).fill(1)
  const times = Array.from({ length: runs }, () => {
    const begun = performance.now()
    target.set(source)
    return (performance.now() - begun) / 1e3
  })
  return median(times)
}

async function arrays(processes: boolean): Promise<void> {
  await using cluster = await LocalCluster.start({ workers: 2, processes })
  await using client = await cluster.connect()
  const source = Float64Array.from({ length: (Number(options.megabytes) * 2 ** 20) / 8 }, (_, i) => i)
  const bytes = source.byteLength
  const copy = copySeconds(source)
  const scatters: number[] = []
  const gathers: number[] = []
  for (let run = 0; run < runs; run++) {
    source[0] = run
    let begun = performance.now()
    const [future] = await client.scatter(source)
    scatters.push((performance.now() - begun) / 1e3)
    const seen = await client.submit((x: Float64Array) => x[0]! + x[x.length - 1]!, future!)
    if (seen !== run + source.length - 1) throw new Error(`a task saw ${seen}`)
    begun = performance.now()
    const back = await client.gather(future!)
    gathers.push((performance.now() - begun) / 1e3)
    if (back === source || back[0] !== run || back[back.length - 1] !== source.length - 1)
      throw new Error('not the array')
    future!.release()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const speed = (times: readonly number[]) =>
    `${(bytes / median(times) / 1e9).toFixed(2)} GB/s, ${(copy / median(times)).toFixed(2)}× of a copy ` +
    `(the first ${(copy / times[0]!).toFixed(2)}×)`
  console.log(
    `${processes ? 'processes' : 'threads'}, ${options.megabytes} MB: a copy ${(bytes / copy / 1e9).toFixed(2)} GB/s`,
  )
  console.log(`  scatter ${speed(scatters)}; gather ${speed(gathers)}`)
}

for (const processes of kinds) {
  await smallTasks(processes)
  await arrays(processes)
}
