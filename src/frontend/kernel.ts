/** The front end's way in: from a function object to its normalised syntax, with names and captures resolved. */

import type { KernelFn } from './ast.ts'
import { type CaptureOptions, Captures } from './captures.ts'
import { isLocated, locate } from './locate.ts'
import { normalise } from './normalise.ts'
import { parseFunction } from './parse.ts'
import { type AnyFunction, sourceOf } from './source.ts'

export type { CaptureOptions } from './captures.ts'
export { PLAIN } from './captures.ts'

const read = new WeakMap<AnyFunction, KernelFn>()

/**
 * Reads `fn`, a kernel or a helper that one calls (`invoke.fn`; give it the kernel's own options).
 * @throws CompileError for what a kernel cannot be.
 */
export function readKernel(fn: AnyFunction, options: CaptureOptions = {}): KernelFn {
  // A thunk may give other values in the next compilation, so only readings without one are kept.
  const before = options.captures ? undefined : read.get(fn)
  if (before) return before
  const source = sourceOf(fn)
  const parsed = parseFunction(source)
  const selfName = parsed.node.id?.name
  const syntax = normalise(fn, source, parsed, new Captures(fn, source, selfName, options))
  const kernel = isLocated(fn) ? { ...syntax, source: locate(fn, source) } : syntax
  if (!options.captures) read.set(fn, kernel)
  return kernel
}
