/**
 * Which of two targets runs a program faster, found by running it. What a program does (character.ts) tells it mostly,
 * but not where code waits for one value after another, or for memory: there an engine's JavaScript may win. Both give
 * the same bits, so that one call may run on the one and the next on the other.
 *
 * A trial costs some calls on the slower target and compiling for it, so it begins only after a program has run for
 * some time in calls that are worth it, and it ends.
 */

import type { TargetName } from './compile.ts'

/** Milliseconds: shorter calls are not tried, nor longer ones, of which each on the slower target would be felt. */
const CALL_MS = 0.3
const LONG_CALL_MS = 100
/** Milliseconds of running before a trial. */
const BEFORE_MS = 60
/** Milliseconds, and calls, until the other target's last tier is there. */
const WARM_MS = 25
const WARM_CALLS = 3
/** What takes so many times as long when it is warm will not be the faster one. */
const HOPELESS = 2
/** Calls that are compared: the fastest on the one with the fastest on the other. */
const SAMPLES = 5
/** The other target must be faster by so much. */
const GAIN = 0.93
/** So many short calls, and nobody looks at the clock any more. */
const SHORT_CALLS = 16

export interface Verdict {
  readonly target: TargetName
  /** Milliseconds of the fastest calls. */
  readonly preferredMs: number
  readonly otherMs: number
}

/** For calls of about one size, with arrays in the same places. */
export class Trial {
  private readonly preferred: TargetName
  private readonly other: TargetName
  private phase: 'before' | 'warming' | 'measuring' | 'over' = 'before'
  private spent = 0
  private calls = 0
  private short = 0
  private readonly first: number[] = []
  private readonly second: number[] = []
  /** Undefined until the trial is over; the preferred target where it never began. */
  verdict: Verdict | undefined

  constructor(preferred: TargetName) {
    this.preferred = preferred
    this.other = preferred === 'js' ? 'wasm' : 'js'
  }

  /** Where the next call is to run. */
  get target(): TargetName {
    if (this.verdict) return this.verdict.target
    return this.phase === 'before' || this.phase === 'over' ? this.preferred : this.other
  }

  /** Whether calls need not be timed any more. */
  get isOver(): boolean {
    return this.phase === 'over'
  }

  /** The target cannot have the program, or the call failed on it. */
  end(): void {
    this.phase = 'over'
  }

  /** A call on `target` took so many milliseconds. */
  record(ms: number): void {
    switch (this.phase) {
      case 'before':
        this.before(ms)
        return
      case 'warming':
        this.spent += ms
        if (this.calls > 0 && this.spent >= WARM_MS && ms > HOPELESS * Math.min(...this.first)) this.end()
        else if (++this.calls >= WARM_CALLS && this.spent >= WARM_MS) this.phase = 'measuring'
        return
      case 'measuring':
        this.second.push(ms)
        if (this.second.length === SAMPLES) this.decide()
        return
      case 'over':
        return
      default:
        this.phase satisfies never
    }
  }

  private before(ms: number): void {
    this.spent += ms
    this.first.push(ms)
    if (this.first.length > SAMPLES) this.first.shift()
    this.short = ms < CALL_MS ? this.short + 1 : 0
    if (this.short >= SHORT_CALLS) this.end()
    if (this.spent < BEFORE_MS || this.first.length < SAMPLES) return
    const least = Math.min(...this.first)
    if (least > LONG_CALL_MS) this.end()
    if (least < CALL_MS || least > LONG_CALL_MS) return
    this.phase = 'warming'
    this.spent = 0
  }

  private decide(): void {
    const preferredMs = Math.min(...this.first)
    const otherMs = Math.min(...this.second)
    this.verdict = { target: otherMs < GAIN * preferredMs ? this.other : this.preferred, preferredMs, otherMs }
    this.end()
  }
}

/** The trials of one program. */
export class Trials {
  private readonly trials = new Map<number, Trial>()

  /**
   * @param elements of all arrays together
   * @param shared which of the arrays lie in the shared memory, a bit each
   */
  find(preferred: TargetName, elements: number, shared: number): Trial {
    // Four times as many elements are a size of their own.
    const size = elements === 0 ? 0 : 1 + (Math.log2(elements) >> 1)
    const key = (shared * 32 + size) * 2 + (preferred === 'js' ? 1 : 0)
    let trial = this.trials.get(key)
    if (!trial) {
      trial = new Trial(preferred)
      this.trials.set(key, trial)
    }
    return trial
  }
}
