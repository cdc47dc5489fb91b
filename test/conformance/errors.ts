/** What is asked of every error: its class, its code, a remedy, and the words that its reader needs. */

import { expect } from 'vitest'
import { type BoundsError, type CompileError, TsumbaError } from '../../src/index.ts'

export function errorOf(run: () => unknown): Error & { code?: string } {
  try {
    run()
  } catch (error) {
    return error as Error & { code?: string }
  }
  throw new Error('nothing was thrown')
}

export interface Expected {
  readonly type?: typeof TsumbaError | typeof CompileError | typeof BoundsError
  readonly code: string | RegExp
  /** All of these stand in the message. */
  readonly words: readonly (string | RegExp)[]
}

export function expectError(error: Error & { code?: string }, { type = TsumbaError, code, words }: Expected): void {
  expect(error).toBeInstanceOf(type)
  if (typeof code === 'string') expect(error.code).toBe(code)
  else expect(error.code).toMatch(code)
  expect(error.message).toMatch(/Remedy: \S/)
  for (const word of words) expect(error.message).toMatch(word)
}
