/**
 * How far apart two numbers are, in units in the last place: the count of representable numbers between them, plus one.
 * NaNs are equal whatever their bits; −0 and 0 are 1 apart.
 */

const f64 = new Float64Array(2)
const words = new Int32Array(f64.buffer)
const f32 = new Float32Array(2)
const word = new Int32Array(f32.buffer)
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

export function ulps64(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity
  f64[0] = a
  f64[1] = b
  // Positions on a line of all floats: non-negative ones count up from 0, negative ones down from −1.
  const highA = words[HIGH]!
  const highB = words[2 + HIGH]!
  const lowA = words[1 - HIGH]! >>> 0
  const lowB = words[3 - HIGH]! >>> 0
  const sameSign = highA < 0 === highB < 0
  if (sameSign) return Math.abs((highA - highB) * 2 ** 32 + (lowA - lowB))
  return (highA & 0x7fffffff) * 2 ** 32 + lowA + ((highB & 0x7fffffff) * 2 ** 32 + lowB) + 1
}

/** The same for numbers that are float32 values. */
export function ulps32(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity
  f32[0] = a
  f32[1] = b
  const wordA = word[0]!
  const wordB = word[1]!
  if (wordA < 0 === wordB < 0) return Math.abs(wordA - wordB)
  return (wordA & 0x7fffffff) + (wordB & 0x7fffffff) + 1
}
