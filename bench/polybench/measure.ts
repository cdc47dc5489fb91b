/**
 * Measures the variants of one program on one data set. Variants take turns, another first in each round; every call
 * starts from PolyBench's initial values, whose copying is not counted; results are held against plain's.
 */

import { median } from '../../src/statistics.ts'
import { changed, copyOf, refresh, release, verdictOn } from './arguments.ts'
import type { Argument, Program } from './polybench.ts'
import type { Variant } from './variants.ts'

export interface Measurement {
  readonly variant: Variant
  readonly medianMs: number
  /** The shortest sample: what is left where the machine was busy. */
  readonly bestMs: number
  readonly samples: number
  /** The largest distance of any element of any result from plain's. */
  readonly ulps: number
  /** The first wrong element, or the error that was thrown. */
  readonly problem?: string
}

/** A sample is at least so long, in calls where one is shorter: a timer tick costs 10 µs. */
const MIN_SAMPLE_MS = 2
/** Calls before the first round, so that the engine's last tier is there. */
const WARM_UP_MS = 50
const MIN_ROUNDS = 5
const MAX_ROUNDS = 200

/** A variant on its way through the rounds. */
interface Runner {
  readonly variant: Variant
  readonly args: Argument[]
  readonly samples: number[]
  ulps: number
  problem: string | undefined
}

/**
 * @param variants plain first
 * @param seconds rounds go on so long, but there are at least five
 */
export async function measure(
  program: Program,
  initial: readonly Argument[],
  variants: readonly Variant[],
  seconds: number,
): Promise<Measurement[]> {
  const plain = copyOf(initial, 'ordinary')
  variants[0]!.kernel(...plain)
  const written = changed(plain, initial)
  const runners = variants.map(
    (variant): Runner => ({
      variant,
      args: copyOf(initial, variant.placement),
      samples: [],
      ulps: 0,
      problem: undefined,
    }),
  )

  /** Milliseconds a call, of calls that took `ms` together. */
  const time = async (runner: Runner, ms: number): Promise<number> => {
    // The event loop gets its turn: finalizers run here, which give memory back.
    await new Promise((resolve) => setImmediate(resolve))
    const { kernel } = runner.variant
    let spent = 0
    let calls = 0
    do {
      refresh(runner.args, initial, written)
      const start = performance.now()
      kernel(...runner.args)
      spent += performance.now() - start
      calls++
    } while (spent < ms)
    const verdict = verdictOn(program, runner.args, plain)
    runner.ulps = Math.max(runner.ulps, verdict.ulps)
    runner.problem ??= verdict.problem
    return spent / calls
  }
  /** Not again after an error or a wrong answer. */
  const attempt = async (runner: Runner, run: () => Promise<void>): Promise<void> => {
    if (runner.problem !== undefined) return
    try {
      await run()
    } catch (error) {
      runner.problem = String(error)
      runner.samples.length = 0
    }
  }

  for (const runner of runners) await attempt(runner, async () => void (await time(runner, WARM_UP_MS)))
  const end = performance.now() + seconds * 1e3
  for (let round = 0; round < MAX_ROUNDS && (round < MIN_ROUNDS || performance.now() < end); round++) {
    for (let k = 0; k < runners.length; k++) {
      const runner = runners[(k + round) % runners.length]!
      await attempt(runner, async () => void runner.samples.push(await time(runner, MIN_SAMPLE_MS)))
    }
  }
  for (const { args } of runners) release(args)
  return runners.map(({ variant, samples, ulps, problem }) => ({
    variant,
    medianMs: samples.length === 0 ? NaN : median(samples),
    bestMs: samples.length === 0 ? NaN : Math.min(...samples),
    samples: samples.length,
    ulps,
    ...(problem === undefined ? {} : { problem }),
  }))
}
