/** The results as `--json` writes them and the tables show them. */

import type { CopyBandwidth } from './bandwidth.ts'
import type { Header } from './machine.ts'
import type { Measurement } from './measure.ts'
import type { NumbaFound } from './numba/find.ts'
import type { Case } from './programs/program.ts'
import type { VariantName } from './variants.ts'
import type { ScriptTime } from './wholeScript.ts'

/** One variant of one program on one input. Times are milliseconds a call; null where there was no successful call. */
export interface Row {
  readonly program: string
  readonly variant: VariantName
  readonly threads: number
  readonly n: number
  readonly percent?: number
  readonly medianMs: number | null
  readonly meanMs: number | null
  readonly stdMs: number | null
  readonly firstCallMs: number | null
  /** The whole script: start, load, compile, run. */
  readonly scriptMs?: number | null
  /** The part of the script that was the one call, compiling included. */
  readonly scriptKernelMs?: number | null
  /** On clusters: sending inputs and bringing results, and computing, apart. */
  readonly transferMs?: number
  readonly computeMs?: number
  readonly speedupOverPlain: number | null
  /** Every input byte once and every result byte once, over the median. */
  readonly bytesPerSecond: number | null
  /** Of the bytes a second that copying memory moves here, on as many threads as the variant uses. */
  readonly shareOfCopyBandwidth: number | null
  /** The largest distance of any element from plain's; null where one of the two is NaN, or there is no answer. */
  readonly ulps: number | null
  readonly ok: boolean
  readonly problem?: string
  /** Why its time is not to be held against the others'. */
  readonly note?: string
}

/** How much faster independent copies of a job, one a thread, get it done. */
export interface Ceiling {
  readonly program: string
  readonly n: number
  readonly percent?: number
  readonly copies: number
  readonly speedup: number | null
  /** parallel over jit, as measured in the same run. */
  readonly parallelOverJit: number | null
}

export interface Report extends Header {
  readonly quick: boolean
  readonly threads: number
  /** Where the arrays live that compiled variants are called with. */
  readonly arrays: 'allocated' | 'ordinary'
  /** Bytes a second, read plus written. */
  readonly copyBandwidth: CopyBandwidth
  /** Whether Numba's times are among the results, and why not; absent when they were not asked for. */
  readonly numba?: NumbaFound
  readonly results: readonly Row[]
  readonly ceilings?: readonly Ceiling[]
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

export function rowsOf(
  program: Case,
  measurements: readonly Measurement[],
  scripts: readonly ScriptTime[],
  threads: number,
  bandwidth: CopyBandwidth,
): Row[] {
  const plainMs = measurements[0]!.medianMs
  return measurements.map((m): Row => {
    const bytesPerSecond = program.bytes / (m.medianMs / 1e3)
    const copy = m.variant.parallel ? bandwidth.allThreads : bandwidth.oneThread
    const script = scripts.find((s) => s.variant === m.variant.name)
    const problem = m.problem ?? script?.problem
    return {
      program: program.program,
      variant: m.variant.name,
      threads: m.variant.parallel ? threads : 1,
      n: program.n,
      ...(program.percent === undefined ? {} : { percent: program.percent }),
      medianMs: finite(m.medianMs),
      meanMs: finite(m.meanMs),
      stdMs: finite(m.stdMs),
      firstCallMs: finite(m.firstCallMs),
      ...(script === undefined ? {} : { scriptMs: finite(script.scriptMs), scriptKernelMs: finite(script.kernelMs) }),
      ...(m.transferMs === undefined ? {} : { transferMs: m.transferMs, computeMs: m.computeMs! }),
      speedupOverPlain: finite(plainMs / m.medianMs),
      bytesPerSecond: finite(bytesPerSecond),
      shareOfCopyBandwidth: finite(bytesPerSecond / copy),
      ulps: Number.isNaN(m.firstCallMs) ? null : finite(m.ulps),
      ok: problem === undefined,
      ...(problem === undefined ? {} : { problem }),
      ...(m.variant.note === undefined ? {} : { note: m.variant.note }),
    }
  })
}

export function ceilingOf(program: Case, rows: readonly Row[], copies: number, speedup: number): Ceiling {
  const time = (variant: VariantName) => rows.find((row) => row.variant === variant)?.medianMs ?? NaN
  return {
    program: program.program,
    n: program.n,
    ...(program.percent === undefined ? {} : { percent: program.percent }),
    copies,
    speedup: finite(speedup),
    parallelOverJit: finite(time('jit') / time('parallel')),
  }
}
