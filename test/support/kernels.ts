/** For the front end's tests: functions from text, exactly as a tool would have written them. */

import { CompileError } from '../../src/errors.ts'
import { type CaptureOptions, readKernel } from '../../src/frontend/kernel.ts'
import { showKernel } from '../../src/frontend/show.ts'
import type { AnyFunction } from '../../src/frontend/source.ts'

/** The function that `text` is, closing over `scope`. */
export function functionFrom(text: string, scope: Record<string, unknown> = {}): AnyFunction {
  return new Function(...Object.keys(scope), `return (${text}\n)`)(...Object.values(scope)) as AnyFunction
}

/** The normalised body, without the line of parameters. */
export function bodyOf(text: string, scope?: Record<string, unknown>, options?: CaptureOptions): string {
  const shown = showKernel(readKernel(functionFrom(text, scope), options))
  return shown
    .split('\n')
    .slice(1)
    .map((line) => line.slice(2))
    .join('\n')
}

/** The CompileError that reading `fn` gives. */
export function refusalOf(fn: AnyFunction, options?: CaptureOptions): CompileError {
  try {
    readKernel(fn, options)
  } catch (error) {
    if (error instanceof CompileError) return error
    throw error
  }
  throw new Error(`This was accepted: ${fn.toString()}`)
}
