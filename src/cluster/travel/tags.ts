/**
 * The header's alphabet. A header is the byte VERSION, one value, and, where the value holds arrays, the places of their
 * bytes. Numbers are little endian; counts and lengths are base-128 with the low digits first.
 *
 * A format of our own, since headers come from other machines and there are many small ones: every length is checked
 * before it is used, nothing is evaluated, and a list of two numbers costs less than a microsecond.
 */

import { PACKAGE } from '../../types.ts'

export const SERIALIZER: string = PACKAGE
export const VERSION = 1

export const TAG = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  /** 8 bytes, NaN's own bits and −0 kept. */
  double: 4,
  /** A whole number within ±2³⁰, not −0: zigzag. */
  int: 5,
  /** Characters up to U+00FF, a byte each. */
  latin1: 6,
  /** Any text, lone surrogates too: two bytes a character. */
  utf16: 7,
  /** A count, then values; holes are values of their own. */
  list: 8,
  hole: 9,
  /** A list of numbers only: 8 bytes each. */
  numbers: 10,
  /** A count, then names and values. */
  object: 11,
  map: 12,
  set: 13,
  date: 14,
  /** The sign and the digits of the size in base 16, as text. */
  bigint: 15,
  regexp: 16,
  error: 17,
  /** Which of DTYPES, the number of its view, length in elements. */
  array: 18,
  /** The number of its view. A buffer and views of it part on the way. */
  buffer: 19,
  /** The number of its view, length in bytes. */
  dataview: 20,
  /** An object met before, by its number in the order of their beginnings. */
  again: 21,
  /** The value of a key. */
  reference: 22,
  /** `new Number(1)`: the value within. */
  boxed: 23,
  function: 24,
} as const

/** Errors are made of these classes again; others are an Error that bears the name. */
export const ERRORS: ReadonlyMap<string, new (message?: string) => Error> = new Map([
  ['Error', Error],
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])
