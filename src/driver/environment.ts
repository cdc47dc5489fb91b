/** The environment variables that steer compilation. They are read at each use, so that a test can set them. */

import { TsumbaError } from '../errors.ts'
import { PACKAGE } from '../types.ts'

const read = (name: string): string | undefined => {
  const variables = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env
  return variables?.[`${PACKAGE.toUpperCase()}_${name}`]
}
const isSet = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0'

/** `…_DISABLE_JIT=1`: every jitted function is its plain function (breakpoints, console.log). */
export const jitDisabled = (): boolean => isSet(read('DISABLE_JIT'))

/** `…_DUMP=all` or a pass's name (`lower` for what comes before the first): prints the IR. `…_ONLY=fn`: of it alone. */
export function dumpWanted(pass: string, fn: string): boolean {
  const dump = read('DUMP')
  if (!isSet(dump)) return false
  const only = read('ONLY')
  return (dump === 'all' || dump!.split(',').includes(pass)) && (!isSet(only) || only === fn)
}

/** Microseconds of work from which a parallel loop is handed to other threads: a few times what that takes. */
const GRAIN = 20

/** `…_GRAIN=50`: the same in other microseconds; 0 hands over every parallel loop, which tests need. */
export function grain(): number {
  const text = read('GRAIN')
  if (text === undefined || text === '') return GRAIN
  const micros = Number(text)
  if (micros >= 0 && micros < Infinity) return micros
  const name = `${PACKAGE.toUpperCase()}_GRAIN`
  throw new TsumbaError(`The environment variable ${name} is "${text}". Remedy: microseconds, 0 or more.`, 'option')
}
