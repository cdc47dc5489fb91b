/** `jit`: the plain function in, a function of the same type out that runs compiled. */

import { compiler } from './compiler.ts'
import type { Dispatcher } from './driver/dispatch.ts'
import { jitDisabled } from './driver/environment.ts'
import type { Explanation } from './driver/explain.ts'
import { type JitOptions, settingsOf } from './driver/options.ts'
import { TsumbaError } from './errors.ts'
import { PACKAGE } from './types.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function, whatever its parameters
type AnyFn = (...args: any[]) => any

export type Jitted<F extends AnyFn> = F & {
  /** The function that was given. */
  readonly plain: F
  /** The same call without waiting for it here: arguments must not be changed until the promise settles. */
  readonly async: (...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>>
  /** The argument types that have been compiled for: `(float64[], int32)`. */
  readonly signatures: readonly string[]
  /** What becomes of each loop for such arguments, and why. Compiles, but does not run. */
  readonly explain: (...args: Parameters<F>) => Explanation
}

const PLAIN = Symbol.for(`${PACKAGE}.plain`)
/** Under this symbol a jitted function has its options, so that it can be jitted again on another machine. */
const OPTIONS = Symbol.for(`${PACKAGE}.options`)

/**
 * Compiles a plain numeric function at its first call, once for each combination of argument types. Results equal the
 * plain function's bit for bit, with the exceptions that docs/semantics.md lists. Also a decorator of methods.
 * @throws CompileError at the first call, where the function cannot be compiled: it says what, where and what to do.
 */
export function jit<F extends AnyFn>(fn: F, options?: JitOptions): Jitted<F>
export function jit<F extends AnyFn>(fn: F, context: ClassMethodDecoratorContext): Jitted<F>
export function jit<F extends AnyFn>(fn: F, options: JitOptions | ClassMethodDecoratorContext = {}): Jitted<F> {
  if (typeof fn !== 'function') {
    throw new TsumbaError(
      `jit needs a function; it got ${fn === null ? 'null' : typeof fn}. Remedy: jit((x: Float64Array) => …).`,
      'argument-type',
    )
  }
  const plain = ((fn as { [PLAIN]?: F })[PLAIN] ?? fn) as F
  const decorating =
    typeof options === 'object' &&
    options !== null &&
    'kind' in options &&
    'name' in options &&
    'addInitializer' in options
  const settings = settingsOf(decorating ? {} : (options as JitOptions))
  let made: Dispatcher | undefined
  const dispatcher = (): Dispatcher => {
    made ??= new (compiler().Dispatcher)(plain, settings)
    return made
  }
  if (settings.signature !== undefined && !jitDisabled()) dispatcher().compileAhead(settings.signature)
  const jitted = function (this: unknown, ...args: unknown[]) {
    return jitDisabled() ? plain.apply(this, args) : dispatcher().call(args)
  }
  Object.defineProperties(jitted, {
    name: { value: plain.name, configurable: true },
    length: { value: plain.length, configurable: true },
    [PLAIN]: { value: plain },
    [OPTIONS]: { value: decorating ? {} : options },
    plain: { value: plain },
    async: { value: async (...args: unknown[]) => (jitDisabled() ? plain(...args) : dispatcher().callAsync(args)) },
    signatures: { get: () => made?.signatures ?? [] },
    explain: { value: (...args: unknown[]) => compiler().explain(dispatcher(), args) },
  })
  return jitted as unknown as Jitted<F>
}
