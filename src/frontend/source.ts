/** The text of a function, as the engine gives it. */

import { CompileError } from '../errors.ts'
import type { FnSource } from './ast.ts'

export type AnyFunction = (...args: never[]) => unknown

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/

/** A function of the engine, or a bound one: there is no text to compile. */
export const isNative = (fn: AnyFunction): boolean => NATIVE.test(Function.prototype.toString.call(fn))

/**
 * The function's name and text; file and line come later, from locate.ts, as they cost more.
 * @throws CompileError when the engine does not show the text.
 */
export function sourceOf(fn: AnyFunction): FnSource {
  const text = Function.prototype.toString.call(fn)
  const name = fn.name || '<anonymous>'
  if (!NATIVE.test(text)) return { name, text, file: undefined, line: 1 }
  const bound = name.startsWith('bound ')
  throw new CompileError({
    code: 'no-source',
    reason: bound
      ? `${name.length > 6 ? `\`${name.slice(6)}\`` : 'The function'} is a bound function: JavaScript does not show its text.`
      : `\`${name}\` is a native function: there is no JavaScript text to compile.`,
    remedy: bound
      ? 'Give the function itself instead of the result of .bind(), and pass what was bound as arguments.'
      : 'Wrap it in a function of your own: (x) => …',
  })
}
