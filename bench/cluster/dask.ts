/**
 * tsumba's client and workers beside Python's, on one stock scheduler in one run:
 *
 *   npx tsx bench/cluster/dask.ts [--rounds 3] [--only tasks|moves]
 *
 * Two workers of one thread each, under nannies, in turns: those of Python, then ours. Medians of the rounds, in ms, and
 * the ratio of ours to Python's; every answer is checked. On Linux, `GLIBC_TUNABLES=glibc.malloc.hugetlb=1` gives this
 * process large pages for large arrays, which NumPy and our workers under a nanny have anyway.
 */

import { execFileSync } from 'node:child_process'
import { Client } from '../../src/cluster/client/client.ts'
import { connectDask } from '../../src/cluster/dask/client/index.ts'
import {
  environment,
  python,
  type Scheduler,
  startPythonWorker,
  startScheduler,
} from '../../test/cluster/support/python.ts'
import { startWorker } from '../../test/cluster/support/worker.ts'

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}
const rounds = Number(option('rounds') ?? 3)
const only = option('only')
const TASKS = only !== 'moves'
const MOVES = only !== 'tasks'

/** Elements of float64: 256 MiB. */
const LARGE = 2 ** 25
const CHAIN = 500
const TRIPS = 100
const QUEUED = 1000
const PINNED = 3000

/** Name, the most that ours may take of Python's time (the figure that is kept), and where it is measured. */
const FIGURES: readonly (readonly [name: string, limit: number])[] = [
  ['chain of 500', 1.05],
  ['round trip', 1.05],
  ['1000 queued', 1.05],
  ['3000 with workers', 0.6],
  ['worker to worker', 1],
  ['scatter direct', 1],
  ['gather direct', 1],
  ['scatter', 1],
  ['gather', 1],
]

type Times = Record<string, number[]>

const PROGRAM = `
import time
times = {}
def timed(name, work):
    t = time.perf_counter(); result = work()
    times.setdefault(name, []).append((time.perf_counter() - t) * 1000); return result
inc = lambda x: x + 1
make = lambda n: np.full(n, 1.5)
last = lambda x: float(x[-1]) + len(x)
def chain():
    f = client.submit(inc, 0, pure=False)
    for i in range(1, ${CHAIN}): f = client.submit(inc, f, pure=False)
    return f.result()
def trips():
    for i in range(${TRIPS}): assert client.submit(inc, i, pure=False).result() == i + 1
a, b = sorted(client.scheduler_info(n_workers=-1)['workers'])
client.gather(client.map(inc, range(100), pure=False))
large = np.full(${LARGE}, 1.5)
for r in range(${rounds}):
    if ${TASKS ? 'True' : 'False'}:
        assert timed('chain of 500', chain) == ${CHAIN}
        timed('round trip', trips); times['round trip'][-1] /= ${TRIPS}
        assert timed('1000 queued', lambda: client.gather(client.map(inc, range(${QUEUED}), pure=False))) == list(range(1, ${QUEUED} + 1))
        assert timed('3000 with workers', lambda: client.gather(client.map(inc, range(${PINNED}), pure=False, workers=[a, b]))) == list(range(1, ${PINNED} + 1))
    if ${MOVES ? 'True' : 'False'}:
        big = client.submit(make, ${LARGE}, workers=[a], pure=False); wait(big)
        assert timed('worker to worker', lambda: client.submit(last, big, workers=[b], pure=False).result()) == ${LARGE} + 1.5
        del big
        for direct in (True, False):
            way = ' direct' if direct else ''
            f = timed('scatter' + way, lambda: client.scatter(large, direct=direct, hash=False))
            y = timed('gather' + way, lambda: client.gather(f, direct=direct))
            assert y[-1] == 1.5 and len(y) == ${LARGE}
            del f, y
            time.sleep(0.3)
print(json.dumps(times))`

