import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from './usage.ts'

/** Before minutes of measuring, not after. */
export function refuseUnwritable(flag: 'json' | 'svg', path: string): void {
  try {
    writeFileSync(resolve(path), '')
  } catch (error) {
    throw new UsageError(`--${flag} cannot write ${path}: ${(error as Error).message}. Remedy: name another file.`)
  }
}

export const writeJson = (path: string, value: unknown): void =>
  writeFileSync(resolve(path), `${JSON.stringify(value, null, 2)}\n`)
