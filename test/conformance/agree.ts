/**
 * One kernel, every way to run it: the plain function decides what is right, and each compiled variant must give the
 * same result and leave the same bits in the arrays. NaNs count as equal, −0 and 0 do not.
 */

import { expect } from 'vitest'
import { allocate, type JitOptions, jit, type NumberArray } from '../../src/index.ts'
import { dtypeInfo, dtypeOf } from '../../src/types.ts'
import { powersAsCalls, withShadowMath } from '../support/shadowMath.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
export type Kernel = (...args: any[]) => unknown
export type Placement = 'ordinary' | 'allocated'

export const TARGETS = ['js', 'wasm', 'auto'] as const
const PLACEMENTS: readonly Placement[] = ['ordinary', 'allocated']

const isArray = (value: unknown): value is NumberArray => dtypeOf(value) !== undefined

/** Copies of the arguments in which what shared a buffer, or was one object, still does. */
export function copyArgs(args: readonly unknown[], placement: Placement): unknown[] {
  const views = new Map<unknown, unknown>()
  const buffers = new Map<unknown, Uint8Array>()
  return args.map((arg) => {
    if (!isArray(arg)) return arg
    const before = views.get(arg)
    if (before) return before
    let block = buffers.get(arg.buffer)
    if (!block) {
      const bytes = new Uint8Array(arg.buffer)
      block = placement === 'allocated' ? allocate(Uint8Array, bytes.length) : new Uint8Array(bytes.length)
      block.set(bytes)
      buffers.set(arg.buffer, block)
    }
    const { ctor } = dtypeInfo(dtypeOf(arg)!)
    const copy = new ctor(block.buffer, block.byteOffset + arg.byteOffset, arg.length)
    views.set(arg, copy)
    return copy
  })
}

export interface Outcome {
  /** `argument 2`, an array's type and elements, or the value itself. */
  readonly result: unknown
  readonly arrays: readonly (readonly number[])[]
}

export function outcomeOf(run: Kernel, args: readonly unknown[], placement: Placement): Outcome {
  const given = copyArgs(args, placement)
  const result = run(...given)
  const position = isArray(result) ? given.indexOf(result) : -1
  return {
    result:
      position >= 0 ? `argument ${position}` : isArray(result) ? { type: dtypeOf(result), of: [...result] } : result,
    arrays: given.filter(isArray).map((array) => [...array]),
  }
}

export interface AgreeOptions extends JitOptions {
  readonly targets?: readonly ('js' | 'wasm' | 'auto')[]
}

/** The plain function as the law reads it: its `Math` is the expansions'. One with `**` may capture nothing. */
function plainly(fn: Kernel): Kernel {
  const text = fn.toString()
  const run: Kernel = text.includes('**') ? new Function(`return ${powersAsCalls(`(${text})`)}`)() : fn
  return (...args) => withShadowMath(() => run(...args))
}

/** Compiles `fn` once for each target and holds every call against the plain function's; the first difference. */
export function disagreement(
  fn: Kernel,
  inputs: readonly (readonly unknown[])[],
  { targets = TARGETS, ...options }: AgreeOptions = {},
): { where: string; wanted: Outcome; got: Outcome } | undefined {
  const plain = plainly(fn)
  const expected = inputs.map((args) => outcomeOf(plain, args, 'ordinary'))
  for (const target of targets) {
    const compiled = jit(fn, { ...options, target })
    for (const [k, args] of inputs.entries()) {
      const wanted = expected[k]!
      for (const placement of PLACEMENTS) {
        const got = outcomeOf(compiled, args, placement)
        if (!same(got, wanted)) return { where: `${target}, ${placement} arrays, arguments ${show(args)}`, wanted, got }
      }
    }
  }
  return undefined
}

export function expectAgreement(fn: Kernel, inputs: readonly (readonly unknown[])[], options: AgreeOptions = {}): void {
  const found = disagreement(fn, inputs, options)
  // `toEqual` is Object.is on numbers, as `same` is.
  if (found) expect(found.got, found.where).toEqual(found.wanted)
  expect(found).toBeUndefined()
}

/** Object.is all the way down. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}

const show = (args: readonly unknown[]): string =>
  args.map((a) => (isArray(a) ? `${a.constructor.name}(${[...a].slice(0, 8).join()})` : String(a))).join('; ')

/** Where rounding, signs, wraps and conversions go wrong. */
export const SPECIAL: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  0.1,
  1 / 3,
  7,
  -13,
  127.5,
  255,
  256,
  -129,
  65536,
  2 ** 24 + 1,
  2 ** 26,
  2 ** 26 + 1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 1,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 32 + 5,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  2 ** 53 + 2,
  2 ** 63,
  2 ** 70 + 2 ** 20,
  1e300,
  -1e300,
  5e-324,
  1e-310,
  Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]
