/** Flags of commands: read, and refused with the remedy. */

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage.ts'

type Flags = NonNullable<ParseArgsConfig['options']>
type Parsed<F extends Flags> = ReturnType<
  typeof parseArgs<{ options: F; allowPositionals: true; strict: true; args: string[] }>
>

/** @throws UsageError naming the flags that the command has. */
export function parseFlags<const F extends Flags>(command: string, argv: readonly string[], flags: F): Parsed<F> {
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's sentence names the option; its advice about positionals after it does not apply here.
    const what = (error as Error).message.split('. ')[0]!
    const names = Object.keys(flags).map((flag) => `--${flag}`)
    throw new UsageError(`${what}. Remedy: the options of ${command} are ${names.join(', ')}; see ${command} --help.`)
  }
}

/** A whole number within its limits; undefined where the flag is not given. */
export function wholeNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new UsageError(`--${flag} is '${text}'. Remedy: give a whole number from 1 to ${most}.`)
}

export const threadCount = (text: string | undefined): number | undefined => wholeNumber('threads', text, 1024)

export function fileName(flag: 'json' | 'svg', text: string | undefined): string | undefined {
  if (text !== '') return text
  throw new UsageError(`--${flag} has no file name. Remedy: --${flag} results.${flag}`)
}
