/**
 * Dask's keys are texts, whole numbers or tuples of keys; ours are texts. A key that is no text is written as an
 * invisible mark and its JSON, so that it prints readably, equals itself, and cannot be mistaken for a text of a user.
 */

import type { Key } from '../task.ts'

/** U+2060, word joiner: no width, and no reason to begin a name with it. */
const MARK = '\u2060'
const MARK_CODE = 0x2060

/** The key that a scheduler or worker speaks of. */
export function keyOf(wire: unknown): Key {
  if (typeof wire === 'string') return wire
  if (wire instanceof Uint8Array) return Buffer.from(wire).toString()
  return MARK + JSON.stringify(wire)
}

export function keysOf(wire: unknown): Key[] {
  if (wire === null || wire === undefined) return []
  const list = wire instanceof Set ? [...wire] : (wire as unknown[])
  return list.map(keyOf)
}

export function isMarked(key: string): boolean {
  return key.charCodeAt(0) === MARK_CODE
}

/** What stands behind a marked key: a tuple as a list, or a number. */
export function unmarked(key: Key): unknown {
  return JSON.parse(key.slice(1))
}