async function pythons(scheduler: Scheduler): Promise<Times> {
  const workers = await Promise.all([0, 1].map(() => startPythonWorker(scheduler, { nanny: true })))
  try {
    return JSON.parse(await python(scheduler, PROGRAM, { timeout: 300_000 })) as Times
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
  }
}

async function ours(scheduler: Scheduler): Promise<Times> {
  const workers = await Promise.all([0, 1].map(() => startWorker(scheduler.address, { nanny: true })))
  const client = Client.over(await connectDask(scheduler.address))
  try {
    return await measure(
      client,
      workers.map((worker) => worker.address),
    )
  } finally {
    await client.close()
    await Promise.all(workers.map((worker) => worker.stop()))
  }
}

const inc = (x: number) => x + 1
const make = (n: number) => new Float64Array(n).fill(1.5)
const last = (x: Float64Array) => x.at(-1)! + x.length

async function measure(client: Client, workers: readonly string[]): Promise<Times> {
  const times: Times = {}
  const timed = async <T>(name: string, work: () => Promise<T>, count = 1): Promise<T> => {
    const start = performance.now()
    const result = await work()
    times[name] = [...(times[name] ?? []), (performance.now() - start) / count]
    return result
  }
  const range = (n: number) => Array.from({ length: n }, (_, i) => i)
  const counted = (n: number) => (values: readonly number[]) => {
    check(values.length === n && values.every((value, i) => value === i + 1))
  }
  const on = (i: number) => client.with({ workers: [workers[i]!] })
  counted(100)(await client.gather(client.map(inc, range(100))))
  const large = new Float64Array(LARGE).fill(1.5)
  for (let round = 0; round < rounds; round++) {
    if (TASKS) {
      const chain = await timed('chain of 500', async () => {
        let future = client.submit(inc, 0)
        for (let i = 1; i < CHAIN; i++) future = client.submit(inc, future)
        return (await future) as number
      })
      check(chain === CHAIN)
      const trips = async () => {
        for (let i = 0; i < TRIPS; i++) check(((await client.submit(inc, i)) as number) === i + 1)
      }
      await timed('round trip', trips, TRIPS)
      counted(QUEUED)(await timed('1000 queued', () => client.gather(client.map(inc, range(QUEUED)))))
      const pinned = client.with({ workers })
      counted(PINNED)(await timed('3000 with workers', () => client.gather(pinned.map(inc, range(PINNED)))))
    }
    if (MOVES) {
      const big = on(0).submit(make, LARGE)
      await big.exception()
      check((await timed('worker to worker', async () => (await on(1).submit(last, big)) as number)) === LARGE + 1.5)
      big.release()
      for (const direct of [true, false]) {
        const way = direct ? ' direct' : ''
        const [future] = await timed(`scatter${way}`, () => client.scatter(large, { direct }))
        const [value] = await timed(`gather${way}`, () => client.gather([future!], { direct }))
        check((value as Float64Array).at(-1) === 1.5 && (value as Float64Array).length === LARGE)
        future!.release()
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
    }
  }
  return times
}

function check(holds: boolean): void {
  if (!holds) throw new Error('a wrong answer')
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

const found = await environment('newest')
if ('missing' in found) throw new Error(found.missing)
execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
const scheduler = await startScheduler(found.environment)
try {
  const theirs = await pythons(scheduler)
  const mine = await ours(scheduler)
  console.log(
    `${'ms'.padEnd(20)}${'Python'.padStart(10)}${'tsumba'.padStart(10)}${'ratio'.padStart(8)}${'limit'.padStart(8)}`,
  )
  for (const [name, limit] of FIGURES) {
    if (!theirs[name] || !mine[name]) continue
    const [a, b] = [median(theirs[name]), median(mine[name])]
    const cells = [
      a.toFixed(1).padStart(10),
      b.toFixed(1).padStart(10),
      (b / a).toFixed(2).padStart(8),
      limit.toFixed(2).padStart(8),
    ]
    console.log(`${name.padEnd(20)}${cells.join('')}${b / a > limit ? '  over' : ''}`)
  }
} finally {
  await scheduler.stop()
}
