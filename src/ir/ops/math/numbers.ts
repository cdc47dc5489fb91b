/** Expansions over numbers: what they mean. */

import type { Expansion, Lanes } from './lanes.ts'

const float = new Float64Array(1)
/** Low and high word: every machine that runs JavaScript engines of today is little-endian. */
const words = new Int32Array(float.buffer)

export const exponent = (a: number): number => {
  float[0] = a
  return (words[1]! >>> 20) - 1023
}
export const significand = (a: number): number => {
  float[0] = a
  words[1] = (words[1]! & 0xfffff) | 0x3ff00000
  return float[0]
}
/** High words: of √½, cut off, and how much more 1 has. A sum carries into the exponent from √2 on. */
const ROOT = 0x3fe6a09e
const UP = 0x3ff00000 - ROOT
export const nearExponent = (a: number): number => {
  float[0] = a
  return ((words[1]! + UP) >>> 20) - 1023
}
export const nearSignificand = (a: number): number => {
  float[0] = a
  words[1] = ((words[1]! + UP) & 0xfffff) + ROOT
  return float[0]
}
/** The exponent's bits are the low bits of n + 1023, which a sum with 1.5 · 2⁵² leaves at the bottom. */
export const pow2 = (n: number): number => {
  float[0] = n + (6755399441055744 + 1023)
  words[1] = words[0]! << 20
  words[0] = 0
  return float[0]
}
export const head = (a: number): number => {
  float[0] = a
  words[0] = words[0]! & 0xf8000000
  return float[0]
}
export const odd = (n: number): boolean => {
  float[0] = n + 6755399441055744
  return (words[0]! & 1) === 1
}
export const copysign = (a: number, b: number): number => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a))

export const numbers: Lanes<number, boolean> = {
  c: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
  abs: Math.abs,
  neg: (a) => -a,
  floor: Math.floor,
  trunc: Math.trunc,
  copysign,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (condition, then, otherwise) => (condition ? then : otherwise),
  exponent,
  significand,
  nearExponent,
  nearSignificand,
  pow2,
  head,
  odd,
  lookup: (n, table) => table[n]!,
  part: (part, ...args) => part.of<number, boolean>(numbers, ...args),
}

/** The function that an expansion is. */
export function meaningOf(expansion: Expansion): (...args: number[]) => number {
  return (...args) => {
    if (expansion.usual && expansion.rare && !expansion.usual<number, boolean>(numbers, ...args)) {
      return expansion.rare<number, boolean>(numbers, ...args)
    }
    return expansion.fast<number, boolean>(numbers, ...args)
  }
}
