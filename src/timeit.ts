import { TsumbaError } from './errors.ts'
import { mean, median, standardDeviation } from './statistics.ts'

/** Enough loops that a run takes at least so many seconds: far above the clock's resolution. */
const MIN_RUN_SECONDS = 0.2
const MAX_LOOPS = 1e9

export interface TimeitOptions {
  /** How often the measurement is repeated; 7 by default. */
  readonly runs?: number
  /** Calls a run; by default the smallest power of ten that makes a run take 0.2 s. */
  readonly loops?: number
  /** Prints nothing. */
  readonly quiet?: boolean
}

/** Milliseconds a call; `allMs` has one entry a run. */
export interface TimeitResult {
  readonly meanMs: number
  readonly stdMs: number
  readonly medianMs: number
  readonly bestMs: number
  readonly worstMs: number
  readonly allMs: readonly number[]
  readonly runs: number
  readonly loops: number
  /** The line that `timeit` prints. */
  toString(): string
}

/**
 * Times a synchronous function as IPython's `%timeit` does and prints, for example,
 * `3.58 ms ± 66.8 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)`.
 * @throws TsumbaError when `fn` returns a promise, or runs or loops is not a whole number of at least 1.
 */
export function timeit(fn: () => unknown, options: TimeitOptions = {}): TimeitResult {
  const runs = count(options.runs ?? 7, 'runs')
  // The first call compiles, so it counts for nothing.
  timeLoops(fn, 1)
  const loops = options.loops === undefined ? autorange(fn) : count(options.loops, 'loops')
  const allMs: number[] = []
  for (let run = 0; run < runs; run++) allMs.push((timeLoops(fn, loops) * 1e3) / loops)
  const result: TimeitResult = {
    meanMs: mean(allMs),
    stdMs: standardDeviation(allMs),
    medianMs: median(allMs),
    bestMs: Math.min(...allMs),
    worstMs: Math.max(...allMs),
    allMs,
    runs,
    loops,
    toString() {
      return formatTimeit(this)
    },
  }
  if (!options.quiet) console.log(String(result))
  return result
}

/** Seconds that `loops` calls take. */
function timeLoops(fn: () => unknown, loops: number): number {
  let result: unknown
  const start = performance.now()
  for (let k = 0; k < loops; k++) result = fn()
  const end = performance.now()
  refusePromise(result)
  return (end - start) / 1e3
}

function autorange(fn: () => unknown): number {
  let loops = 1
  while (loops < MAX_LOOPS && timeLoops(fn, loops) < MIN_RUN_SECONDS) loops *= 10
  return loops
}

function count(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new TsumbaError(`timeit needs ${what} to be a whole number of at least 1; it is ${String(value)}.`, 'integer')
}

function refusePromise(value: unknown): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return
  throw new TsumbaError(
    'timeit measures synchronous functions, and this one returned a promise, so only its start would be timed. ' +
      'Remedy: time the synchronous form of the call, or await it yourself between two performance.now().',
    'promise',
  )
}

export function formatTimeit(result: Pick<TimeitResult, 'meanMs' | 'stdMs' | 'runs' | 'loops'>): string {
  const { meanMs, stdMs, runs, loops } = result
  const each = `${runs} run${runs === 1 ? '' : 's'}, ${loops.toLocaleString('en-US')} loop${loops === 1 ? '' : 's'} each`
  return `${formatDuration(meanMs)} ± ${formatDuration(stdMs)} per loop (mean ± std. dev. of ${each})`
}

/** Milliseconds in the words of IPython: three significant digits with the unit that fits, or `1min 5s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1e3
  if (seconds >= 60) return formatLong(seconds)
  const units = ['s', 'ms', 'µs', 'ns'] as const
  let unit = seconds > 0 ? Math.min(3, Math.max(0, -Math.floor(Math.log10(seconds) / 3))) : 3
  // 999.7 µs rounds to 1000 µs, which is 1 ms.
  if (unit > 0 && Number((seconds * 1e3 ** unit).toPrecision(3)) >= 1000) unit--
  return `${Number((seconds * 1e3 ** unit).toPrecision(3))} ${units[unit]}`
}

function formatLong(seconds: number): string {
  const parts: string[] = []
  let left = seconds
  for (const [suffix, length] of [
    ['d', 86400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const whole = Math.floor(left / length)
    left -= whole * length
    if (whole > 0) parts.push(`${whole}${suffix}`)
  }
  return parts.join(' ')
}
