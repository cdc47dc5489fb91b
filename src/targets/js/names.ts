/** JavaScript identifiers that look like the IR's names, which need not be valid or free ones. */

import { HELPER_NAMES } from './helpers.ts'

/** Words that strict code reserves, and everything that the printed text itself refers to. */
const TAKEN =
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
  'false finally for function if implements import in instanceof interface let new null package private protected ' +
  'public return static super switch this throw true try typeof undefined var void while with yield ' +
  'rt Math NaN Infinity Atomics Float64Array Float32Array Int8Array Uint8Array Uint8ClampedArray Int16Array ' +
  'Uint16Array Int32Array Uint32Array'

export class Names {
  private readonly taken: Set<string>
  private readonly given = new Map<object | string, string>()

  /** Names inside `outer` may not hide any of its names. */
  constructor(outer?: Names) {
    this.taken = new Set(outer ? outer.taken : [...TAKEN.split(' '), ...HELPER_NAMES])
  }

  /** The identifier of `key`, always the same one. */
  of(key: object | string, wish: string): string {
    const known = this.given.get(key)
    if (known !== undefined) return known
    const name = this.fresh(wish)
    this.given.set(key, name)
    return name
  }

  /** An identifier that nothing else has. */
  fresh(wish: string): string {
    let base = wish.replace(/[^\p{ID_Continue}$]/gu, '_')
    if (!/^[\p{ID_Start}$_]/u.test(base)) base = `_${base}`
    let name = base
    for (let n = 2; this.taken.has(name); n++) name = `${base}_${n}`
    this.taken.add(name)
    return name
  }
}
