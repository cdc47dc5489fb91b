/** Pranges as the pipeline judges and runs them. */

import { expect, vi } from 'vitest'
import { Compiled } from '../../src/driver/compile.ts'
import { type JitOptions, settingsOf } from '../../src/driver/options.ts'
import { ARG_TYPES, codeOf } from '../../src/driver/signature.ts'
import { CompileError } from '../../src/errors.ts'
import { allocate, jit, setNumThreads } from '../../src/index.ts'
import { interpret } from '../../src/ir/interpret.ts'
import type { Module } from '../../src/ir/ir.ts'
import { verify } from '../../src/ir/verify.ts'
import { visitStmts } from '../../src/ir/walk.ts'
import { PASSES } from '../../src/passes/index.ts'
import type { PassContext } from '../../src/passes/pass.ts'
import { dtypeInfo, dtypeOf, type NumberArray } from '../../src/types.ts'
import { withShadowMath } from '../support/shadowMath.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
export type Kernel = (...args: any[]) => unknown
export const THREADS = [1, 2, 5] as const

/** How a kernel's pranges may run: at once; at once where its arrays do not overlap; or why not. */
export type Verdict = 'parallel' | 'checked' | CompileError

export function compiledFor(fn: Kernel, args: readonly unknown[], options: JitOptions = {}): Compiled {
  const types = args.map((arg) => ARG_TYPES[codeOf(arg)]!)
  return new Compiled(fn as never, types, settingsOf({ parallel: true, ...options }), false)
}

/** The module after the pass, verified after every one from `annotate` on, which refuses what breaks the laws. */
export function moduleAfter(pass: string, fn: Kernel, args: readonly unknown[], options: JitOptions = {}): Module {
  const settings = settingsOf({ parallel: true, ...options })
  const context: PassContext = { ...settings, target: 'wasm', note: () => {} }
  let now = compiledFor(fn, args, options).program.module
  for (const { name, run, targets } of PASSES) {
    if (targets && !targets.includes('wasm')) continue
    now = run(now, context)
    if (name !== 'inline') verify(now)
    if (name === pass) return now
  }
  throw new Error(`no pass ${pass}`)
}

export function verdictOf(fn: Kernel, args: readonly unknown[], options: JitOptions = {}): Verdict {
  let guarded = false
  let found = false
  try {
    for (const { body } of moduleAfter('annotate', fn, args, options).functions) {
      visitStmts(body, {
        stmt: (s) => {
          if (s.kind !== 'for' || s.forKind !== 'parallel') return
          found = true
          if (s.serialIf) guarded = true
        },
      })
    }
  } catch (error) {
    if (error instanceof CompileError) return error
    throw error
  }
  if (!found) throw new Error('no prange is left')
  return guarded ? 'checked' : 'parallel'
}

export const isArray = (value: unknown): value is NumberArray => dtypeOf(value) !== undefined

/** Copies in memory that threads share, in which what was one array, or one buffer, still is. */
export function sharedCopy(args: readonly unknown[]): unknown[] {
  const blocks = new Map<unknown, NumberArray>()
  const copies = new Map<unknown, unknown>()
  return args.map((arg) => {
    if (!isArray(arg)) return arg
    const known = copies.get(arg)
    if (known) return known
    const { ctor } = dtypeInfo(dtypeOf(arg)!)
    let block = blocks.get(arg.buffer)
    if (!block) {
      block = allocate(ctor as Float64ArrayConstructor, arg.buffer.byteLength / arg.BYTES_PER_ELEMENT)
      new Uint8Array(block.buffer, block.byteOffset, block.byteLength).set(new Uint8Array(arg.buffer))
      blocks.set(arg.buffer, block)
    }
    const copy = block.subarray(
      arg.byteOffset / arg.BYTES_PER_ELEMENT,
      arg.byteOffset / arg.BYTES_PER_ELEMENT + arg.length,
    )
    copies.set(arg, copy)
    return copy
  })
}

/** What a call gave and left; results that are arguments by their place. */
export function outcome(run: Kernel, args: readonly unknown[]): unknown {
  const result = run(...args)
  const place = isArray(result) ? args.indexOf(result) : -1
  return { result: place >= 0 ? `argument ${place}` : result, arrays: args.filter(isArray).map((a) => [...a]) }
}

const plainCopy = (args: readonly unknown[]): unknown[] => {
  const buffers = new Map<unknown, ArrayBuffer>()
  const copies = new Map<unknown, unknown>()
  return args.map((arg) => {
    if (!isArray(arg)) return arg
    if (copies.has(arg)) return copies.get(arg)
    if (!buffers.has(arg.buffer)) buffers.set(arg.buffer, (arg.buffer as ArrayBuffer).slice(0))
    const { ctor } = dtypeInfo(dtypeOf(arg)!)
    const copy = new ctor(buffers.get(arg.buffer)!, arg.byteOffset, arg.length)
    copies.set(arg, copy)
    return copy
  })
}

/**
 * The compiled kernel gives what `wanted` (the plain function, unless said) gives, on every target and number of
 * threads, and where its loops count as too small for several.
 */
export function expectSame(
  fn: Kernel,
  args: readonly unknown[],
  options: JitOptions = {},
  { wanted = fn, threads = THREADS }: { wanted?: Kernel; threads?: readonly number[] } = {},
): void {
  const plainly = () => outcome(wanted, plainCopy(args))
  const expected = wanted === fn ? withShadowMath(plainly) : plainly()
  for (const target of ['wasm', 'js'] as const) {
    const compiled = jit(fn, { parallel: true, ...options, target })
    for (const count of target === 'js' ? threads.slice(0, 2) : threads) {
      setNumThreads(count)
      expect(outcome(compiled, sharedCopy(args)), `${target}, ${count} threads`).toEqual(expected)
    }
    vi.stubEnv('TSUMBA_GRAIN', '1e9')
    const alone = jit(fn, { parallel: true, ...options, target })
    expect(outcome(alone, sharedCopy(args)), `${target}, too small for a launch`).toEqual(expected)
    vi.unstubAllEnvs()
  }
}

/** The meaning itself: the interpreter on the loops as they were judged. */
export const interpreted =
  (fn: Kernel, options: JitOptions = {}): Kernel =>
  (...args) =>
    interpret(moduleAfter('annotate', fn, args, options), args)
