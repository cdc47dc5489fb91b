/** The arguments of programs: copies in ordinary or shared memory, fresh starts, and how far results are apart. */

import { ulps32, ulps64 } from '../../src/cli/compare/ulps.ts'
import { allocate, type TypedArray } from '../../src/index.ts'
import type { Argument, Program } from './polybench.ts'

export type Placement = 'ordinary' | 'allocated'

/** Results of programs that call inexact Math functions may be so many units in the last place away from plain's. */
export const TRANSCENDENTAL_ULPS = 1

const isArray = (arg: Argument): arg is TypedArray => typeof arg !== 'number'

export function copyOf(args: readonly Argument[], placement: Placement): Argument[] {
  return args.map((arg) => {
    if (!isArray(arg)) return arg
    if (placement === 'ordinary') return arg.slice()
    const copy = allocate(arg.constructor as Float64ArrayConstructor, arg.length)
    copy.set(arg as Float64Array)
    return copy
  })
}

/** Gives the shared memory of copies back. */
export function release(args: readonly Argument[]): void {
  for (const arg of args) (arg as Partial<Disposable>)[Symbol.dispose]?.()
}

/** Positions of the arrays that hold other bits than `initial`'s: what a call has written. */
export const changed = (args: readonly Argument[], initial: readonly Argument[]): number[] =>
  args.flatMap((arg, k) => (isArray(arg) && distance(arg, initial[k] as TypedArray).problem !== undefined ? [k] : []))

/** Sets the arrays at these positions back to the initial values. */
export function refresh(args: readonly Argument[], initial: readonly Argument[], positions: readonly number[]): void {
  for (const k of positions) (args[k] as Float64Array).set(initial[k] as Float64Array)
}

export interface Verdict {
  /** The largest distance of any element from plain's; Infinity where one is NaN and the other is not. */
  readonly ulps: number
  /** The first element that is wrong, where one is. */
  readonly problem?: string
}

/** Holds a call's results against plain's: every bit, NaN being NaN and −0 not 0; or the stated distance. */
export function verdictOn(program: Program, args: readonly Argument[], plain: readonly Argument[]): Verdict {
  const allowed = program.transcendental ? TRANSCENDENTAL_ULPS : 0
  let ulps = 0
  let problem: string | undefined
  for (const k of program.outputs) {
    const one = distance(args[k] as TypedArray, plain[k] as TypedArray, allowed)
    ulps = Math.max(ulps, one.ulps)
    problem ??= one.problem && `argument ${k}: ${one.problem}`
  }
  return problem === undefined ? { ulps } : { ulps, problem }
}

/** Both arrays have the same type and length. */
function distance(answer: TypedArray, plain: TypedArray, allowed = 0): Verdict {
  const between = plain instanceof Float32Array ? ulps32 : ulps64
  let ulps = 0
  let problem: string | undefined
  for (let i = 0; i < plain.length; i++) {
    const a = answer[i] as number
    const b = plain[i] as number
    if (Object.is(a, b)) continue
    const d = between(a, b)
    ulps = Math.max(ulps, d)
    if (d > allowed) problem ??= `element ${i} is ${show(a)}, plain's ${show(b)}`
  }
  return problem === undefined ? { ulps } : { ulps, problem }
}

const show = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))
