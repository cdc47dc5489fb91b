/**
 * Measures the variants of one program on one input. Variants take turns, so that whatever else the machine does meets
 * all of them; every answer of every call is compared with plain's.
 */

import { mean, median, standardDeviation } from '../../statistics.ts'
import { check, type Result } from './check.ts'
import { type Args, allowance, type Case } from './programs/program.ts'
import type { Label, Variant } from './variants.ts'

export interface Budget {
  /** Rounds go on until so many seconds have passed… */
  readonly seconds: number
  /** …but there are at least so many. */
  readonly minRounds: number
}

export interface Measurement {
  readonly variant: Label
  readonly medianMs: number
  readonly meanMs: number
  readonly stdMs: number
  /** The first call, which compiles; not part of the other figures. */
  readonly firstCallMs: number
  readonly rounds: number
  /** Of the median, on clusters: sending inputs and bringing results, and the rest. */
  readonly transferMs?: number
  readonly computeMs?: number
  /** The largest distance of any element of any answer from plain's. */
  readonly ulps: number
  readonly ok: boolean
  /** Why it is not ok: the first wrong element, or the error that was thrown. */
  readonly problem?: string
}

/** A sample is at least this long, in calls where one is shorter: the clock resolves about 1 µs, a timer tick costs 10. */
const MIN_SAMPLE_MS = 2
/** Calls before the first round, so that the engine's last tier is there. */
const WARM_UP_MS = 50
const MAX_ROUNDS = 200

/** A variant on its way through the rounds. */
interface Runner {
  readonly variant: Variant
  readonly call: () => Result
  firstCallMs: number
  /** Calls a sample. */
  loops: number
  readonly samples: number[]
  ulps: number
  problem: string | undefined
}

export interface Measured {
  readonly measurements: Measurement[]
  /** The first variant's answer; absent when it has none. */
  readonly plain: Result | undefined
}

/**
 * @param inputs the arguments each variant is called with
 * @param progress told what is about to run
 */
export async function measure(
  program: Case,
  variants: readonly Variant[],
  inputs: (variant: Variant) => Args,
  budget: Budget,
  progress: (what: string) => void,
): Promise<Measured> {
  const runners = variants.map((variant): Runner => {
    const kernel = variant.kernel as (...args: Args) => Result
    const args = inputs(variant)
    return {
      variant,
      call: () => kernel(...args),
      firstCallMs: NaN,
      loops: 1,
      samples: [],
      ulps: 0,
      problem: undefined,
    }
  })
  let plain: Result | undefined

  const time = async (runner: Runner, loops: number): Promise<number> => {
    // The event loop gets its turn: finalizers run here, which give memory back.
    await new Promise((resolve) => setImmediate(resolve))
    try {
      let answer!: Result
      const start = performance.now()
      for (let k = 0; k < loops; k++) answer = runner.call()
      const ms = (performance.now() - start) / loops
      plain ??= answer
      verify(runner, answer, plain, program)
      return ms
    } catch (error) {
      runner.problem ??= String(error)
      return NaN
    }
  }

  for (const runner of runners) {
    progress(`${runner.variant.name}, first call`)
    runner.firstCallMs = await time(runner, 1)
  }
  for (const runner of runners) {
    if (runner.problem !== undefined) continue
    progress(`${runner.variant.name}, warming up`)
    runner.loops = await warmUp((loops) => time(runner, loops))
  }
  const end = performance.now() + budget.seconds * 1e3
  for (let round = 0; round < MAX_ROUNDS && (round < budget.minRounds || performance.now() < end); round++) {
    for (let k = 0; k < runners.length; k++) {
      // Another one begins each round, so that none always follows the same neighbour.
      const runner = runners[(k + round) % runners.length]!
      if (runner.problem !== undefined) continue
      progress(`${runner.variant.name}, round ${round + 1}`)
      runner.samples.push(await time(runner, runner.loops))
    }
  }
  return { measurements: runners.map(summary), plain }
}

/** Calls until the engine has had time to optimise; returns how many calls make a sample. */
async function warmUp(time: (loops: number) => Promise<number>): Promise<number> {
  let spent = 0
  let loops = 1
  do {
    const ms = await time(loops)
    if (Number.isNaN(ms)) return 1
    spent += ms * loops
    loops = Math.max(1, Math.ceil(MIN_SAMPLE_MS / Math.max(ms, 1e-4)))
  } while (spent < WARM_UP_MS)
  return loops
}

function verify(runner: Runner, answer: Result, plain: Result, program: Case): void {
  const verdict = check(answer, plain, allowance(program, runner.variant, plain))
  runner.ulps = Math.max(runner.ulps, verdict.ulps)
  runner.problem ??= verdict.problem
}

/** The figures of some samples, in milliseconds a call; NaN where there are none. */
export function summary(
  runner: Pick<Runner, 'samples' | 'firstCallMs' | 'ulps' | 'problem'> & { readonly variant: Label },
): Measurement {
  const { variant, samples, firstCallMs, ulps, problem } = runner
  const figures =
    samples.length === 0
      ? { medianMs: NaN, meanMs: NaN, stdMs: NaN }
      : { medianMs: median(samples), meanMs: mean(samples), stdMs: standardDeviation(samples) }
  const ok = problem === undefined
  return { variant, ...figures, firstCallMs, rounds: samples.length, ulps, ok, ...(ok ? {} : { problem }) }
}
